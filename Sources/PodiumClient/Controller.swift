// SPDX-License-Identifier: Apache-2.0
// The shell around a work queue: runs a reconciler on a serial queue, and keeps one timer for what is delayed.

import Logging
package import PodiumHost
package import PodiumMachinery

/// Feeds keys to a reconciler.
// State | guarded by | why separate
// work, timer, flags | queue | the timer is that of the work queue's next deadline
package final class Controller<Key: Hashable & Sendable>: Sendable {
    /// The limits of a controller.
    package enum Limits {
        /// How many keys are worked on before other blocks of the queue get their turn.
        package static var maximumKeysPerTurn: Int { 64 }
    }

    private struct State {
        var work: WorkQueue<Key>
        var timer: (deadline: Timestamp, handle: any Cancellable)?
        var isTurnScheduled = false
        var stopped = false
    }

    private let name: String
    private let host: Host
    private let state: Confined<State>
    private let reconcile: @Sendable (Key) throws -> ReconcileResult

    /// Makes a controller that calls `reconcile` on `queue`.
    /// - Parameter name: what its log lines say.
    package init(
        name: String,
        host: Host,
        queue: any SerialQueue,
        backoff: Backoff = .controllers,
        reconcile: @escaping @Sendable (Key) throws -> ReconcileResult
    ) {
        self.name = name
        self.host = host
        self.reconcile = reconcile
        state = Confined(State(work: WorkQueue(backoff: backoff)), on: queue)
    }

    /// Makes a controller that calls `reconciler`, which it does not keep alive.
    package convenience init<Target: Reconciler>(
        name: String,
        host: Host,
        queue: any SerialQueue,
        backoff: Backoff = .controllers,
        reconciler: Target
    ) where Target.Key == Key {
        self.init(name: name, host: host, queue: queue, backoff: backoff) { [weak reconciler] key in
            try reconciler?.reconcile(key) ?? .done
        }
    }

    /// The queue that everything here runs on.
    package var queue: any SerialQueue { state.queue }

    /// Has `key` reconciled soon. Only on the queue.
    package func add(_ key: Key) {
        state.withState { if !$0.stopped { $0.work.add(key) } }
        scheduleTurn()
    }

    /// Has `key` reconciled once `delay` has passed; an earlier request for it stays. Only on the queue.
    package func add(_ key: Key, after delay: Duration) { add(key, at: host.clock.now + delay) }

    /// Has `key` reconciled at `deadline`; an earlier request for it stays. Only on the queue.
    package func add(_ key: Key, at deadline: Timestamp) {
        state.withState { if !$0.stopped { $0.work.add(key, at: deadline) } }
        armTimer()
    }

    /// Ends the work: what is queued is dropped. From any thread.
    package func stop() {
        state.async { state in
            state.stopped = true
            state.timer?.handle.cancel()
            state.timer = nil
            state.work = WorkQueue()
        }
    }

    private func scheduleTurn() {
        let isNew = state.withState { state in
            if state.isTurnScheduled || state.work.count == 0 { return false }
            state.isTurnScheduled = true
            return true
        }
        if isNew { state.queue.async { [weak self] in self?.takeTurn() } }
    }

    private func takeTurn() {
        state.withState { $0.isTurnScheduled = false }
        for _ in 0..<Limits.maximumKeysPerTurn {
            guard let key = state.withState({ $0.work.next() }) else { break }
            process(key)
        }
        scheduleTurn()
        armTimer()
    }

    private func process(_ key: Key) {
        do {
            let result = try reconcile(key)
            let now = host.clock.now
            state.withState { state in
                state.work.forget(key)
                if let delay = result.requeueAfter, !state.stopped { state.work.add(key, at: now + delay) }
                state.work.done(key)
            }
        } catch let error as TerminalError {
            host.logger.error("\(name): \(key): \(error.message)")
            state.withState { state in
                state.work.forget(key)
                state.work.done(key)
            }
        } catch {
            host.logger.debug("\(name): \(key): \(error); will try again")
            let now = host.clock.now
            state.withState { state in
                if !state.stopped { state.work.addRateLimited(key, now: now) }
                state.work.done(key)
            }
        }
    }

    /// Sets the timer to the first deadline, if it is not set to that already.
    private func armTimer() {
        let deadline = state.withState { state -> Timestamp? in
            guard let deadline = state.work.nextDeadline else { return nil }
            if let timer = state.timer, timer.deadline <= deadline { return nil }
            state.timer?.handle.cancel()
            state.timer = nil
            return deadline
        }
        guard let deadline else { return }
        let handle = state.queue.schedule(at: deadline) { [weak self] in self?.timerFired() }
        state.withState { $0.timer = (deadline, handle) }
    }

    private func timerFired() {
        let now = host.clock.now
        state.withState { state in
            state.timer = nil
            state.work.addDue(now: now)
        }
        scheduleTurn()
        armTimer()
    }
}
