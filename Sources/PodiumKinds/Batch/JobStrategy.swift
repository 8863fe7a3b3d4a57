// SPDX-License-Identifier: Apache-2.0
// Jobs: selectors and labels that the server makes, and completion modes.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about Jobs.
// Kubernetes: pkg/registry/batch/job/strategy.go, pkg/apis/batch/validation/validation.go, v1/defaults.go
struct JobStrategy: KindStrategy {
    var emptyStatus: JSONValue? { .emptyObject }
    var countsGenerations: Bool { true }

    private static let uidLabels = ["batch.kubernetes.io/controller-uid", "controller-uid"]
    private static let nameLabels = ["batch.kubernetes.io/job-name", "job-name"]

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            PodTemplates.applyDefaults(&spec)
            if !spec.isSet("completions"), !spec.isSet("parallelism") {
                spec["completions"] = 1
                spec["parallelism"] = 1
            }
            if !spec.isSet("parallelism") { spec["parallelism"] = 1 }
            if !spec.isSet("backoffLimit") {
                spec["backoffLimit"] = spec.isSet("backoffLimitPerIndex") ? .integer(Int64(Int32.max)) : 6
            }
            if !spec.isSet("completionMode") { spec["completionMode"] = "NonIndexed" }
            if !spec.isSet("suspend") { spec["suspend"] = false }
            if !spec.isSet("podReplacementPolicy") {
                spec["podReplacementPolicy"] = spec.isSet("podFailurePolicy") ? "Failed" : "TerminatingOrFailed"
            }
            if !spec.isSet("manualSelector") { spec["manualSelector"] = false }
        }
        Self.copyLabels(&object)
    }

    /// A job without labels of its own has those of its pods: the same map, so that what is added to that of the pods
    /// later is added to both.
    private static func copyLabels(_ object: inout JSONValue) {
        guard object[path: "metadata", "labels"]?.object?.isEmpty ?? true,
            let labels = object[path: "spec", "template", "metadata", "labels"], labels.object?.isEmpty == false
        else { return }
        object[path: "metadata", "labels"] = labels
    }

    func prepareSpec(_ object: inout JSONValue, context: StrategyContext) {
        guard object[path: "spec", "manualSelector"]?.bool != true else { return }
        let uid = object[path: "metadata", "uid"] ?? ""
        let name = object[path: "metadata", "name"] ?? ""
        let own = object[path: "metadata", "labels"] ?? .null
        let isShared = object[path: "spec", "template", "metadata", "labels"]?.isIdentical(to: own) ?? false
        var labels = object[path: "spec", "template", "metadata", "labels"]?.object ?? [:]
        for key in Self.nameLabels where labels[key] == nil { labels[key] = name }
        for key in Self.uidLabels where labels[key] == nil { labels[key] = uid }
        object[path: "spec", "template", "metadata", "labels"] = .object(labels)
        if isShared { object[path: "metadata", "labels"] = .object(labels) }
        if object[path: "spec", "selector", "matchLabels", Self.uidLabels[0]] == nil {
            object[path: "spec", "selector", "matchLabels", Self.uidLabels[0]] = uid
        }
        Self.copyLabels(&object)
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        PodTemplates.warnings(object, old: old)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors = selectorErrors(object, spec)
        errors += JobValidation.errors(spec)
        errors += matchErrors(spec)
        let completions = spec["completions"].integer
        if spec["completionMode"].text == "Indexed", completions > 0 {
            let name = object[path: "metadata", "name"]?.string ?? ""
            for detail in NameValidation.dns1123Label("\(name)-\(completions - 1)") {
                errors.append(
                    .invalid(
                        FieldPath("metadata", "name"),
                        .string(name),
                        "will not able to create pod with invalid DNS label: \(detail)"
                    )
                )
            }
        }
        return errors
    }

    /// A selector that the server made takes the labels that the server made.
    private func selectorErrors(_ object: JSONValue, _ spec: PodField) -> [FieldError] {
        guard !spec["manualSelector"].flag, spec["selector"].isSet else { return [] }
        let uid = object[path: "metadata", "uid"]?.string ?? ""
        let name = object[path: "metadata", "name"]?.string ?? ""
        let labels = spec["template"]["metadata"]["labels"]
        var expected: [String: String] = [:]
        var errors: [FieldError] = []
        for (keys, value) in [(Self.uidLabels.reversed(), uid), (Self.nameLabels.reversed(), name)] {
            for key in keys {
                expected[key] = value
                guard labels[key].text != value else { continue }
                let path = labels.path.key(key)
                errors.append(
                    labels[key].isSet
                        ? .invalid(path, labels.value?.sortedByKey ?? .null, "must be '\(value)'")
                        : .required(path, "must be '\(value)'")
                )
            }
        }
        if !LabelSelector(object: spec["selector"].value).matches(expected) {
            errors.append(spec["selector"].invalid("`selector` not auto-generated"))
        }
        return errors
    }

    private func matchErrors(_ spec: PodField) -> [FieldError] {
        let selector = spec["selector"]
        let errors =
            selector.isSet
            ? LabelSelector.validate(selector.value, at: selector.path) : [selector.required()]
        return errors
            + PodTemplates.strictMatchErrors(spec["template"], selector: LabelSelector(object: selector.value))
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        let before = old["spec"] ?? .emptyObject
        var errors = JobValidation.errors(spec)
        errors += matchErrors(spec)
        errors += completionErrors(spec, before)
        errors += spec["selector"].immutableErrors(old: before["selector"])
        if !isSuspendedAndUnstarted(old) {
            errors += spec["template"].immutableErrors(old: before["template"])
        }
        for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
            errors += spec[field].immutableErrors(old: before[field])
        }
        return errors
    }

    /// An indexed job may be scaled by changing completions and parallelism together.
    private func completionErrors(_ spec: PodField, _ before: JSONValue) -> [FieldError] {
        let completions = spec["completions"]
        guard before["completionMode"]?.string == "Indexed", completions.isSet,
            completions.value != before["completions"]
        else { return completions.immutableErrors(old: before["completions"]) }
        guard spec["parallelism"].value != completions.value else { return [] }
        let detail = "can only be modified in tandem with spec.parallelism"
        return [completions.invalidNumber(detail)]
    }

    private func isSuspendedAndUnstarted(_ old: JSONValue) -> Bool {
        old[path: "spec", "suspend"]?.bool == true && !(old["status"] ?? .null).isSet("startTime")
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        StatusCounts.nonnegativeErrors(
            PodField("status", of: object),
            ["active", "succeeded", "failed", "ready", "terminating"]
        )
    }
}

