// SPDX-License-Identifier: Apache-2.0
// Which subresource is answered by whom.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumStorage

extension APIServer {
    /// Runs a request about something below an object.
    func runSubresource(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        switch (request.definition.groupResource, request.path.subresource ?? "") {
        case (.pods, "binding"): return try bind(request)
        case (.pods, "eviction"): return try evict(request)
        case (.pods, "log"): return try log(request)
        case (.pods, "exec"), (.pods, "attach"), (.pods, "portforward"): return try connect(request)
        case (.pods, "proxy"), (.nodes, "proxy"), (.services, "proxy"): return try proxy(request)
        case (.serviceAccounts, "token"): return try issueToken(request)
        case (_, "scale"): return try scale(request)
        case (_, let subresource):
            let strategy = ResourceStrategies.strategy(for: request.definition.storage, subresource: subresource)
            guard let strategy else { throw .pathNotFound }
            return try runStatusLike(request, strategy)
        }
    }

    /// A subresource that shows the whole object and changes a part of it.
    private func runStatusLike(
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

    /// Streams into containers need a runtime that talks back, which this server does not have.
    private func connect(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let pod = try store(request).get(request.name).value()
        if (pod[path: "spec", "nodeName"]?.string ?? "").isEmpty {
            throw .badRequest("pod \(request.name) does not have a host assigned")
        }
        throw .unsupported("\(request.path.subresource ?? "") is not served by simulated kubelets")
    }

    private func proxy(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        let object = try store(request).get(request.name).value()
        if request.definition.storage == .pods, (object[path: "status", "podIP"]?.string ?? "").isEmpty {
            throw .badRequest("address not allowed")
        }
        throw .unsupported("proxying is not served by simulated kubelets")
    }
}

extension StatusError {
    /// 501: a part of the API that this server knows of and does not serve.
    static func unsupported(_ what: String) -> StatusError {
        StatusError(code: 501, reason: StatusReason(rawValue: "NotImplemented"), message: what)
    }
}
