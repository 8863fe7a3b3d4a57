// SPDX-License-Identifier: Apache-2.0
// Stateful sets: ordered by default, and nearly all of the specification is for ever.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about StatefulSets.
// Kubernetes: pkg/registry/apps/statefulset/strategy.go, pkg/apis/apps/v1/defaults.go
struct StatefulSetStrategy: KindStrategy {
    var emptyStatus: JSONValue? { ["replicas": 0, "availableReplicas": 0] }
    var countsGenerations: Bool { true }

    /// What an update may change.
    private static let mutable = [
        "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
    ]

    func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        NameValidation.dns1123Label(name, isPrefix: isPrefix)
    }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            PodTemplates.applyDefaults(&spec)
            spec.setDefault("podManagementPolicy", "OrderedReady")
            var strategy = spec["updateStrategy"] ?? .emptyObject
            if !strategy.hasText("type") {
                strategy["type"] = "RollingUpdate"
                if !strategy.isSet("rollingUpdate") { strategy["rollingUpdate"] = ["partition": 0] }
            }
            if strategy["type"]?.string == "RollingUpdate", strategy.isSet("rollingUpdate"),
                strategy[path: "rollingUpdate", "partition"] == nil
            {
                strategy[path: "rollingUpdate", "partition"] = 0
            }
            spec["updateStrategy"] = strategy
            var retention = spec["persistentVolumeClaimRetentionPolicy"] ?? .emptyObject
            retention.setDefault("whenDeleted", "Retain")
            retention.setDefault("whenScaled", "Retain")
            spec["persistentVolumeClaimRetentionPolicy"] = retention
            if !spec.isSet("replicas") { spec["replicas"] = 1 }
            if !spec.isSet("revisionHistoryLimit") { spec["revisionHistoryLimit"] = 10 }
            spec.updateElements(of: "volumeClaimTemplates") { claim in
                claim["apiVersion"] = "v1"
                claim["kind"] = "PersistentVolumeClaim"
                PersistentVolumeClaimStrategy().applyDefaults(&claim)
            }
        }
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        PodTemplates.warnings(object, old: old, namesPods: false)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        errors(PodField("spec", of: object))
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        func fixed(_ object: JSONValue) -> JSONValue {
            var spec = object["spec"] ?? .emptyObject
            for field in Self.mutable { spec[field] = nil }
            return spec
        }
        var errors = errors(PodField("spec", of: object))
        if fixed(object) != fixed(old) {
            let list = Self.mutable.dropLast().map { "'\($0)'" }.joined(separator: ", ")
            let detail = "updates to statefulset spec for fields other than \(list) and 'minReadySeconds' are forbidden"
            errors.append(.forbidden(FieldPath("spec"), detail))
        }
        return errors
    }

    private func errors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let policy = spec["podManagementPolicy"]
        if policy.text.isEmpty {
            errors.append(policy.required())
        } else if policy.text != "OrderedReady", policy.text != "Parallel" {
            errors.append(policy.invalid("must be 'OrderedReady' or 'Parallel'"))
        }
        errors += strategyErrors(spec["updateStrategy"])
        for field in ["whenDeleted", "whenScaled"] {
            let rule = spec["persistentVolumeClaimRetentionPolicy"][field]
            if rule.text != "Retain", rule.text != "Delete" { errors.append(rule.notSupported(["Retain", "Delete"])) }
        }
        errors += spec["replicas"].nonnegativeErrors
        errors += spec["minReadySeconds"].nonnegativeErrors
        errors += spec["ordinals"]["start"].nonnegativeErrors
        errors += PodTemplates.selectorErrors(spec["selector"], kind: "statefulset")
        let template = spec["template"]
        errors += PodTemplates.matchErrors(template, selector: LabelSelector(object: spec["selector"].value))
        // Volumes may come from claims, so that upstream leaves the rest of the template to the pods.
        let metadata = template["metadata"]
        errors += ObjectMetaValidation.labels(metadata["labels"].value, at: template.path.child("labels"))
        errors += ObjectMetaValidation.annotations(
            metadata["annotations"].value,
            at: template.path.child("annotations")
        )
        return errors + PodTemplates.endlessErrors(template, kind: "StatefulSet")
    }

    private func strategyErrors(_ strategy: PodField) -> [FieldError] {
        let rolling = strategy["rollingUpdate"]
        switch strategy["type"].text {
        case "": return [strategy.required()]
        case "OnDelete":
            return rolling.isSet ? [rolling.invalid("only allowed for updateStrategy 'RollingUpdate'")] : []
        case "RollingUpdate":
            var errors = rolling["partition"].nonnegativeErrors
            let unavailable = rolling["maxUnavailable"]
            if unavailable.isSet {
                errors += CountOrPercent.errors(unavailable)
                if CountOrPercent.isZero(unavailable) { errors.append(unavailable.invalid("cannot be 0")) }
                errors += CountOrPercent.overflowErrors(unavailable)
            }
            return errors
        default:
            let printed = CountOrPercent.print(strategy, ["partition", "maxUnavailable"])
            return [.invalid(strategy.path, printed, "must be 'RollingUpdate' or 'OnDelete'")]
        }
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        let status = PodField("status", of: object)
        let parts = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"]
        return StatusCounts.nonnegativeErrors(status, ["replicas"] + parts + ["observedGeneration", "collisionCount"])
            + StatusCounts.errors(status, parts, above: "replicas", called: "status.replicas")
            + StatusCounts.errors(status, ["availableReplicas"], above: "readyReplicas", called: "status.readyReplicas")
            + StatusCounts.collisionErrors(status, old: old)
    }
}

