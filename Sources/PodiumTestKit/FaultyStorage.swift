// SPDX-License-Identifier: Apache-2.0
// A storage that fails where a test says.

package import PodiumHost
package import PodiumMachinery
package import PodiumStorage
import Synchronization

/// A storage before another one, some of whose calls fail.
///
/// Calls are counted from 0, so that a scenario can be run once to see how many there are, and again with one of them
/// failing.
// State | guarded by | why separate
// count | mutex | the place of a call in the order of all
// failing | the same | changed by the test while others call
package final class FaultyStorage: Storage {
    /// What a call is.
    package enum Operation: Sendable {
        case read
        case write
    }

    private struct State {
        var count = 0
        var failure: @Sendable (_ place: Int, _ operation: Operation) -> StorageError? = { _, _ in nil }
    }

    private let base: any Storage
    private let state = Mutex(State())

    /// A storage before `base` that does not fail yet.
    package init(_ base: any Storage) { self.base = base }

    /// How many calls there were since the last `fail`.
    package var count: Int { state.withLock { $0.count } }

    /// From now on, calls for which `failure` gives an error fail; counting begins anew.
    package func fail(_ failure: @escaping @Sendable (_ place: Int, _ operation: Operation) -> StorageError?) {
        state.withLock { $0 = State(count: 0, failure: failure) }
    }

    /// Lets all calls through again.
    package func heal() { fail { _, _ in nil } }

    private func call(_ operation: Operation) throws(StorageError) {
        let (place, failure) = state.withLock { state in
            defer { state.count += 1 }
            return (state.count, state.failure)
        }
        if let error = failure(place, operation) { throw error }
    }

    package var revision: Revision { base.revision }

    package func create(_ key: ObjectKey, _ draft: ObjectDraft) throws(StorageError) -> StoredObject {
        try call(.write)
        return try base.create(key, draft)
    }

    package func update(
        _ key: ObjectKey,
        expecting expected: Revision,
        _ draft: ObjectDraft
    ) throws(StorageError) -> StoredObject {
        try call(.write)
        return try base.update(key, expecting: expected, draft)
    }

    package func delete(_ key: ObjectKey, expecting expected: Revision) throws(StorageError) -> StoredObject {
        try call(.write)
        return try base.delete(key, expecting: expected)
    }

    package func get(_ key: ObjectKey) throws(StorageError) -> StoredObject? {
        try call(.read)
        return try base.get(key)
    }

    package func list(
        _ resource: GroupResource,
        scope: ListScope,
        from start: String?,
        limit: Int?,
        at revision: Revision?
    ) throws(StorageError) -> ListSnapshot {
        try call(.read)
        return try base.list(resource, scope: scope, from: start, limit: limit, at: revision)
    }

    package func notify(
        reaching revision: Revision,
        _ reached: @escaping @Sendable () -> Void
    ) -> any Cancellable {
        base.notify(reaching: revision, reached)
    }

    package func watch(
        _ resource: GroupResource,
        scope: ListScope,
        after revision: Revision,
        skippingHeartbeats: Bool,
        wake: @escaping @Sendable () -> Void
    ) throws(StorageError) -> any WatchCursor {
        try call(.read)
        return try base.watch(
            resource,
            scope: scope,
            after: revision,
            skippingHeartbeats: skippingHeartbeats,
            wake: wake
        )
    }
}
