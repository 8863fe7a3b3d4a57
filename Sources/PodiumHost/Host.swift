// SPDX-License-Identifier: Apache-2.0
// What a cluster gets from the machine: time, timers, serial queues, randomness and a log.

package import Logging
package import PodiumMachinery

/// Everything a cluster takes from outside of itself.
///
/// The same seed and the same requests give the same history on a virtual host, because nothing in Podium reads a
/// clock, draws a number or makes a queue but through this value.
package struct Host: Sendable {
    /// The clock of the cluster and its timers.
    package let clock: any HostClock
    /// Makes the serial queues on which controllers run.
    package let scheduling: any WorkScheduling
    /// Time-outs of connections, which run in real time whatever the cluster's clock does.
    package let timeouts: any TimeoutScheduling
    /// Randomness, seeded.
    package let random: RandomSource
    /// The time zones that the machine knows.
    package let timeZones: TimeZoneDatabase
    /// Where operators read what happens.
    package let logger: Logger

    /// Puts a host together.
    package init(
        clock: any HostClock,
        scheduling: any WorkScheduling,
        timeouts: any TimeoutScheduling,
        random: RandomSource,
        timeZones: TimeZoneDatabase = TimeZoneDatabase(),
        logger: Logger
    ) {
        self.clock = clock
        self.scheduling = scheduling
        self.timeouts = timeouts
        self.random = random
        self.timeZones = timeZones
        self.logger = logger
    }
}

/// The time of a cluster.
package protocol HostClock: Sendable {
    /// The present moment. On a virtual clock it stands still between advances.
    var now: Timestamp { get }
}

/// Where a cluster's work runs.
package protocol WorkScheduling: Sendable {
    /// Makes a queue that runs one block at a time, in the order they were added.
    func makeQueue(label: String) -> any SerialQueue
}

/// Runs blocks one at a time.
///
/// On a real host it is a Dispatch queue. On a virtual host all queues share one order: blocks run first in, first
/// out, timers by deadline and then by the order in which they were set.
package protocol SerialQueue: AnyObject, Sendable {
    /// Runs `work` after everything added before. Returns at once.
    func async(_ work: @escaping @Sendable () -> Void)

    /// Runs `work` on this queue once the cluster's clock has reached `deadline`; as soon as possible when it has
    /// passed.
    @discardableResult
    func schedule(at deadline: Timestamp, _ work: @escaping @Sendable () -> Void) -> any Cancellable

    /// Traps when the caller does not run on this queue.
    func preconditionCurrent()
}

/// Real-time timers for what concerns a client's patience and not the cluster: the end of a watch, for example.
package protocol TimeoutScheduling: Sendable {
    /// Runs `work`, which must return at once, on some thread after `delay`.
    func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any Cancellable
}

/// What there is to cancel where nothing goes on.
package final class NothingToCancel: Cancellable {
    package init() {}
    package func cancel() {}
}

/// A timer that can be stopped.
package protocol Cancellable: AnyObject, Sendable {
    /// Stops the timer; its block does not run if it has not begun. Stopping twice does nothing.
    func cancel()
}