/// The rules that jobs and templates of jobs share.
enum JobValidation {
    private static let maximumIndexedParallelism: Int64 = 100_000

    static func errors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let numbers = [
            "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
            "backoffLimitPerIndex", "maxFailedIndexes",
        ]
        errors += numbers.flatMap { spec[$0].nonnegativeErrors }
        let mode = spec["completionMode"]
        if mode.isSet { errors += mode.oneOf(["NonIndexed", "Indexed"]) }
        if mode.text == "Indexed" { errors += indexedErrors(spec) }
        if mode.text != "Indexed", spec["backoffLimitPerIndex"].isSet {
            errors.append(spec["backoffLimitPerIndex"].invalidNumber("requires indexed completion mode"))
        }
        let replacement = spec["podReplacementPolicy"]
        if replacement.isSet { errors += replacement.oneOf(["Failed", "TerminatingOrFailed"]) }
        errors += PodTemplates.errors(spec["template"])
        let restart = spec["template"]["spec"]["restartPolicy"]
        switch restart.text {
        case "", "Always": errors.append(restart.required("valid values: \"OnFailure\", \"Never\""))
        case "OnFailure" where spec["podFailurePolicy"].isSet:
            errors.append(restart.invalid("only \"Never\" is supported when podFailurePolicy is specified"))
        case "OnFailure", "Never": break
        default: errors.append(restart.notSupported(["OnFailure", "Never"]))
        }
        return errors
    }

    private static func indexedErrors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        if !spec["completions"].isSet {
            errors.append(spec["completions"].required("when completion mode is Indexed"))
        }
        if spec["parallelism"].integer > maximumIndexedParallelism {
            let detail = "must be less than or equal to \(maximumIndexedParallelism) when completion mode is Indexed"
            errors.append(spec["parallelism"].invalidNumber(detail))
        }
        return errors
    }
}
