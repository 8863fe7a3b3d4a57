// SPDX-License-Identifier: Apache-2.0
// Which of several nodes loses the least when pods have to go.

import PodiumMachinery

/// A node, and the pods that would have to leave it.
struct PreemptionCandidate: Sendable {
    let node: String
    /// The most important first; never empty.
    let victims: [SchedulingPod]
    /// How many of them a disruption budget protects.
    let violations: Int

    /// The candidate that loses the least: by budgets violated, the most important victim, the sum of priorities, the
    /// number of victims, and then the one whose most important victims have run for the shortest time.
    // Kubernetes: pkg/scheduler/framework/preemption/preemption.go pickOneNodeForPreemption
    static func best(of candidates: [PreemptionCandidate]) -> PreemptionCandidate? {
        var rest = candidates
        let criteria: [(PreemptionCandidate) -> Int64] = [
            { Int64($0.violations) },
            { $0.victims.first?.priority ?? .min },
            { $0.prioritySum },
            { Int64($0.victims.count) },
            { -$0.latestStart },
        ]
        for criterion in criteria where rest.count > 1 {
            let losses = rest.map(criterion)
            let least = losses.min()
            rest = rest.indices.filter { losses[$0] == least }.map { rest[$0] }
        }
        return rest.first
    }

    /// Priorities are moved to be positive, so that a few pods of negative priority are not worth more than many.
    private var prioritySum: Int64 {
        victims.reduce(0) { $0 + $1.priority + Int64(Int32.max) + 1 }
    }

    /// The earliest start among the victims of the highest priority.
    private var latestStart: Int64 {
        let highest = victims.first?.priority
        return victims.filter { $0.priority == highest }.map { $0.startTime?.nanoseconds ?? .max / 2 }.min() ?? 0
    }
}
