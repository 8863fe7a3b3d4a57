// SPDX-License-Identifier: Apache-2.0
// Autoscalers: a target, bounds, and a metric.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about HorizontalPodAutoscalers.
// Kubernetes: pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go, pkg/apis/autoscaling
struct HorizontalPodAutoscalerStrategy: KindStrategy {
    var emptyStatus: JSONValue? { ["currentMetrics": .null, "desiredReplicas": 0] }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            if !spec.isSet("minReplicas") { spec["minReplicas"] = 1 }
            if spec["metrics"]?.elements.isEmpty ?? true, spec["targetCPUUtilizationPercentage"] == nil {
                spec["metrics"] = [
                    [
                        "type": "Resource",
                        "resource": ["name": "cpu", "target": ["type": "Utilization", "averageUtilization": 80]],
                    ]
                ]
            }
            if spec["behavior"]?.object != nil { spec["behavior"] = ScalingBehaviorDefaults.complete(spec["behavior"]) }
        }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors: [FieldError] = []
        let minimum = spec["minReplicas"]
        let maximum = spec["maxReplicas"]
        if minimum.isSet, minimum.integer < 1 {
            errors.append(minimum.invalidNumber("must be greater than or equal to 1"))
        }
        if maximum.integer < 1 { errors.append(maximum.invalidNumber("must be greater than 0")) }
        if minimum.isSet, maximum.integer < minimum.integer {
            errors.append(maximum.invalidNumber("must be greater than or equal to `minReplicas`"))
        }
        for name in ["kind", "name"] {
            let field = spec["scaleTargetRef"][name]
            errors +=
                field.text.isEmpty
                ? [field.required()] : field.invalid(each: NameValidation.pathSegmentName(field.text))
        }
        errors += spec["metrics"].elements.flatMap(metricErrors)
        return errors + ["scaleUp", "scaleDown"].flatMap { Self.ruleErrors(spec["behavior"][$0]) }
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }

    private func metricErrors(_ metric: PodField) -> [FieldError] {
        let type = metric["type"]
        if type.text.isEmpty { return [type.required("must specify a metric source type")] }
        let types = ["ContainerResource", "External", "Object", "Pods", "Resource"]
        guard types.contains(type.text) else { return [type.notSupported(types)] }
        let source = metric[type.text.prefix(1).lowercased() + type.text.dropFirst()]
        return source.isSet ? [] : [source.required("must populate information for the given metric source")]
    }

    private static let maximumStabilization: Int64 = 3600
    private static let maximumPeriod: Int64 = 1800

    // Kubernetes: pkg/apis/autoscaling/validation/validation.go validateScalingRules
    private static func ruleErrors(_ rules: PodField) -> [FieldError] {
        guard rules.isSet else { return [] }
        var errors: [FieldError] = []
        let window = rules["stabilizationWindowSeconds"]
        if window.integer < 0 { errors.append(window.invalidNumber("must be greater than or equal to zero")) }
        if window.integer > maximumStabilization {
            errors.append(window.invalidNumber("must be less than or equal to \(maximumStabilization)"))
        }
        let select = rules["selectPolicy"]
        if select.isSet { errors += select.oneOf(["Disabled", "Max", "Min"]) }
        let policies = rules["policies"]
        if policies.count == 0 { errors.append(policies.required("must specify at least one Policy")) }
        errors += policies.elements.flatMap(policyErrors)
        let tolerance = rules["tolerance"]
        if let amount = tolerance.quantity, amount.sign < 0 {
            errors.append(.invalid(tolerance.path, amount.jsonValue, "must be greater than or equal to 0"))
        }
        return errors
    }

    private static func policyErrors(_ policy: PodField) -> [FieldError] {
        var errors = policy["type"].oneOf(["Percent", "Pods"])
        for name in ["value", "periodSeconds"] where policy[name].integer <= 0 {
            errors.append(policy[name].invalidNumber("must be greater than zero"))
        }
        if policy["periodSeconds"].integer > maximumPeriod {
            errors.append(policy["periodSeconds"].invalidNumber("must be less than or equal to \(maximumPeriod)"))
        }
        return errors
    }
}

/// What a behavior of which something is said says of the rest.
// Kubernetes: pkg/apis/autoscaling/v2/defaults.go GenerateHPAScaleUpRules, GenerateHPAScaleDownRules
private enum ScalingBehaviorDefaults {
    private static let doubling: JSONValue = ["type": "Percent", "value": 100, "periodSeconds": 15]

    static func complete(_ behavior: JSONValue?) -> JSONValue {
        let up: JSONObject = [
            "stabilizationWindowSeconds": 0, "selectPolicy": "Max",
            "policies": [["type": "Pods", "value": 4, "periodSeconds": 15], doubling],
        ]
        let down: JSONObject = ["selectPolicy": "Max", "policies": [doubling]]
        return [
            "scaleUp": rules(behavior?["scaleUp"], or: up), "scaleDown": rules(behavior?["scaleDown"], or: down),
        ]
    }

    /// `rules` in the order of the type, with what they do not say from `defaults`.
    private static func rules(_ rules: JSONValue?, or defaults: JSONObject) -> JSONValue {
        var complete: JSONObject = [:]
        for member in ["stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"] {
            let value = rules?.isSet(member) == true ? rules?[member] : nil
            complete[member] = value ?? defaults[member]
        }
        return .object(complete)
    }
}
