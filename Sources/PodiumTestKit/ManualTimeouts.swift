// SPDX-License-Identifier: Apache-2.0
// Time-outs in real time that pass when a test says.

package import PodiumHost
import Synchronization

/// Time-outs that have passed as soon as `pass` is called, however long they are.
// State  | guarded by | why separate
// timers | mutex      | set and cancelled on any thread
package final class ManualTimeouts: TimeoutScheduling {
    // State | guarded by | why separate
    // work  | mutex      | run or dropped, by whoever comes first
    private final class Timer: Cancellable {
        private let work: Mutex<(@Sendable () -> Void)?>

        init(_ work: @escaping @Sendable () -> Void) { self.work = Mutex(work) }

        var isSpent: Bool { work.withLock { $0 == nil } }

        func cancel() { _ = take() }

        func take() -> (@Sendable () -> Void)? {
            work.withLock { work in
                defer { work = nil }
                return work
            }
        }
    }

    private struct State {
        var timers: [Timer] = []
        var delays: [Duration] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any Cancellable {
        let timer = Timer(work)
        state.withLock { state in
            state.timers.append(timer)
            state.delays.append(delay)
        }
        return timer
    }

    /// How many there are that have neither passed nor been cancelled.
    package var pendingCount: Int { state.withLock { $0.timers.count { !$0.isSpent } } }

    /// How long all that were ever set were to last, in their order.
    package var delays: [Duration] { state.withLock { $0.delays } }

    /// Lets all pass that are set.
    package func pass() {
        let timers = state.withLock { state in
            defer { state.timers = [] }
            return state.timers
        }
        for timer in timers { timer.take()?() }
    }
}
