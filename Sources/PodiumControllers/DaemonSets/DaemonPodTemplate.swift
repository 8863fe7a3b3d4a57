// SPDX-License-Identifier: Apache-2.0
// The pods of a DaemonSet: bound to one node each, and at home even on nodes in trouble.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// Makes the pods of a DaemonSet.
// Kubernetes: pkg/controller/daemon/util/daemonset_util.go CreatePodTemplate
struct DaemonPodTemplate: Sendable {
    static let generationAnnotation = "deprecated.daemonset.template.generation"
    static let generationLabel = "pod-template-generation"

    private let daemonSet: APIObject
    private let template: JSONValue

    /// - Parameter hash: that of the revision of the template.
    init(_ daemonSet: APIObject, hash: String) {
        self.daemonSet = daemonSet
        var template = Self.tolerant(daemonSet.spec["template"] ?? .emptyObject)
        if let generation = Self.generation(of: daemonSet) {
            template[path: "metadata", "labels", Self.generationLabel] = .string(String(generation))
        }
        template[path: "metadata", "labels", RevisionLabel.revision] = .string(hash)
        self.template = template
    }

    /// How often the template has changed; nil when that is not known.
    static func generation(of daemonSet: APIObject) -> Int64? {
        daemonSet.annotations[generationAnnotation].flatMap { Int64($0) }
    }

    /// The pod for the node called `node`, which the scheduler cannot put anywhere else.
    // Kubernetes: pkg/controller/daemon/util/daemonset_util.go ReplaceDaemonSetPodNodeNameNodeAffinity
    func pod(on node: String) -> JSONValue {
        var pod = PodControl.pod(from: template, for: daemonSet, DaemonSetController.type)
        var affinity = pod[path: "spec", "affinity"] ?? .emptyObject
        affinity[path: "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"] = [
            ["matchFields": [["key": "metadata.name", "operator": "In", "values": [.string(node)]]]]
        ]
        pod[path: "spec", "affinity"] = affinity
        return pod
    }

    /// `template` with the tolerations that all pods of DaemonSets have.
    // Kubernetes: pkg/controller/daemon/util/daemonset_util.go AddOrUpdateDaemonPodTolerations
    static func tolerant(_ template: JSONValue) -> JSONValue {
        var taints = [
            Taint(key: Taint.WellKnown.notReady, effect: .noExecute),
            Taint(key: Taint.WellKnown.unreachable, effect: .noExecute),
            Taint(key: Taint.WellKnown.diskPressure, effect: .noSchedule),
            Taint(key: Taint.WellKnown.memoryPressure, effect: .noSchedule),
            Taint(key: Taint.WellKnown.pidPressure, effect: .noSchedule),
            Taint(key: Taint.WellKnown.unschedulable, effect: .noSchedule),
        ]
        if template[path: "spec", "hostNetwork"]?.bool == true {
            taints.append(Taint(key: Taint.WellKnown.networkUnavailable, effect: .noSchedule))
        }
        var tolerations = template[path: "spec", "tolerations"]?.elements ?? []
        for taint in taints {
            let toleration: JSONValue = [
                "key": .string(taint.key), "operator": "Exists", "effect": .string(taint.effect.rawValue),
            ]
            // One that is borne for some time only is borne for ever.
            let known = tolerations.indices.filter { index in
                ["key", "operator", "effect"].allSatisfy { tolerations[index][$0] == toleration[$0] }
                    && tolerations[index]["value"]?.string ?? "" == ""
            }
            if known.isEmpty { tolerations.append(toleration) }
            for index in known { tolerations[index] = toleration }
        }
        var template = template
        template[path: "spec", "tolerations"] = .array(tolerations)
        return template
    }
}
