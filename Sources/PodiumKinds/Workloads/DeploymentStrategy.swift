// SPDX-License-Identifier: Apache-2.0
// Deployments: rolling by default, and a selector that never changes.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about Deployments.
// Kubernetes: pkg/registry/apps/deployment/strategy.go, pkg/apis/apps/validation/validation.go
struct DeploymentStrategy: KindStrategy {
    var emptyStatus: JSONValue? { .emptyObject }
    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            PodTemplates.applyDefaults(&spec)
            if !spec.isSet("replicas") { spec["replicas"] = 1 }
            var strategy = spec["strategy"] ?? .emptyObject
            strategy.setDefault("type", "RollingUpdate")
            if strategy["type"]?.string == "RollingUpdate" {
                var rolling = strategy["rollingUpdate"] ?? .emptyObject
                if !rolling.isSet("maxUnavailable") { rolling["maxUnavailable"] = "25%" }
                if !rolling.isSet("maxSurge") { rolling["maxSurge"] = "25%" }
                strategy["rollingUpdate"] = rolling
            }
            spec["strategy"] = strategy
            if !spec.isSet("revisionHistoryLimit") { spec["revisionHistoryLimit"] = 10 }
            if !spec.isSet("progressDeadlineSeconds") { spec["progressDeadlineSeconds"] = 600 }
        }
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        object.keepStatus(of: old)
        object.raiseGeneration(over: old)
        // A new annotation is a change too: the controller copies it to the replica sets.
        guard object[path: "metadata", "annotations"] != old[path: "metadata", "annotations"] else { return }
        object.setGeneration((old[path: "metadata", "generation"]?.integer ?? 0) + 1)
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        PodTemplates.warnings(object, old: old)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] { errors(object) }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        errors(object)
            + PodField("spec", of: object)["selector"].immutableErrors(old: old[path: "spec", "selector"])
    }

    private func errors(_ object: JSONValue) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors = spec["replicas"].nonnegativeErrors
        errors += PodTemplates.selectorErrors(spec["selector"], kind: "deployment")
        errors += ReplicaSetStrategy.templateErrors(spec)
        errors += strategyErrors(spec["strategy"])
        errors += spec["minReadySeconds"].nonnegativeErrors
        errors += spec["revisionHistoryLimit"].nonnegativeErrors
        let deadline = spec["progressDeadlineSeconds"]
        if deadline.isSet {
            errors += deadline.nonnegativeErrors
            if deadline.integer <= spec["minReadySeconds"].integer {
                errors.append(deadline.invalidNumber("must be greater than minReadySeconds"))
            }
        }
        return errors
    }

    private func strategyErrors(_ strategy: PodField) -> [FieldError] {
        let rolling = strategy["rollingUpdate"]
        switch strategy["type"].text {
        case "Recreate":
            guard rolling.isSet else { return [] }
            return [rolling.forbidden("may not be specified when strategy `type` is 'Recreate'")]
        case "RollingUpdate":
            guard rolling.isSet else { return [rolling.required("this should be defaulted and never be nil")] }
            let unavailable = rolling["maxUnavailable"]
            var errors = CountOrPercent.errors(unavailable) + CountOrPercent.errors(rolling["maxSurge"])
            if CountOrPercent.isZero(unavailable), CountOrPercent.isZero(rolling["maxSurge"]) {
                errors.append(unavailable.invalid("may not be 0 when `maxSurge` is 0"))
            }
            return errors + CountOrPercent.overflowErrors(unavailable)
        default:
            let printed = CountOrPercent.print(strategy, ["maxUnavailable", "maxSurge"])
            return [.notSupported(strategy.path, printed, ["Recreate", "RollingUpdate"])]
        }
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        let status = PodField("status", of: object)
        let fields = [
            "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
            "unavailableReplicas", "collisionCount",
        ]
        let parts = ["updatedReplicas", "readyReplicas", "availableReplicas"]
        return StatusCounts.nonnegativeErrors(status, fields)
            + StatusCounts.errors(status, parts, above: "replicas", called: "status.replicas")
            + StatusCounts.errors(status, ["availableReplicas"], above: "readyReplicas", called: "readyReplicas")
            + StatusCounts.collisionErrors(status, old: old)
    }
}

