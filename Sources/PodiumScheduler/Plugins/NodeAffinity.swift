// SPDX-License-Identifier: Apache-2.0
// Pods choose nodes by label and name: `nodeSelector`, required and preferred terms.

import PodiumPodModel

/// Keeps pods to the nodes that they require, and prefers those that they prefer.
// Kubernetes: pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go
package struct NodeAffinity: Filter, Score {
    package static let name = "NodeAffinity"
    package let weight: Int64 = 2

    package init() {}

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<Void> {
        if pod.requiredNodeAffinity.isEmpty { return .skip }
        guard let terms = pod.requiredNodeAffinity.terms, !terms.isEmpty else { return .state(()) }
        // Only when every one of the terms names its nodes is the pod restricted to nodes by name.
        var names: Set<String> = []
        for term in terms {
            guard let named = term.requiredNames else { return .state(()) }
            names.formUnion(named)
        }
        if names.isEmpty { return .rejected(.unresolvable("pod affinity terms conflict", by: Self.name)) }
        return .nodes(names, ())
    }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> PluginStatus {
        if matches(pod, node.node) { return .success }
        return .unresolvable("node(s) didn't match Pod's node affinity/selector", by: Self.name)
    }

    private func matches(_ pod: SchedulingPod, _ node: SchedulingNode) -> Bool {
        pod.requiredNodeAffinity.matches(name: node.name, labels: node.labels)
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        guard let (old, new) = event.changedNode else { return false }
        return matches(pod, new) && !(old.map { matches(pod, $0) } ?? false)
    }

    package func preScore(_ pod: SchedulingPod, _ nodes: [NodeInfo], _ cluster: SchedulerCache) -> Void? {
        pod.preferredNodeTerms.isEmpty ? nil : ()
    }

    package func score(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> Int64 {
        pod.preferredNodeTerms.reduce(0) { sum, preference in
            sum + (preference.term.matches(name: node.name, labels: node.labels) ? preference.weight : 0)
        }
    }

    package func normalize(_ scores: inout [Int64], _ nodes: [NodeInfo], _ state: Void) {
        scores.normalizeScores(isReversed: false)
    }
}
