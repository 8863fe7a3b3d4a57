// SPDX-License-Identifier: Apache-2.0
// Objects of a collection that nobody wrote for long are removed: Events, after an hour.

import DequeModule
package import PodiumHost
package import PodiumMachinery

/// Removes the objects of one collection a fixed time after their last write, give or take a minute.
///
/// Nothing is remembered of single objects. The writes of a minute are one batch, of which only the newest revision is
/// kept; when the batch is old enough, every object that stands at that revision or before goes. With a life of an
/// hour, an object that was written at 10:00:20 belongs to a batch that was begun by the first write, say at 10:00:00,
/// and closed at 10:01:00, so it goes at 11:01:00; if it is written again at 10:30, it goes at 11:31 at the latest.
/// While nobody writes, no timer is set.
// Kubernetes: apiserver/pkg/storage/etcd3/lease_manager.go shares one lease among the writes of a minute
// State | guarded by | why separate
// batches, cursor, timers | queue | one change of them is one step of the machine
package final class ObjectExpiry: Sendable {
    /// The limits of expiry.
    package enum Limits {
        /// How much later than its life demands an object may go: the length of a batch.
        package static let interval: Duration = .seconds(60)
        /// How many objects are removed before other blocks of the cluster get their turn.
        package static let removalsPerTurn = 512
        /// How many changes are looked at at a time for one that is no removal.
        static let changesPerLook = 256
    }

    /// The writes of an interval.
    private struct Batch: Sendable {
        let deadline: Timestamp
        /// The newest revision when the interval ended.
        let through: Revision
    }

    private struct State {
        /// The oldest first.
        var batches: Deque<Batch> = []
        /// Waits for the first write of a batch; nil while a batch is open.
        var cursor: (any WatchCursor)?
        /// The end of the open batch.
        var closing: (any Cancellable)?
        /// The end of the oldest batch.
        var expiring: (any Cancellable)?
        var isStopped = false
    }

    private let storage: any Storage
    private let clock: any HostClock
    private let resource: GroupResource
    private let life: Duration
    private let state: Confined<State>

    /// - Parameter life: how long an object stays after its last write, positive.
    package init(storage: any Storage, host: Host, resource: GroupResource, life: Duration) {
        precondition(life > .zero, "objects that never expire need no expiry")
        self.storage = storage
        clock = host.clock
        self.resource = resource
        self.life = life
        state = Confined(State(), on: host.scheduling.makeQueue(label: "expiry of \(resource)"))
    }

    /// Begins; what there is already counts as written now.
    package func start() { state.queue.async { self.openBatch() } }

    /// Ends; nothing is removed any more.
    package func stop() {
        state.async { state in
            state.isStopped = true
            state.cursor?.close()
            state.cursor = nil
            state.closing?.cancel()
            state.expiring?.cancel()
        }
    }

    /// A write came: whatever is written in the next minute goes together with it.
    private func openBatch() {
        let timer = timer(at: clock.now + Limits.interval) { $0.closeBatch() }
        state.withState { $0.closing = timer }
    }

    private func closeBatch() {
        let batch = Batch(deadline: clock.now + life, through: storage.revision)
        let isOnly = state.withState { state in
            state.batches.append(batch)
            return state.batches.count == 1
        }
        if isOnly { awaitDeadline(of: batch) }
        awaitWrite(after: batch.through)
    }

    /// Opens the next batch with the next write.
    private func awaitWrite(after revision: Revision) {
        do throws(StorageError) {
            let cursor = try storage.watch(resource, scope: .all, after: revision) { [weak self] in
                guard let self else { return }
                self.state.queue.async { self.look() }
            }
            state.withState { $0.cursor = cursor }
            look()
        } catch {
            // More was written than the history holds.
            openBatch()
        }
    }

    /// Sees whether anything was written since the last batch; that objects were removed begins none.
    private func look() {
        guard let cursor = state.withState({ $0.cursor }) else { return }
        do throws(StorageError) {
            while true {
                let events = try cursor.next(limit: Limits.changesPerLook).events
                if events.isEmpty { return }
                if events.contains(where: { $0.kind != .deleted }) { break }
            }
        } catch {
            // The history moved on: something was written.
        }
        cursor.close()
        state.withState { $0.cursor = nil }
        openBatch()
    }

    /// Removes what the oldest batch left behind, in turns.
    private func expireBatch() {
        guard let batch = state.withState({ $0.batches.first }) else { return }
        var removed = 0
        for object in written(through: batch.through) {
            if removed == Limits.removalsPerTurn {
                state.queue.async { self.expireBatch() }
                return
            }
            remove(object)
            removed += 1
        }
        let next = state.withState { state in
            state.batches.removeFirst()
            return state.batches.first
        }
        if let next { awaitDeadline(of: next) }
    }

    private func awaitDeadline(of batch: Batch) {
        let timer = timer(at: batch.deadline) { $0.expireBatch() }
        state.withState { $0.expiring = timer }
    }

    private func written(through revision: Revision) -> [StoredObject] {
        do throws(StorageError) {
            return try storage.list(resource, scope: .all, from: nil, limit: nil, at: nil).objects
                .filter { $0.revision <= revision }
        } catch {
            preconditionFailure("a list of the newest revision was refused: \(error)")
        }
    }

    private func remove(_ object: StoredObject) {
        do throws(StorageError) {
            _ = try storage.delete(object.key, expecting: object.revision)
        } catch {
            // Somebody was faster: it is gone, or it was written again and has another life.
        }
    }

    /// Has `step` called at `deadline`; nil once all has ended.
    private func timer(
        at deadline: Timestamp,
        _ step: @escaping @Sendable (ObjectExpiry) -> Void
    ) -> (any Cancellable)? {
        if state.withState({ $0.isStopped }) { return nil }
        return state.queue.schedule(at: deadline) { [weak self] in if let self { step(self) } }
    }
}
