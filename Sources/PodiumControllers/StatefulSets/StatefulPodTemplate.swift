// SPDX-License-Identifier: Apache-2.0
// The pods and claims of a StatefulSet: each with the name, the labels and the volumes of its ordinal.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// Makes what belongs to the ordinals of a StatefulSet.
// Kubernetes: pkg/controller/statefulset/stateful_set_utils.go
struct StatefulPodTemplate: Sendable {
    private enum Label {
        static let podName = "statefulset.kubernetes.io/pod-name"
        static let podIndex = "apps.kubernetes.io/pod-index"
    }

    let statefulSet: APIObject
    let spec: StatefulSetSpec

    func podName(_ ordinal: Int) -> String { StatefulPodName.text(statefulSet.name, ordinal) }

    /// The names of the claims of an ordinal, by those of their volumes, in the order of their templates.
    func claimNames(_ ordinal: Int) -> [(volume: String, claim: String)] {
        spec.claimTemplates.map { template in
            let volume = template[path: "metadata", "name"]?.string ?? ""
            return (volume, "\(volume)-\(podName(ordinal))")
        }
    }

    /// The pod of an ordinal.
    // Kubernetes: pkg/controller/statefulset/stateful_set_utils.go newStatefulSetPod
    func pod(_ ordinal: Int, of revision: ControllerRevision) -> JSONValue {
        var pod = PodControl.pod(from: revision.template, for: statefulSet, StatefulSetController.type)
        let name = podName(ordinal)
        pod[path: "metadata", "name"] = .string(name)
        identify(&pod, ordinal)
        pod[path: "metadata", "labels", RevisionLabel.revision] = .string(revision.name)
        pod[path: "spec", "hostname"] = .string(name)
        pod[path: "spec", "subdomain"] = spec.serviceName.isEmpty ? nil : .string(spec.serviceName)
        equip(&pod, ordinal)
        return pod
    }

    /// Whether a pod has the labels of its ordinal.
    func isIdentified(_ pod: WorkloadPod) -> Bool { pod.labels[Label.podName] == pod.name }

    /// Puts the labels of its ordinal on a pod.
    func identify(_ pod: inout JSONValue, _ ordinal: Int) {
        pod[path: "metadata", "labels", Label.podName] = .string(podName(ordinal))
        pod[path: "metadata", "labels", Label.podIndex] = .string(String(ordinal))
    }

    /// Whether a pod has the volumes of its ordinal.
    func isEquipped(_ pod: WorkloadPod, _ ordinal: Int) -> Bool {
        if spec.claimTemplates.isEmpty { return true }
        let claims = pod.details.claims
        return claimNames(ordinal).allSatisfy { claims[$0.volume] == $0.claim }
    }

    /// Puts the volumes of its ordinal into a pod, in the place of others of their names.
    func equip(_ pod: inout JSONValue, _ ordinal: Int) {
        let claims = claimNames(ordinal)
        guard !claims.isEmpty else { return }
        let volumes = claims.map { volume, claim -> JSONValue in
            ["name": .string(volume), "persistentVolumeClaim": ["claimName": .string(claim)]]
        }
        let others = (pod[path: "spec", "volumes"]?.elements ?? []).filter { volume in
            !claims.contains { $0.volume == volume["name"]?.string }
        }
        pod[path: "spec", "volumes"] = .array(volumes + others)
    }

    /// The claims of an ordinal.
    // Kubernetes: pkg/controller/statefulset/stateful_set_utils.go getPersistentVolumeClaims
    func claims(_ ordinal: Int) -> [JSONValue] {
        zip(spec.claimTemplates, claimNames(ordinal)).map { template, name in
            var claim = template
            claim["kind"] = "PersistentVolumeClaim"
            claim["apiVersion"] = "v1"
            claim[path: "metadata", "name"] = .string(name.claim)
            claim[path: "metadata", "namespace"] = .string(statefulSet.namespace)
            var labels = template[path: "metadata", "labels"]?.object ?? [:]
            for (label, value) in spec.matchLabels { labels[label] = value }
            claim[path: "metadata", "labels"] = labels.isEmpty ? nil : .object(labels)
            return claim
        }
    }
}
