// SPDX-License-Identifier: Apache-2.0
// The templates that a workload had, each kept in a ControllerRevision with a number.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A ControllerRevision.
// Kubernetes: pkg/controller/history/controller_history.go
struct ControllerRevision: Sendable {
    let object: APIObject
    /// Its place in the history.
    let number: Int64
    private let created: Timestamp

    init(_ object: APIObject) {
        self.object = object
        number = object.value["revision"]?.integer ?? 0
        created = object.creationTimestamp ?? Timestamp(nanoseconds: 0)
    }

    var name: String { object.name }
    var labels: [String: String] { object.labels }

    /// The template that it keeps.
    var template: JSONValue {
        var template = object.value["data"]?["spec"]?["template"] ?? .emptyObject
        template[Self.directive] = nil
        return template
    }

    /// Whether what it keeps is `data`.
    func keeps(_ data: JSONValue) -> Bool { object.value["data"] == data }

    /// Whether `left` comes earlier in a history.
    // Kubernetes: pkg/controller/history/controller_history.go SortControllerRevisions
    static func precedes(_ left: ControllerRevision, _ right: ControllerRevision) -> Bool {
        if left.number != right.number { return left.number < right.number }
        return left.created == right.created ? left.name < right.name : left.created < right.created
    }

    /// What makes a strategic merge patch replace an object instead of merging it.
    private static let directive = "$patch"

    /// What a revision of `template` keeps: the patch that brings it back.
    // Kubernetes: pkg/controller/statefulset/stateful_set_utils.go getPatch
    static func data(of template: JSONValue) -> JSONValue {
        var template = template
        template[directive] = "replace"
        return TemplateHash.sorted(["spec": ["template": template]])
    }
}

/// Writes the ControllerRevisions of an object.
struct RevisionWriter {
    /// The limits of a name.
    private enum Limits {
        /// How much of the owner's name goes into that of a revision.
        static let prefixBytes = 223
    }

    let client: ResourceClient
    let owner: APIObject
    let type: OwnerType
    /// Called with the revision of each write.
    let note: (Revision) -> Void

    /// The name of the owner's revision of `hash`.
    // Kubernetes: pkg/controller/history/controller_history.go ControllerRevisionName
    func name(hash: String) -> String {
        let prefix = String(decoding: owner.name.utf8.prefix(Limits.prefixBytes), as: UTF8.self)
        return "\(prefix)-\(hash)"
    }

    /// Adds a revision.
    /// - Throws: 409 `AlreadyExists` when the name is taken.
    func create(
        hash: String,
        labels: JSONObject,
        data: JSONValue,
        number: Int64
    ) throws(StatusError) -> ControllerRevision {
        var metadata: JSONObject = [
            "name": .string(name(hash: hash)), "namespace": .string(owner.namespace), "labels": .object(labels),
        ]
        metadata["annotations"] = owner.metadata["annotations"]
        metadata["ownerReferences"] = [OwnerReference.controlling(owner, type)]
        let created = try client.create(
            .controllerRevisions,
            [
                "kind": "ControllerRevision", "apiVersion": "apps/v1", "metadata": .object(metadata), "data": data,
                "revision": .integer(number),
            ]
        )
        note(created.revision)
        return ControllerRevision(created)
    }

    /// The revision that has the name of `hash` already; nil when it has gone meanwhile.
    func existing(hash: String) throws(StatusError) -> ControllerRevision? {
        let key = ObjectKey(.controllerRevisions, namespace: owner.namespace, name: name(hash: hash))
        return try client.get(key).map { ControllerRevision($0) }
    }

    /// Gives a revision another place in the history.
    func renumber(_ revision: ControllerRevision, to number: Int64) throws(StatusError) -> ControllerRevision {
        try change(revision) { $0["revision"] = .integer(number) }
    }

    func change(
        _ revision: ControllerRevision,
        _ edit: (inout JSONValue) -> Void
    ) throws(StatusError) -> ControllerRevision {
        let changed = try client.update(revision.object.key, uid: revision.object.uid) { value in
            edit(&value)
            return true
        }
        guard let changed else { return revision }
        note(changed.revision)
        return ControllerRevision(changed)
    }

    /// Deletes revisions; what is gone already is deleted.
    func delete(_ revisions: some Sequence<ControllerRevision>) throws(StatusError) {
        for revision in revisions {
            do throws(StatusError) {
                if let last = try client.delete(revision.object.key, uid: revision.object.uid) { note(last) }
            } catch let error where error.reason == .notFound {
                continue
            }
        }
    }
}
