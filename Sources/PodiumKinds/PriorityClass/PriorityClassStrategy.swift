// SPDX-License-Identifier: Apache-2.0
// Priority classes: which values users may define, and which classes belong to the system.

package import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about priority classes.
// Kubernetes: pkg/registry/scheduling/priorityclass/strategy.go, pkg/apis/scheduling/validation/validation.go
struct PriorityClassStrategy: KindStrategy {
    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        if !object.isSet("preemptionPolicy") { object["preemptionPolicy"] = "PreemptLowerPriority" }
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        if let generation = old[path: "metadata", "generation"]?.integer { object.setGeneration(generation) }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let name = object[path: "metadata", "name"]?.string ?? ""
        let value = PodField("value", of: object)
        var errors: [FieldError] = []
        if name.hasPrefix(SystemPriorityClasses.prefix) {
            if let problem = SystemPriorityClasses.problem(object, name: name) {
                let detail =
                    "priority class names with 'system-' prefix are reserved for system use only. error: \(problem)"
                errors.append(.forbidden(FieldPath("metadata", "name"), detail))
            }
        } else if value.integer > SystemPriorityClasses.highestUserValue {
            errors.append(
                value.forbidden(
                    "maximum allowed value of a user defined priority is \(SystemPriorityClasses.highestUserValue)"
                )
            )
        }
        let policy = PodField("preemptionPolicy", of: object)
        guard policy.isSet else { return errors }
        return errors
            + (policy.text.isEmpty ? [policy.required()] : policy.oneOf(["PreemptLowerPriority", "Never"]))
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        var errors: [FieldError] = []
        if object["value"]?.integer ?? 0 != old["value"]?.integer ?? 0 {
            errors.append(.forbidden(FieldPath("value"), "may not be changed in an update."))
        }
        return errors + PodField("preemptionPolicy", of: object).immutableErrors(old: old["preemptionPolicy"])
    }
}

/// The priority classes that every cluster has.
// Kubernetes: pkg/apis/scheduling/v1/helpers.go
package enum SystemPriorityClasses {
    static let prefix = "system-"
    static let highestUserValue: Int64 = 1_000_000_000

    /// The objects, without UID and times.
    package static let objects: [JSONValue] = [
        make(
            "system-node-critical",
            2_000_001_000,
            "Used for system critical pods that must not be moved from their current node."
        ),
        make(
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
        ),
    ]

    private static func make(_ name: String, _ value: Int64, _ description: String) -> JSONValue {
        [
            "kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1",
            "metadata": ["name": .string(name), "generation": 1],
            "value": .integer(value), "description": .string(description),
            "preemptionPolicy": "PreemptLowerPriority",
        ]
    }

    /// Why `object` is not the system's class called `name`.
    static func problem(_ object: JSONValue, name: String) -> String? {
        guard let known = objects.first(where: { $0[path: "metadata", "name"]?.string == name }) else {
            return "\(name) is not a known system priority class"
        }
        if object["value"] != known["value"] {
            return "value of \(name) PriorityClass must be \(known["value"]?.integer ?? 0)"
        }
        if object["globalDefault"]?.bool == true { return "globalDefault of \(name) PriorityClass must be false" }
        return nil
    }
}
