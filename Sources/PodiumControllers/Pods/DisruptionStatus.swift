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

    /// How many healthy pods may go.
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
        status["conditions"] = .array([condition(old: old["conditions"]?.elements.first, now: now)])
        budget["status"] = .object(status)
        return .object(status) != old
    }

    private func condition(old: JSONValue?, now: Timestamp) -> JSONValue {
        let text = allowed > 0 ? "True" : "False"
        let time = (old?["status"]?.string == text ? old?["lastTransitionTime"] : nil) ?? .string(now.rfc3339)
        var condition: JSONObject = ["type": "DisruptionAllowed", "status": .string(text)]
        if generation > 0 { condition["observedGeneration"] = .integer(generation) }
        condition["lastTransitionTime"] = time
        condition["reason"] = allowed > 0 ? "SufficientPods" : "InsufficientPods"
        condition["message"] = ""
        return .object(condition)
    }
}
