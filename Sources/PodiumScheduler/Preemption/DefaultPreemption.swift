// SPDX-License-Identifier: Apache-2.0
// Which less important pods have to go so that a pod fits, and from which node.

package import PodiumHost
import PodiumMachinery

/// What came of the attempt to make room.
package enum PostFilterResult: Sendable {
    /// These pods have to leave `node`.
    case nominated(node: String, victims: [SchedulingPod])
    /// Nothing can be done. `keepsNomination` says that an earlier nomination still holds.
    case unschedulable(message: String, keepsNomination: Bool)
}

/// Makes room by the removal of pods of lower priority.
// Kubernetes: pkg/scheduler/framework/preemption/preemption.go, plugins/defaultpreemption/default_preemption.go
package struct DefaultPreemption: Sendable {
    /// The limits of the search.
    package enum Limits {
        /// At least so many nodes are tried, or a tenth of them if that is more.
        package static let minimumCandidates = 100
    }

    package static let name = "DefaultPreemption"

    /// The cluster and the budgets in it.
    let cluster: SchedulerCache
    let nominated: NominatedPods
    let budgets: [DisruptionBudget]

    package init(cluster: SchedulerCache, nominated: NominatedPods, budgets: [DisruptionBudget]) {
        self.cluster = cluster
        self.nominated = nominated
        self.budgets = budgets
    }

    /// Looks for room for `pod`, which `diagnosis` says fits nowhere.
    package func postFilter(
        _ pod: SchedulingPod,
        _ diagnosis: Diagnosis,
        _ state: CycleState,
        _ random: RandomSource
    ) -> PostFilterResult {
        if let reason = ineligibility(of: pod, diagnosis) {
            return .unschedulable(message: "preemption: \(reason)", keepsNomination: true)
        }
        let potential = cluster.nodes.filter { diagnosis.status(of: $0.name)?.code == .unschedulable }
        var outcome = Diagnosis(nodeCount: cluster.nodes.count)
        outcome.absentStatus = .unresolvable("Preemption is not helpful for scheduling", by: Self.name)
        let candidates = candidates(pod, potential, state, random, &outcome)
        guard let best = PreemptionCandidate.best(of: candidates) else {
            return .unschedulable(message: "preemption: \(outcome.message)", keepsNomination: false)
        }
        return .nominated(node: best.node, victims: best.victims)
    }

    /// Why `pod` may not remove others; nil when it may.
    private func ineligibility(of pod: SchedulingPod, _ diagnosis: Diagnosis) -> String? {
        if pod.neverPreempts { return "not eligible due to preemptionPolicy=Never." }
        guard let node = cluster.node(pod.nominatedNodeName),
            diagnosis.status(of: node.name)?.code != .unschedulableAndUnresolvable,
            node.pods.contains(where: { $0.priority < pod.priority && $0.isTerminatingByPreemption })
        else { return nil }
        return "not eligible due to a terminating pod on the nominated node."
    }

    private func candidates(
        _ pod: SchedulingPod,
        _ potential: [NodeInfo],
        _ state: CycleState,
        _ random: RandomSource,
        _ outcome: inout Diagnosis
    ) -> [PreemptionCandidate] {
        if potential.isEmpty { return [] }
        let wanted = max(Limits.minimumCandidates, potential.count / 10)
        let offset = potential.count == 1 ? 0 : random.below(potential.count)
        var violating: [PreemptionCandidate] = []
        var clean: [PreemptionCandidate] = []
        for step in potential.indices {
            let node = potential[(offset + step) % potential.count]
            switch selectVictims(for: pod, on: node, state) {
            case .failure(let objection): outcome.statuses[node.name] = objection.status
            case .success(let candidate):
                if candidate.violations == 0 { clean.append(candidate) } else { violating.append(candidate) }
            }
            if !clean.isEmpty, clean.count + violating.count >= wanted { break }
        }
        return clean + violating
    }

    private struct Objection: Error {
        let status: PluginStatus
    }

    /// The fewest and least important pods whose removal from `node` makes room.
    private func selectVictims(
        for pod: SchedulingPod,
        on node: NodeInfo,
        _ state: CycleState
    ) -> Result<PreemptionCandidate, Objection> {
        let potential = node.pods.filter { $0.priority < pod.priority }
        if potential.isEmpty {
            return .failure(
                Objection(status: .unresolvable("No preemption victims found for incoming pod", by: Self.name))
            )
        }
        var node = node
        var state = state
        for victim in potential {
            node.remove(victim.name)
            state.remove(victim, from: node, for: pod)
        }
        let status = nominated.filter(pod, node, state)
        if !status.isSuccess { return .failure(Objection(status: status)) }
        let ordered = potential.sorted(by: Self.isMoreImportant)
        let (violating, others) = DisruptionBudget.split(ordered, budgets)
        var victims: [SchedulingPod] = []
        var violations = 0
        // Those that a budget protects are the first to be spared, then the more important ones.
        for (pods, isViolating) in [(violating, true), (others, false)] {
            for candidate in pods where !spare(candidate, for: pod, &node, &state) {
                victims.append(candidate)
                if isViolating { violations += 1 }
            }
        }
        victims.sort(by: Self.isMoreImportant)
        return .success(PreemptionCandidate(node: node.name, victims: victims, violations: violations))
    }

    /// Puts `victim` back on `node` if `pod` still fits beside it.
    private func spare(
        _ victim: SchedulingPod,
        for pod: SchedulingPod,
        _ node: inout NodeInfo,
        _ state: inout CycleState
    ) -> Bool {
        node.add(victim)
        state.add(victim, to: node, for: pod)
        if nominated.filter(pod, node, state).isSuccess { return true }
        node.remove(victim.name)
        state.remove(victim, from: node, for: pod)
        return false
    }

    /// The higher priority first, then the one that has run longer.
    static func isMoreImportant(_ left: SchedulingPod, _ right: SchedulingPod) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        let never = Timestamp(nanoseconds: .max)
        let (a, b) = (left.startTime ?? never, right.startTime ?? never)
        return a == b ? left.name < right.name : a < b
    }
}
