// SPDX-License-Identifier: Apache-2.0
// What the status of a Job says.

import PodiumCodec
import PodiumMachinery

/// A condition of a Job that is true, or one that is to become so.
struct JobCondition: Hashable, Sendable {
    static let complete = "Complete"
    static let failed = "Failed"
    static let suspended = "Suspended"
    /// Says that the Job is going to fail once its pods have ended.
    static let failureTarget = "FailureTarget"
    /// Says that the Job is going to complete once its pods have ended.
    static let successCriteriaMet = "SuccessCriteriaMet"

    var type: String
    var isTrue = true
    let reason: String
    let message: String

    /// The condition of `type` in a status, if it is true there.
    init?(_ type: String, in conditions: [JSONValue]) {
        let found = conditions.first { $0["type"]?.string == type && $0["status"]?.string == "True" }
        guard let found else { return nil }
        self.type = type
        reason = found["reason"]?.string ?? ""
        message = found["message"]?.string ?? ""
    }

    init(_ type: String, isTrue: Bool = true, reason: String, message: String) {
        self.type = type
        self.isTrue = isTrue
        self.reason = reason
        self.message = message
    }

    /// By which a Job ended; nil while it has not.
    // Kubernetes: pkg/controller/job/util/utils.go FinishedCondition
    static func end(of conditions: [JSONValue]) -> JobCondition? {
        let found = conditions.lazy.compactMap { $0["type"]?.string }.first { type in
            (type == complete || type == failed) && JobCondition(type, in: conditions) != nil
        }
        return found.flatMap { JobCondition($0, in: conditions) }
    }

    /// What this one, when it only announces the end, becomes at the end.
    var ending: JobCondition {
        var ending = self
        switch type {
        case Self.failureTarget: ending.type = Self.failed
        case Self.successCriteriaMet: ending.type = Self.complete
        default: break
        }
        return ending
    }

    /// Whether it is, or announces, a completion.
    var isSuccess: Bool { type == Self.complete || type == Self.successCriteriaMet }

    func value(now: Timestamp) -> JSONValue {
        let time = JSONValue.string(now.rfc3339)
        return [
            "type": .string(type), "status": isTrue ? "True" : "False", "lastProbeTime": time,
            "lastTransitionTime": time, "reason": .string(reason), "message": .string(message),
        ]
    }
}

/// The status of a Job.
struct JobStatus: Hashable, Sendable {
    /// Pods that have ended and still are held, so that they are counted once: by UID.
    struct Uncounted: Hashable, Sendable {
        var succeeded: [String] = []
        var failed: [String] = []
        var count: Int { succeeded.count + failed.count }
    }

    var conditions: [JSONValue]
    var startTime: Timestamp?
    var completionTime: Timestamp?
    var active: Int
    var succeeded: Int
    var failed: Int
    var terminating: Int?
    var completedIndexes: String
    var failedIndexes: String?
    var uncounted: Uncounted?
    var ready: Int?

    init(_ status: JSONValue) {
        func count(_ name: String) -> Int? { status[name]?.int }
        func time(_ name: String) -> Timestamp? { status[name]?.string.flatMap { Timestamp(rfc3339: $0) } }
        conditions = status["conditions"]?.elements ?? []
        startTime = time("startTime")
        completionTime = time("completionTime")
        active = count("active") ?? 0
        succeeded = count("succeeded") ?? 0
        failed = count("failed") ?? 0
        terminating = count("terminating")
        completedIndexes = status["completedIndexes"]?.string ?? ""
        failedIndexes = status["failedIndexes"]?.string
        uncounted = status["uncountedTerminatedPods"]?.object.map { pods in
            Uncounted(
                succeeded: pods["succeeded"]?.elements.compactMap(\.string) ?? [],
                failed: pods["failed"]?.elements.compactMap(\.string) ?? []
            )
        }
        ready = count("ready")
    }

    /// The status as it is stored.
    var value: JSONValue {
        var status: JSONObject = [:]
        if !conditions.isEmpty { status["conditions"] = .array(conditions) }
        if let startTime { status["startTime"] = .string(startTime.rfc3339) }
        if let completionTime { status["completionTime"] = .string(completionTime.rfc3339) }
        for (name, count) in [("active", active), ("succeeded", succeeded), ("failed", failed)] where count != 0 {
            status[name] = .integer(Int64(count))
        }
        if let terminating { status["terminating"] = .integer(Int64(terminating)) }
        if !completedIndexes.isEmpty { status["completedIndexes"] = .string(completedIndexes) }
        if let failedIndexes { status["failedIndexes"] = .string(failedIndexes) }
        if let uncounted {
            var pods: JSONObject = [:]
            for (name, uids) in [("succeeded", uncounted.succeeded), ("failed", uncounted.failed)]
            where !uids.isEmpty {
                pods[name] = .array(uids.map { .string($0) })
            }
            status["uncountedTerminatedPods"] = .object(pods)
        }
        if let ready { status["ready"] = .integer(Int64(ready)) }
        return .object(status)
    }

    /// By which the Job ended; nil while it has not.
    var end: JobCondition? { JobCondition.end(of: conditions) }

    /// Sets a condition; one that is not there yet is not added to say that it is false.
    /// - Returns: whether anything changed.
    // Kubernetes: pkg/controller/job/job_controller.go ensureJobConditionStatus
    mutating func set(_ condition: JobCondition, now: Timestamp) -> Bool {
        let value = condition.value(now: now)
        guard let index = conditions.firstIndex(where: { $0["type"]?.string == condition.type }) else {
            if condition.isTrue { conditions.append(value) }
            return condition.isTrue
        }
        let known = conditions[index]
        let isKnown = ["status", "reason", "message"].allSatisfy { known[$0] == value[$0] }
        if !isKnown { conditions[index] = value }
        return !isKnown
    }

    /// Counts the pods that nothing holds any more.
    /// - Parameter held: the UIDs of those that are still held.
    /// - Returns: whether anything changed.
    // Kubernetes: pkg/controller/job/job_controller.go cleanUncountedPodsWithoutFinalizers
    mutating func countReleased(held: Set<String>) -> Bool {
        guard let before = uncounted else { return false }
        let after = Uncounted(
            succeeded: before.succeeded.filter(held.contains),
            failed: before.failed.filter(held.contains)
        )
        succeeded += before.succeeded.count - after.succeeded.count
        failed += before.failed.count - after.failed.count
        uncounted = after
        return after != before
    }
}
