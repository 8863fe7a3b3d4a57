// SPDX-License-Identifier: Apache-2.0
// What the policies of a Job about failed, succeeded and replaced pods may say.

import PodiumCodec
import PodiumMachinery

/// The policies of jobs and templates of jobs.
// Kubernetes: pkg/apis/batch/validation/validation.go validatePodFailurePolicy, validateSuccessPolicy
enum JobPolicies {
    private static let maximumRules = 20
    private static let maximumPatterns = 20
    private static let maximumExitCodes = 255
    private static let maximumIndexBytes = 64 * 1024
    private static let actions = ["Count", "FailIndex", "FailJob", "Ignore"]
    private static let statuses = ["False", "True", "Unknown"]
    private static let operators = ["In", "NotIn"]

    /// A condition that a rule names is meant to be true.
    // Kubernetes: pkg/apis/batch/v1/defaults.go SetDefaults_PodFailurePolicyOnPodConditionsPattern
    static func applyDefaults(_ spec: inout JSONValue) {
        guard let rules = spec[path: "podFailurePolicy", "rules"]?.array else { return }
        spec[path: "podFailurePolicy", "rules"] = .array(
            rules.map { rule in
                guard let patterns = rule["onPodConditions"]?.array else { return rule }
                var rule = rule
                rule["onPodConditions"] = .array(
                    patterns.map { pattern in
                        var pattern = pattern
                        pattern.setDefault("status", "True")
                        return pattern
                    }
                )
                return rule
            }
        )
    }

