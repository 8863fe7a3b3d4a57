// SPDX-License-Identifier: Apache-2.0
// Pods of a kind are spread over zones, hosts and the like: what they prefer, or what is preferred for them.

import OrderedCollections
import PodiumMachinery

/// Prefers nodes in domains with few matching pods.
// Kubernetes: pkg/scheduler/framework/plugins/podtopologyspread/scoring.go
extension PodTopologySpread: Score {
    private static let hostname = "kubernetes.io/hostname"
    private static let zone = "topology.kubernetes.io/zone"

    /// The preferences and, for each, how many matching pods are in which domain.
    package struct ScoreState: Sendable {
        var constraints: [TopologySpreadConstraint]
        /// By domain; those of hosts are in `pods`.
        var counts: [[String: Int]] = []
        /// By node.
        var pods: [[String: Int]] = []
        /// How much the counts of a constraint matter: the more domains, the more.
        var factors: [Double] = []
        /// Nodes without the labels of all constraints; they get no score.
        var ignored: Set<String> = []
    }

    package func preScore(_ pod: SchedulingPod, _ nodes: [NodeInfo], _ cluster: SchedulerCache) -> ScoreState? {
        let requiresAll = !pod.spreadConstraints.isEmpty
        let constraints =
            requiresAll
            ? pod.spreadConstraints.filter { !$0.isRequired } : Self.defaultConstraints(pod, cluster)
        if constraints.isEmpty { return nil }
        var state = ScoreState(constraints: constraints)
        state.counts = constraints.map { _ in [:] }
        for node in nodes {
            if requiresAll, !Self.hasTopology(node.node, constraints) {
                state.ignored.insert(node.name)
                continue
            }
            for (index, constraint) in constraints.enumerated() where constraint.topologyKey != Self.hostname {
                state.counts[index][node.labels[constraint.topologyKey] ?? ""] = 0
            }
        }
        state.factors = constraints.enumerated().map { index, constraint in
            let isHost = constraint.topologyKey == Self.hostname
            return Self.logarithm(of: (isHost ? nodes.count - state.ignored.count : state.counts[index].count) + 2)
        }
        count(pod, cluster, requiresAll: requiresAll, &state)
        return state
    }

    /// The natural logarithm of a positive number, the same on every platform: by the series of
    /// artanh y = y + y³/3 + y⁵/5 …, with ln x = 2 artanh((x - 1) / (x + 1)), after the powers of two are taken out.
    static func logarithm(of number: Int) -> Double {
        let value = Double(max(1, number))
        let ratio = (value.significand - 1) / (value.significand + 1)
        var power = ratio
        var sum = 0.0
        for step in 0..<20 {
            sum += power / Double(2 * step + 1)
            power *= ratio * ratio
        }
        return 2 * sum + Double(value.exponent) * 0.693_147_180_559_945_3
    }

    private func count(
        _ pod: SchedulingPod,
        _ cluster: SchedulerCache,
        requiresAll: Bool,
        _ state: inout ScoreState
    ) {
        state.pods = Self.podCounts(state.constraints, pod, cluster)
        for (index, constraint) in state.constraints.enumerated() where constraint.topologyKey != Self.hostname {
            for (nodeName, count) in state.pods[index] {
                guard let node = cluster.node(nodeName), constraint.includes(node.node, for: pod),
                    !requiresAll || Self.hasTopology(node.node, state.constraints)
                else { continue }
                let value = node.labels[constraint.topologyKey] ?? ""
                if let known = state.counts[index][value] { state.counts[index][value] = known + count }
            }
        }
    }

    /// What is preferred for pods that say nothing: those behind one Service, or of one controller, spread over hosts
    /// and zones.
    private static func defaultConstraints(
        _ pod: SchedulingPod,
        _ cluster: SchedulerCache
    ) -> [TopologySpreadConstraint] {
        var labels: [String: String] = [:]
        for (_, selector) in cluster.serviceSelectors[pod.name.namespace] ?? [:]
        where !selector.isEmpty && selector.allSatisfy({ pod.labels[$0.key] == $0.value }) {
            labels.merge(selector) { $1 }
        }
        var requirements = LabelSelector(matching: labels).requirements
        if let owner = pod.owner, let selector = cluster.ownerSelectors[pod.name.namespace]?[owner] {
            requirements += selector.requirements
        }
        if requirements.isEmpty { return [] }
        let selector = LabelSelector(requirements)
        return [
            TopologySpreadConstraint(preferring: hostname, maxSkew: 3, selector: selector),
            TopologySpreadConstraint(preferring: zone, maxSkew: 5, selector: selector),
        ]
    }

    /// The weighted number of pods in the domains of `node`: the less, the better.
    package func score(_ pod: SchedulingPod, _ node: NodeInfo, _ state: ScoreState) -> Int64 {
        if state.ignored.contains(node.name) { return 0 }
        var score = 0.0
        for (index, constraint) in state.constraints.enumerated() {
            guard let value = node.labels[constraint.topologyKey] else { continue }
            let count =
                constraint.topologyKey == Self.hostname
                ? state.pods[index][node.name, default: 0] : state.counts[index][value, default: 0]
            score += Double(count) * state.factors[index] + Double(constraint.maxSkew - 1)
        }
        return Int64(score.rounded())
    }

    package func normalize(_ scores: inout [Int64], _ nodes: [NodeInfo], _ state: ScoreState) {
        let counted = scores.indices.filter { !state.ignored.contains(nodes[$0].name) }
        let highest = max(0, counted.map { scores[$0] }.max() ?? 0)
        let lowest = counted.map { scores[$0] }.min() ?? 0
        for index in scores.indices where state.ignored.contains(nodes[index].name) { scores[index] = 0 }
        for index in counted {
            scores[index] =
                highest == 0 ? maximumNodeScore : maximumNodeScore * (highest + lowest - scores[index]) / highest
        }
    }
}
