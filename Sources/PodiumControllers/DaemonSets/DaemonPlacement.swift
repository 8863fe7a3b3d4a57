// SPDX-License-Identifier: Apache-2.0
// On which nodes the pods of a DaemonSet belong.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// What of a node decides whether a DaemonSet has a pod there.
struct DaemonNode: Hashable, Sendable {
    let name: String
    private let labels: [String: String]
    private let taints: [Taint]

    init(_ node: APIObject) {
        name = node.name
        labels = node.labels
        taints = Taint.list(of: node.value).filter { $0.effect != .preferNoSchedule }
    }

    fileprivate func isWanted(by affinity: RequiredNodeAffinity) -> Bool {
        affinity.matches(name: name, labels: labels)
    }

    fileprivate func repels(_ tolerations: [Toleration], by effects: Set<TaintEffect>) -> Bool {
        taints.firstUntolerated(by: tolerations, effects: effects) != nil
    }
}

/// Which nodes the template of a DaemonSet is for.
// Kubernetes: pkg/controller/daemon/daemon_controller.go NodeShouldRunDaemonPod
struct DaemonPlacement: Sendable {
    /// What a node means to a DaemonSet.
    enum Fit: Hashable, Sendable {
        /// There should be a pod.
        case runs
        /// A pod that is there may stay, but no new one comes.
        case keeps
        /// There should be none.
        case avoids
    }

    private let nodeName: String
    private let affinity: RequiredNodeAffinity
    private let tolerations: [Toleration]

    init(_ template: JSONValue) {
        nodeName = template[path: "spec", "nodeName"]?.string ?? ""
        affinity = RequiredNodeAffinity(of: template)
        tolerations = Toleration.list(of: DaemonPodTemplate.tolerant(template))
    }

    func fit(_ node: DaemonNode) -> Fit {
        guard nodeName.isEmpty || nodeName == node.name, node.isWanted(by: affinity) else { return .avoids }
        if node.repels(tolerations, by: [.noExecute]) { return .avoids }
        return node.repels(tolerations, by: [.noSchedule]) ? .keeps : .runs
    }
}
