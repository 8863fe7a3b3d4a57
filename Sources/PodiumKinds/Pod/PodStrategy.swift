// SPDX-License-Identifier: Apache-2.0
// What pods do differently from other kinds.

package import PodiumCodec
import PodiumHost
package import PodiumMachinery
package import PodiumRegistry

/// Pods of the core group.
// Kubernetes: pkg/registry/core/pod/strategy.go
package struct PodStrategy: ResourceStrategy {
    package init() {}

    package func applyDefaults(_ object: inout JSONValue) { PodDefaults.apply(to: &object) }

    package func prepareForCreate(_ object: inout JSONValue, context: StrategyContext) {
        PodPreparation.prepareNew(&object, now: context.host.clock.now)
    }

    package func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        PodValidation(context).createErrors(object)
    }

    package func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        object.keepStatus(of: old)
        PodPreparation.dropDisabledFields(&object)
        object.raiseGeneration(over: old)
    }

    package func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        PodValidation(context).updateErrors(object, old: old)
    }

    /// Only new pods are worth a warning: updates come from programs.
    package func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        old == nil ? PodWarnings.forNewPod(object, known: context.api.soundValues) : []
    }

    package func preparationWarnings(_ object: JSONValue, old: JSONValue?) -> [String] {
        old == nil ? PodWarnings.forUncheckedPod(object) : []
    }

    package func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.dns1123Subdomain(name, isPrefix: isPrefix)
    }

    package var status: (any ResourceStrategy)? { PodStatusStrategy() }
}

/// What kubelets report, at `pods/status`: the spec and the owners stay as they are.
package struct PodStatusStrategy: ResourceStrategy {
    package init() {}

    package func applyDefaults(_ object: inout JSONValue) { PodDefaults.apply(to: &object) }

    package func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        object["spec"] = old["spec"]
        object[path: "metadata", "ownerReferences"] = old[path: "metadata", "ownerReferences"]
        object[path: "metadata", "generation"] = old[path: "metadata", "generation"]
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
            object[path: "metadata", field] = old[path: "metadata", field]
        }
        if !object.isSet("status") { object["status"] = .emptyObject }
        if (object[path: "status", "qosClass"]?.string ?? "").isEmpty {
            object[path: "status", "qosClass"] = old[path: "status", "qosClass"]
        }
        keepObservedGenerations(&object, old: old)
    }

    /// Clients that do not know of observed generations do not take them back.
    private func keepObservedGenerations(_ object: inout JSONValue, old: JSONValue) {
        if (object[path: "status", "observedGeneration"]?.integer ?? 0) == 0 {
            object[path: "status", "observedGeneration"] = old[path: "status", "observedGeneration"]
        }
        // There may be several conditions of one type; they are taken in their order.
        var known: [String: [JSONValue?]] = [:]
        for condition in old[path: "status", "conditions"]?.elements ?? [] {
            known[condition["type"]?.string ?? "", default: []].append(condition["observedGeneration"])
        }
        object.updateMember("status") { status in
            status.updateElements(of: "conditions") { condition in
                let type = condition["type"]?.string ?? ""
                guard let generations = known[type], let first = generations.first else { return }
                known[type] = Array(generations.dropFirst())
                if (condition["observedGeneration"]?.integer ?? 0) == 0 { condition["observedGeneration"] = first }
            }
        }
    }

    package func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        PodStatusValidation.updateErrors(object, old: old)
    }

    package func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        PodWarnings.forStatus(object)
    }

    package func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.dns1123Subdomain(name, isPrefix: isPrefix)
    }
}

/// `pods/ephemeralcontainers`: nothing else of the pod changes.
package struct PodEphemeralContainersStrategy: ResourceStrategy {
    package init() {}

    package func applyDefaults(_ object: inout JSONValue) { PodDefaults.apply(to: &object) }

    package func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        let containers = object[path: "spec", "ephemeralContainers"]
        object.keepEverything(of: old)
        object[path: "spec", "ephemeralContainers"] = containers
        PodPreparation.dropDisabledFields(&object)
        object.raiseGeneration(over: old)
    }

    package func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        PodValidation(context).ephemeralUpdateErrors(object, old: old)
    }

    package func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.dns1123Subdomain(name, isPrefix: isPrefix)
    }
}

/// `pods/resize`: nothing but resources and resize policies changes.
package struct PodResizeStrategy: ResourceStrategy {
    package init() {}

    package func applyDefaults(_ object: inout JSONValue) { PodDefaults.apply(to: &object) }

    package func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        keepOtherFields(&object, old: old)
        PodPreparation.dropDisabledFields(&object)
        object.raiseGeneration(over: old)
    }

    /// Other containers than before are left for the validation to find.
    private func keepOtherFields(_ object: inout JSONValue, old: JSONValue) {
        let lists = ["containers", "initContainers"]
        func count(_ pod: JSONValue, _ list: String) -> Int { pod[path: "spec", list]?.elements.count ?? 0 }
        guard lists.allSatisfy({ count(object, $0) == count(old, $0) }) else { return }
        let new = object
        object.keepEverything(of: old)
        object[path: "spec", "resources"] = new[path: "spec", "resources"]
        for list in lists where count(new, list) > 0 {
            object[path: "spec", list] = merged(new[path: "spec", list], old[path: "spec", list])
        }
    }

    private func merged(_ new: JSONValue?, _ old: JSONValue?) -> JSONValue? {
        let pairs = zip(new?.elements ?? [], old?.elements ?? [])
        guard pairs.allSatisfy({ $0["name"] == $1["name"] }) else { return new }
        return .array(
            pairs.map { new, old in
                var container = old
                container["resources"] = new["resources"]
                container["resizePolicy"] = new["resizePolicy"]
                return container
            }
        )
    }

    package func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        PodValidation(context).resizeErrors(object, old: old)
    }

    package func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.dns1123Subdomain(name, isPrefix: isPrefix)
    }
}

extension JSONValue {
    /// Takes the spec, the status and the metadata of `old`, but for what identifies the request's object.
    // Kubernetes: apimachinery/pkg/apis/meta/v1/meta.go ResetObjectMetaForStatus
    fileprivate mutating func keepEverything(of old: JSONValue) {
        self["spec"] = old["spec"]
        self["status"] = old["status"]
        for field in [
            "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "labels", "annotations",
            "finalizers", "ownerReferences", "managedFields",
        ] {
            self[path: "metadata", field] = old[path: "metadata", field]
        }
    }
}
