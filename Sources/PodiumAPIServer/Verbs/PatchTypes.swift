// SPDX-License-Identifier: Apache-2.0
// The content types of patches, and the check that comes before everything else about a patch.

import PodiumExchange
import PodiumMachinery

/// The content types that a PATCH request may have.
enum PatchTypes {
    static let json = "application/json-patch+json"
    static let merge = "application/merge-patch+json"
    static let strategic = "application/strategic-merge-patch+json"
    static let apply = "application/apply-patch+yaml"

    /// The types in the order in which upstream names them.
    static let accepted = [json, merge, strategic, apply]

    /// Checks the header of a patch; the route of a resource refuses other types before it looks at Accept.
    /// - Throws: 415.
    // emicklei/go-restful: jsr311.go detectRoute
    static func check(_ header: String?) throws(StatusError) {
        let name = header?.withoutParameters ?? ""
        if accepted.contains(name) { return }
        throw StatusError(
            code: 415,
            reason: .unsupportedMediaType,
            message: "415: Unsupported Media Type",
            details: StatusError.Details()
        )
    }

    /// Whether `request` applies a configuration.
    static func isApply(_ request: ResourceRequest) -> Bool {
        request.http.headers["content-type"]?.withoutParameters == apply
    }
}
