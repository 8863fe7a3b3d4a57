// SPDX-License-Identifier: Apache-2.0
// How controllers read and write objects: straight in storage, with the same conditional writes as API clients.

import OrderedCollections
package import PodiumCodec
package import PodiumHost
package import PodiumMachinery
package import PodiumStorage

/// A client of storage for controllers.
package struct ResourceClient: Sendable {
    /// The limits of a client.
    package enum Limits {
        /// How often `update` starts over when another writer was faster; then the conflict is thrown.
        package static let maximumConflictRetries = 16
    }

    package let storage: any Storage
    package let host: Host

    package init(storage: any Storage, host: Host) {
        self.storage = storage
        self.host = host
    }

    /// The object now; nil when there is none.
    package func get(_ key: ObjectKey) -> APIObject? { storage.get(key).map(APIObject.init) }

    /// All objects in scope, in key order.
    package func list(_ resource: GroupResource, scope: ListScope = .all) throws(StorageError) -> [APIObject] {
        try storage.list(resource, scope: scope, from: nil, limit: nil, at: nil).objects.map(APIObject.init)
    }

    /// Adds `object`, which names itself and its type; gives it a UID and a creation time when it has none.
    /// - Throws: `keyExists`.
    @discardableResult
    package func create(_ resource: GroupResource, _ object: JSONValue) throws(StorageError) -> APIObject {
        var object = object
        if object[path: "metadata", "uid"] == nil { object[path: "metadata", "uid"] = .string(host.random.uid()) }
        if object[path: "metadata", "creationTimestamp"] == nil {
            object[path: "metadata", "creationTimestamp"] = .string(host.clock.now.rfc3339)
        }
        let key = ObjectKey(
            resource,
            namespace: object[path: "metadata", "namespace"]?.string ?? "",
            name: object[path: "metadata", "name"]?.string ?? ""
        )
        return APIObject(try storage.create(key, ObjectDraft(object, facts: ObjectFacts(of: object, in: resource))))
    }

    /// Changes an object: reads it, lets `change` edit the tree, writes it on the condition that nobody else wrote
    /// meanwhile, and starts over otherwise. Writes nothing when `change` returns false or changed nothing.
    /// - Parameter uid: when given, an object of the same name with another UID counts as not found.
    /// - Returns: the object afterwards.
    /// - Throws: `keyNotFound`, or `conflict` after ``Limits/maximumConflictRetries`` attempts.
    @discardableResult
    package func update(
        _ key: ObjectKey,
        uid: String? = nil,
        _ change: (inout JSONValue) -> Bool
    ) throws(StorageError) -> APIObject {
        var attempts = 0
        while true {
            guard let current = storage.get(key), uid == nil || current.facts.uid == uid else {
                throw .keyNotFound(key)
            }
            let before = current.read().value
            var after = before
            guard change(&after), after != before else { return APIObject(current) }
            do throws(StorageError) {
                let draft = ObjectDraft(after, facts: ObjectFacts(of: after, in: key.resource))
                return APIObject(try storage.update(key, expecting: current.revision, draft))
            } catch .conflict(let key, let actual) {
                attempts += 1
                if attempts > Limits.maximumConflictRetries { throw .conflict(key, actual: actual) }
            }
        }
    }

    /// Removes an object from storage at once, whatever its finalizers and grace.
    /// - Throws: `keyNotFound`, also when the object of that name has another UID; `conflict` as `update` does.
    @discardableResult
    package func remove(_ key: ObjectKey, uid: String? = nil) throws(StorageError) -> APIObject {
        var attempts = 0
        while true {
            guard let current = storage.get(key), uid == nil || current.facts.uid == uid else {
                throw .keyNotFound(key)
            }
            do throws(StorageError) {
                return APIObject(try storage.delete(key, expecting: current.revision))
            } catch .conflict(let key, let actual) {
                attempts += 1
                if attempts > Limits.maximumConflictRetries { throw .conflict(key, actual: actual) }
            }
        }
    }
}
