// SPDX-License-Identifier: Apache-2.0
// The status of a Deployment: counts, and conditions that tell how its rollout is getting on.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// The conditions of a Deployment, in their order.
// Kubernetes: pkg/controller/deployment/util/deployment_util.go
struct DeploymentConditions: Hashable, Sendable {
    static let progressing = "Progressing"
    static let available = "Available"
    static let replicaFailure = "ReplicaFailure"

    /// Reasons of `Progressing`.
    enum Reason {
        static let newSetAvailable = "NewReplicaSetAvailable"
        static let timedOut = "ProgressDeadlineExceeded"
        static let paused = "DeploymentPaused"
    }

    private(set) var values: [JSONValue]

    init(_ status: JSONValue?) { values = status?["conditions"]?.elements ?? [] }

    subscript(type: String) -> JSONValue? { values.first { $0["type"]?.string == type } }

    mutating func remove(_ type: String) { values.removeAll { $0["type"]?.string == type } }

    /// Sets a condition, unless there is one of the same status and reason; the time of its transition moves with its
    /// status.
    mutating func set(_ type: String, _ status: String, _ reason: String, _ message: String, now: Timestamp) {
        let known = self[type]
        if known?["status"]?.string == status, known?["reason"]?.string == reason { return }
        let transition = known?["status"]?.string == status ? known?["lastTransitionTime"] : nil
        put(type, status, reason, message, transition ?? .string(now.rfc3339), now: now)
    }

    /// Sets a condition whatever there is, so that the time of its update moves; that of its transition stays.
    mutating func renew(_ type: String, _ status: String, _ reason: String, _ message: String, now: Timestamp) {
        let known = self[type]
        let transition = known?["status"]?.string == status ? known?["lastTransitionTime"] : nil
        put(type, status, reason, message, transition ?? .string(now.rfc3339), now: now)
    }

    /// Takes over a condition of another object.
    mutating func adopt(_ condition: JSONValue) {
        let known = self[condition["type"]?.string ?? ""]
        if known?["status"] == condition["status"], known?["reason"] == condition["reason"] { return }
        remove(condition["type"]?.string ?? "")
        values.append(condition)
    }

    private mutating func put(
        _ type: String,
        _ status: String,
        _ reason: String,
        _ message: String,
        _ transition: JSONValue,
        now: Timestamp
    ) {
        remove(type)
        values.append([
            "type": .string(type), "status": .string(status), "lastUpdateTime": .string(now.rfc3339),
            "lastTransitionTime": transition, "reason": .string(reason), "message": .string(message),
        ])
    }
}

/// What the status of a Deployment counts.
// Kubernetes: pkg/controller/deployment/sync.go calculateStatus
struct DeploymentStatus: Hashable, Sendable {
    /// The times of a rollout that stands still.
    private enum Limits {
        /// How long after its deadline it is looked at: the deadline must have passed.
        static let margin: Duration = .seconds(1)
        /// How soon it is looked at again when that time is now.
        static let shortestWait: Duration = .milliseconds(5)
    }

    let generation: Int64
    let replicas: Int
    let updated: Int
    let ready: Int
    let available: Int
    let unavailable: Int
    let terminating: Int?
    let collisions: Int64?
    var conditions: DeploymentConditions

    init(_ deployment: APIObject, _ rollout: Rollout, now: Timestamp) {
        let all = rollout.all
        generation = deployment.generation
        replicas = rollout.actual
        updated = rollout.new?.actual ?? 0
        ready = all.reduce(0) { $0 + $1.ready }
        available = rollout.available
        unavailable = max(0, rollout.wanted - rollout.available)
        terminating = all.reduce(0 as Int?) { sum, set in
            set.terminating.flatMap { count in sum.map { $0 + count } }
        }
        collisions = deployment.status["collisionCount"]?.integer
        conditions = DeploymentConditions(deployment.status)
        let isAvailable = available >= rollout.spec.minAvailable
        conditions.set(
            DeploymentConditions.available,
            isAvailable ? "True" : "False",
            isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            "Deployment \(isAvailable ? "has" : "does not have") minimum availability.",
            now: now
        )
    }

    /// The status as it is stored.
    var value: JSONValue {
        var status: JSONObject = [:]
        if generation > 0 { status["observedGeneration"] = .integer(generation) }
        let counts = [
            ("replicas", replicas), ("updatedReplicas", updated), ("readyReplicas", ready),
            ("availableReplicas", available), ("unavailableReplicas", unavailable),
        ]
        for (name, count) in counts where count != 0 { status[name] = .integer(Int64(count)) }
        if let terminating { status["terminatingReplicas"] = .integer(Int64(terminating)) }
        if !conditions.values.isEmpty { status["conditions"] = .array(conditions.values) }
        if let collisions { status["collisionCount"] = .integer(collisions) }
        return .object(status)
    }
}

