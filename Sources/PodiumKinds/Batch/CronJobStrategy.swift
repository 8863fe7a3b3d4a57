// SPDX-License-Identifier: Apache-2.0
// Cron jobs: schedules, time zones, and templates of jobs.

import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumRegistry

/// What is special about CronJobs.
// Kubernetes: pkg/registry/batch/cronjob/strategy.go, pkg/apis/batch/validation/validation.go ValidateCronJobSpec
struct CronJobStrategy: KindStrategy {
    /// Jobs get a suffix of eleven characters.
    private static let maximumNameLength = 52

    /// The characters in the parts of names of time zones, and how many of them a part may have.
    private static let zoneUnits = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.".utf8)
    private static let maximumZonePart = 14

    var emptyStatus: JSONValue? { .emptyObject }
    var countsGenerations: Bool { true }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            spec.updateMember("jobTemplate") { template in
                template.updateMember("spec") { spec in
                    PodTemplates.applyDefaults(&spec)
                    JobPolicies.applyDefaults(&spec)
                }
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
        var errors = errors(PodField("spec", of: object), oldZone: nil, context)
        let name = object[path: "metadata", "name"]?.string ?? ""
        if name.utf8.count > Self.maximumNameLength {
            let detail = NameValidation.maximumLength(Self.maximumNameLength)
            errors.append(.invalid(FieldPath("metadata", "name"), .string(name), detail))
        }
        return errors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        errors(PodField("spec", of: object), oldZone: old[path: "spec", "timeZone"], context)
    }

    private func errors(_ spec: PodField, oldZone: JSONValue?, _ context: StrategyContext) -> [FieldError] {
        var errors: [FieldError] = []
        let schedule = spec["schedule"]
        if schedule.text.isEmpty {
            errors.append(schedule.required())
        } else {
            errors += scheduleErrors(schedule)
        }
        errors += spec["startingDeadlineSeconds"].nonnegativeErrors
        let zone = spec["timeZone"]
        if zone.isSet, zone.value != oldZone { errors += zoneErrors(zone, context) }
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

    /// A zone that the machine does not know is refused: a CronJob in it would never run.
    // Kubernetes: pkg/apis/batch/validation/validation.go validateTimeZone
    private func zoneErrors(_ zone: PodField, _ context: StrategyContext) -> [FieldError] {
        if zone.text.isEmpty { return [zone.invalid("must be nil or non-empty value")] }
        let parts = zone.text.split(separator: "/", omittingEmptySubsequences: false)
        let isName = parts.allSatisfy { part in
            part != "." && part != ".." && !part.hasPrefix("-")
                && (1...Self.maximumZonePart).contains(part.utf8.count)
                && part.utf8.allSatisfy(Self.zoneUnits.contains)
        }
        if !isName { return [zone.invalid("unknown time zone \(zone.text)")] }
        if zone.text.lowercased() == "local" {
            return [
                zone.invalid("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones")
            ]
        }
        return context.host.timeZones.zone(zone.text) == nil ? [zone.invalid("unknown time zone \(zone.text)")] : []
    }
}
