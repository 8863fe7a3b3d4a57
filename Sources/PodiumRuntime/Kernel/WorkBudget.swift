// SPDX-License-Identifier: Apache-2.0
// How much a container may do before time has to pass.

import PodiumMachinery

/// The work of a container's process and its descendants, or of a command and its.
///
/// Simulated work takes no time, so a loop that never sleeps would never end. Work is counted in steps, a handful for a
/// simple command. `stepsPerInstant` steps fit into one moment; then the processes wait for `delay`. Who goes on like
/// that uses up its reserve of `burst` steps, which fills with `stepsPerSecond`, and has to wait until a moment's
/// worth is
/// there again: an endless loop costs the simulator next to nothing and counts as running.
struct WorkBudget: Hashable, Sendable {
    /// Steps of work at one moment.
    static let stepsPerInstant = 10_000
    /// Steps before another process has its turn.
    static let stepsPerSlice = 500
    /// Steps that starting a process takes.
    static let stepsPerProcess = 20
    /// Steps that are taken for honest work.
    static let burst = 300_000
    /// Steps that come back in a second.
    static let stepsPerSecond = 500
    /// The time that the work of one moment is said to have taken.
    static let delay = Duration.milliseconds(5)

    private var steps = 0
    private var reserve = Self.burst
    private var moment: Timestamp

    /// A full budget.
    init(now: Timestamp) { moment = now }

    /// Goes on to the present moment.
    mutating func advance(to now: Timestamp) {
        guard now > moment else { return }
        let milliseconds = min((now - moment).nanoseconds / 1_000_000, 1_000_000_000)
        reserve = min(Self.burst, reserve + Int(milliseconds) * Self.stepsPerSecond / 1000)
        steps = 0
        moment = now
    }

    /// Counts work.
    mutating func spend(_ count: Int) {
        // One piece of work is no more than a moment's, whatever its size, or the reserve could never be filled again.
        let counted = min(count, Self.stepsPerInstant)
        steps += counted
        reserve -= counted
    }

    /// Whether nothing more fits into the present moment.
    var isExhausted: Bool { steps >= Self.stepsPerInstant || reserve <= 0 }

    /// When work can go on after it was exhausted.
    var nextTurn: Timestamp {
        guard reserve <= 0 else { return moment + Self.delay }
        let missing = Self.stepsPerInstant - reserve
        return moment + .milliseconds(Int64(missing * 1000 / Self.stepsPerSecond))
    }
}
