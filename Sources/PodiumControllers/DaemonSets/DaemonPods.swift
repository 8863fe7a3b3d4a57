// SPDX-License-Identifier: Apache-2.0
// The pods of a DaemonSet by their nodes, and what is missing or too much there.

import OrderedCollections
import PodiumClient
import PodiumMachinery

/// The pods of a DaemonSet, by the nodes that they are on or for.
// Kubernetes: pkg/controller/daemon/daemon_controller.go getNodesToDaemonPods
struct DaemonPods {
    /// The specification that decides over them, and their revision.
    struct Rules {
        let minReady: Duration
        /// How many more than wanted there may be during an update, and how many may be unavailable.
        let maxSurge: IntOrString?
        let maxUnavailable: IntOrString?
        /// The hash of the present revision.
        let hash: String
        /// How often the template has changed.
        let generation: Int64?
        let now: Timestamp

        func isAvailable(_ pod: WorkloadPod) -> Bool { pod.isAvailable(after: minReady, now: now) }

        /// Whether a pod is of the present template.
        // Kubernetes: pkg/controller/daemon/util/daemonset_util.go IsPodUpdated
        func isUpdated(_ pod: WorkloadPod) -> Bool {
            if !hash.isEmpty, pod.revisionLabel == hash { return true }
            guard let generation else { return false }
            return pod.labels[DaemonPodTemplate.generationLabel] == String(generation)
        }

        /// Whether a new pod may come before the old one goes.
        // Kubernetes: pkg/controller/daemon/util/daemonset_util.go AllowsSurge
        var allowsSurge: Bool { (maxSurge?.scaled(to: 1, roundingUp: true) ?? 0) > 0 }
    }

    private(set) var byNode: OrderedDictionary<String, [WorkloadPod]> = [:]

    init(_ pods: [WorkloadPod]) {
        // One that has ended and is being removed makes room already.
        for pod in pods where !(pod.isFinished && pod.isTerminating) {
            guard let node = pod.details.targetNode else { continue }
            byNode[node, default: []].append(pod)
        }
    }

    /// The order in which those of a node count: on the node before on their way to it, then the eldest.
    // Kubernetes: pkg/controller/daemon/daemon_controller.go podByCreationTimestampAndPhase
    static func precedes(_ left: WorkloadPod, _ right: WorkloadPod) -> Bool {
        if left.nodeName.isEmpty != right.nodeName.isEmpty { return right.nodeName.isEmpty }
        let (a, b) = (left.details.created, right.details.created)
        return a == b ? left.name < right.name : a < b
    }
}

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
