// SPDX-License-Identifier: Apache-2.0
// The status of a HorizontalPodAutoscaler.

import PodiumCodec
import PodiumMachinery

/// What the status of an autoscaler says.
// Kubernetes: pkg/controller/podautoscaler/horizontal.go setStatus, setConditionInList
struct AutoscalerStatus: Hashable, Sendable {
    enum Condition: String, Sendable {
        case ableToScale = "AbleToScale"
        case scalingActive = "ScalingActive"
        case scalingLimited = "ScalingLimited"
    }

    private var observedGeneration: JSONValue?
    private var lastScaleTime: JSONValue?
    private var currentReplicas: Int
    private(set) var desiredReplicas: Int
    private var currentMetrics: JSONValue
    private var conditions: [JSONValue]

    init(_ status: JSONValue) {
        observedGeneration = status["observedGeneration"]
        lastScaleTime = status["lastScaleTime"]
        currentReplicas = status["currentReplicas"]?.int ?? 0
        desiredReplicas = status["desiredReplicas"]?.int ?? 0
        currentMetrics = status["currentMetrics"] ?? .null
        conditions = status["conditions"]?.elements ?? []
    }

    /// Sets a condition in its place, or at the end; its time moves with its status.
    mutating func set(_ type: Condition, _ isTrue: Bool, _ reason: String, _ message: String, now: Timestamp) {
        let index = conditions.firstIndex { $0["type"]?.string == type.rawValue }
        let old = index.map { conditions[$0] }
        let status = isTrue ? "True" : "False"
        let time = old?["status"]?.string == status ? old?["lastTransitionTime"] : nil
        var condition: JSONObject = ["type": .string(type.rawValue), "status": .string(status)]
        condition["lastTransitionTime"] = time ?? .string(now.rfc3339)
        if !reason.isEmpty { condition["reason"] = .string(reason) }
        if !message.isEmpty { condition["message"] = .string(message) }
        if let index { conditions[index] = .object(condition) } else { conditions.append(.object(condition)) }
    }

    /// Notes what was found and is wanted.
    /// - Parameters:
    ///   - metrics: what each metric says; nil when none was looked at.
    ///   - scaled: when the scale was changed just now; nil when it was not.
    mutating func set(current: Int, desired: Int, metrics: [JSONValue]?, scaled: Timestamp?) {
        observedGeneration = nil
        if let scaled { lastScaleTime = .string(scaled.rfc3339) }
        currentReplicas = current
        desiredReplicas = desired
        currentMetrics = metrics.map { .array($0) } ?? .null
    }

    /// As it stands in JSON.
    var value: JSONValue {
        var status: JSONObject = [:]
        status["observedGeneration"] = observedGeneration
        status["lastScaleTime"] = lastScaleTime
        if currentReplicas != 0 { status["currentReplicas"] = .integer(Int64(currentReplicas)) }
        status["desiredReplicas"] = .integer(Int64(desiredReplicas))
        status["currentMetrics"] = currentMetrics
        if !conditions.isEmpty { status["conditions"] = .array(conditions) }
        return .object(status)
    }
}