/// What is special about DaemonSets.
// Kubernetes: pkg/registry/apps/daemonset/strategy.go, pkg/apis/apps/v1/defaults.go
struct DaemonSetStrategy: KindStrategy {
    var emptyStatus: JSONValue? {
        ["currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0]
    }
    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            PodTemplates.applyDefaults(&spec)
            var strategy = spec["updateStrategy"] ?? .emptyObject
            strategy.setDefault("type", "RollingUpdate")
            if strategy["type"]?.string == "RollingUpdate" {
                var rolling = strategy["rollingUpdate"] ?? .emptyObject
                if !rolling.isSet("maxUnavailable") { rolling["maxUnavailable"] = 1 }
                if !rolling.isSet("maxSurge") { rolling["maxSurge"] = 0 }
                strategy["rollingUpdate"] = rolling
            }
            spec["updateStrategy"] = strategy
            if !spec.isSet("revisionHistoryLimit") { spec["revisionHistoryLimit"] = 10 }
        }
    }

    /// Counts the changes of the template, for clients of the beta in which that was a field.
    // Kubernetes: pkg/apis/apps/v1/conversion.go, pkg/registry/apps/daemonset/strategy.go
    private static let templateGeneration = "deprecated.daemonset.template.generation"

    func prepareSpec(_ object: inout JSONValue, context: StrategyContext) {
        object[path: "metadata", "annotations", Self.templateGeneration] = "1"
    }

    func prepareSpec(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        let before = old[path: "metadata", "annotations", Self.templateGeneration]?.string.flatMap { Int64($0) } ?? 0
        let isNew = object[path: "spec", "template"] != old[path: "spec", "template"]
        object[path: "metadata", "annotations", Self.templateGeneration] = .string(String(before + (isNew ? 1 : 0)))
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        PodTemplates.warnings(object, old: old, namesPods: false)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] { errors(object) }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        errors(object)
            + PodField("spec", of: object)["selector"].immutableErrors(old: old[path: "spec", "selector"])
    }

    private func errors(_ object: JSONValue) -> [FieldError] {
        let spec = PodField("spec", of: object)
        let selector = LabelSelector(object: spec["selector"].value)
        var errors = LabelSelector.validate(spec["selector"].value, at: spec["selector"].path)
        errors += PodTemplates.strictMatchErrors(spec["template"], selector: selector)
        if spec["selector"].isSet, selector.isEverything {
            errors.append(spec["selector"].invalid("empty selector is invalid for daemonset"))
        }
        errors += PodTemplates.errors(ofEndless: spec["template"], kind: "DaemonSet")
        errors += spec["minReadySeconds"].nonnegativeErrors
        errors += strategyErrors(spec["updateStrategy"])
        return errors + spec["revisionHistoryLimit"].nonnegativeErrors
    }

    private func strategyErrors(_ strategy: PodField) -> [FieldError] {
        let rolling = strategy["rollingUpdate"]
        switch strategy["type"].text {
        case "OnDelete": return []
        case "RollingUpdate":
            guard rolling.isSet else { return [rolling.required()] }
            let unavailable = rolling["maxUnavailable"]
            let surge = rolling["maxSurge"]
            var errors = CountOrPercent.errors(unavailable) + CountOrPercent.errors(surge)
            errors += CountOrPercent.overflowErrors(unavailable) + CountOrPercent.overflowErrors(surge)
            switch (CountOrPercent.isZero(unavailable), CountOrPercent.isZero(surge)) {
            case (false, false): errors.append(surge.invalid("may not be set when maxUnavailable is non-zero"))
            case (true, true): errors.append(unavailable.required("cannot be 0 when maxSurge is 0"))
            default: break
            }
            return errors
        default:
            let printed = CountOrPercent.print(strategy, ["maxUnavailable", "maxSurge"])
            return [.notSupported(strategy.path, printed, ["RollingUpdate", "OnDelete"])]
        }
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        let status = PodField("status", of: object)
        let fields = [
            "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
            "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount",
        ]
        return StatusCounts.nonnegativeErrors(status, fields) + StatusCounts.collisionErrors(status, old: old)
    }
}

/// What is special about ControllerRevisions.
// Kubernetes: pkg/registry/apps/controllerrevision/strategy.go
struct ControllerRevisionStrategy: KindStrategy {
    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let data = PodField("data", of: object)
        return (data.isSet ? [] : [data.required("data is mandatory")])
            + PodField("revision", of: object).nonnegativeErrors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        validate(object, context: context) + PodField("data", of: object).immutableErrors(old: old["data"])
    }
}
