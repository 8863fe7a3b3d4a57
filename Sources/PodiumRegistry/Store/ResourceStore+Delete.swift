// SPDX-License-Identifier: Apache-2.0
// Deleting an object: preconditions, grace, finalizers, and what the client is told.

import PodiumCodec
import PodiumHost
package import PodiumMachinery
package import PodiumStorage

/// What a deletion left behind.
package struct DeleteOutcome: Sendable {
    /// The object as it is now, or as it was last.
    package let result: WriteResult
    /// Whether the object is gone.
    package let isGone: Bool
}

extension ResourceStore {
    /// Deletes the object called `name`, or begins to.
    // Kubernetes: generic/registry/store.go Delete; registry/rest/delete.go BeforeDelete
    package func delete(_ name: String, options: DeleteOptions) throws(StatusError) -> DeleteOutcome {
        var marked: StoredObject?
        for attempt in 1... {
            guard let current = try storage.object(key(name)) else {
                guard let marked else { throw .notFound(resource, name) }
                // Somebody who saw that it is to go was faster to remove it.
                return DeleteOutcome(result: .stored(marked), isGone: true)
            }
            try checkPreconditions(options, current)
            try admitDelete(current, options)
            do throws(StorageError) {
                return try delete(current, options, &marked)
            } catch .conflict where attempt < Limits.maximumConflictRetries {
                continue
            } catch {
                throw StatusError(error, resource: resource)
            }
        }
        preconditionFailure("the loop above ends by return or throw")
    }

    private func checkPreconditions(_ options: DeleteOptions, _ current: StoredObject) throws(StatusError) {
        if definition.rules.hasOwnPreconditionTexts { return try checkOwnPreconditions(options, current) }
        let kind = GroupResource(group: definition.group, resource: definition.kind)
        if let uid = options.uid, uid != current.facts.uid {
            throw .conflict(
                kind,
                current.key.name.name,
                "the UID in the precondition (\(uid)) does not match the UID in record (\(current.facts.uid)). "
                    + "The object might have been deleted and then recreated"
            )
        }
        if let version = options.resourceVersion, version != current.revision.description {
            throw .conflict(
                kind,
                current.key.name.name,
                "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in record "
                    + "(\(current.revision)). The object might have been modified"
            )
        }
    }

    /// The same in the words of the kinds whose deletion has code of its own.
    private func checkOwnPreconditions(_ options: DeleteOptions, _ current: StoredObject) throws(StatusError) {
        let name = current.key.name.name
        let checks = [
            ("UID", options.uid, current.facts.uid),
            ("ResourceVersion", options.resourceVersion, current.revision.description),
        ]
        for case (let what, let wanted?, let actual) in checks where wanted != actual {
            let problem = "Precondition failed: \(what) in precondition: \(wanted), \(what) in object meta: \(actual)"
            throw .conflict(resource, name, problem)
        }
    }

    private func admitDelete(_ current: StoredObject, _ options: DeleteOptions) throws(StatusError) {
        var writeOptions = WriteOptions()
        writeOptions.isDryRun = options.isDryRun
        writeOptions.user = options.user
        let name = current.key.name.name
        var object = current.read().value
        var warnings: [String] = []
        let attributes = attributes(.delete, name: name, old: object, options: writeOptions)
        try api.admission.mutate(&object, attributes, context, &warnings)
        try api.admission.validate(object, attributes, context, &warnings)
    }

    /// - Parameter marked: set to the object once it says that it is to go, which stays even if the rest fails.
    private func delete(
        _ current: StoredObject,
        _ options: DeleteOptions,
        _ marked: inout StoredObject?
    ) throws(StorageError) -> DeleteOutcome {
        var object = current.read().value
        let finalizersChanged = setCollectionFinalizers(&object, options.propagation)
        let outcome = markForDeletion(&object, options)
        if options.isDryRun {
            return DeleteOutcome(
                result: .transient(object.with(current.managedFields)),
                isGone: outcome.removes
            )
        }
        var last = current
        if outcome.writes || (finalizersChanged && !outcome.removes) {
            last = try replace(current, by: object)
            marked = last
        }
        guard outcome.removes else { return DeleteOutcome(result: .stored(last), isGone: false) }
        let removed = try remove(last)
        return DeleteOutcome(result: .stored(outcome.writes ? last : removed), isGone: true)
    }

    private func markForDeletion(_ object: inout JSONValue, _ options: DeleteOptions) -> PodDeletion.Outcome {
        definition.rules.requestDeletion(&object, options.gracePeriodSeconds, api.host.clock.now)
    }

    /// `Foreground` and `Orphan` leave work for the garbage collector: a finalizer keeps the object until it is done.
    ///
    /// Without a policy in the request, a finalizer that is there already decides, and then the kind.
    // Kubernetes: generic/registry/store.go deletionFinalizersForGarbageCollection
    private func setCollectionFinalizers(_ object: inout JSONValue, _ policy: DeleteOptions.Propagation?) -> Bool {
        if definition.rules.dependents == .unsupported { return false }
        let before = object[path: "metadata", "finalizers"]?.elements ?? []
        let ours: [(DeleteOptions.Propagation, JSONValue)] = [(.orphan, "orphan"), (.foreground, "foregroundDeletion")]
        let standing = before.lazy.compactMap { finalizer in ours.first { $0.1 == finalizer }?.0 }.first
        let standard = definition.rules.dependents == .orphan ? ours[0].0 : nil
        let effective = policy ?? standing ?? standard
        var after = before.filter { finalizer in !ours.contains { $0.1 == finalizer } }
        after += ours.filter { $0.0 == effective }.map(\.1)
        if Set(after) == Set(before) { return false }
        object[path: "metadata", "finalizers"] = after.isEmpty ? nil : .array(after)
        return true
    }

    /// Deletes every object of the namespace (or of all) that `matches`, in key order.
    /// - Returns: the objects as they were found.
    package func deleteCollection(
        options: DeleteOptions,
        matching matches: (StoredObject) -> Bool
    ) throws(StatusError) -> [StoredObject] {
        let scope: ListScope = namespace.isEmpty ? .all : .namespace(namespace)
        let found: [StoredObject]
        do throws(StorageError) {
            found = try storage.list(definition.storage, scope: scope, from: nil, limit: nil, at: nil).objects
        } catch {
            throw StatusError(error, resource: resource)
        }
        var deleted: [StoredObject] = []
        for object in found where matches(object) {
            do throws(StatusError) {
                _ = try delete(object.key.name.name, options: options)
                deleted.append(object)
            } catch let error where error.reason == .notFound {
                // Somebody else was faster: what the client wanted is the case.
                continue
            }
        }
        return deleted
    }
}

extension PodDeletion.Outcome {
    /// Whether the object is written.
    var writes: Bool { self == .write || self == .writeThenRemove }
    /// Whether the object is removed.
    var removes: Bool { self == .remove || self == .writeThenRemove }
}
