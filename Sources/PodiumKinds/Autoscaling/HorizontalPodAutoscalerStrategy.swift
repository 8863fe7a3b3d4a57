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
        return errors + spec["metrics"].elements.flatMap(metricErrors)
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
}
