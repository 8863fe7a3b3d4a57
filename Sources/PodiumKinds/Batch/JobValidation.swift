// SPDX-License-Identifier: Apache-2.0
// What the specification of a Job may say.

import PodiumCodec
import PodiumMachinery

/// The rules that jobs and templates of jobs share.
// Kubernetes: pkg/apis/batch/validation/validation.go validateJobSpec
enum JobValidation {
    private static let maximumIndexedParallelism: Int64 = 100_000
    private static let maximumFailedIndexes: Int64 = 100_000
    /// From how many completions on a back-off limit for each index is only for the careful.
    private static let manyCompletions: Int64 = 100_000
    private static let maximumOfMany: Int64 = 10_000
    private static let maximumManagerBytes = 63

    static func errors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let numbers = [
            "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
            "backoffLimitPerIndex", "maxFailedIndexes",
        ]
        errors += numbers.flatMap { spec[$0].nonnegativeErrors }
        if spec["maxFailedIndexes"].isSet, !spec["backoffLimitPerIndex"].isSet {
            errors.append(spec["backoffLimitPerIndex"].required("when maxFailedIndexes is specified"))
        }
        errors += managerErrors(spec["managedBy"])
        let mode = spec["completionMode"]
        if mode.isSet { errors += mode.oneOf(["NonIndexed", "Indexed"]) }
        errors += mode.text == "Indexed" ? indexedErrors(spec) : countedErrors(spec)
        errors += JobPolicies.errors(spec)
        errors += PodTemplates.errors(spec["template"])
        return errors + restartErrors(spec)
    }

    private static func restartErrors(_ spec: PodField) -> [FieldError] {
        let restart = spec["template"]["spec"]["restartPolicy"]
        switch restart.text {
        case "", "Always": return [restart.required("valid values: \"OnFailure\", \"Never\"")]
        case "OnFailure" where spec["podFailurePolicy"].isSet:
            return [restart.invalid("only \"Never\" is supported when podFailurePolicy is specified")]
        case "OnFailure", "Never": return []
        default: return [restart.notSupported(["OnFailure", "Never"])]
        }
    }

    // Kubernetes: apimachinery/pkg/util/validation/validation.go IsDomainPrefixedPath
    private static func managerErrors(_ manager: PodField) -> [FieldError] {
        guard manager.isSet else { return [] }
        if manager.text.isEmpty { return [manager.required()] }
        let parts = manager.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            return [manager.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")")]
        }
        let host = String(parts[0])
        var errors = NameValidation.dns1123Subdomain(host).map { FieldError.invalid(manager.path, .string(host), $0) }
        if manager.text.utf8.count > maximumManagerBytes {
            errors.append(manager.tooLong(maximum: maximumManagerBytes))
        }
        return errors
    }

    private static func indexedErrors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let (completions, parallelism) = (spec["completions"], spec["parallelism"])
        let failed = spec["maxFailedIndexes"]
        if !completions.isSet { errors.append(completions.required("when completion mode is Indexed")) }
        if parallelism.integer > maximumIndexedParallelism {
            let detail = "must be less than or equal to \(maximumIndexedParallelism) when completion mode is Indexed"
            errors.append(parallelism.invalidNumber(detail))
        }
        if completions.isSet, failed.integer > completions.integer {
            errors.append(failed.invalidNumber("must be less than or equal to completions"))
        }
        if failed.integer > maximumFailedIndexes {
            errors.append(failed.invalidNumber("must be less than or equal to \(maximumFailedIndexes)"))
        }
        guard completions.integer > manyCompletions, spec["backoffLimitPerIndex"].isSet else { return errors }
        if !failed.isSet {
            errors.append(failed.required("must be specified when completions is above \(manyCompletions)"))
        }
        for number in [parallelism, failed] where number.integer > maximumOfMany {
            let detail =
                "must be less than or equal to \(maximumOfMany) when completions are above \(manyCompletions) "
                + "and used with backoff limit per index"
            errors.append(number.invalidNumber(detail))
        }
        return errors
    }

    /// What needs indexes is not for Jobs without.
    private static func countedErrors(_ spec: PodField) -> [FieldError] {
        ["backoffLimitPerIndex", "maxFailedIndexes"].map { spec[$0] }.filter(\.isSet)
            .map { $0.invalidNumber("requires indexed completion mode") }
    }
}
