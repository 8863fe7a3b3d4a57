// SPDX-License-Identifier: Apache-2.0
// Finds a node for one pod: which fit, and which of these is best.

package import PodiumHost

/// How the search for a node ended.
package enum SchedulingResult: Sendable {
    /// There are no nodes at all.
    case noNodes
    /// The pod fits on this one best.
    case node(String)
    /// The pod fits nowhere, for these reasons.
    case unfit(Diagnosis, CycleState)
}

/// The search for a node.
// Kubernetes: pkg/scheduler/schedule_one.go
package struct SchedulingAlgorithm: Sendable {
    /// The limits of the search.
    package enum Limits {
        /// Clusters of fewer nodes are searched completely; of larger ones at least so many fitting nodes are found.
        package static let minimumFeasibleNodes = 100
        /// Not less than this percentage of fitting nodes is looked for.
        package static let minimumPercentage = 5
    }

    package let framework: SchedulingFramework
    /// Where the next search in a large cluster begins, so that all nodes get their turn.
    private var nextStart = 0

    package init(_ framework: SchedulingFramework) { self.framework = framework }

    /// Looks for a node for `pod`. Among equally good ones `random` decides.
    package mutating func schedule(
        _ pod: SchedulingPod,
        _ cluster: SchedulerCache,
        _ nominated: NominatedPods,
        _ random: RandomSource
    ) -> SchedulingResult {
        if cluster.nodes.isEmpty { return .noNodes }
        var diagnosis = Diagnosis(nodeCount: cluster.nodes.count)
        let (state, rejection) = framework.prepare(pod, cluster)
        if let rejection {
            diagnosis.preFilterStatus = rejection
            return .unfit(diagnosis, state)
        }
        if let restriction = state.restriction {
            let names = restriction.plugins.sorted().joined(separator: " ")
            diagnosis.absentStatus = .unresolvable(
                "node(s) didn't satisfy plugin(s) [\(names)]",
                by: restriction.plugins.first ?? ""
            )
        }
        // The node that was made free for the pod is taken if it fits, without a look at the others.
        if let node = cluster.node(pod.nominatedNodeName), state.restriction?.nodes.contains(node.name) ?? true,
            nominated.filter(pod, node, state).isSuccess
        {
            return .node(node.name)
        }
        let feasible = feasibleNodes(pod, cluster, nominated, state, &diagnosis)
        if feasible.isEmpty { return .unfit(diagnosis, state) }
        return .node(best(of: feasible, pod, cluster, random).name)
    }

    private mutating func feasibleNodes(
        _ pod: SchedulingPod,
        _ cluster: SchedulerCache,
        _ nominated: NominatedPods,
        _ state: CycleState,
        _ diagnosis: inout Diagnosis
    ) -> [NodeInfo] {
        let wanted = Self.feasibleNodesWanted(of: cluster.nodes.count)
        let count = cluster.nodes.count
        var feasible: [NodeInfo] = []
        var seen = 0
        while seen < count, feasible.count < wanted {
            let node = cluster.nodes[(nextStart + seen) % count]
            seen += 1
            if let restriction = state.restriction, !restriction.nodes.contains(node.name) { continue }
            let status = nominated.filter(pod, node, state)
            if status.isSuccess { feasible.append(node) } else { diagnosis.statuses[node.name] = status }
        }
        nextStart = (nextStart + seen) % count
        return feasible
    }

    /// How many fitting nodes end the search in a cluster of `count` nodes.
    static func feasibleNodesWanted(of count: Int) -> Int {
        if count < Limits.minimumFeasibleNodes { return count }
        let percentage = max(Limits.minimumPercentage, 50 - count / 125)
        return max(Limits.minimumFeasibleNodes, count * percentage / 100)
    }

    private func best(
        of nodes: [NodeInfo],
        _ pod: SchedulingPod,
        _ cluster: SchedulerCache,
        _ random: RandomSource
    ) -> NodeInfo {
        if nodes.count == 1 { return nodes[0] }
        let scores = framework.score(pod, nodes, cluster)
        let highest = scores.max() ?? 0
        let best = nodes.indices.filter { scores[$0] == highest }
        return nodes[best[best.count == 1 ? 0 : random.below(best.count)]]
    }
}
