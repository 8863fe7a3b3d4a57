// SPDX-License-Identifier: Apache-2.0
// Pods want to be near some pods and far from others: what they require.

import PodiumMachinery

/// Keeps pods near those that they require and away from those that either side rejects.
// Kubernetes: pkg/scheduler/framework/plugins/interpodaffinity/filtering.go
package struct InterPodAffinity: Filter {
    package static let name = "InterPodAffinity"
    package let weight: Int64 = 2

    package init() {}

    /// A value of a topology label: a zone, a host.
    package struct TopologyPair: Hashable, Sendable {
        let key: String
        let value: String
    }

    /// How many pods, by place, count for or against a pod.
    package struct FilterState: Sendable {
        /// Pods there that reject this one.
        var existingAntiAffinity: [TopologyPair: Int] = [:]
        /// Pods there that match all of this one's required terms.
        var affinity: [TopologyPair: Int] = [:]
        /// Pods there that this one rejects.
        var antiAffinity: [TopologyPair: Int] = [:]
        /// The labels of the namespaces of the cluster.
        var namespaceLabels: [String: [String: String]] = [:]

        func labels(ofNamespace name: String) -> [String: String] { namespaceLabels[name] ?? [:] }
    }

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<FilterState> {
        var state = FilterState()
        state.namespaceLabels = cluster.namespaceLabels
        let hasTerms = !pod.affinity.required.isEmpty || !pod.antiAffinity.required.isEmpty
        for node in cluster.nodes {
            for other in node.podsWithRequiredAntiAffinity { Self.countRejections(of: pod, by: other, node, 1, &state) }
            guard hasTerms else { continue }
            for other in node.pods { Self.countMatches(of: other, node, for: pod, 1, &state) }
        }
        if !hasTerms, state.existingAntiAffinity.isEmpty { return .skip }
        return .state(state)
    }

    private static func countRejections(
        of pod: SchedulingPod,
        by other: SchedulingPod,
        _ node: NodeInfo,
        _ step: Int,
        _ state: inout FilterState
    ) {
        let namespaceLabels = state.labels(ofNamespace: pod.name.namespace)
        for term in other.antiAffinity.required where term.matches(pod, namespaceLabels: namespaceLabels) {
            count(term, node, step, &state.existingAntiAffinity)
        }
    }

    private static func countMatches(
        of other: SchedulingPod,
        _ node: NodeInfo,
        for pod: SchedulingPod,
        _ step: Int,
        _ state: inout FilterState
    ) {
        let namespaceLabels = state.labels(ofNamespace: other.name.namespace)
        if matchesAll(pod.affinity.required, other, namespaceLabels) {
            for term in pod.affinity.required { count(term, node, step, &state.affinity) }
        }
        for term in pod.antiAffinity.required where term.matches(other, namespaceLabels: namespaceLabels) {
            count(term, node, step, &state.antiAffinity)
        }
    }

    private static func count(
        _ term: PodAffinityTerm,
        _ node: NodeInfo,
        _ step: Int,
        _ counts: inout [TopologyPair: Int]
    ) {
        guard let value = node.labels[term.topologyKey] else { return }
        let pair = TopologyPair(key: term.topologyKey, value: value)
        let sum = counts[pair, default: 0] + step
        counts[pair] = sum == 0 ? nil : sum
    }

    private static func matchesAll(
        _ terms: [PodAffinityTerm],
        _ pod: SchedulingPod,
        _ namespaceLabels: [String: String]
    ) -> Bool {
        !terms.isEmpty && terms.allSatisfy { $0.matches(pod, namespaceLabels: namespaceLabels) }
    }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: FilterState) -> PluginStatus {
        if !satisfiesAffinity(pod, node, state) {
            return .unresolvable("node(s) didn't match pod affinity rules", by: Self.name)
        }
        let isRejecting = pod.antiAffinity.required.contains { term in
            guard let value = node.labels[term.topologyKey] else { return false }
            return state.antiAffinity[TopologyPair(key: term.topologyKey, value: value)] != nil
        }
        if isRejecting { return .unschedulable("node(s) didn't match pod anti-affinity rules", by: Self.name) }
        let isRejected = state.existingAntiAffinity.contains { node.labels[$0.key.key] == $0.key.value }
        if isRejected {
            return .unschedulable("node(s) didn't satisfy existing pods anti-affinity rules", by: Self.name)
        }
        return .success
    }

    private func satisfiesAffinity(_ pod: SchedulingPod, _ node: NodeInfo, _ state: FilterState) -> Bool {
        var arePodsThere = true
        for term in pod.affinity.required {
            guard let value = node.labels[term.topologyKey] else { return false }
            if state.affinity[TopologyPair(key: term.topologyKey, value: value)] == nil { arePodsThere = false }
        }
        if arePodsThere { return true }
        // The first of a group of pods that want to be near each other would wait for itself for ever.
        let ownLabels = state.labels(ofNamespace: pod.name.namespace)
        return state.affinity.isEmpty && Self.matchesAll(pod.affinity.required, pod, ownLabels)
    }

    package func add(_ other: SchedulingPod, to node: NodeInfo, for pod: SchedulingPod, _ state: inout FilterState) {
        Self.countRejections(of: pod, by: other, node, 1, &state)
        Self.countMatches(of: other, node, for: pod, 1, &state)
    }

    package func remove(
        _ other: SchedulingPod,
        from node: NodeInfo,
        for pod: SchedulingPod,
        _ state: inout FilterState
    ) {
        Self.countRejections(of: pod, by: other, node, -1, &state)
        Self.countMatches(of: other, node, for: pod, -1, &state)
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        switch event {
        case .podAdded(let other): wants(pod, other)
        case .podUpdated(let old, let new):
            old.labels != new.labels && (wants(pod, new) != wants(pod, old) || isApart(pod, old) && !isApart(pod, new))
        case .podDeleted(let other): isApart(pod, other)
        case .nodeAdded(let node): hasTopology(node, for: pod)
        case .nodeUpdated(let old, let new): old.labels != new.labels && hasTopology(new, for: pod)
        case .selfUpdated(let old, let new): old.labels != new.labels
        case .namespaceChanged: pod.hasAffinity
        default: false
        }
    }

    /// Whether `other` may be one that `pod` waits for. Namespaces are not known here: any label will do.
    private func wants(_ pod: SchedulingPod, _ other: SchedulingPod) -> Bool {
        !pod.affinity.required.isEmpty && pod.affinity.required.allSatisfy { couldMatch($0, other) }
    }

    /// Whether one of both rejects the other.
    private func isApart(_ pod: SchedulingPod, _ other: SchedulingPod) -> Bool {
        pod.antiAffinity.required.contains { couldMatch($0, other) }
            || other.antiAffinity.required.contains { couldMatch($0, pod) }
    }

    private func couldMatch(_ term: PodAffinityTerm, _ pod: SchedulingPod) -> Bool {
        let isNamespaceMeant = term.namespaces.contains(pod.name.namespace) || !term.namespaceSelector.isNothing
        return isNamespaceMeant && term.selector.matches(pod.labels)
    }

    private func hasTopology(_ node: SchedulingNode, for pod: SchedulingPod) -> Bool {
        (pod.affinity.required + pod.antiAffinity.required).allSatisfy { node.labels[$0.topologyKey] != nil }
    }
}
