// SPDX-License-Identifier: Apache-2.0
// Whether a pod may be evicted, and what that does to it and to its disruption budget.

package import PodiumCodec
package import PodiumMachinery

/// `pods/eviction`: a deletion that disruption budgets may refuse.
// Kubernetes: pkg/registry/core/pod/storage/eviction.go
package enum PodEviction {
    /// How many evictions a budget remembers until their pods are gone.
    package static let maximumDisruptedPods = 2000

    private static let secondsUntilRetry = 10

    /// Whether no budget is asked: the pod does not run, or is on its way out.
    package static func ignoresBudgets(_ pod: JSONValue) -> Bool {
        let phase = pod[path: "status", "phase"]?.string ?? ""
        return ["Succeeded", "Failed", "Pending"].contains(phase)
            || pod["metadata"]?.isSet("deletionTimestamp") == true
    }

    /// Whether `budget` lets a pod go that is not ready, without counting it.
    package static func letsUnhealthyGo(_ pod: JSONValue, budget: JSONValue) -> Bool {
        let conditions = pod[path: "status", "conditions"]?.elements ?? []
        let isReady = conditions.contains { $0["type"]?.string == "Ready" && $0["status"]?.string == "True" }
        if isReady { return false }
        if budget[path: "spec", "unhealthyPodEvictionPolicy"]?.string == "AlwaysAllow" { return true }
        let healthy = budget[path: "status", "currentHealthy"]?.integer ?? 0
        let desired = budget[path: "status", "desiredHealthy"]?.integer ?? 0
        return healthy >= desired && desired > 0
    }

    /// The refusal of an eviction whose pod has more than one budget.
    package static var severalBudgets: StatusError {
        StatusError(
            code: 500,
            reason: .internalError,
            message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )
    }

    /// Takes one disruption from `budget` for the pod named `podName`, and notes it there.
    ///
    /// Throws 429 when the budget allows none, or does not know yet.
    package static func spend(_ budget: inout JSONValue, podName: String, now: Timestamp) throws(StatusError) {
        let name = budget[path: "metadata", "name"]?.string ?? ""
        let generation = budget[path: "metadata", "generation"]?.integer ?? 0
        let status = PodField(budget["status"], at: .root)
        if status["observedGeneration"].integer < generation {
            throw tooManyRequests(
                "Cannot evict pod as it would violate the pod's disruption budget.",
                cause: "The disruption budget \(name) is still being processed by the server.",
                retryAfterSeconds: secondsUntilRetry
            )
        }
        let allowed = status["disruptionsAllowed"].integer
        let resource = GroupResource(group: "policy", resource: "poddisruptionbudgets")
        if allowed < 0 { throw .forbidden(resource, name, "pdb disruptions allowed is negative") }
        if status["disruptedPods"].count > maximumDisruptedPods {
            throw .forbidden(
                resource,
                name,
                "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
            )
        }
        if allowed == 0 {
            let healthy = status["currentHealthy"].integer
            let needed = status["desiredHealthy"].integer
            throw tooManyRequests(
                "Cannot evict pod as it would violate the pod's disruption budget.",
                cause: "The disruption budget \(name) needs \(needed) healthy pods and has \(healthy) currently"
            )
        }
        budget[path: "status", "disruptionsAllowed"] = .integer(allowed - 1)
        budget[path: "status", "disruptedPods", podName] = .string(now.rfc3339)
        if allowed == 1 { markInsufficient(&budget, now: now) }
    }

    private static func tooManyRequests(
        _ message: String,
        cause: String,
        retryAfterSeconds: Int? = nil
    ) -> StatusError {
        StatusError(
            code: 429,
            reason: .tooManyRequests,
            message: message,
            details: .init(
                causes: [.init(reason: "DisruptionBudget", message: cause)],
                retryAfterSeconds: retryAfterSeconds
            )
        )
    }

    /// The last disruption is spent.
    private static func markInsufficient(_ budget: inout JSONValue, now: Timestamp) {
        var conditions = budget[path: "status", "conditions"]?.elements ?? []
        let old = conditions.firstIndex { $0["type"]?.string == "DisruptionAllowed" }
        let isSame = old.map { conditions[$0]["status"]?.string == "False" } ?? false
        var condition: JSONValue = [
            "type": "DisruptionAllowed", "status": "False",
            "lastTransitionTime": .string(now.rfc3339), "reason": "InsufficientPods", "message": "",
        ]
        if let generation = budget[path: "status", "observedGeneration"] {
            condition["observedGeneration"] = generation
        }
        if let old {
            if isSame { condition["lastTransitionTime"] = conditions[old]["lastTransitionTime"] }
            conditions[old] = condition
        } else {
            conditions.append(condition)
        }
        budget[path: "status", "conditions"] = .array(conditions)
    }

    /// Notes on a pod that runs why it is going to be deleted.
    package static func markDisrupted(_ pod: inout JSONValue, now: Timestamp) {
        let condition: JSONValue = [
            "type": "DisruptionTarget", "status": "True", "lastProbeTime": .null,
            "lastTransitionTime": .string(now.rfc3339), "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
        ]
        let conditions = pod[path: "status", "conditions"]?.elements ?? []
        let others = conditions.filter { $0["type"]?.string != "DisruptionTarget" }
        pod[path: "status", "conditions"] = .array(others + [condition])
    }
}
