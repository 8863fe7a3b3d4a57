// SPDX-License-Identifier: Apache-2.0
// Server-side apply: merges what a client wants into what is there, and keeps account of who wants what.

package import PodiumCodec
package import PodiumMachinery
import PodiumSchema
import PodiumStorage

/// What a client applies.
package struct AppliedConfiguration: Sendable {
    /// The object with nothing but what the client wants to own.
    package let object: JSONValue
    /// Whether fields of others are taken where they conflict.
    package let force: Bool

    package init(object: JSONValue, force: Bool) {
        self.object = object
        self.force = force
    }
}

extension ResourceStore {
    /// Applies a configuration to the object called `name`, which comes to be by it if it does not exist.
    /// - Parameter complete: makes an object as the API reads one of what was merged, defaults and all.
    // Kubernetes: apiserver/pkg/endpoints/handlers/patch.go applyPatcher
    package func apply(
        _ name: String,
        _ configuration: AppliedConfiguration,
        options: WriteOptions,
        complete: (JSONValue) throws(StatusError) -> JSONValue
    ) throws(StatusError) -> UpdateOutcome {
        guard let ledger else { throw .internalError("\(definition.kind) has no schema to merge by") }
        return try update(name, options: options, allowsCreate: true, isPatch: true) { current throws(StatusError) in
            let live = current.map { definition.valueWithoutAccount(of: $0) }
            var managed = ManagedFields()
            if let current { managed = try account(of: current) }
            let merged = try ledger.apply(configuration, to: live, managed: managed, manager: options.fieldManager)
            return Replacement(try complete(merged.object), account: merged.managed)
        }
    }
}

extension StatusError {
    /// 409: others own fields that would change.
    // Kubernetes: apimachinery/pkg/util/managedfields/internal/conflict.go
    static func applyConflict(_ conflicts: [FieldConflict]) -> StatusError {
        var causes: [Cause] = []
        var lines: [String] = []
        for conflict in conflicts {
            let owner = conflict.owner.text
            lines.append("conflicts with \(owner):")
            conflict.fields.forEachPath { path in
                let field = path.map(\.text).joined()
                causes.append(
                    Cause(reason: "FieldManagerConflict", message: "conflict with \(owner)", field: field)
                )
                lines.append("- \(field)")
            }
        }
        let message =
            causes.count == 1
            ? "Apply failed with 1 conflict: \(causes[0].message): \(causes[0].field ?? "")"
            : "Apply failed with \(causes.count) conflicts: \(lines.joined(separator: "\n"))"
        return StatusError(
            code: 409,
            reason: .conflict,
            message: message,
            details: Details(causes: Array(causes.prefix(Limits.maximumCauses)))
        )
    }
}

extension FieldOwner {
    /// As messages name an owner.
    fileprivate var text: String {
        var text = FieldError.quoted(manager)
        if !subresource.isEmpty { text += " with subresource \(FieldError.quoted(subresource))" }
        return operation == .apply ? text : "\(text) using \(apiVersion)"
    }
}
