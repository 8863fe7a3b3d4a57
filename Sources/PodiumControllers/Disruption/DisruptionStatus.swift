// SPDX-License-Identifier: Apache-2.0
// The status of a PodDisruptionBudget.

import PodiumCodec
import PodiumMachinery

/// What the status of a budget says.
// Kubernetes: pkg/controller/disruption/disruption.go updatePdbStatus
struct DisruptionStatus: Hashable, Sendable {
    let generation: Int64
    let healthy: Int
    let desired: Int
    let expected: Int
    let disrupted: JSONObject

    /// How many healthy pods may go. While no pods are expected, the first ones that come are safe.
    var allowed: Int { expected <= 0 ? 0 : max(0, healthy - desired) }

    /// Writes the status; the time of its condition moves only with the condition's status.
    /// - Returns: whether anything changed.
    func write(to budget: inout JSONValue, now: Timestamp) -> Bool {
        let old = budget["status"] ?? .emptyObject
        var status: JSONObject = [:]
        if generation > 0 { status["observedGeneration"] = .integer(generation) }
        if !disrupted.isEmpty { status["disruptedPods"] = .object(disrupted) }
        status["disruptionsAllowed"] = .integer(Int64(allowed))
        status["currentHealthy"] = .integer(Int64(healthy))
        status["desiredHealthy"] = .integer(Int64(desired))
        status["expectedPods"] = .integer(Int64(expected))
        let condition = DisruptionCondition(
            isAllowed: allowed > 0,
            reason: allowed > 0 ? "SufficientPods" : "InsufficientPods",
            message: "",
            generation: generation
        )
        status["conditions"] = condition.set(in: old["conditions"], now: now)
        budget["status"] = .object(status)
        return .object(status) != old
    }

    /// Allows no disruption, since it cannot be told how many there may be.
    /// - Returns: whether anything changed.
    // Kubernetes: pkg/controller/disruption/disruption.go failSafe
    static func fail(_ budget: inout JSONValue, _ problem: String, now: Timestamp) -> Bool {
        let old = budget["status"] ?? .emptyObject
        let condition = DisruptionCondition(
            isAllowed: false,
            reason: "SyncFailed",
            message: problem,
            generation: old["observedGeneration"]?.integer ?? 0
        )
        budget[path: "status", "disruptionsAllowed"] = 0
        budget[path: "status", "conditions"] = condition.set(in: old["conditions"], now: now)
        return budget["status"] != old
    }
}

/// The condition `DisruptionAllowed`.
private struct DisruptionCondition {
    private static let type = "DisruptionAllowed"

    let isAllowed: Bool
    let reason: String
    let message: String
    let generation: Int64

    /// The conditions with this one in its place, or at their end.
    func set(in list: JSONValue?, now: Timestamp) -> JSONValue {
        var conditions = list?.elements ?? []
        let index = conditions.firstIndex { $0["type"]?.string == Self.type }
        let old = index.map { conditions[$0] }
        let text = isAllowed ? "True" : "False"
        var condition: JSONObject = ["type": .string(Self.type), "status": .string(text)]
        if generation > 0 { condition["observedGeneration"] = .integer(generation) }
        let time = old?["status"]?.string == text ? old?["lastTransitionTime"] : nil
        condition["lastTransitionTime"] = time ?? .string(now.rfc3339)
        condition["reason"] = .string(reason)
        condition["message"] = .string(message)
        if let index { conditions[index] = .object(condition) } else { conditions.append(.object(condition)) }
        return .array(conditions)
    }
}
