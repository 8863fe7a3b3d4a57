// SPDX-License-Identifier: Apache-2.0
// Cron jobs: schedules, time zones, and templates of jobs.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about CronJobs.
// Kubernetes: pkg/registry/batch/cronjob/strategy.go, pkg/apis/batch/validation/validation.go ValidateCronJobSpec
struct CronJobStrategy: KindStrategy {
    /// Jobs get a suffix of eleven characters.
    private static let maximumNameLength = 52

    /// The characters in names of time zones.
    private static let zoneUnits = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/".utf8)

    var emptyStatus: JSONValue? { .emptyObject }
    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            spec.updateMember("jobTemplate") { template in
                template.updateMember("spec") { PodTemplates.applyDefaults(&$0) }
            }
            spec.setDefault("concurrencyPolicy", "Allow")
            if !spec.isSet("suspend") { spec["suspend"] = false }
            if !spec.isSet("successfulJobsHistoryLimit") { spec["successfulJobsHistoryLimit"] = 3 }
            if !spec.isSet("failedJobsHistoryLimit") { spec["failedJobsHistoryLimit"] = 1 }
        }
    }

    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        PodTemplates.warnings(object, old: old, at: ["spec", "jobTemplate", "spec", "template"])
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        var errors = errors(PodField("spec", of: object))
        let name = object[path: "metadata", "name"]?.string ?? ""
        if name.utf8.count > Self.maximumNameLength {
            let detail = NameValidation.maximumLength(Self.maximumNameLength)
            errors.append(.invalid(FieldPath("metadata", "name"), .string(name), detail))
        }
        return errors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        errors(PodField("spec", of: object))
    }

    private func errors(_ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let schedule = spec["schedule"]
        if schedule.text.isEmpty {
            errors.append(schedule.required())
        } else {
            errors += scheduleErrors(schedule)
        }
        errors += spec["startingDeadlineSeconds"].nonnegativeErrors
        errors += zoneErrors(spec["timeZone"])
        let policy = spec["concurrencyPolicy"]
        errors += policy.text.isEmpty ? [policy.required()] : policy.oneOf(["Allow", "Forbid", "Replace"])
        let job = spec["jobTemplate"]["spec"]
        errors += JobValidation.errors(job)
        if job["selector"].isSet { errors.append(job["selector"].invalid("`selector` will be auto-generated")) }
        if job["manualSelector"].flag {
            errors.append(.notSupported(job["manualSelector"].path, true, ["nil", "false"]))
        }
        errors += spec["successfulJobsHistoryLimit"].nonnegativeErrors
        return errors + spec["failedJobsHistoryLimit"].nonnegativeErrors
    }

    private func scheduleErrors(_ schedule: PodField) -> [FieldError] {
        if schedule.text.contains("TZ") {
            return [schedule.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead")]
        }
        do throws(CronScheduleError) {
            _ = try CronSchedule(schedule.text)
            return []
        } catch {
            return [schedule.invalid(error.message)]
        }
    }

    private func zoneErrors(_ zone: PodField) -> [FieldError] {
        guard zone.isSet else { return [] }
        if zone.text.isEmpty { return [zone.invalid("must be nil or non-empty value")] }
        if zone.text.lowercased() == "local" {
            return [
                zone.invalid("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones")
            ]
        }
        let isName = zone.text.utf8.allSatisfy(Self.zoneUnits.contains)
        return isName && !zone.text.contains("..") ? [] : [zone.invalid("unknown time zone \(zone.text)")]
    }
}