    static func errors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let (failure, success) = (spec["podFailurePolicy"], spec["successPolicy"])
        if failure.isSet { errors += failureErrors(failure["rules"], spec) }
        if success.isSet {
            errors +=
                spec["completionMode"].text == "Indexed"
                ? successErrors(success["rules"], spec) : [success.invalid("requires indexed completion mode")]
        }
        let replacement = spec["podReplacementPolicy"]
        if replacement.isSet {
            errors += replacement.oneOf(failure.isSet ? ["Failed"] : ["Failed", "TerminatingOrFailed"])
        }
        return errors
    }

    // MARK: Failure

    private static func failureErrors(_ rules: PodField, _ spec: PodField) -> [FieldError] {
        let pod = spec["template"]["spec"]
        let names = Set(["containers", "initContainers"].flatMap { pod[$0].elements.map { $0["name"].text } })
        return tooManyErrors(rules, maximumRules) + rules.elements.flatMap { failureErrors($0, names, spec) }
    }

    private static func failureErrors(_ rule: PodField, _ names: Set<String>, _ spec: PodField) -> [FieldError] {
        var errors = choiceErrors(rule["action"], actions)
        if rule["action"].text == "FailIndex", !spec["backoffLimitPerIndex"].isSet {
            errors.append(rule["action"].invalid("requires the backoffLimitPerIndex to be set"))
        }
        let (codes, conditions) = (rule["onExitCodes"], rule["onPodConditions"])
        if codes.isSet { errors += exitCodeErrors(codes, names) }
        errors += tooManyErrors(conditions, maximumPatterns)
        for pattern in conditions.elements {
            errors += pattern["type"].invalid(each: NameValidation.qualifiedName(pattern["type"].text))
            errors += choiceErrors(pattern["status"], statuses)
        }
        if codes.isSet, conditions.count > 0 {
            errors.append(.invalid(rule.path, "specifying both OnExitCodes and OnPodConditions is not supported"))
        }
        if !codes.isSet, conditions.count == 0 {
            errors.append(.invalid(rule.path, "specifying one of OnExitCodes and OnPodConditions is required"))
        }
        return errors
    }

    private static func exitCodeErrors(_ codes: PodField, _ names: Set<String>) -> [FieldError] {
        var errors = choiceErrors(codes["operator"], operators)
        let container = codes["containerName"]
        if container.isSet, !names.contains(container.text) {
            let detail = "must be one of the container or initContainer names in the pod template"
            errors.append(container.invalid(detail))
        }
        let values = codes["values"]
        if values.count == 0 {
            errors.append(.invalid(values.path, values.value ?? .null, "at least one value is required"))
        }
        errors += tooManyErrors(values, maximumExitCodes)
        var seen: Set<Int64> = []
        for value in values.elements {
            if codes["operator"].text == "In", value.integer == 0 {
                errors.append(value.invalidNumber("must not be 0 for the In operator"))
            }
            if !seen.insert(value.integer).inserted { errors.append(.duplicate(value.path, .integer(value.integer))) }
        }
        let numbers = values.elements.map(\.integer)
        if zip(numbers, numbers.dropFirst()).contains(where: { $0 > $1 }) {
            errors.append(values.invalid("must be ordered"))
        }
        return errors
    }

    /// A choice that has to be made.
    private static func choiceErrors(_ field: PodField, _ supported: [String]) -> [FieldError] {
        if !field.text.isEmpty { return field.oneOf(supported) }
        let list = supported.map { FieldError.quoted($0) }.joined(separator: " ")
        return [field.required("valid values: [\(list)]")]
    }

    private static func tooManyErrors(_ list: PodField, _ maximum: Int) -> [FieldError] {
        list.count > maximum ? [.tooMany(list.path, actual: list.count, maximum: maximum)] : []
    }

    // MARK: Success

    private static func successErrors(_ rules: PodField, _ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        if rules.count == 0 {
            let detail = "at least one rules must be specified when the successPolicy is specified"
            errors.append(rules.required(detail))
        }
        errors += tooManyErrors(rules, maximumRules)
        return errors + rules.elements.flatMap { successErrors($0, completions: spec["completions"].integer) }
    }

    private static func successErrors(_ rule: PodField, completions: Int64) -> [FieldError] {
        var errors: [FieldError] = []
        let (indexes, count) = (rule["succeededIndexes"], rule["succeededCount"])
        if !indexes.isSet, !count.isSet {
            let detail = "at least one of succeededCount or succeededIndexes must be specified"
            errors.append(rule.required(detail))
        }
        var total: Int64 = 0
        if indexes.isSet {
            if indexes.text.utf8.count > maximumIndexBytes {
                errors.append(indexes.tooLong(maximum: maximumIndexBytes))
            }
            do throws(IndexesError) {
                total = try self.count(indexes.text, completions: completions)
            } catch {
                errors.append(indexes.invalid("error parsing succeededIndexes: \(error.message)"))
            }
        }
        guard count.isSet else { return errors }
        errors += count.nonnegativeErrors
        let limits = [
            (completions, "the number of specified completions", true),
            (total, "the number of indexes in the specified succeededIndexes field", indexes.isSet),
        ]
        for (limit, meaning, applies) in limits where applies && count.integer > limit {
            errors.append(count.invalidNumber("must be less than or equal to \(limit) (\(meaning))"))
        }
        return errors
    }

    private struct IndexesError: Error {
        let message: String
    }

    /// How many indexes `text` names.
    // Kubernetes: pkg/apis/batch/validation/validation.go validateIndexesFormat
    private static func count(_ text: String, completions: Int64) throws(IndexesError) -> Int64 {
        if text.isEmpty { return 0 }
        var (last, total) = (-1 as Int64, 0 as Int64)
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            if ends.count > 2 {
                throw IndexesError(
                    message: "the fragment \(FieldError.quoted(String(part))) violates the requirement that an index "
                        + "interval can have at most two parts separated by '-'"
                )
            }
            let first = try index(ends[0], completions: completions)
            let end = ends.count == 2 ? try index(ends[1], completions: completions) : first
            if ends.count == 2, first >= end { throw unordered(first, end) }
            if last >= first { throw unordered(last, first) }
            total += end - first + 1
            last = end
        }
        return total
    }

    private static func unordered(_ previous: Int64, _ current: Int64) -> IndexesError {
        IndexesError(message: "non-increasing order, previous: \(previous), current: \(current)")
    }

    private static func index(_ text: Substring, completions: Int64) throws(IndexesError) -> Int64 {
        let quoted = FieldError.quoted(String(text))
        guard let index = Int64(text) else {
            throw IndexesError(message: "cannot convert string to integer for index: \(quoted)")
        }
        if index >= completions { throw IndexesError(message: "too large index: \(quoted)") }
        return index
    }
}
