// SPDX-License-Identifier: Apache-2.0
// Cordoned nodes take no new pods, unless these tolerate the taint that stands for it.

import PodiumPodModel

/// Keeps pods from nodes with `spec.unschedulable`.
// Kubernetes: pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go
package struct NodeUnschedulable: Filter {
    package static let name = "NodeUnschedulable"
    private static let taint = Taint(key: Taint.WellKnown.unschedulable, effect: .noSchedule)

    package init() {}

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<Void> {
        pod.tolerations.tolerate(Self.taint) ? .skip : .state(())
    }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> PluginStatus {
        node.node.isUnschedulable ? .unresolvable("node(s) were unschedulable", by: Self.name) : .success
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        switch event {
        case .nodeAdded(let node): !node.isUnschedulable
        case .nodeUpdated(let old, let new): old.isUnschedulable && !new.isUnschedulable
        case .selfUpdated(_, let new): new.tolerations.tolerate(Self.taint)
        default: false
        }
    }
}
