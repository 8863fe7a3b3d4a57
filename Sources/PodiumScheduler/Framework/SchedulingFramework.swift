// SPDX-License-Identifier: Apache-2.0
// The plugins in the order in which they are asked.

/// The plugins of a scheduler.
// Kubernetes: pkg/scheduler/apis/config/v1/default_plugins.go
package struct SchedulingFramework: Sendable {
    /// The filters; the first to object to a node gives the reason.
    package let filters: [any Filter]
    package let scores: [any Score]
    private let filtersByName: [String: any Filter]

    package init(filters: [any Filter], scores: [any Score]) {
        self.filters = filters
        self.scores = scores
        filtersByName = Dictionary(filters.map { (type(of: $0).name, $0) }) { first, _ in first }
    }

    /// The plugins of the default scheduler.
    package static var standard: SchedulingFramework {
        let affinity = InterPodAffinity()
        let spread = PodTopologySpread()
        let taints = TaintToleration()
        let nodes = NodeAffinity()
        let resources = NodeResourcesFit()
        return SchedulingFramework(
            filters: [
                NodeUnschedulable(), NodeName(), taints, nodes, NodePorts(), resources, VolumeRestrictions(),
                VolumeBinding(), spread, affinity,
            ],
            scores: [taints, nodes, resources, spread, affinity, NodeResourcesBalancedAllocation()]
        )
    }

    /// Lets all filters prepare a cycle for `pod`.
    /// - Returns: their state, and why the pod fits nowhere if one of them says so.
    package func prepare(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> (CycleState, PluginStatus?) {
        var state = CycleState()
        for filter in filters {
            if let status = state.prepare(filter, pod, cluster) { return (state, status) }
        }
        return (state, nil)
    }

    /// The weighted sum of the scores of each of `nodes`.
    package func score(_ pod: SchedulingPod, _ nodes: [NodeInfo], _ cluster: SchedulerCache) -> [Int64] {
        var totals = [Int64](repeating: 0, count: nodes.count)
        for plugin in scores { addScores(of: plugin, pod, nodes, cluster, to: &totals) }
        return totals
    }

    private func addScores<Plugin: Score>(
        of plugin: Plugin,
        _ pod: SchedulingPod,
        _ nodes: [NodeInfo],
        _ cluster: SchedulerCache,
        to totals: inout [Int64]
    ) {
        guard let state = plugin.preScore(pod, nodes, cluster) else { return }
        var scores = nodes.map { plugin.score(pod, $0, state) }
        plugin.normalize(&scores, nodes, state)
        for index in totals.indices { totals[index] += scores[index] * plugin.weight }
    }

    /// Whether `pod`, which `rejectors` refused, may fit after `event`.
    package func mayFit(_ pod: SchedulingPod, rejectedBy rejectors: Set<String>, after event: ClusterEvent) -> Bool {
        rejectors.contains { filtersByName[$0]?.mayFit(pod, after: event) ?? false }
    }
}
