// SPDX-License-Identifier: Apache-2.0
// A pod's status as its kubelet sees it, and how it stands in JSON.

import OrderedCollections
package import PodiumCodec
package import PodiumMachinery
package import PodiumPodModel

/// A pod's status without what others own.
package struct PodStatus: Hashable, Sendable {
    package var observedGeneration: Int64?
    package var phase: PodPhase
    package var conditions: [PodCondition] = []
    package var message: String?
    package var reason: String?
    package var hostIP: String?
    package var podIP: String?
    package var startTime: Timestamp?
    package var initContainers: [ContainerStatus] = []
    package var containers: [ContainerStatus] = []
    package var ephemeralContainers: [ContainerStatus] = []
    package var allocatedResources: ResourceList = [:]
    /// nil leaves the member out, as in the status of a rejected pod.
    package var resources: ResourceRequirements?

    /// A status with nothing but a phase.
    package init(phase: PodPhase) { self.phase = phase }

    /// The condition of that type.
    package func condition(_ type: String) -> PodCondition? { conditions.first { $0.type == type } }

    /// The status of a container, wherever it stands.
    package func container(_ name: String) -> ContainerStatus? {
        containers.first { $0.name == name } ?? initContainers.first { $0.name == name }
            ?? ephemeralContainers.first { $0.name == name }
    }

    /// Changes the status of the container that has this ID.
    mutating func update(containerID: String, _ change: (inout ContainerStatus) -> Void) {
        for index in containers.indices where containers[index].containerID == containerID {
            change(&containers[index])
        }
        for index in initContainers.indices where initContainers[index].containerID == containerID {
            change(&initContainers[index])
        }
    }

    /// Puts a condition in the place of the one of its type, or at the end.
    mutating func set(_ condition: PodCondition) {
        if let index = conditions.firstIndex(where: { $0.type == condition.type }) {
            conditions[index] = condition
        } else {
            conditions.append(condition)
        }
    }
}

extension PodStatus {
    /// The whole status, with the conditions of others in front and their other members kept.
    ///
    /// - Parameters:
    ///   - old: the status in the API, whose foreign conditions and members stay.
    package func value(keeping old: JSONValue) -> JSONValue {
        var value: JSONObject = [:]
        if let observedGeneration { value["observedGeneration"] = .integer(observedGeneration) }
        value["phase"] = .string(phase.rawValue)
        var list = Self.foreignConditions(in: old)
        for condition in conditions {
            if condition.type == PodConditionType.disruptionTarget {
                list.removeAll { $0["type"]?.string == condition.type }
                list.append(condition.value)
            }
        }
        list += conditions.filter { $0.type != PodConditionType.disruptionTarget }.map(\.value)
        if !list.isEmpty { value["conditions"] = .array(list) }
        if let message, !message.isEmpty { value["message"] = .string(message) }
        if let reason, !reason.isEmpty { value["reason"] = .string(reason) }
        if let hostIP {
            value["hostIP"] = .string(hostIP)
            value["hostIPs"] = [["ip": .string(hostIP)]]
        }
        if let podIP {
            value["podIP"] = .string(podIP)
            value["podIPs"] = [["ip": .string(podIP)]]
        }
        if let startTime { value["startTime"] = .string(startTime.rfc3339) }
        if !initContainers.isEmpty { value["initContainerStatuses"] = .array(initContainers.map(\.value)) }
        if !containers.isEmpty { value["containerStatuses"] = .array(containers.map(\.value)) }
        if let qosClass = old["qosClass"] { value["qosClass"] = qosClass }
        if !ephemeralContainers.isEmpty {
            value["ephemeralContainerStatuses"] = .array(ephemeralContainers.map(\.value))
        }
        for kept in ["resourceClaimStatuses", "extendedResourceClaimStatus"] {
            if let member = old[kept] { value[kept] = member }
        }
        if !allocatedResources.isEmpty { value["allocatedResources"] = allocatedResources.value }
        if let resources { value["resources"] = resources.value }
        return .object(value)
    }

    /// The conditions in `status` that kubelets do not own.
    static func foreignConditions(in status: JSONValue) -> [JSONValue] {
        (status["conditions"]?.elements ?? []).filter { condition in
            !PodConditionType.ownedByKubelet.contains(condition["type"]?.string ?? "")
        }
    }
}
