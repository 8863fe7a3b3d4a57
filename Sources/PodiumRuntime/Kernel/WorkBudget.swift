// SPDX-License-Identifier: Apache-2.0
// How much a container may do before time has to pass.

import PodiumMachinery

/// The work of a container's process and its descendants, or of the commands that are run in a container.
///
/// Simulated work takes no time, so a loop that never sleeps would never end. Work is counted in steps
/// (``WorkMeter``). `stepsPerInstant` steps fit into one moment; then the processes wait for `delay`, and in proportion
/// for more. Who goes on like that uses up its reserve of `burst` steps, which fills with `stepsPerSecond`, and has to
/// wait until a moment's worth is there again: an endless loop costs the simulator next to nothing and counts as
/// running.
package struct WorkBudget: Hashable, Sendable {
    /// Steps of work at one moment.
    static let stepsPerInstant = 10_000
    /// Steps before another pod has its turn.
    static let stepsPerTurn = 2_500
    /// Steps before another process has its turn.
    package static let stepsPerSlice = 500
    /// Steps that starting a process takes.
    static let stepsPerProcess = 20
    /// Steps that are taken for honest work.
    static let burst = 300_000
    /// Steps that come back in a second to a container's own processes.
    static let stepsPerSecond = 500
    /// Steps that come back in a second to the commands of a container, which probes run once a second for ever.
    static let commandStepsPerSecond = 2_000
    /// Steps that are taken for honest work of a command that a client waits for, however few moments there are: its
    /// clock may stand.
    static let clientBurst = 4_000_000
    /// Steps that come back in a second to such a command.
    static let clientStepsPerSecond = 200_000
    /// The time that the work of one moment is said to have taken.
    static let delay = Duration.milliseconds(5)

    private var steps = 0
    private var reserve: Int
    private var moment: Timestamp
    private let burst: Int
    private let rate: Int
    private let stepsPerInstant: Int
    /// The time that the work takes, that of waiting for more included: who has to wait would go on if it could.
    private(set) var processorTime: ProcessorTime

    /// A full budget.
    init(
        now: Timestamp,
        burst: Int = Self.burst,
        rate: Int = Self.stepsPerSecond,
        stepsPerInstant: Int = Self.stepsPerInstant
    ) {
        self.stepsPerInstant = stepsPerInstant
        moment = now
        reserve = burst
        self.burst = burst
        self.rate = rate
        processorTime = ProcessorTime(now: now)
    }

    /// What is left for another run.
    func forAnotherRun(now: Timestamp) -> WorkBudget {
        var budget = self
        budget.processorTime = ProcessorTime(now: now)
        return budget
    }

    /// Goes on to the present moment.
    mutating func advance(to now: Timestamp) {
        guard now > moment else { return }
        processorTime.advance(to: now)
        let milliseconds = min((now - moment).nanoseconds / 1_000_000, 1_000_000_000)
        reserve = min(burst, reserve + Int(milliseconds) * rate / 1000)
        steps = 0
        moment = now
    }

    /// Counts work.
    mutating func spend(_ count: Int) {
        // One piece of work is no more than all that is taken for honest, or the reserve could never be filled again.
        let counted = min(count, burst)
        steps += counted
        reserve -= counted
        processorTime.work(until: isExhausted ? nextTurn : moment + Self.time(of: steps))
    }

    /// The time that steps of work are said to take.
    private static func time(of steps: Int) -> Duration {
        .nanoseconds(delay.nanoseconds / Int64(stepsPerInstant) * Int64(steps))
    }

    /// The steps that still fit into the present moment.
    var remaining: Int { min(stepsPerInstant - steps, reserve) }

    /// Whether nothing more fits into the present moment.
    var isExhausted: Bool { remaining <= 0 }

    /// When work can go on after it was exhausted.
    var nextTurn: Timestamp {
        let taken = moment + .nanoseconds(Self.delay.nanoseconds * Int64(max(1, steps / stepsPerInstant)))
        guard reserve <= 0 else { return taken }
        let missing = Self.stepsPerInstant - reserve
        return max(taken, moment + .milliseconds(Int64(missing * 1000 / rate)))
    }
}