extension DeploymentStatus {
    /// Whether all wanted pods are of the present template and available.
    // Kubernetes: pkg/controller/deployment/util/deployment_util.go DeploymentComplete
    func isComplete(_ spec: DeploymentSpec) -> Bool {
        updated == spec.replicas && replicas == spec.replicas && available == spec.replicas
    }

    /// Whether the rollout has come nearer to its end since `old`, the status before.
    // Kubernetes: pkg/controller/deployment/util/deployment_util.go DeploymentProgressing
    func isProgress(since old: JSONValue) -> Bool {
        func count(_ name: String) -> Int { old[name]?.int ?? 0 }
        return updated > count("updatedReplicas")
            || replicas - updated < count("replicas") - count("updatedReplicas")
            || ready > count("readyReplicas") || available > count("availableReplicas")
    }

    /// Notes in the conditions how the rollout of `deployment` is getting on.
    // Kubernetes: pkg/controller/deployment/progress.go syncRolloutStatus
    mutating func noteProgress(of deployment: APIObject, _ rollout: Rollout, now: Timestamp) {
        let type = DeploymentConditions.progressing
        let before = deployment.status
        let known = DeploymentConditions(before)[type]
        let wasComplete =
            replicas == updated && known?["reason"]?.string == DeploymentConditions.Reason.newSetAvailable
        let subject =
            rollout.new.map { "ReplicaSet \"\($0.name)\"" } ?? "Deployment \"\(deployment.name)\""
        if rollout.spec.progressDeadline == nil {
            conditions.remove(type)
        } else if !wasComplete {
            if isComplete(rollout.spec) {
                let reason = DeploymentConditions.Reason.newSetAvailable
                conditions.set(type, "True", reason, "\(subject) has successfully progressed.", now: now)
            } else if isProgress(since: before) {
                conditions.renew(type, "True", "ReplicaSetUpdated", "\(subject) is progressing.", now: now)
            } else if Self.hasTimedOut(known, rollout.spec, now: now) {
                let reason = DeploymentConditions.Reason.timedOut
                conditions.set(type, "False", reason, "\(subject) has timed out progressing.", now: now)
            }
        }
        noteFailure(of: rollout)
    }

    /// What keeps ReplicaSets from having their pods, the new one's trouble first.
    // Kubernetes: pkg/controller/deployment/progress.go getReplicaFailures
    private mutating func noteFailure(of rollout: Rollout) {
        let type = DeploymentConditions.replicaFailure
        let sets = (rollout.new.map { [$0] } ?? []) + rollout.old
        let failure = sets.lazy.compactMap { DeploymentConditions($0.object.status)[type] }.first
        guard var failure else { return conditions.remove(type) }
        let transition = failure["lastTransitionTime"] ?? .null
        failure = [
            "type": .string(type), "status": failure["status"] ?? .null, "lastUpdateTime": transition,
            "lastTransitionTime": transition, "reason": failure["reason"] ?? .null,
            "message": failure["message"] ?? .null,
        ]
        conditions.adopt(failure)
    }

    // Kubernetes: pkg/controller/deployment/util/deployment_util.go DeploymentTimedOut
    private static func hasTimedOut(_ condition: JSONValue?, _ spec: DeploymentSpec, now: Timestamp) -> Bool {
        guard let condition, let deadline = spec.progressDeadline else { return false }
        switch condition["reason"]?.string {
        case DeploymentConditions.Reason.newSetAvailable: return false
        case DeploymentConditions.Reason.timedOut: return true
        default: break
        }
        let last = condition["lastUpdateTime"]?.string.flatMap { Timestamp(rfc3339: $0) } ?? now
        return last + deadline < now
    }

    /// How long it takes until a rollout that stands still has timed out; nil when it cannot, as one that was complete
    /// and has lost pods since: upstream looks at that one again and again.
    // Kubernetes: pkg/controller/deployment/progress.go requeueStuckDeployment
    func timeToDeadline(_ spec: DeploymentSpec, now: Timestamp) -> Duration? {
        guard let deadline = spec.progressDeadline, let condition = conditions[DeploymentConditions.progressing],
            let reason = condition["reason"]?.string, !isComplete(spec),
            reason != DeploymentConditions.Reason.timedOut, reason != DeploymentConditions.Reason.newSetAvailable,
            let last = condition["lastUpdateTime"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        return max(Limits.shortestWait, last + deadline - now + Limits.margin)
    }
}