/// What is special about ReplicaSets.
// Kubernetes: pkg/registry/apps/replicaset/strategy.go
struct ReplicaSetStrategy: KindStrategy {
    var emptyStatus: JSONValue? { ["replicas": 0] }
    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            PodTemplates.applyDefaults(&spec)
            if !spec.isSet("replicas") { spec["replicas"] = 1 }
        }
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        PodTemplates.warnings(object, old: old)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] { errors(object) }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        errors(object)
            + PodField("spec", of: object)["selector"].immutableErrors(old: old[path: "spec", "selector"])
    }

    private func errors(_ object: JSONValue) -> [FieldError] {
        let spec = PodField("spec", of: object)
        return spec["replicas"].nonnegativeErrors + spec["minReadySeconds"].nonnegativeErrors
            + PodTemplates.selectorErrors(spec["selector"], kind: "deployment")
            + Self.templateErrors(spec)
    }

    static func templateErrors(_ spec: PodField) -> [FieldError] {
        PodTemplates.matchErrors(spec["template"], selector: LabelSelector(object: spec["selector"].value))
            + PodTemplates.errors(ofEndless: spec["template"], kind: "ReplicaSet")
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        ReplicationControllerStrategy.statusErrors(object)
    }
}

/// What is special about replication controllers.
// Kubernetes: pkg/registry/core/replicationcontroller/strategy.go
struct ReplicationControllerStrategy: KindStrategy {
    var emptyStatus: JSONValue? { ["replicas": 0] }
    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        guard object["spec"]?.object != nil else { return }
        object.updateMember("spec") { spec in
            PodTemplates.applyDefaults(&spec)
            if !spec.isSet("replicas") { spec["replicas"] = 1 }
        }
        guard let labels = object[path: "spec", "template", "metadata", "labels"], labels.object != nil else { return }
        if object[path: "spec", "selector"]?.object?.isEmpty ?? true { object[path: "spec", "selector"] = labels }
        if object[path: "metadata", "labels"]?.object?.isEmpty ?? true { object[path: "metadata", "labels"] = labels }
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        PodTemplates.warnings(object, old: old)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors = spec["minReadySeconds"].nonnegativeErrors
        if spec["selector"].count == 0 { errors.append(spec["selector"].required()) }
        errors += spec["replicas"].nonnegativeErrors
        guard spec["template"].isSet else { return errors + [spec["template"].required()] }
        let selector = LabelSelector(matching: spec["selector"].value?.stringMap ?? [:])
        return errors + PodTemplates.matchErrors(spec["template"], selector: selector)
            + PodTemplates.errors(ofEndless: spec["template"], kind: "ReplicationController")
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] { Self.statusErrors(object) }

    static func statusErrors(_ object: JSONValue) -> [FieldError] {
        let status = PodField("status", of: object)
        let parts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"]
        return StatusCounts.nonnegativeErrors(status, ["replicas"] + parts + ["observedGeneration"])
            + StatusCounts.errors(status, parts, above: "replicas", called: "status.replicas")
            + StatusCounts.errors(status, ["availableReplicas"], above: "readyReplicas", called: "readyReplicas")
    }
}

/// What is special about pod templates.
// Kubernetes: pkg/registry/core/podtemplate/strategy.go
struct PodTemplateStrategy: KindStrategy {
    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) { PodTemplates.applyDefaults(&object) }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        PodTemplates.warnings(object, old: old, at: ["template"], namesPods: false)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        PodTemplates.errors(PodField("template", of: object))
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context)
    }
}
