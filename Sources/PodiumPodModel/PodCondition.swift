// SPDX-License-Identifier: Apache-2.0
// The conditions of pods, and how they are set as Kubernetes' helpers do: in place, the time moving only with the
// status.

package import PodiumCodec
package import PodiumMachinery

/// A condition in `status.conditions` of a pod.
package struct PodCondition: Hashable, Sendable {
    package var type: String
    package var isTrue: Bool
    package var reason: String
    package var message: String
    /// The generation of the pod that it is about; nil or 0 where none is known.
    package var observedGeneration: Int64?
    package var lastProbe: Timestamp?
    /// When `isTrue` last changed; filled in when the condition is kept.
    package var lastTransition: Timestamp?

    package init(
        _ type: String,
        _ isTrue: Bool,
        reason: String = "",
        message: String = "",
        observedGeneration: Int64? = nil
    ) {
        self.type = type
        self.isTrue = isTrue
        self.reason = reason
        self.message = message
        self.observedGeneration = observedGeneration
    }

    /// As it stands in JSON.
    package var value: JSONValue {
        value(lastTransition: lastTransition.map { .string($0.rfc3339) } ?? .null)
    }

    private func value(lastTransition: JSONValue) -> JSONValue {
        var members: JSONObject = ["type": .string(type)]
        if let observedGeneration, observedGeneration > 0 {
            members["observedGeneration"] = .integer(observedGeneration)
        }
        members["status"] = isTrue ? "True" : "False"
        members["lastProbeTime"] = lastProbe.map { .string($0.rfc3339) } ?? .null
        members["lastTransitionTime"] = lastTransition
        if !reason.isEmpty { members["reason"] = .string(reason) }
        if !message.isEmpty { members["message"] = .string(message) }
        return .object(members)
    }

    /// Writes the condition into `pod`: in the place of one of its type, else at the end.
    /// - Parameter now: becomes the transition time when the status changes.
    /// - Returns: whether anything changed.
    // Kubernetes: pkg/api/v1/pod/util.go UpdatePodCondition
    @discardableResult
    package func set(on pod: inout JSONValue, now: Timestamp) -> Bool {
        var conditions = pod["status"]?["conditions"]?.elements ?? []
        guard let index = conditions.firstIndex(where: { $0["type"]?.string == type }) else {
            conditions.append(value(lastTransition: .string(now.rfc3339)))
            pod[path: "status", "conditions"] = .array(conditions)
            return true
        }
        let old = conditions[index]
        let isSameStatus = old["status"]?.string == (isTrue ? "True" : "False")
        let time = (isSameStatus ? old["lastTransitionTime"] : nil) ?? .string(now.rfc3339)
        let new = value(lastTransition: time)
        if new == old { return false }
        conditions[index] = new
        pod[path: "status", "conditions"] = .array(conditions)
        return true
    }
}

/// The types of the conditions that Kubernetes' own components give to pods.
package enum PodConditionType {
    package static let readyToStart = "PodReadyToStartContainers"
    package static let initialized = "Initialized"
    package static let ready = "Ready"
    package static let containersReady = "ContainersReady"
    package static let scheduled = "PodScheduled"
    package static let disruptionTarget = "DisruptionTarget"
    package static let resizePending = "PodResizePending"
    package static let resizeInProgress = "PodResizeInProgress"
    package static let allContainersRestarting = "AllContainersRestarting"

    /// Those that no writer but the kubelet owns.
    // Kubernetes: pkg/kubelet/types/pod_status.go PodConditionByKubelet
    package static let ownedByKubelet: Set<String> = [
        readyToStart, initialized, ready, containersReady, scheduled, resizePending, resizeInProgress,
        allContainersRestarting,
    ]
}
