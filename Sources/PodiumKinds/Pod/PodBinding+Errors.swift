// SPDX-License-Identifier: Apache-2.0
// What is wrong with bindings that clients send.

package import PodiumCodec
package import PodiumMachinery
package import PodiumPodModel

extension PodBinding {
    /// What is wrong with `binding` by itself.
    ///
    /// Upstream answers the first of these as an internal error without the usual shape: 500, the message
    /// `field: problem`, no reason.
    package static func errors(_ binding: JSONValue) -> [FieldError] {
        let target = PodField(binding["target"], at: FieldPath("target"))
        var errors: [FieldError] = []
        if !["", "Node"].contains(target["kind"].text) {
            errors.append(target["kind"].notSupported(["Node", "<empty>"]))
        }
        if target["name"].text.isEmpty { errors.append(target["name"].required()) }
        return errors
    }

    /// The refusal of a binding for the first of `errors`.
    package static func refusal(_ errors: [FieldError]) -> StatusError? {
        errors.first.map { StatusError(code: 500, reason: .unknown, message: $0.message) }
    }
}
