// SPDX-License-Identifier: Apache-2.0
// One look at a CronJob: old Jobs are deleted, and a new one is made when it is time.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKinds
import PodiumMachinery
import PodiumStorage

/// A look at a CronJob and its Jobs.
// Kubernetes: pkg/controller/cronjob/cronjob_controllerv2.go sync
struct CronJobSync {
    let controller: CronJobController
    let cronJob: APIObject
    let jobs: [APIObject]
    let now: Timestamp
    private var status: CronJobStatus

    init(controller: CronJobController, cronJob: APIObject, jobs: [APIObject], now: Timestamp) {
        self.controller = controller
        self.cronJob = cronJob
        self.jobs = jobs
        self.now = now
        status = CronJobStatus(cronJob.status)
    }

    private var client: ResourceClient { controller.informers.client }
    private var key: NamespacedName { cronJob.key.name }

    /// - Returns: when to look again although nothing has changed.
    mutating func run() throws(StatusError) -> Duration? {
        let before = status
        cleanUp()
        var wait: Duration?
        var failure: StatusError?
        do throws(StatusError) {
            try followJobs()
            wait = cronJob.isTerminating ? nil : try runSchedule()
        } catch {
            failure = error
        }
        if status != before { try controller.write(status, of: cronJob) }
        if let failure { throw failure }
        return wait
    }

    // MARK: History

    // Kubernetes: pkg/controller/cronjob/cronjob_controllerv2.go cleanupFinishedJobs
    private mutating func cleanUp() {
        let ends = jobs.map { ($0, JobStatus($0.status).end) }
        let lists = [
            ("successfulJobsHistoryLimit", ends.filter { $1?.isSuccess == true }),
            ("failedJobsHistoryLimit", ends.filter { $1?.isSuccess == false }),
        ]
        for (limit, ended) in lists {
            guard let limit = cronJob.spec[limit]?.int, ended.count > limit else { continue }
            let ordered = ended.map { ($0.0, JobStatus($0.0.status).startTime) }.sorted { left, right in
                guard let a = left.1, let b = right.1, a != b else {
                    if (left.1 == nil) != (right.1 == nil) { return left.1 != nil }
                    return left.0.name < right.0.name
                }
                return a < b
            }
            for (job, _) in ordered.prefix(ended.count - limit) { _ = delete(job) }
        }
    }

    /// Deletes a Job and all it has made, and tells of it.
    /// - Returns: why that did not work.
    private mutating func delete(_ job: APIObject) -> StatusError? {
        do throws(StatusError) {
            try controller.delete(job, of: cronJob)
        } catch {
            record(.warning, "FailedDelete", "Deleted job: \(error.message)")
            return error
        }
        status.remove(job.uid)
        record(.normal, "SuccessfulDelete", "Deleted job \(job.name)")
        return nil
    }

    // MARK: Jobs

    /// Brings the list of what runs up to date.
    private mutating func followJobs() throws(StatusError) {
        for job in jobs {
            let outcome = JobStatus(job.status)
            if status.contains(job.uid) {
                guard let end = outcome.end else { continue }
                status.remove(job.uid)
                record(.normal, "SawCompletedJob", "Saw completed job: \(job.name), condition: \(end.type)")
                noteSuccess(outcome)
            } else if outcome.end == nil {
                let message = "Saw a job that the controller did not create or forgot: \(job.name)"
                record(.warning, "UnexpectedJob", message)
            } else {
                noteSuccess(outcome)
            }
        }
        let known = Set(jobs.map(\.uid))
        for (name, uid) in status.running where !known.contains(uid) {
            guard try client.get(jobKey(name)) == nil else { continue }
            record(.normal, "MissingJob", "Active job went missing: \(name)")
            status.remove(uid)
        }
    }

    private mutating func noteSuccess(_ job: JobStatus) {
        guard job.end?.isSuccess == true, let time = job.completionTime else { return }
        status.lastSuccessfulTime = max(time, status.lastSuccessfulTime ?? time)
    }

    private func jobKey(_ name: String) -> ObjectKey { ObjectKey(.jobs, namespace: cronJob.namespace, name: name) }

    // MARK: Schedule

