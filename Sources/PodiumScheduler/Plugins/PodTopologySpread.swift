// SPDX-License-Identifier: Apache-2.0
// Pods of a kind are spread over zones, hosts and the like: what they require.

import PodiumMachinery

/// Keeps the numbers of matching pods in the domains of a topology within the allowed difference.
// Kubernetes: pkg/scheduler/framework/plugins/podtopologyspread/filtering.go
package struct PodTopologySpread: Filter {
    package static let name = "PodTopologySpread"
    package let weight: Int64 = 2

    package init() {}

    /// The required constraints and, for each, how many matching pods are in which domain.
    package struct FilterState: Sendable {
        let constraints: [TopologySpreadConstraint]
        var counts: [[String: Int]]

        /// The number of pods in the emptiest domain; 0 when there are too few domains.
        func minimum(_ index: Int) -> Int {
            if counts[index].count < constraints[index].minDomains { return 0 }
            return counts[index].values.min() ?? 0
        }
    }

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<FilterState> {
        let constraints = pod.spreadConstraints.filter(\.isRequired)
        if constraints.isEmpty { return .skip }
        var state = FilterState(constraints: constraints, counts: constraints.map { _ in [:] })
        let pods = Self.podCounts(constraints, pod, cluster)
        for node in cluster.nodes where Self.hasTopology(node.node, constraints) {
            for (index, constraint) in constraints.enumerated() where constraint.includes(node.node, for: pod) {
                let value = node.labels[constraint.topologyKey] ?? ""
                state.counts[index][value, default: 0] += pods[index][node.name, default: 0]
            }
        }
        return .state(state)
    }

    /// Whether `node` has the labels of all constraints.
    static func hasTopology(_ node: SchedulingNode, _ constraints: [TopologySpreadConstraint]) -> Bool {
        constraints.allSatisfy { node.labels[$0.topologyKey] != nil }
    }

    /// For each of `constraints`, how many pods that count for `pod` are on which node; of those that have none,
    /// nothing is said.
    static func podCounts(
        _ constraints: [TopologySpreadConstraint],
        _ pod: SchedulingPod,
        _ cluster: SchedulerCache
    ) -> [[String: Int]] {
        var result: [[String: Int]] = []
        for constraint in constraints {
            if let twin = constraints.prefix(result.count).firstIndex(where: { $0.selector == constraint.selector }) {
                result.append(result[twin])
            } else if constraint.selector.isEverything {
                // An empty selector matches every pod, but counts none.
                result.append([:])
            } else {
                result.append(cluster.podCounts(in: pod.name.namespace, matching: constraint.selector))
            }
        }
        return result
    }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: FilterState) -> PluginStatus {
        for (index, constraint) in state.constraints.enumerated() {
            guard let value = node.labels[constraint.topologyKey] else {
                return .unresolvable(
                    "node(s) didn't match pod topology spread constraints (missing required label)",
                    by: Self.name
                )
            }
            let itself = constraint.selector.matches(pod.labels) ? 1 : 0
            let skew = state.counts[index][value, default: 0] + itself - state.minimum(index)
            if Int64(skew) > constraint.maxSkew {
                return .unschedulable("node(s) didn't match pod topology spread constraints", by: Self.name)
            }
        }
        return .success
    }

    package func add(_ other: SchedulingPod, to node: NodeInfo, for pod: SchedulingPod, _ state: inout FilterState) {
        count(other, node, pod, 1, &state)
    }

    package func remove(
        _ other: SchedulingPod,
        from node: NodeInfo,
        for pod: SchedulingPod,
        _ state: inout FilterState
    ) {
        count(other, node, pod, -1, &state)
    }

    private func count(
        _ other: SchedulingPod,
        _ node: NodeInfo,
        _ pod: SchedulingPod,
        _ step: Int,
        _ state: inout FilterState
    ) {
        guard other.name.namespace == pod.name.namespace, Self.hasTopology(node.node, state.constraints) else { return }
        for (index, constraint) in state.constraints.enumerated() {
            guard constraint.selector.matches(other.labels), constraint.includes(node.node, for: pod),
                let value = node.labels[constraint.topologyKey]
            else { continue }
            state.counts[index][value, default: 0] += step
        }
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        let constraints = pod.spreadConstraints.filter(\.isRequired)
        func isCounted(_ other: SchedulingPod) -> Bool {
            other.name.namespace == pod.name.namespace
                && constraints.contains { $0.selector.matches(other.labels) }
        }
        switch event {
        case .podAdded(let other), .podDeleted(let other): return isCounted(other)
        case .podUpdated(let old, let new):
            return old.labels != new.labels && isCounted(old) != isCounted(new)
                || !old.isTerminating && new.isTerminating && isCounted(new)
        case .selfUpdated(let old, let new): return old.labels != new.labels
        case .nodeAdded(let node), .nodeDeleted(let node): return Self.hasTopology(node, constraints)
        case .nodeUpdated(let old, let new):
            return Self.hasTopology(new, constraints) != Self.hasTopology(old, constraints)
                || constraints.contains { old.labels[$0.topologyKey] != new.labels[$0.topologyKey] }
                || constraints.contains { $0.includes(old, for: pod) != $0.includes(new, for: pod) }
        default: return false
        }
    }
}
