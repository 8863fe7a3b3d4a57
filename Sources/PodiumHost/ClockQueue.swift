// SPDX-License-Identifier: Apache-2.0
// The queues of a cluster, and the threads on which the queues of all clusters take their turns.

import Dispatch
import PodiumMachinery
import Synchronization

/// The threads that all clusters of a process share.
enum SharedThreads {
    /// As many threads as there are cores; more only while some of them are blocked.
    static let pool = DispatchQueue.global()
    /// Where the alarms of all clocks go off. They only hand blocks on, so that none keeps another waiting.
    static let alarms = DispatchQueue(label: "podium.alarms")
}

/// Work that belongs to no queue of a cluster, such as the writing of an answer.
package enum WorkerThreads {
    /// Runs `work` soon, on a thread where it may take its time; never on that of a clock.
    package static func run(_ work: @escaping @Sendable () -> Void) { SharedThreads.pool.async(execute: work) }
}

/// A queue of a cluster.
///
/// Dispatch would make a thread for each queue that has something to do, hundreds with many clusters, and on shared
/// threads it empties a queue before it looks at the next one, so that a few that are never empty would keep all others
/// from running. So a queue brings its blocks into the pool a turn at a time, and stands at the end again.
// State | guarded by | why separate
// pending | mutex | blocks are added while others run
// (what the blocks touch) | serial | one block at a time, on the pool or in the run loop of a virtual clock
final class ClockQueue: SerialQueue {
    /// The limits of a turn.
    private enum Limits {
        /// No further block is begun in a turn that has lasted as long.
        static let turn: Duration = .milliseconds(1)
    }

    private struct Pending: Sendable {
        var blocks = ReadyList<@Sendable () -> Void>()
        /// Whether the queue waits for its turn, or has it.
        var isInLine = false
    }

    /// Runs blocks on the thread of whoever asks, and has no thread of its own.
    private let serial: DispatchQueue
    private let pending = Mutex(Pending())
    private let clock: ClusterClock

    init(label: String, clock: ClusterClock) {
        serial = DispatchQueue(label: label)
        self.clock = clock
    }

    func async(_ work: @escaping @Sendable () -> Void) { clock.enqueue(self, work) }

    func schedule(at deadline: Timestamp, _ work: @escaping @Sendable () -> Void) -> any Cancellable {
        clock.schedule(on: self, at: deadline, work)
    }

    func preconditionCurrent() { dispatchPrecondition(condition: .onQueue(serial)) }

    // What the clock does

    /// Runs a block at once, when no other one of this queue is running.
    func run(_ work: () -> Void) { serial.sync(execute: work) }

    /// Has a block run on one of the threads, behind those that came before.
    func submit(_ work: @escaping @Sendable () -> Void) {
        let isNew = pending.withLock { pending in
            pending.blocks.append(work)
            defer { pending.isInLine = true }
            return !pending.isInLine
        }
        if isNew { standInLine() }
    }

    private func standInLine() { SharedThreads.pool.async { self.takeTurn() } }

    private func takeTurn() {
        let end = MachineTime.monotonic + Limits.turn.nanoseconds
        repeat {
            let block = pending.withLock { pending in
                let block = pending.blocks.popFirst()
                pending.isInLine = block != nil
                return block
            }
            guard let block else { return }
            run(block)
        } while MachineTime.monotonic < end
        standInLine()
    }
}
