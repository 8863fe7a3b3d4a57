// SPDX-License-Identifier: Apache-2.0
// The stop of one container: hook, turn, signal, and the signal that nothing survives.

import PodiumMachinery
import PodiumRuntime

/// A container that is being stopped.
struct KillJob: Hashable, Sendable {
    /// How far the stop has come.
    enum Stage: Hashable, Sendable {
        case begin
        /// The hook runs, until `deadline` at most.
        case preStop(hook: Int, began: Timestamp, deadline: Timestamp)
        /// Others must be gone first, but are waited for until `deadline` at most.
        case turn(began: Timestamp, deadline: Timestamp)
        /// It was asked to go, and is killed at `killAt`.
        case stopping(killAt: Timestamp)
        case done
    }

    let containerID: String
    let name: String
    /// The seconds left for hook and signal.
    var grace: Int
    /// What the Event says; empty for the usual text.
    var message: String
    /// Containers of a lower number go first.
    var priority = 0
    var isResize = false
    var stage = Stage.begin

    init(_ record: ContainerRecord, grace: Int, message: String, priority: Int = 0) {
        containerID = record.id
        name = record.name
        self.grace = grace
        self.message = message
        self.priority = priority
    }

    var isDone: Bool { stage == .done }
}

/// Containers that are stopped side by side.
struct KillBatch: Hashable, Sendable {
    var jobs: [KillJob]
    /// Whether sidecars wait for the others.
    let isOrdered: Bool

    init(_ jobs: [KillJob], isOrdered: Bool) {
        self.jobs = jobs
        self.isOrdered = isOrdered
    }
}
