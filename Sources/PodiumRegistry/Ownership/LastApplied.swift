// SPDX-License-Identifier: Apache-2.0
// The way from kubectl's client-side apply, which keeps what was applied in an annotation, to that of the server.

import PodiumCodec
import PodiumMachinery
import PodiumSchema

/// One application of a configuration.
struct ApplyRequest {
    let keeper: FieldManager<JSONValue>
    let applied: JSONValue
    /// The object that is there, without its account; an empty one when there is none.
    let live: JSONValue
    let managed: ManagedFields
    let manager: String

    func run(force: Bool) throws(ApplyError) -> ApplyOutcome<JSONValue> {
        try keeper.apply(applied, to: live, managed: managed, manager: manager, force: force)
    }
}

/// What kubectl keeps in an annotation of the configuration that it applied by itself.
// Kubernetes: apimachinery/pkg/util/managedfields/internal/lastappliedmanager.go, lastappliedupdater.go
enum LastApplied {
    private static let annotation = "kubectl.kubernetes.io/last-applied-configuration"
    /// The only client for which this is done.
    private static let kubectl = "kubectl"

    /// Applies; kubectl's fields are its own although another name owns them, as far as the annotation says that it
    /// applied them and nobody has changed them since. The annotation then says what is applied now.
    static func apply(_ request: ApplyRequest, force: Bool) throws(ApplyError) -> ApplyOutcome<JSONValue> {
        var outcome: ApplyOutcome<JSONValue>
        do throws(ApplyError) {
            outcome = try request.run(force: force)
        } catch .conflicts(let conflicts) where request.manager == kubectl {
            guard let own = ownFields(of: request) else { throw .conflicts(conflicts) }
            let others = conflicts.compactMap { conflict -> FieldConflict? in
                let rest = conflict.fields.subtracting(own)
                return rest.isEmpty ? nil : FieldConflict(owner: conflict.owner, fields: rest)
            }
            if !others.isEmpty { throw .conflicts(others) }
            outcome = try request.run(force: true)
        }
        guard request.manager == kubectl else { return outcome }
        var object = outcome.object ?? request.live
        guard text(in: object) != nil else { return outcome }
        let text = text(of: request.applied)
        object[path: "metadata", "annotations", annotation] = .string(text)
        return ApplyOutcome(object: object, managed: outcome.managed)
    }

    private static func text(in object: JSONValue) -> String? {
        object[path: "metadata", "annotations", annotation]?.string
    }

    /// What was applied by client and is still what it was; nil when the annotation does not say.
    private static func ownFields(of request: ApplyRequest) -> FieldSet? {
        guard let text = text(in: request.live), !text.isEmpty else { return nil }
        let version = request.keeper.version
        do {
            let last = try JSONValue(json: text)
            guard last["apiVersion"]?.string == version.apiVersion else { return nil }
            let changes = try version.type.compare(last, request.live)
            return try version.type.fields(of: last).subtracting(changes.modified).subtracting(changes.added)
                .subtracting(changes.removed)
        } catch {
            // A text that is no such object says nothing.
            return nil
        }
    }

    /// The annotation of a configuration; empty when it would be larger than annotations may be.
    private static func text(of applied: JSONValue) -> String {
        var applied = applied
        if applied[path: "metadata", "annotations", annotation] != nil {
            applied[path: "metadata", "annotations", annotation] = nil
        }
        let text = applied.sortedThroughout.jsonText + "\n"
        let others = applied[path: "metadata", "annotations"]?.stringMap ?? [:]
        let size = others.reduce(annotation.utf8.count + text.utf8.count) { size, entry in
            size + entry.key.utf8.count + entry.value.utf8.count
        }
        return size > ObjectMetaValidation.maximumAnnotationBytes ? "" : text
    }
}

extension JSONValue {
    /// The same with the members of all objects in the order of their names, as Go writes maps.
    fileprivate var sortedThroughout: JSONValue {
        switch self {
        case .array(let elements): return .array(elements.map(\.sortedThroughout))
        case .object(let members):
            let sorted = members.sorted { $0.key < $1.key }
            return .object(JSONObject(uniqueKeysWithValues: sorted.map { ($0.key, $0.value.sortedThroughout) }))
        default: return self
        }
    }
}
