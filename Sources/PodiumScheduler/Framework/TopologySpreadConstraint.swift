// SPDX-License-Identifier: Apache-2.0
// How evenly a pod wants to be spread with others like it.

import PodiumCodec
package import PodiumMachinery
import PodiumPodModel

/// One constraint of `topologySpreadConstraints`.
// Kubernetes: pkg/scheduler/framework/plugins/podtopologyspread/common.go
package struct TopologySpreadConstraint: Hashable, Sendable {
    package let maxSkew: Int64
    /// With fewer domains than this the smallest counts as empty.
    package let minDomains: Int
    package let topologyKey: String
    /// Whether the pod must not run where it is violated.
    package let isRequired: Bool
    package var selector: LabelSelector
    /// Whether nodes that the pod's node affinity excludes are left out of account.
    package let honorsNodeAffinity: Bool
    /// Whether nodes whose taints the pod does not tolerate are left out of account.
    package let honorsNodeTaints: Bool

    /// Reads a constraint of a pod with `labels`.
    init(_ json: JSONValue, labels: [String: String]) {
        maxSkew = json["maxSkew"]?.integer ?? 1
        minDomains = json["minDomains"]?.int ?? 1
        topologyKey = json["topologyKey"]?.string ?? ""
        isRequired = json["whenUnsatisfiable"]?.string != "ScheduleAnyway"
        selector = LabelSelector(object: json["labelSelector"]).adding(json["matchLabelKeys"], .in, of: labels)
        honorsNodeAffinity = json["nodeAffinityPolicy"]?.string != "Ignore"
        honorsNodeTaints = json["nodeTaintsPolicy"]?.string == "Honor"
    }

    /// A preference that is not written in the pod.
    init(preferring topologyKey: String, maxSkew: Int64, selector: LabelSelector) {
        self.maxSkew = maxSkew
        minDomains = 1
        self.topologyKey = topologyKey
        isRequired = false
        self.selector = selector
        honorsNodeAffinity = true
        honorsNodeTaints = false
    }

    /// Whether the pods of `node` count for a pod with this constraint.
    func includes(_ node: SchedulingNode, for pod: SchedulingPod) -> Bool {
        if honorsNodeAffinity, !pod.requiredNodeAffinity.matches(name: node.name, labels: node.labels) { return false }
        if honorsNodeTaints,
            node.taints.firstUntolerated(by: pod.tolerations, effects: [.noSchedule, .noExecute]) != nil
        {
            return false
        }
        return true
    }
}
