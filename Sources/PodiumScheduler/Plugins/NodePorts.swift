// SPDX-License-Identifier: Apache-2.0
// A port of a node serves one pod at a time.

/// Keeps pods from nodes on which their host ports are taken.
// Kubernetes: pkg/scheduler/framework/plugins/nodeports/node_ports.go
package struct NodePorts: Filter {
    package static let name = "NodePorts"

    package init() {}

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<Void> {
        pod.hostPorts.isEmpty ? .skip : .state(())
    }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> PluginStatus {
        if node.hasFree(pod.hostPorts) { return .success }
        return .unschedulable("node(s) didn't have free ports for the requested pod ports", by: Self.name)
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        switch event {
        case .podDeleted(let other):
            pod.hostPorts.contains { wanted in other.hostPorts.contains { $0.conflicts(with: wanted) } }
        case .nodeAdded: true
        default: false
        }
    }
}
