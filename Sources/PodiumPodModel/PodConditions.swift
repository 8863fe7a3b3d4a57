// SPDX-License-Identifier: Apache-2.0
// Sets conditions of pods as Kubernetes' helpers do: in place, the time moving only with the status.

import OrderedCollections
package import PodiumCodec
package import PodiumMachinery

/// A condition to be written into `status.conditions` of a pod.
package struct PodCondition: Hashable, Sendable {
    package var type: String
    /// `True`, `False` or `Unknown`.
    package var status: String
    package var reason: String
    package var message: String
    package var observedGeneration: Int64?

    package init(
        type: String,
        status: String,
        reason: String = "",
        message: String = "",
        observedGeneration: Int64? = nil
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.observedGeneration = observedGeneration
    }

    private func value(lastTransition: JSONValue) -> JSONValue {
        var members: JSONObject = ["type": .string(type)]
        if let observedGeneration, observedGeneration > 0 {
            members["observedGeneration"] = .integer(observedGeneration)
        }
        members["status"] = .string(status)
        members["lastProbeTime"] = .null
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
        let isSameStatus = old["status"]?.string == status
        let time = (isSameStatus ? old["lastTransitionTime"] : nil) ?? .string(now.rfc3339)
        let new = value(lastTransition: time)
        if new == old { return false }
        conditions[index] = new
        pod[path: "status", "conditions"] = .array(conditions)
        return true
    }
}
