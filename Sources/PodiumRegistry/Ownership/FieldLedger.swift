// SPDX-License-Identifier: Apache-2.0
// Keeps the account of who owns which fields of objects of one kind, for one way to write them.

package import PodiumCodec
import PodiumHost
package import PodiumMachinery
package import PodiumSchema

/// Keeps the account of who owns which fields of objects of one kind, for one way to write them.
package struct FieldLedger: Sendable {
    private let kind: GroupVersionKind
    let keeper: FieldManager<JSONValue>
    /// An object of the kind that nobody has filled in.
    let emptyObject: JSONValue

    /// nil for kinds without a schema, of whose objects no account is kept.
    /// - Parameter rules: what is known of the kind; nil for one that is only seen through a subresource.
    package init?(
        _ kind: GroupVersionKind,
        rules: KindDefinition?,
        subresource: String,
        schemas: SchemaRegistry,
        now: Timestamp
    ) {
        guard let schema = schemas.schema(for: kind) else { return nil }
        let apiVersion = kind.groupVersion.description
        let version = ObjectVersion<JSONValue>(apiVersion: apiVersion, type: schema.mergeType) { object, apiVersion in
            guard let version = GroupVersion(apiVersion),
                let schema = schemas.schema(
                    for: GroupVersionKind(group: version.group, version: version.version, kind: kind.kind)
                )
            else { return nil }
            return (rules?.otherForms[apiVersion].map { $0(object) } ?? object, schema.mergeType)
        }
        self.kind = kind
        keeper = FieldManager(
            version: version,
            subresource: subresource,
            filter: rules?.fieldFilter(of: subresource) ?? .everything,
            now: now.rfc3339
        )
        emptyObject = schema.emptyObject
    }

    /// Who owns what once `new` has replaced `live` (nil: there was none) for `manager`. Neither has an account.
    package func update(
        live: JSONValue?,
        new: JSONValue,
        managed: ManagedFields,
        manager: String
    ) -> ManagedFields {
        keeper.update(
            live: live ?? emptyObject,
            new: new,
            isNew: live == nil,
            managed: managed,
            manager: manager
        )
    }

    /// What comes of applying `configuration` to `live` (nil: there is none), and who owns what of it.
    /// - Throws: 400 for a configuration of something else; 409 with the conflicts; 500, as upstream, for one that is
    ///   not of its type.
    package func apply(
        _ configuration: AppliedConfiguration,
        to live: JSONValue?,
        managed: ManagedFields,
        manager: String
    ) throws(StatusError) -> (object: JSONValue, managed: ManagedFields) {
        let applied = configuration.object
        try checkKind(of: applied)
        if let given = applied[path: "metadata", "managedFields"], !given.isNull {
            throw .badRequest("metadata.managedFields must be nil")
        }
        let live = live ?? emptyObject
        let request = ApplyRequest(
            keeper: keeper,
            applied: applied,
            live: live,
            managed: keeper.accountBeforeApply(live: live, empty: emptyObject, managed: managed),
            manager: manager
        )
        do throws(ApplyError) {
            let outcome = try LastApplied.apply(request, force: configuration.force)
            return (outcome.object ?? live, outcome.managed)
        } catch {
            throw statusError(error, applied)
        }
    }

    // Kubernetes: apimachinery/pkg/util/managedfields/internal/versioncheck.go
    private func checkKind(of applied: JSONValue) throws(StatusError) {
        let version = GroupVersion(applied["apiVersion"]?.string ?? "")
        let name = applied["kind"]?.string ?? ""
        if version == kind.groupVersion, name == kind.kind { return }
        throw .badRequest("invalid object type: \(version?.group ?? "")/\(version?.version ?? ""), Kind=\(name)")
    }

    // Kubernetes: apimachinery/pkg/util/managedfields/internal/structuredmerge.go
    private func statusError(_ error: ApplyError, _ applied: JSONValue) -> StatusError {
        let metadata = applied["metadata"]
        let name = "\(metadata?["namespace"]?.string ?? "")/\(metadata?["name"]?.string ?? "")"
        let type = kind.group.isEmpty ? "/\(kind.version)" : kind.groupVersion.description
        let named = "(\(name); \(type), Kind=\(kind.kind))"
        switch error {
        case .conflicts(let conflicts): return .applyConflict(conflicts)
        case .malformed(let errors):
            let text = "failed to create typed patch object \(named): \(errors.message)"
            return StatusError(code: 500, reason: .unknown, message: text)
        case .incomparable(let error):
            let text = "failed to create typed live object \(named): \(error.message)"
            return StatusError(code: 500, reason: .unknown, message: text)
        }
    }
}
