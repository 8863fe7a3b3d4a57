// SPDX-License-Identifier: Apache-2.0
// The machine's own clocks and time-outs: the one place that reads them.

import Dispatch
import Glibc
package import PodiumMachinery
import Synchronization

/// Reads the machine's clocks.
package enum MachineTime {
    /// The time of day.
    package static var wall: Timestamp { Timestamp(nanoseconds: read(CLOCK_REALTIME)) }

    /// Nanoseconds since some fixed moment; never goes back.
    package static var monotonic: Int64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Time-outs in real time, on a Dispatch queue.
package struct DispatchTimeouts: TimeoutScheduling {
    private let queue: DispatchQueue

    /// Time-outs whose blocks run on a queue of their own.
    package init() { queue = DispatchQueue(label: "podium.timeouts") }

    package func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any Cancellable {
        let timeout = Timeout(work)
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay.nanoseconds))) { timeout.fire() }
        return timeout
    }

    /// A block that is let go as soon as it ran or was cancelled.
    private final class Timeout: Cancellable {
        private let work: Mutex<(@Sendable () -> Void)?>

        init(_ work: @escaping @Sendable () -> Void) { self.work = Mutex(work) }

        func fire() { take()?() }

        func cancel() { _ = take() }

        private func take() -> (@Sendable () -> Void)? {
            work.withLock { work in
                defer { work = nil }
                return work
            }
        }
    }
}
