// SPDX-License-Identifier: Apache-2.0
// Pods of a runtime class bear its overhead and go where it runs.

package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry
import PodiumStorage

/// Applies the overhead and the scheduling rules of runtime classes.
// Kubernetes: plugin/pkg/admission/runtimeclass/admission.go
package struct RuntimeClassAdmission: AdmissionPlugin {
    package let name = "RuntimeClass"

    private static let classes = GroupResource(group: "node.k8s.io", resource: "runtimeclasses")

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.isOn(.pods, .create), let runtime = try runtimeClass(of: object, attributes, context) else {
            return
        }
        try setOverhead(&object, runtime, attributes)
        try setScheduling(&object, runtime, attributes)
    }

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.isOn(.pods, .create) else { return }
        let overhead = object[path: "spec", "overhead"]?.object ?? [:]
        let runtime = try runtimeClass(of: object, attributes, context)
        let expected = runtime?[path: "overhead", "podFixed"]?.object ?? [:]
        if expected.isEmpty, !overhead.isEmpty {
            let problem = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            throw attributes.forbidden(object, problem)
        }
    }

    private func runtimeClass(
        of pod: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext
    ) throws(StatusError) -> JSONValue? {
        guard let name = pod[path: "spec", "runtimeClassName"]?.string else { return nil }
        guard let stored = try context.storage.object(ObjectKey(Self.classes, name: name)) else {
            throw attributes.forbidden(pod, "pod rejected: RuntimeClass \(FieldError.quoted(name)) not found")
        }
        return stored.value()
    }

    private func setOverhead(
        _ pod: inout JSONValue,
        _ runtime: JSONValue,
        _ attributes: AdmissionAttributes
    ) throws(StatusError) {
        guard let expected = runtime[path: "overhead", "podFixed"], expected.object != nil else { return }
        if let given = pod[path: "spec", "overhead"], given.object?.isEmpty == false, given != expected {
            let problem = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
            throw attributes.forbidden(pod, problem)
        }
        pod[path: "spec", "overhead"] = expected
    }

    private func setScheduling(
        _ pod: inout JSONValue,
        _ runtime: JSONValue,
        _ attributes: AdmissionAttributes
    ) throws(StatusError) {
        guard let rules = runtime["scheduling"], rules.object != nil else { return }
        for (key, value) in rules["nodeSelector"]?.object ?? [:] {
            if let given = pod[path: "spec", "nodeSelector", key], given != value {
                let name = runtime[path: "metadata", "name"]?.string ?? ""
                throw attributes.forbidden(
                    pod,
                    "conflict: runtimeClass.scheduling.nodeSelector[\(key)] = \(value.string ?? ""); "
                        + "pod.spec.nodeSelector[\(key)] = \(given.string ?? "") (\(name))"
                )
            }
            pod[path: "spec", "nodeSelector", key] = value
        }
        let given = pod[path: "spec", "tolerations"]?.elements ?? []
        let known = Set(given)
        let added = (rules["tolerations"]?.elements ?? []).filter { !known.contains($0) }
        if !added.isEmpty { pod[path: "spec", "tolerations"] = .array(given + added) }
    }
}
