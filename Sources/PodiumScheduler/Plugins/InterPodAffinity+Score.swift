// SPDX-License-Identifier: Apache-2.0
// Pods want to be near some pods and far from others: what they, or those already there, prefer.

import PodiumMachinery

/// Prefers nodes near pods that are liked, and far from those that are not, by either side.
// Kubernetes: pkg/scheduler/framework/plugins/interpodaffinity/scoring.go
extension InterPodAffinity: Score {
    /// How much a required term of a pod already there counts for the pod that it requires.
    private static let requiredTermWeight: Int64 = 1

    /// The sum of the weights for and against, by place.
    package struct ScoreState: Sendable {
        var weights: [TopologyPair: Int64] = [:]
    }

    package func preScore(_ pod: SchedulingPod, _ nodes: [NodeInfo], _ cluster: SchedulerCache) -> ScoreState? {
        let hasPreferences = !pod.affinity.preferred.isEmpty || !pod.antiAffinity.preferred.isEmpty
        var state = ScoreState()
        let ownLabels = cluster.namespaceLabels[pod.name.namespace] ?? [:]
        for node in cluster.nodes {
            for other in node.podsWithAffinity { Self.weigh(pod, by: other, node, ownLabels, &state) }
            guard hasPreferences else { continue }
            for other in node.pods {
                let labels = cluster.namespaceLabels[other.name.namespace] ?? [:]
                Self.weigh(pod.affinity.preferred, other, labels, node, 1, &state)
                Self.weigh(pod.antiAffinity.preferred, other, labels, node, -1, &state)
            }
        }
        return state.weights.isEmpty ? nil : state
    }

    /// What `other`, on `node`, thinks of `pod`.
    private static func weigh(
        _ pod: SchedulingPod,
        by other: SchedulingPod,
        _ node: NodeInfo,
        _ labels: [String: String],
        _ state: inout ScoreState
    ) {
        let required = other.affinity.required.map { WeightedPodAffinityTerm(weight: requiredTermWeight, term: $0) }
        weigh(required, pod, labels, node, 1, &state)
        weigh(other.affinity.preferred, pod, labels, node, 1, &state)
        weigh(other.antiAffinity.preferred, pod, labels, node, -1, &state)
    }

    private static func weigh(
        _ terms: [WeightedPodAffinityTerm],
        _ pod: SchedulingPod,
        _ namespaceLabels: [String: String],
        _ node: NodeInfo,
        _ sign: Int64,
        _ state: inout ScoreState
    ) {
        for entry in terms {
            guard let value = node.labels[entry.term.topologyKey],
                entry.term.matches(pod, namespaceLabels: namespaceLabels)
            else { continue }
            state.weights[TopologyPair(key: entry.term.topologyKey, value: value), default: 0] += sign * entry.weight
        }
    }

    package func score(_ pod: SchedulingPod, _ node: NodeInfo, _ state: ScoreState) -> Int64 {
        state.weights.reduce(0) { sum, entry in
            node.labels[entry.key.key] == entry.key.value ? sum + entry.value : sum
        }
    }

    package func normalize(_ scores: inout [Int64], _ nodes: [NodeInfo], _ state: ScoreState) {
        let highest = max(0, scores.max() ?? 0)
        let lowest = min(0, scores.min() ?? 0)
        let range = highest - lowest
        for index in scores.indices {
            let share = range > 0 ? Double(scores[index] - lowest) / Double(range) : 0
            scores[index] = Int64(Double(maximumNodeScore) * share)
        }
    }
}
