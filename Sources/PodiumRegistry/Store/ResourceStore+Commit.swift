// SPDX-License-Identifier: Apache-2.0
// The last step of every write: what is stored, and what goes with it.

import PodiumCodec
package import PodiumMachinery
package import PodiumStorage

/// What goes with the objects of a kind and is written with them, such as the record of an address.
package protocol Companions: Sendable {
    /// Writes an object by `commit`, with what is to be there before and what is to be gone after.
    /// - Parameters:
    ///   - old: the facts of the object before; nil when it is new.
    ///   - new: its facts after; nil when it goes.
    func write(
        _ name: NamespacedName,
        old: ObjectFacts?,
        new: ObjectFacts?,
        in api: ClusterAPI,
        _ commit: () throws(StorageError) -> StoredObject
    ) throws(StorageError) -> StoredObject
}

extension ResourceStore {
    /// Adds `object` with an account of who owns its fields.
    func add(
        _ object: JSONValue,
        _ account: BytesSlice?,
        at key: ObjectKey
    ) throws(StorageError) -> StoredObject {
        let draft = draft(object, account)
        return try withCompanions(key.name, old: nil, new: draft.facts) { () throws(StorageError) in
            try storage.create(key, draft)
        }
    }

    /// Replaces `old` by `object`, with the account that `old` has.
    func replace(_ old: StoredObject, by object: JSONValue) throws(StorageError) -> StoredObject {
        try replace(old, by: object, old.managedFields)
    }

    /// Replaces `old` by `object` with an account of who owns its fields.
    func replace(
        _ old: StoredObject,
        by object: JSONValue,
        _ account: BytesSlice?
    ) throws(StorageError) -> StoredObject {
        let draft = draft(object, account)
        return try withCompanions(old.key.name, old: old.facts, new: draft.facts) { () throws(StorageError) in
            try storage.update(old.key, expecting: old.revision, draft)
        }
    }

    /// Removes `old`.
    /// - Returns: its last state with the revision of the deletion.
    func remove(_ old: StoredObject) throws(StorageError) -> StoredObject {
        try withCompanions(old.key.name, old: old.facts, new: nil) { () throws(StorageError) in
            try storage.delete(old.key, expecting: old.revision)
        }
    }

    private func withCompanions(
        _ name: NamespacedName,
        old: ObjectFacts?,
        new: ObjectFacts?,
        _ commit: () throws(StorageError) -> StoredObject
    ) throws(StorageError) -> StoredObject {
        guard let companions = definition.rules.companions else { return try commit() }
        return try companions.write(name, old: old, new: new, in: api, commit)
    }

    /// What is stored of `object`, which has the form of this collection and no account of its own.
    private func draft(_ object: JSONValue, _ account: BytesSlice?) -> ObjectDraft {
        let stored = definition.stored(object)
        return ObjectDraft(
            stored,
            managedFields: account,
            facts: ObjectFacts(of: stored, fields: definition.rules.selectableFields)
        )
    }
}
