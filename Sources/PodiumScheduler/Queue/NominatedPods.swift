// SPDX-License-Identifier: Apache-2.0
// Pods for which nodes are being made free, so that others do not take the room.

import OrderedCollections
package import PodiumMachinery

/// The pods that are nominated for nodes but not bound yet.
// Kubernetes: pkg/scheduler/backend/queue/nominator.go
package struct NominatedPods: Sendable {
    private var podsByNode: [String: OrderedDictionary<NamespacedName, SchedulingPod>] = [:]
    private var nodes: [NamespacedName: String] = [:]

    package init() {}

    /// Nominates `pod` for `node`, and for no other; an empty name nominates it for none.
    package mutating func set(_ pod: SchedulingPod, to node: String) {
        remove(pod.name)
        if node.isEmpty { return }
        nodes[pod.name] = node
        podsByNode[node, default: [:]][pod.name] = pod
    }

    /// Forgets the nomination of a pod.
    package mutating func remove(_ name: NamespacedName) {
        guard let node = nodes.removeValue(forKey: name) else { return }
        podsByNode[node]?[name] = nil
        if podsByNode[node]?.isEmpty == true { podsByNode[node] = nil }
    }

    /// The node for which a pod is nominated.
    package func node(of name: NamespacedName) -> String? { nodes[name] }

    /// The pods nominated for `node`, in the order of their nomination.
    package func pods(for node: String) -> [SchedulingPod] { podsByNode[node].map { Array($0.values) } ?? [] }

    /// The first objection of a filter to `node`, pods counted as running there that are nominated for it and no less
    /// important than `pod`. It must fit without them as well, since they may come to run elsewhere.
    // Kubernetes: pkg/scheduler/framework/runtime/framework.go RunFilterPluginsWithNominatedPods
    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: CycleState) -> PluginStatus {
        let others = pods(for: node.name).filter { $0.priority >= pod.priority && $0.uid != pod.uid }
        if others.isEmpty { return state.filter(pod, node) }
        var fuller = node
        var crowded = state
        for other in others {
            fuller.add(other)
            crowded.add(other, to: fuller, for: pod)
        }
        let status = crowded.filter(pod, fuller)
        return status.isSuccess ? state.filter(pod, node) : status
    }
}
