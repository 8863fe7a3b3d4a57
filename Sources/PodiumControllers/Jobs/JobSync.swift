// SPDX-License-Identifier: Apache-2.0
// One look at a Job: pods are made and deleted, and what has become of them is counted.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A look at a Job and its pods.
// Kubernetes: pkg/controller/job/job_controller.go syncJob
struct JobSync {
    let controller: JobController
    let job: APIObject
    let tally: JobTally
    let backoff: JobBackoff
    let now: Timestamp
    var status: JobStatus
    private var active: Int
    private var ready: Int
    private(set) var terminating: Int
    /// When to look again although nothing has changed.
    private(set) var wait: Duration?

    init(controller: JobController, job: APIObject, spec: JobSpec, pods: [JobPod], now: Timestamp) {
        self.controller = controller
        self.job = job
        self.now = now
        status = JobStatus(job.status)
        status.uncounted = status.uncounted ?? JobStatus.Uncounted()
        if status.startTime == nil, !spec.isSuspended { status.startTime = now }
        tally = JobTally(spec, status, pods)
        active = tally.active.count
        ready = tally.active.count(where: \.pod.isReady)
        terminating = tally.terminating
        var backoff = controller.backoff(of: job.uid)
        backoff.add(succeeded: tally.newSucceeded.map(\.finished), failed: tally.newFailed.map(\.finished))
        self.backoff = backoff
    }

    var spec: JobSpec { tally.spec }
    var client: ResourceClient { controller.informers.client }

    /// Does what is to be done, as far as that works.
    mutating func run() throws(StatusError) {
        var end = tally.end(status, now: now)
        var failure: StatusError?
        var isSuspensionNoted = false
        if end != nil {
            failure = removeActive()
            // Not before all are going.
            if failure != nil { end = nil }
        } else {
            wait = spec.timeLeft(status, now: now)
            if !job.isTerminating { failure = manage() }
            if isComplete {
                end = JobCondition(
                    JobCondition.successCriteriaMet,
                    reason: "CompletionsReached",
                    message: "Reached expected number of succeeded pods"
                )
            } else if !job.isTerminating {
                isSuspensionNoted = noteSuspension()
            }
        }
        let isChanged =
            isSuspensionNoted || status.active != active || status.ready != ready || status.terminating != terminating
        status.active = active
        status.ready = ready
        status.terminating = terminating
        try track(end, isChanged: isChanged)
        if let failure { throw failure }
    }

    private var isComplete: Bool {
        guard active == 0 else { return false }
        return spec.completions.map { tally.succeeded >= $0 } ?? (tally.succeeded > 0)
    }

    /// Says in the conditions that the Job was stopped, or goes on; its time begins anew then.
    private mutating func noteSuspension() -> Bool {
        let (verb, message) = spec.isSuspended ? ("Suspended", "Job suspended") : ("Resumed", "Job resumed")
        let condition = JobCondition(
            JobCondition.suspended,
            isTrue: spec.isSuspended,
            reason: "Job\(verb)",
            message: message
        )
        guard status.set(condition, now: now) else { return false }
        controller.record(job, .normal, verb, message)
        status.startTime = spec.isSuspended ? nil : now
        return true
    }

    // MARK: Pods

    private mutating func manage() -> StatusError? {
        switch JobPlan(tally, backoff, now: now) {
        case .nothing: return nil
        case .wait(let duration):
            wait = min(duration, wait ?? duration)
            return nil
        case .delete(let pods): return remove(pods)
        case .create(let count, let indexes): return create(count, indexes)
        }
    }

    /// Deletes all that is active because the Job ends; the pods are held until they are counted.
    private mutating func removeActive() -> StatusError? {
        delete(tally.active) { _ throws(StatusError) in }
    }

    /// Deletes pods that are too many, which count as nothing.
    private mutating func remove(_ pods: [JobPod]) -> StatusError? {
        delete(pods) { [controller, job] pod throws(StatusError) in
            if pod.isTracked { try controller.release(pod.pod, of: job) }
        }
    }

    private mutating func delete(
        _ pods: [JobPod],
        first prepare: (JobPod) throws(StatusError) -> Void
    ) -> StatusError? {
        var failure: StatusError?
        for pod in pods {
            do throws(StatusError) {
                try prepare(pod)
                try controller.delete(pod.pod, of: job)
                active -= 1
                terminating += 1
                if pod.pod.isReady { ready -= 1 }
            } catch {
                failure = failure ?? error
            }
        }
        return failure
    }

    private mutating func create(_ count: Int, _ indexes: [Int]) -> StatusError? {
        var template = spec.template
        if spec.isIndexed { JobPod.addIndexVariable(to: &template) }
        template.addFinalizer(JobPod.trackingFinalizer)
        let pod = PodControl.pod(from: template, for: job, JobController.type)
        var rest = indexes[...]
        for size in ReplicaSetDecision.batches(of: count) {
            var failure: StatusError?
            for _ in 0..<size {
                let index = rest.popFirst()
                do throws(StatusError) {
                    try controller.create(index.map { self.pod(pod, at: $0) } ?? pod, for: job)
                    active += 1
                } catch {
                    if !error.isOfEndingNamespace { failure = failure ?? error }
                }
            }
            if let failure { return failure }
        }
        return nil
    }

    /// The pod of one index.
    private func pod(_ pod: JSONValue, at index: Int) -> JSONValue {
        var pod = pod
        let annotations = JobPod.metadata(of: index, spec: spec, replacing: tally.lastFailures[index])
        for (name, text) in annotations { pod[path: "metadata", "annotations", name] = text }
        pod[path: "metadata", "labels", JobPod.indexName] = .string(String(index))
        pod[path: "metadata", "generateName"] = .string(JobPod.namePrefix(job.name, index))
        pod[path: "spec", "hostname"] = .string("\(job.name)-\(index)")
        return pod
    }
}
