// SPDX-License-Identifier: Apache-2.0
// What is missing or too much on the nodes of a DaemonSet.

import OrderedCollections
import PodiumClient
import PodiumMachinery

/// What a DaemonSet lacks, and what is too much.
struct DaemonPlan {
    /// The nodes that get a pod.
    var missing: [String] = []
    var surplus: [WorkloadPod] = []
    /// Pods that have ended, and their nodes; they are replaced.
    var ended: [(pod: WorkloadPod, node: String)] = []

    var isEmpty: Bool { missing.isEmpty && surplus.isEmpty && ended.isEmpty }
}

extension DaemonPlan {
    /// Puts on each node what belongs there.
    // Kubernetes: pkg/controller/daemon/daemon_controller.go manage, podsShouldBeOnNode
    init(_ nodes: OrderedDictionary<String, DaemonPlacement.Fit>, _ pods: DaemonPods, _ rules: DaemonPods.Rules) {
        for (node, fit) in nodes {
            let present = pods.byNode[node]
            switch fit {
            case .runs where present == nil: missing.append(node)
            case .runs, .keeps: tend(node, present ?? [], mayRun: fit == .runs, rules)
            case .avoids: surplus += (present ?? []).filter { !$0.isTerminating }
            }
        }
        // Nobody else removes what waits for a node that is gone.
        for (node, pods) in pods.byNode where nodes[node] == nil {
            surplus += pods.filter(\.nodeName.isEmpty)
        }
    }

    private mutating func tend(_ node: String, _ pods: [WorkloadPod], mayRun: Bool, _ rules: DaemonPods.Rules) {
        let present = pods.filter { !$0.isTerminating }
        ended += present.filter(\.isFinished).map { ($0, node) }
        let alive = present.filter { !$0.isFinished }.sorted(by: DaemonPods.precedes)
        guard rules.allowsSurge else {
            surplus += alive.dropFirst()
            return
        }
        if alive.isEmpty, mayRun { missing.append(node) }
        if alive.count > 1 { surplus += superfluous(alive, rules) }
    }

    /// Of several pods on a node one of each template may stay, until the new one is available or the old one is not
    /// ready.
    private func superfluous(_ pods: [WorkloadPod], _ rules: DaemonPods.Rules) -> [WorkloadPod] {
        let new = pods.first { $0.revisionLabel == rules.hash }
        let old = pods.first { $0.revisionLabel != rules.hash }
        var rest = pods.filter { $0 !== new && $0 !== old }
        if let new, let old, !old.isReady || rules.isAvailable(new) { rest.append(old) }
        return rest
    }
}
