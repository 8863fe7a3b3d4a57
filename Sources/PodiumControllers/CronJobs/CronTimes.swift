// SPDX-License-Identifier: Apache-2.0
// When a CronJob was due, and when it will be.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKinds
import PodiumMachinery

/// The schedule of a CronJob, seen at one moment.
// Kubernetes: pkg/controller/cronjob/utils.go
struct CronTimes: Sendable {
    /// The limits of what is made up for.
    enum Limits {
        /// How many missed runs go without a warning.
        static let silentlyMissed: Int64 = 100
        /// How much later than its time a run is looked for.
        static let lateness = Duration.milliseconds(100)
    }

    /// That the schedule names no moments, or two that are one.
    struct InvalidSchedule: Error {
        let message = "time difference between two schedules is less than 1 second"
    }

    /// What was missed.
    struct Missed: Hashable, Sendable {
        /// From when on it was looked for.
        let start: Timestamp
        /// The last run that is due; nil when none is.
        var last: Timestamp?
        var count: Int64 = 0
    }

    let schedule: CronSchedule
    let zone: TimeZoneRules
    let created: Timestamp
    let lastRun: Timestamp?
    /// How late a run may be; nil for as late as it likes.
    let startingDeadline: Duration?
    let now: Timestamp

    /// The run that is due; nil when none is.
    // Kubernetes: pkg/controller/cronjob/utils.go nextScheduleTime
    func due() throws(InvalidSchedule) -> Missed { try missed(withinDeadline: true) }

    /// How long it takes until the next run: a little longer, so that it is surely due then.
    // Kubernetes: pkg/controller/cronjob/utils.go nextScheduleTimeDuration
    func untilNext() -> Duration? {
        let base: Timestamp
        do throws(InvalidSchedule) {
            let missed = try missed(withinDeadline: false)
            base = missed.last ?? (missed.count == 0 ? missed.start : now)
        } catch {
            base = now
        }
        return next(after: base).map { $0 + Limits.lateness - now }
    }

    private func next(after time: Timestamp) -> Timestamp? { schedule.next(after: time, in: zone) }

    // Kubernetes: pkg/controller/cronjob/utils.go mostRecentScheduleTime
    private func missed(withinDeadline: Bool) throws(InvalidSchedule) -> Missed {
        var start = lastRun ?? created
        if withinDeadline, let startingDeadline { start = max(start, now - startingDeadline) }
        var missed = Missed(start: start)
        guard let first = next(after: start) else { throw InvalidSchedule() }
        if now < first { return missed }
        guard let second = next(after: first) else { throw InvalidSchedule() }
        if now < second {
            missed.last = first
            return missed
        }
        let interval = (second - first).components.seconds
        if interval < 1 { throw InvalidSchedule() }
        missed.count = (now - first).components.seconds / interval + 1
        // Runs need not be equally far from each other, so that the last ones are looked at one by one.
        var time = next(after: first + .seconds((missed.count - 2) * interval))
        while let run = time, run <= now {
            missed.last = run
            time = next(after: run)
        }
        return missed
    }
}

extension CronTimes {
    /// Why a CronJob never runs, as its Event says.
    struct Unreadable: Error {
        let reason: String
        let message: String
    }

    /// The times of `cronJob`.
    init(_ cronJob: APIObject, _ zones: TimeZoneDatabase, now: Timestamp) throws(Unreadable) {
        let spec = cronJob.spec
        let text = spec["schedule"]?.string ?? ""
        let name = spec["timeZone"]?.string ?? ""
        guard let zone = zones.zone(name) else {
            let message = "invalid timeZone: \(FieldError.quoted(name)): unknown time zone \(name)"
            throw Unreadable(reason: "UnknownTimeZone", message: message)
        }
        do throws(CronScheduleError) {
            schedule = try CronSchedule(text)
        } catch {
            let message = "unparseable schedule: \(FieldError.quoted(text)) : \(error.message)"
            throw Unreadable(reason: "UnparseableSchedule", message: message)
        }
        self.zone = zone
        self.now = now
        created = cronJob.creationTimestamp ?? now
        lastRun = CronJobStatus(cronJob.status).lastScheduleTime
        startingDeadline = spec["startingDeadlineSeconds"]?.integer.map { .seconds($0) }
    }
}
