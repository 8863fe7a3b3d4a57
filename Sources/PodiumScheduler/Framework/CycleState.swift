// SPDX-License-Identifier: Apache-2.0
// What the filters know during one scheduling cycle.

/// The filters that have something to say about the pod of a cycle, each with its state. A value: preemption tries
/// things out on copies of it.
package struct CycleState: Sendable {
    /// A filter and its state, whatever its type.
    private protocol Running: Sendable {
        func filter(_ pod: SchedulingPod, _ node: NodeInfo) -> PluginStatus
        mutating func add(_ other: SchedulingPod, to node: NodeInfo, for pod: SchedulingPod)
        mutating func remove(_ other: SchedulingPod, from node: NodeInfo, for pod: SchedulingPod)
    }

    private struct Run<Plugin: Filter>: Running {
        let plugin: Plugin
        var state: Plugin.FilterState

        func filter(_ pod: SchedulingPod, _ node: NodeInfo) -> PluginStatus { plugin.filter(pod, node, state) }

        mutating func add(_ other: SchedulingPod, to node: NodeInfo, for pod: SchedulingPod) {
            plugin.add(other, to: node, for: pod, &state)
        }

        mutating func remove(_ other: SchedulingPod, from node: NodeInfo, for pod: SchedulingPod) {
            plugin.remove(other, from: node, for: pod, &state)
        }
    }

    private var runs: [any Running] = []
    /// The nodes to which filters have restricted the cycle, and those filters; nil when all may do.
    package private(set) var restriction: (nodes: Set<String>, plugins: [String])?

    /// A state without filters.
    package init() {}

    /// Lets `filter` prepare itself for `pod`.
    /// - Returns: why the pod fits nowhere, if the filter says so.
    package mutating func prepare<Plugin: Filter>(
        _ filter: Plugin,
        _ pod: SchedulingPod,
        _ cluster: SchedulerCache
    ) -> PluginStatus? {
        switch filter.preFilter(pod, cluster) {
        case .skip: break
        case .state(let state): runs.append(Run(plugin: filter, state: state))
        case .rejected(let status): return status
        case .nodes(let nodes, let state):
            runs.append(Run(plugin: filter, state: state))
            restriction = (
                restriction?.nodes.intersection(nodes) ?? nodes,
                (restriction?.plugins ?? []) + [Plugin.name]
            )
        }
        return nil
    }

    /// The first objection of a filter to `node`.
    package func filter(_ pod: SchedulingPod, _ node: NodeInfo) -> PluginStatus {
        for run in runs {
            let status = run.filter(pod, node)
            if !status.isSuccess { return status }
        }
        return .success
    }

    /// Counts `other` as running on `node`.
    package mutating func add(_ other: SchedulingPod, to node: NodeInfo, for pod: SchedulingPod) {
        for index in runs.indices { runs[index].add(other, to: node, for: pod) }
    }

    /// Counts `other` as not running on `node` any more.
    package mutating func remove(_ other: SchedulingPod, from node: NodeInfo, for pod: SchedulingPod) {
        for index in runs.indices { runs[index].remove(other, from: node, for: pod) }
    }
}
