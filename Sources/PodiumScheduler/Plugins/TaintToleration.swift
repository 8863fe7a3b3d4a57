// SPDX-License-Identifier: Apache-2.0
// Nodes keep pods away by taints that these do not tolerate, strictly or as a preference.

import PodiumPodModel

/// Keeps pods from nodes with taints that they do not tolerate, and prefers nodes with the fewest such preferences.
// Kubernetes: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go
package struct TaintToleration: Filter, Score {
    package static let name = "TaintToleration"
    private static let strictEffects: Set<TaintEffect> = [.noSchedule, .noExecute]

    package let weight: Int64 = 3

    package init() {}

    package func preFilter(_ pod: SchedulingPod, _ cluster: SchedulerCache) -> PreFilterResult<Void> { .state(()) }

    package func filter(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> PluginStatus {
        if node.node.taints.isEmpty || isTolerated(node.node, by: pod) { return .success }
        return .unresolvable("node(s) had untolerated taint(s)", by: Self.name)
    }

    private func isTolerated(_ node: SchedulingNode, by pod: SchedulingPod) -> Bool {
        node.taints.firstUntolerated(by: pod.tolerations, effects: Self.strictEffects) == nil
    }

    package func mayFit(_ pod: SchedulingPod, after event: ClusterEvent) -> Bool {
        if let (old, new) = event.changedNode {
            return isTolerated(new, by: pod) && !(old.map { isTolerated($0, by: pod) } ?? false)
        }
        if case .selfUpdated(let old, let new) = event { return old.tolerations != new.tolerations }
        return false
    }

    package func preScore(_ pod: SchedulingPod, _ nodes: [NodeInfo], _ cluster: SchedulerCache) -> Void? { () }

    package func score(_ pod: SchedulingPod, _ node: NodeInfo, _ state: Void) -> Int64 {
        if node.node.taints.isEmpty { return 0 }
        return Int64(
            node.node.taints.count { $0.effect == .preferNoSchedule && !pod.tolerations.tolerate($0) }
        )
    }

    package func normalize(_ scores: inout [Int64], _ nodes: [NodeInfo], _ state: Void) {
        scores.normalizeScores(isReversed: true)
    }
}
