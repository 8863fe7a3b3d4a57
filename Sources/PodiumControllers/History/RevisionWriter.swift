// SPDX-License-Identifier: Apache-2.0
// Adds, renumbers and deletes the ControllerRevisions of a workload.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

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

    /// Changes a revision in another respect.
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
