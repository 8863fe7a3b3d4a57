// SPDX-License-Identifier: Apache-2.0
// Translates the names of priority classes into numbers.

package import PodiumCodec
import PodiumKinds
package import PodiumMachinery
package import PodiumRegistry
import PodiumStorage

/// Resolves the priority of pods, and sees to it that there is at most one default class.
// Kubernetes: plugin/pkg/admission/priority/admission.go
package struct PriorityAdmission: AdmissionPlugin {
    package let name = "Priority"

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.isOn(.pods, .create, .update), object["spec"]?.object != nil else { return }
        if attributes.operation == .create { return try resolve(&object, attributes, context) }
        for field in ["priority", "preemptionPolicy"] where !(object["spec"] ?? .null).isSet(field) {
            object[path: "spec", field] = attributes.oldObject?[path: "spec", field]
        }
    }

    private func resolve(
        _ pod: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext
    ) throws(StatusError) {
        let given = pod[path: "spec", "priorityClassName"]?.string ?? ""
        var value: Int64 = 0
        var policy = "PreemptLowerPriority"
        if let found = try priorityClass(given, pod, attributes, context) {
            value = found["value"]?.integer ?? 0
            policy = found["preemptionPolicy"]?.string ?? policy
            if given.isEmpty { pod[path: "spec", "priorityClassName"] = found[path: "metadata", "name"] }
        }
        if let own = pod[path: "spec", "priority"]?.integer, own != value {
            throw attributes.forbidden(
                pod,
                "the integer value of priority (\(own)) must not be provided in pod spec; priority admission controller "
                    + "computed \(value) from the given PriorityClass name"
            )
        }
        if let own = pod[path: "spec", "preemptionPolicy"]?.string, own != policy {
            throw attributes.forbidden(
                pod,
                "the string value of PreemptionPolicy (\(own)) must not be provided in pod spec; priority admission "
                    + "controller computed \(policy) from the given PriorityClass name"
            )
        }
        pod[path: "spec", "priority"] = .integer(value)
        pod[path: "spec", "preemptionPolicy"] = .string(policy)
    }

    /// The class called `name`, or the default one when there is no name; nil when there is no default.
    private func priorityClass(
        _ name: String,
        _ pod: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext
    ) throws(StatusError) -> JSONValue? {
        guard !name.isEmpty else { return try defaults(context).min { $0.value < $1.value }?.object }
        guard let stored = try context.storage.object(ObjectKey(.priorityClasses, name: name)) else {
            throw attributes.forbidden(pod, "no PriorityClass with name \(name) was found")
        }
        return stored.value()
    }

    private func defaults(_ context: StrategyContext) throws(StatusError) -> [(object: JSONValue, value: Int64)] {
        // Hardly a class has the field, and every new pod asks.
        let classes = try context.storage.objects(of: .priorityClasses).filter { $0.mayHaveMember("globalDefault") }
        return classes.map { $0.value() }.filter { $0["globalDefault"]?.bool == true }.map {
            ($0, $0["value"]?.integer ?? 0)
        }
    }

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.isOn(.priorityClasses, .create, .update), object["globalDefault"]?.bool == true else { return }
        let own = object[path: "metadata", "name"]?.string ?? ""
        let others = try defaults(context).compactMap { $0.object[path: "metadata", "name"]?.string }.filter {
            $0 != own
        }
        guard let other = others.first else { return }
        throw attributes.forbidden(
            object,
            "PriorityClass \(other) is already marked as default. Only one default can exist"
        )
    }
}
