// SPDX-License-Identifier: Apache-2.0
// A pod that names its node runs nowhere else.

/// Keeps a pod to the node in its spec.
// Kubernetes: pkg/scheduler/framework/plugins/nodename/node_name.go
package struct NodeName: Filter {
    package static let name = "NodeName"

    package init() {}

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<Void> {
        pod.nodeName.isEmpty ? .skip : .state(())
    }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> PluginStatus {
        if pod.nodeName == node.name { return .success }
        return .unresolvable("node(s) didn't match the requested node name", by: Self.name)
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        if case .nodeAdded(let node) = event { node.name == pod.nodeName } else { false }
    }
}
