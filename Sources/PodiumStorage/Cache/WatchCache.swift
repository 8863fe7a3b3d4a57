// SPDX-License-Identifier: Apache-2.0
// What answers reads: one leaf lock around the state; lists and wake-ups happen outside of it.

package import PodiumHost
package import PodiumMachinery
import Synchronization

/// All objects of a cluster in the order of their keys, what they were not long ago, and who is to be told of changes.
///
/// Reads, lists and watches are answered from here; which writes happen, and in which order, is decided by the log.
// State | guarded by | why separate
// state | mutex | one order of revisions needs one lock; held for lookups and pointer changes only
// Kubernetes: apiserver/pkg/storage/cacher/cacher.go
package final class WatchCache: Storage {
    /// The limits of the cache.
    package enum Limits {
        /// What is kept of the changes of each collection for watches and past lists. The bytes bound collections of
        /// large objects, of which the usual number of changes would fill the machine.
        package static let history = HistoryLimit(events: 16_384, bytes: 32 << 20)
        /// The revision of an empty store: well above 1, so that a client that asks for the beginning of time learns
        /// that it is gone, as it would from a real server.
        package static let firstRevision = Revision(1000)
    }

    private let log: any RevisionLog
    private let state: Mutex<CacheState>
    private let nextWatcherID = Atomic<UInt64>(0)

    /// An empty store, whose first change has the revision behind `revision`.
    package init(
        startingAfter revision: Revision = Limits.firstRevision,
        historyLimit: HistoryLimit = Limits.history,
        log: any RevisionLog = MemoryLog()
    ) {
        self.log = log
        state = Mutex(CacheState(revision: revision, historyLimit: historyLimit))
    }

    /// A store that begins with `templates`, which were made at `time` and have UIDs drawn from `random`.
    package init(
        startingAfter revision: Revision = Limits.firstRevision,
        historyLimit: HistoryLimit = Limits.history,
        templates: [ObjectTemplate],
        time: Timestamp,
        random: RandomSource,
        log: any RevisionLog = MemoryLog()
    ) {
        self.log = log
        var begun = CacheState(revision: revision, historyLimit: historyLimit)
        begun.begin(with: templates, at: time) { random.uid() }
        state = Mutex(begun)
    }

    package var revision: Revision { state.withLock { $0.revision } }

    package func get(_ key: ObjectKey) -> StoredObject? {
        let storageKey = CacheState.storageKey(key.name)
        return state.withLock { $0.get(key.resource, storageKey) }
    }

    package func create(_ key: ObjectKey, _ draft: ObjectDraft) throws(StorageError) -> StoredObject {
        if draft.isTooLarge { throw .tooLarge(key) }
        return try log.append(.create(key, draft), to: self)
    }

    package func update(
        _ key: ObjectKey,
        expecting expected: Revision,
        _ draft: ObjectDraft
    ) throws(StorageError) -> StoredObject {
        if draft.isTooLarge { throw .tooLarge(key) }
        return try log.append(.update(key, expecting: expected, draft), to: self)
    }

    package func delete(_ key: ObjectKey, expecting expected: Revision) throws(StorageError) -> StoredObject {
        try log.append(.delete(key, expecting: expected), to: self)
    }

    /// Gives a change the next revision, if its condition holds, and shows it. For logs whose order is that of this
    /// cache.
    package func commit(_ change: Change) throws(StorageError) -> StoredObject {
        let commit = try state.withLock { state throws(StorageError) in try state.commit(change) }
        commit.wakeup()
        for token in commit.reached { token.tell() }
        return commit.object
    }

    package func notify(
        reaching revision: Revision,
        _ reached: @escaping @Sendable () -> Void
    ) -> any Cancellable {
        let token = RevisionWaiters.Token(reached)
        let isThere = state.withLock { state in
            if state.revision >= revision { return true }
            state.addWaiter(RevisionWaiters.Waiter(revision: revision, token: token))
            return false
        }
        if isThere { token.tell() }
        return token
    }

    package func list(
        _ resource: GroupResource,
        scope: ListScope,
        from start: String?,
        limit: Int?,
        at revision: Revision?
    ) throws(StorageError) -> ListSnapshot {
        let plan = try state.withLock { state throws(StorageError) in try state.planList(resource, at: revision) }
        return plan.snapshot(scope: scope, from: start, limit: limit)
    }

    package func watch(
        _ resource: GroupResource,
        scope: ListScope,
        after revision: Revision,
        skippingHeartbeats: Bool,
        wake: @escaping @Sendable () -> Void
    ) throws(StorageError) -> any WatchCursor {
        let id = nextWatcherID.add(1, ordering: .relaxed).newValue
        let watcher = WatcherGroup.Watcher(id: id, skipsHeartbeats: skippingHeartbeats, wake: wake)
        try state.withLock { state throws(StorageError) in
            try state.addWatcher(watcher, to: resource, scope: scope, after: revision)
        }
        let target = CacheCursor.Target(resource: resource, scope: scope, skipsHeartbeats: skippingHeartbeats)
        return CacheCursor(storage: self, id: id, target: target, position: revision)
    }

    /// Lets go of the history up to `revision`: watches and lists from before it get `compacted`.
    package func compact(through revision: Revision) { state.withLock { $0.compact(through: revision) } }

    /// Whether the cluster is over.
    package var isEnded: Bool { state.withLock { $0.isEnded } }

    /// Ends all watches, because the cluster is over. Reads and writes under way are none the wiser.
    package func endWatches() {
        for wakeup in state.withLock({ $0.endWatches() }) { wakeup() }
    }

    fileprivate func events(
        of cursor: CacheCursor,
        after position: Revision,
        limit: Int
    ) throws(StorageError) -> (
        events: [StorageEvent], through: Revision
    ) {
        try state.withLock { state throws(StorageError) in
            try state.events(
                of: cursor.target.resource,
                scope: cursor.target.scope,
                after: position,
                skippingHeartbeats: cursor.target.skipsHeartbeats,
                limit: limit
            )
        }
    }

    fileprivate func remove(_ cursor: CacheCursor) {
        state.withLock { $0.removeWatcher(cursor.id, from: cursor.target.resource, scope: cursor.target.scope) }
    }
}

/// A place in the history of a collection.
// State | guarded by | why separate
// position | mutex | moved by the one reader of this cursor; never held together with the store's lock
private final class CacheCursor: WatchCursor {
    /// What is watched.
    fileprivate struct Target: Sendable {
        let resource: GroupResource
        let scope: ListScope
        let skipsHeartbeats: Bool
    }

    fileprivate let id: UInt64
    fileprivate let target: Target
    private let storage: WatchCache
    private let position: Mutex<Revision>
    private let isClosed = Atomic<Bool>(false)

    init(storage: WatchCache, id: UInt64, target: Target, position: Revision) {
        self.storage = storage
        self.id = id
        self.target = target
        self.position = Mutex(position)
    }

    deinit { close() }

    func next(limit: Int) throws(StorageError) -> (events: [StorageEvent], through: Revision) {
        let start = position.withLock { $0 }
        let result = try storage.events(of: self, after: start, limit: limit)
        position.withLock { $0 = result.through }
        return result
    }

    func close() {
        if !isClosed.exchange(true, ordering: .acquiringAndReleasing) { storage.remove(self) }
    }
}
