// SPDX-License-Identifier: Apache-2.0
// The content types of patches, and the check that comes before everything else about a patch.

import PodiumMachinery

/// The content types that a PATCH request may have.
enum PatchTypes {
    static let json = "application/json-patch+json"
    static let merge = "application/merge-patch+json"
    static let strategic = "application/strategic-merge-patch+json"
    static let apply = "application/apply-patch+yaml"

    /// The types in the order in which upstream names them, without the one that Podium does not take.
    static let accepted = [json, merge, strategic]

    /// Checks the header of a patch; the route of a resource refuses other types before it looks at Accept.
    /// - Throws: 415.
    // emicklei/go-restful: jsr311.go detectRoute
    static func check(_ header: String?) throws(StatusError) {
        let name = header?.withoutParameters ?? ""
        if name == apply || accepted.contains(name) { return }
        throw StatusError(
            code: 415,
            reason: .unsupportedMediaType,
            message: "415: Unsupported Media Type",
            details: StatusError.Details()
        )
    }

    /// The answer to an apply, once its options were looked at.
    static var withoutApply: StatusError {
        StatusError(code: 415, reason: .unsupportedMediaType, message: "Podium does not do server-side apply")
    }
}
