// SPDX-License-Identifier: Apache-2.0
// The pods of a DaemonSet by their nodes.

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
