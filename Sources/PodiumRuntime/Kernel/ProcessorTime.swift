// SPDX-License-Identifier: Apache-2.0
// How much of a processor simulated work takes, as whoever measures containers would find it.

package import PodiumMachinery

/// The processor time of one group of processes, and how much of it fell into the last whole window.
///
/// Windows are the same for all: they begin at multiples of their length. What happened can be asked for later moments
/// too, so that a group which only waits need not be looked at.
package struct ProcessorTime: Hashable, Sendable {
    /// The time over which usage is averaged.
    // metrics-server: --metric-resolution, 15 s
    package static let window = Duration.seconds(15)

    /// What was used before `moment`.
    private var total = Duration.zero
    private var moment: Timestamp
    /// Until when the last work takes.
    private var busyUntil: Timestamp
    /// The total when the window of `moment` began, and when the one before it did.
    private var atWindow = Duration.zero
    private var atPreviousWindow = Duration.zero

    init(now: Timestamp) {
        moment = now
        busyUntil = now
    }

    /// Goes on to a moment.
    mutating func advance(to now: Timestamp) {
        guard now > moment else { return }
        let (old, new) = (Self.window(of: moment), Self.window(of: now))
        if new > old {
            atPreviousWindow = new == old + 1 ? atWindow : total(at: Self.start(of: new - 1))
            atWindow = total(at: Self.start(of: new))
        }
        total = total(at: now)
        moment = now
    }

    /// Notes work that takes until `end`.
    mutating func work(until end: Timestamp) { busyUntil = max(busyUntil, end) }

    /// How much of a processor was used in the last window that is over, in billionths.
    package func average(at now: Timestamp) -> Int64 {
        var present = self
        present.advance(to: now)
        let used = (present.atWindow - present.atPreviousWindow).nanoseconds
        return used / (Self.window.nanoseconds / 1_000_000_000)
    }

    /// All that was used.
    package func total(at later: Timestamp) -> Duration {
        let end = min(later, busyUntil)
        return end > moment ? total + (end - moment) : total
    }

    private static func window(of moment: Timestamp) -> Int64 { moment.nanoseconds / window.nanoseconds }

    private static func start(of index: Int64) -> Timestamp { Timestamp(nanoseconds: index * window.nanoseconds) }
}

/// The work of a container: that of its own processes and that of the commands which are run in it.
package struct ContainerWork: Hashable, Sendable {
    var own: ProcessorTime?
    var commands: ProcessorTime?
    /// Those that clients run.
    var clients: [ProcessorTime] = []

    /// All the processor time that was used.
    package func total(at now: Timestamp) -> Duration {
        ([own, commands].compactMap(\.self) + clients).reduce(.zero) { $0 + $1.total(at: now) }
    }

    /// How much of a processor was used in the last window that is over, in billionths.
    package func average(at now: Timestamp) -> Int64 {
        (own?.average(at: now) ?? 0) + (commands?.average(at: now) ?? 0)
            + clients.reduce(0) { $0 + $1.average(at: now) }
    }
}
