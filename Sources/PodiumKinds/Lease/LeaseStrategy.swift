// SPDX-License-Identifier: Apache-2.0
// Leases: durations and counts that make sense; a PUT makes a missing one.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about leases.
// Kubernetes: pkg/registry/coordination/lease/strategy.go, pkg/apis/coordination/validation/validation.go
struct LeaseStrategy: KindStrategy {
    var allowsCreateOnUpdate: Bool { true }
    var allowsUnconditionalUpdate: Bool { false }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors: [FieldError] = []
        let duration = spec["leaseDurationSeconds"]
        if duration.isSet, duration.integer <= 0 { errors.append(duration.invalidNumber("must be greater than 0")) }
        errors += spec["leaseTransitions"].nonnegativeErrors
        let strategy = spec["strategy"]
        if strategy.isSet {
            let parts = strategy.text.split(separator: "/", omittingEmptySubsequences: false)
            let isOwn = parts.count < 2 || parts[0].hasSuffix("k8s.io") || parts[0].hasSuffix("kubernetes.io")
            if isOwn, strategy.text != "OldestEmulationVersion" {
                errors.append(strategy.notSupported(["OldestEmulationVersion"]))
            } else if !isOwn {
                errors += strategy.qualifiedNameErrors
            }
        }
        if !spec["preferredHolder"].text.isEmpty, strategy.text.isEmpty {
            errors.append(spec["preferredHolder"].forbidden("may only be specified if `strategy` is defined"))
        }
        return errors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }
}
