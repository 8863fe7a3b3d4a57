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
            JobPolicies.applyDefaults(&spec)
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
        errors += templateErrors(spec["template"], old)
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

    /// Where the pods of a Job run, and what they are given, may be changed while it has none and is not under way.
    // Kubernetes: pkg/apis/batch/validation/validation.go validatePodTemplateUpdate
    private func templateErrors(_ template: PodField, _ old: JSONValue) -> [FieldError] {
        let before = old[path: "spec", "template"]
        guard Self.isAtRest(old), let value = template.value, var expected = before else {
            return template.immutableErrors(old: before)
        }
        expected[path: "metadata", "labels"] = value[path: "metadata", "labels"]
        expected[path: "metadata", "annotations"] = value[path: "metadata", "annotations"]
        expected[path: "spec", "nodeSelector"] = value[path: "spec", "nodeSelector"]
        expected[path: "spec", "tolerations"] = value[path: "spec", "tolerations"]
        expected[path: "spec", "schedulingGates"] = value[path: "spec", "schedulingGates"]
        expected[path: "spec", "affinity"] = Self.affinity(value, before: expected)
        for list in ["initContainers", "containers"] {
            expected[path: "spec", list] = Self.containers(list, value, before: expected)
        }
        return template.immutableErrors(old: expected)
    }

    // Kubernetes: pkg/registry/batch/job/strategy.go validationOptionsForJob
    private static func isAtRest(_ job: JSONValue) -> Bool {
        guard job[path: "spec", "suspend"]?.bool == true, let status = job["status"] else { return false }
        if status["active"]?.integer ?? 0 > 0 { return false }
        if !status.isSet("startTime") { return true }
        return status["conditions"]?.elements.contains { $0["type"] == "Suspended" && $0["status"] == "True" } ?? false
    }

    /// The affinity of `before` with the node affinity of `template`.
    private static func affinity(_ template: JSONValue, before: JSONValue) -> JSONValue? {
        let wanted = template[path: "spec", "affinity"]
        var affinity = before[path: "spec", "affinity"] ?? .emptyObject
        affinity["nodeAffinity"] = wanted?["nodeAffinity"]
        return affinity.object?.isEmpty == true && wanted?.object?.isEmpty != true ? nil : affinity
    }

    /// The containers of `before` with the resources of those of `template` in the same places.
    private static func containers(_ list: String, _ template: JSONValue, before: JSONValue) -> JSONValue? {
        guard let containers = before[path: "spec", list]?.array else { return before[path: "spec", list] }
        let wanted = template[path: "spec", list]?.elements ?? []
        guard wanted.count == containers.count else { return .array(containers) }
        return .array(
            zip(containers, wanted).map { container, wanted in
                var container = container
                container["resources"] = wanted["resources"]
                return container
            }
        )
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        StatusCounts.nonnegativeErrors(
            PodField("status", of: object),
            ["active", "succeeded", "failed", "ready", "terminating"]
        )
    }
}
