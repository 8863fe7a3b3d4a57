// SPDX-License-Identifier: Apache-2.0
// Disruption budgets and runtime classes.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about PodDisruptionBudgets.
// Kubernetes: pkg/registry/policy/poddisruptionbudget/strategy.go, pkg/apis/policy/validation/validation.go
struct PodDisruptionBudgetStrategy: KindStrategy {
    var emptyStatus: JSONValue? {
        ["disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0]
    }
    var countsGenerations: Bool { true }
    var allowsUnconditionalUpdate: Bool { false }

    /// Names are hardly checked: upstream forgot, and now there is no way back.
    func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.pathSegmentName(name, isPrefix: isPrefix)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        let counts = ["minAvailable", "maxUnavailable"].map { spec[$0] }
        var errors: [FieldError] = []
        if counts.allSatisfy(\.isSet) {
            let printed: JSONValue = [
                "MinAvailable": counts[0].value ?? .null, "Selector": spec["selector"].value ?? .null,
                "MaxUnavailable": counts[1].value ?? .null,
                "UnhealthyPodEvictionPolicy": spec["unhealthyPodEvictionPolicy"].value ?? .null,
            ]
            errors.append(.invalid(spec.path, printed, "minAvailable and maxUnavailable cannot be both set"))
        }
        for count in counts where count.isSet {
            errors += CountOrPercent.errors(count) + CountOrPercent.overflowErrors(count)
        }
        errors += LabelSelector.validate(spec["selector"].value, at: spec["selector"].path)
        let policy = spec["unhealthyPodEvictionPolicy"]
        return errors + (policy.isSet ? policy.oneOf(["AlwaysAllow", "IfHealthyBudget"]) : [])
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        let status = PodField("status", of: object)
        let fields = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"]
        return StatusCounts.nonnegativeErrors(status, fields)
    }
}

/// What is special about RuntimeClasses.
// Kubernetes: pkg/registry/node/runtimeclass/strategy.go, pkg/apis/node/validation/validation.go
struct RuntimeClassStrategy: KindStrategy {
    var allowsUnconditionalUpdate: Bool { false }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        var errors = PodField("handler", of: object).dnsLabelErrors
        let overhead = PodField("overhead", of: object)["podFixed"]
        errors += overhead.entries.flatMap { name, amount in
            ResourceAmounts.nameErrors(name, at: amount.path) + ResourceAmounts.errors(name, amount)
        }
        let selector = PodField("scheduling", of: object)["nodeSelector"]
        return errors + ObjectMetaValidation.labels(selector.value, at: selector.path)
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        PodField("handler", of: object).immutableErrors(old: old["handler"])
    }
}
