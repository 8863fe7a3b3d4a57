// SPDX-License-Identifier: Apache-2.0
// The storage contract: one order of revisions for everything, conditional writes, consistent lists, lossless watches.

package import PodiumHost
package import PodiumMachinery

/// A position in the one order of all writes to a cluster. It only ever grows; every write has its own.
///
/// The API shows it as the opaque `resourceVersion`.
package struct Revision: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: Int64

    package init(_ number: Int64) { self.number = number }

    package var description: String { String(number) }

    package static func < (left: Revision, right: Revision) -> Bool { left.number < right.number }
}

/// The place of an object: its collection, and its namespace and name inside it.
package struct ObjectKey: Hashable, Sendable, CustomStringConvertible {
    package var resource: GroupResource
    package var name: NamespacedName

    package init(_ resource: GroupResource, _ name: NamespacedName) {
        self.resource = resource
        self.name = name
    }

    /// The key of an object; `namespace` is empty for cluster-scoped collections.
    package init(_ resource: GroupResource, namespace: String = "", name: String) {
        self.init(resource, NamespacedName(namespace: namespace, name: name))
    }

    package var description: String { "\(resource) \(name)" }
}

/// Which objects of a collection a list or a watch is about.
package enum ListScope: Hashable, Sendable {
    case all
    case namespace(String)
    case object(NamespacedName)
}

/// A change of an object in the order of revisions.
package struct StorageEvent: Sendable {
    package enum Kind: Sendable {
        case added
        case modified
        case deleted
    }

    package let kind: Kind
    /// The object after the change; of a deletion, the last state with the revision of the deletion.
    package let object: StoredObject
    /// The object before the change; nil when it was added.
    package let previous: StoredObject?

    package var revision: Revision { object.revision }

    /// Whether it says no more than that the writer of the object is alive.
    var isHeartbeat: Bool { kind == .modified && object.isHeartbeat }

    package init(kind: Kind, object: StoredObject, previous: StoredObject?) {
        self.kind = kind
        self.object = object
        self.previous = previous
    }
}

/// A consistent view of a collection at one revision.
package struct ListSnapshot: Sendable {
    /// The revision of the whole store that this shows.
    package let revision: Revision
    /// The objects in the order of their keys (`namespace/name`, by bytes).
    package let objects: [StoredObject]
    /// How many more there are behind the last one, when a limit cut the list; else 0.
    package let remaining: Int

    package init(revision: Revision, objects: [StoredObject], remaining: Int) {
        self.revision = revision
        self.objects = objects
        self.remaining = remaining
    }
}

/// A store of encoded objects.
///
/// Writes are conditional and atomic; each takes the next revision and appends one event. A write becomes visible to
/// reads, lists and watches at once and together. Nothing here waits for a client. Storage that is not in memory may
/// fail at every call with `unreachable` or `corrupt`, beside what is said of each.
// Kubernetes: apiserver/pkg/storage/interfaces.go; etcd: server/storage/mvcc
package protocol Storage: AnyObject, Sendable {
    /// The newest revision.
    var revision: Revision { get }

    /// Adds an object.
    /// - Throws: `keyExists` when there is one of this name; `tooLarge`.
    func create(_ key: ObjectKey, _ draft: ObjectDraft) throws(StorageError) -> StoredObject

    /// Replaces an object that is at revision `expected`.
    /// - Throws: `keyNotFound`; `conflict` when it is at another revision.
    func update(
        _ key: ObjectKey,
        expecting expected: Revision,
        _ draft: ObjectDraft
    ) throws(StorageError) -> StoredObject

    /// Removes an object that is at revision `expected`; returns its last state with the revision of the deletion.
    /// - Throws: `keyNotFound`; `conflict` when it is at another revision.
    func delete(_ key: ObjectKey, expecting expected: Revision) throws(StorageError) -> StoredObject

    /// The object now; nil when there is none.
    /// - Throws: `unreachable`, `corrupt`. Whoever cannot read must not act as if there were nothing.
    func get(_ key: ObjectKey) throws(StorageError) -> StoredObject?

    /// The objects of a collection in key order.
    /// - Parameters:
    ///   - start: the first key to show (`namespace/name`); nil for the beginning.
    ///   - limit: how many at the most; nil for all.
    ///   - revision: a past revision to show; nil for the newest.
    /// - Throws: `compacted` when `revision` is older than the history; `futureRevision` when it is yet to come.
    func list(
        _ resource: GroupResource,
        scope: ListScope,
        from start: String?,
        limit: Int?,
        at revision: Revision?
    ) throws(StorageError) -> ListSnapshot

    /// Calls `reached` once, from any thread and outside of every lock, when this shows `revision` or a newer one; at
    /// once when it does already. Whether that ever happens is not known: who waits gives up when he has waited enough.
    func notify(
        reaching revision: Revision,
        _ reached: @escaping @Sendable () -> Void
    ) -> any Cancellable

    /// Follows a collection from the first change after `revision`, without loss, duplicate or reordering; heartbeats
    /// can be left out.
    ///
    /// `wake` is called, from any thread and outside of every lock, after a change in `scope` was appended; it must
    /// return at once. It may be called too often, and after the cursor was closed.
    /// - Throws: `compacted` when changes after `revision` are no longer kept; `ended` when nothing can be watched any
    ///   more.
    func watch(
        _ resource: GroupResource,
        scope: ListScope,
        after revision: Revision,
        skippingHeartbeats: Bool,
        wake: @escaping @Sendable () -> Void
    ) throws(StorageError) -> any WatchCursor
}

extension Storage {
    /// Follows a collection, heartbeats included.
    package func watch(
        _ resource: GroupResource,
        scope: ListScope,
        after revision: Revision,
        wake: @escaping @Sendable () -> Void
    ) throws(StorageError) -> any WatchCursor {
        try watch(resource, scope: scope, after: revision, skippingHeartbeats: false, wake: wake)
    }
}

/// The place of one watcher in the history of a collection. Used by one thread at a time.
package protocol WatchCursor: AnyObject, Sendable {
    /// The next changes in scope, at most `limit`, without waiting; empty when there are none. `through` is the
    /// revision up to which this watcher has now seen everything.
    /// - Throws: `compacted` when the watcher fell so far behind that changes it has not seen are gone; `ended` when it
    ///   has seen all, and nothing comes any more.
    func next(limit: Int) throws(StorageError) -> (events: [StorageEvent], through: Revision)

    /// Ends the watch. Closing twice does nothing.
    func close()
}
