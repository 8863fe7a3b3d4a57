// SPDX-License-Identifier: Apache-2.0
// Namespaces: the label with their name, the finalizer that keeps them until they are empty, and their phase.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about namespaces.
// Kubernetes: pkg/registry/core/namespace/strategy.go
struct NamespaceStrategy: KindStrategy {
    var emptyStatus: JSONValue? { ["phase": "Active"] }

    func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.dns1123Label(name, isPrefix: isPrefix)
    }

    func applyDefaults(_ object: inout JSONValue) {
        Self.label(&object)
        if object["status"]?.object != nil { object["status"]?.setDefault("phase", "Active") }
    }

    func prepareSpec(_ object: inout JSONValue, context: StrategyContext) {
        Self.label(&object)
        var finalizers = object[path: "spec", "finalizers"]?.elements ?? []
        if !finalizers.contains("kubernetes") { finalizers.append("kubernetes") }
        object[path: "spec", "finalizers"] = .array(finalizers)
    }

    func prepareSpec(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        object["spec"] = old["spec"]
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let path = FieldPath("spec", "finalizers")
        return (object[path: "spec", "finalizers"]?.elements ?? []).flatMap {
            Self.finalizerErrors($0.string ?? "", at: path)
        }
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        let isDying = object[path: "metadata", "deletionTimestamp"] != nil
        let phase = object[path: "status", "phase"]?.string ?? ""
        guard phase != (isDying ? "Terminating" : "Active") else { return [] }
        let detail =
            isDying
            ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
            : "may only be 'Active' if `deletionTimestamp` is empty"
        return [.invalid(FieldPath("status", "Phase"), .string(phase), detail)]
    }

    static func finalizerErrors(_ name: String, at path: FieldPath) -> [FieldError] {
        NameValidation.qualifiedName(name).map { .invalid(path, .string(name), $0) }
            + ObjectMetaValidation.standardFinalizer(name, at: path)
    }

    /// Selectors find a namespace by a label that nobody else can set.
    private static func label(_ object: inout JSONValue) {
        guard let name = object[path: "metadata", "name"]?.string, !name.isEmpty else { return }
        object[path: "metadata", "labels", "kubernetes.io/metadata.name"] = .string(name)
    }
}

/// `PUT …/finalize`: the only way to change the finalizers of a namespace's specification.
// Kubernetes: pkg/registry/core/namespace/strategy.go namespaceFinalizeStrategy
struct NamespaceFinalizeStrategy: ResourceStrategy {
    private let main = NamespaceStrategy()

    func nameErrors(_ name: String, isPrefix: Bool) -> [String] { main.nameErrors(name, isPrefix: isPrefix) }

    func applyDefaults(_ object: inout JSONValue) { main.applyDefaults(&object) }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        object.keepStatus(of: old)
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        let path = FieldPath("spec", "finalizers")
        return (object[path: "spec", "finalizers"]?.elements ?? []).enumerated().flatMap {
            NamespaceStrategy.finalizerErrors($1.string ?? "", at: path.index($0))
        }
    }
}