    // Kubernetes: pkg/controller/cronjob/cronjob_controllerv2.go syncCronJob
    private mutating func runSchedule() throws(StatusError) -> Duration? {
        if cronJob.spec["suspend"]?.bool == true { return nil }
        guard let times = times(), let run = due(times) else { return nil }
        guard let scheduled = run.last else { return times.untilNext() }
        if let deadline = times.startingDeadline, scheduled + deadline < now {
            let time = scheduled.rfc1123
            record(.warning, "MissSchedule", "Missed scheduled time to start a job: \(time)")
            return times.untilNext()
        }
        let name = "\(cronJob.name)-\(scheduled.seconds / 60)"
        let isKnown = status.running.contains { $0.name == name }
        if isKnown || status.lastScheduleTime == scheduled { return times.untilNext() }
        guard try makeRoom() else { return times.untilNext() }
        guard let job = try create(name, scheduled, times.zone), !status.contains(job.uid) else { return nil }
        status.add(job)
        status.lastScheduleTime = scheduled
        return nextRun(times, after: scheduled)
    }

    private func nextRun(_ times: CronTimes, after scheduled: Timestamp) -> Duration? {
        CronTimes(
            schedule: times.schedule,
            zone: times.zone,
            created: times.created,
            lastRun: scheduled,
            startingDeadline: times.startingDeadline,
            now: now
        ).untilNext()
    }

    /// When it runs; nil when that cannot be told.
    private func times() -> CronTimes? {
        do throws(CronTimes.Unreadable) {
            return try CronTimes(cronJob, client.host.timeZones, now: now)
        } catch {
            record(.warning, error.reason, error.message)
            return nil
        }
    }

    /// The run that is due; nil when there never is one.
    private func due(_ times: CronTimes) -> CronTimes.Missed? {
        do throws(CronTimes.InvalidSchedule) {
            let run = try times.due()
            if run.last != nil, run.count > CronTimes.Limits.silentlyMissed {
                let message =
                    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
                record(.warning, "TooManyMissedTimes", message)
            }
            return run
        } catch {
            let schedule = cronJob.spec["schedule"]?.string ?? ""
            record(.warning, "InvalidSchedule", "invalid schedule: \(schedule) : \(error.message)")
            return nil
        }
    }

    /// Does about the Jobs that run what the policy says.
    /// - Returns: whether there may be another one.
    private mutating func makeRoom() throws(StatusError) -> Bool {
        switch cronJob.spec["concurrencyPolicy"]?.string {
        case "Forbid" where !status.active.isEmpty:
            record(
                .normal,
                "JobAlreadyActive",
                "Not starting job because prior execution is running and concurrency policy is Forbid"
            )
            return false
        case "Replace":
            for (name, _) in status.running {
                guard let job = try client.get(jobKey(name)) else {
                    let error = StatusError.notFound(.jobs, name)
                    record(.warning, "FailedGet", "Get job: \(error.message)")
                    throw error
                }
                if let error = delete(job) { throw error }
            }
            return true
        default: return true
        }
    }

    /// Makes the Job of the run at `time`.
    /// - Returns: it, or nil when somebody else has one of its name.
    private func create(_ name: String, _ time: Timestamp, _ zone: TimeZoneRules) throws(StatusError) -> APIObject? {
        do throws(StatusError) {
            let job = try controller.create(Self.job(name, time, zone, of: cronJob), for: cronJob)
            record(.normal, "SuccessfulCreate", "Created job \(name)")
            return job
        } catch let error where error.reason == .alreadyExists {
            // Made earlier, and not noted in the status.
            let job = try client.get(jobKey(name))
            return job?.controller?.uid == cronJob.uid ? job : nil
        } catch {
            if !error.isOfEndingNamespace {
                record(.warning, "FailedCreate", "Error creating job: \(error.message)")
            }
            throw error
        }
    }

    // Kubernetes: pkg/controller/cronjob/utils.go getJobFromTemplate2
    private static func job(
        _ name: String,
        _ time: Timestamp,
        _ zone: TimeZoneRules,
        of cronJob: APIObject
    ) -> JSONValue {
        let template = cronJob.spec["jobTemplate"] ?? .emptyObject
        var metadata: JSONObject = ["name": .string(name), "namespace": .string(cronJob.namespace)]
        if let labels = template[path: "metadata", "labels"] { metadata["labels"] = labels }
        var annotations = template[path: "metadata", "annotations"]?.object ?? [:]
        annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] =
            .string(LocalTime(at: time.seconds, in: zone).rfc3339)
        metadata["annotations"] = .object(annotations)
        metadata["ownerReferences"] = [OwnerReference.controlling(cronJob, CronJobController.type)]
        return [
            "kind": "Job", "apiVersion": "batch/v1", "metadata": .object(metadata),
            "spec": template["spec"] ?? .emptyObject,
        ]
    }

    private func record(_ type: EventType, _ reason: String, _ message: String) {
        controller.record(cronJob, type, reason, message)
    }
}
