// SPDX-License-Identifier: Apache-2.0
// A pod as the scheduler sees it, read once from its object.

package import PodiumClient
import PodiumCodec
package import PodiumMachinery
package import PodiumPodModel
import PodiumStorage

/// Everything about a pod that scheduling depends on. Immutable, so that the caches share it.
// Kubernetes: pkg/scheduler/framework/types.go PodInfo
package final class SchedulingPod: Sendable {
    package let name: NamespacedName
    package let uid: String
    /// What Events about the pod carry.
    package let reference: EventReference
    package let generation: Int64
    package let labels: [String: String]
    package let priority: Int64
    package let schedulerName: String
    /// The node it is bound to; empty while it is not.
    package let nodeName: String
    /// The node that was made free for it.
    package let nominatedNodeName: String
    package let isTerminating: Bool
    /// Whether it goes because the scheduler wanted its place.
    package let isTerminatingByPreemption: Bool
    /// Whether it has ended for good.
    package let isTerminal: Bool
    package let startTime: Timestamp?
    package let hasSchedulingGates: Bool
    package let neverPreempts: Bool

    package let requests: ResourceAmounts
    /// The same, with a default for containers that request no CPU or memory.
    package let nonZeroRequests: ResourceAmounts
    package let hostPorts: [HostPort]
    package let tolerations: [Toleration]
    package let requiredNodeAffinity: RequiredNodeAffinity
    package let preferredNodeTerms: [PreferredNodeTerm]
    package let affinity: PodAffinityTerms
    package let antiAffinity: PodAffinityTerms
    package let spreadConstraints: [TopologySpreadConstraint]
    package let claims: [PodClaim]
    /// The controller that owns it, by kind and name.
    package let owner: Owner?

    /// A controller that owns a pod.
    package struct Owner: Hashable, Sendable {
        package let group: String
        package let kind: String
        package let name: String
    }

    /// Reads a pod.
    package init(_ object: APIObject) {
        let value = object.value
        let spec = value["spec"]
        name = object.key.name
        uid = object.uid
        reference = EventReference(object)
        generation = object.generation
        labels = object.labels
        priority = spec?["priority"]?.integer ?? 0
        schedulerName = spec?["schedulerName"]?.string ?? ""
        nodeName = spec?["nodeName"]?.string ?? ""
        nominatedNodeName = value["status"]?["nominatedNodeName"]?.string ?? ""
        isTerminating = object.isTerminating
        isTerminatingByPreemption = object.isTerminating && Self.isPreempted(object)
        isTerminal = object.isTerminalPod
        startTime = value["status"]?["startTime"]?.string.flatMap { Timestamp(rfc3339: $0) }
        hasSchedulingGates = !(spec?["schedulingGates"]?.elements ?? []).isEmpty
        neverPreempts = spec?["preemptionPolicy"]?.string == "Never"
        requests = PodRequests.total(of: value)
        nonZeroRequests = PodRequests.total(of: value, fillsMissing: true)
        hostPorts = HostPort.list(of: value)
        tolerations = Toleration.list(of: value)
        requiredNodeAffinity = RequiredNodeAffinity(of: value)
        preferredNodeTerms = PreferredNodeTerm.list(of: value)
        let affinity = spec?["affinity"]
        let namespace = object.namespace
        let labels = labels
        self.affinity = PodAffinityTerms(affinity?["podAffinity"], namespace: namespace, labels: labels)
        antiAffinity = PodAffinityTerms(affinity?["podAntiAffinity"], namespace: namespace, labels: labels)
        spreadConstraints = (spec?["topologySpreadConstraints"]?.elements ?? []).map {
            TopologySpreadConstraint($0, labels: labels)
        }
        claims = PodClaim.list(of: value)
        owner = Self.controller(of: object.metadata)
    }

    /// The claims for storage that it uses.
    package var claimNames: [NamespacedName] {
        claims.map { NamespacedName(namespace: name.namespace, name: $0.name) }
    }

    /// Whether it has any terms about other pods.
    package var hasAffinity: Bool { !affinity.isEmpty || !antiAffinity.isEmpty }

    /// Whether it asks for neither CPU nor memory.
    package var requestsNothing: Bool { requests.milliCPU == 0 && requests.memory == 0 }

    private static func isPreempted(_ object: APIObject) -> Bool {
        let condition = object.condition("DisruptionTarget")
        return condition?["status"]?.string == "True" && condition?["reason"]?.string == "PreemptionByScheduler"
    }

    private static func controller(of metadata: JSONValue) -> Owner? {
        let owners = metadata["ownerReferences"]?.elements ?? []
        guard let owner = owners.first(where: { $0["controller"]?.bool == true }) else { return nil }
        return Owner(
            group: GroupVersion(owner["apiVersion"]?.string ?? "")?.group ?? "",
            kind: owner["kind"]?.string ?? "",
            name: owner["name"]?.string ?? ""
        )
    }
}

/// A claim for storage that a pod uses.
package struct PodClaim: Hashable, Sendable {
    package let name: String
    /// Whether the claim is made for the pod from a template in it.
    package let isEphemeral: Bool

    /// The claims of the volumes of a Pod object.
    static func list(of pod: JSONValue) -> [PodClaim] {
        let name = pod["metadata"]?["name"]?.string ?? ""
        return (pod["spec"]?["volumes"]?.elements ?? []).compactMap { volume in
            if let claim = volume["persistentVolumeClaim"]?["claimName"]?.string {
                return PodClaim(name: claim, isEphemeral: false)
            }
            guard volume["ephemeral"] != nil, let volumeName = volume["name"]?.string else { return nil }
            return PodClaim(name: VolumeClaim.name(ofEphemeral: volumeName, of: name), isEphemeral: true)
        }
    }
}
