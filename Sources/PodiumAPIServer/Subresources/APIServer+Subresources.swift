// SPDX-License-Identifier: Apache-2.0
// What stands below objects: parts that are written apart, and the ways into containers.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

extension APIServer {
    /// A subresource that shows the whole object and changes a part of it.
    func runPart(
        _ request: ResourceRequest,
        _ strategy: any ResourceStrategy
    ) throws(StatusError) -> HTTPResponse {
        switch request.verb {
        case .get: return try get(request)
        case .update: return try update(request, strategy: strategy)
        case .patch: return try patch(request, strategy: strategy)
        default: throw .methodNotAllowed
        }
    }
}

extension StatusError {
    /// 501: a part of the API that this server knows of and does not serve.
    static func unsupported(_ what: String) -> StatusError {
        StatusError(code: 501, reason: StatusReason(rawValue: "NotImplemented"), message: what)
    }
}
