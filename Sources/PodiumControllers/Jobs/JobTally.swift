// SPDX-License-Identifier: Apache-2.0
// What the pods of a Job add up to, and whether the Job has to end.

import PodiumMachinery

/// A count of the pods of a Job.
// Kubernetes: pkg/controller/job/job_controller.go syncJob
struct JobTally: Sendable {
    let spec: JobSpec
    let pods: [JobPod]
    /// Those that have neither ended nor are being deleted.
    let active: [JobPod]
    /// Those that have ended and that the status does not know of.
    let newSucceeded: [JobPod]
    let newFailed: [JobPod]
    /// How many have succeeded and failed in all; of an indexed Job how many indexes have succeeded.
    let succeeded: Int
    let failed: Int
    /// The indexes that the status says have succeeded, and all that have.
    let knownIndexes: CompletionIndexes
    let succeededIndexes: CompletionIndexes
    /// The indexes that have failed for good; nil where failures are counted together.
    let failedIndexes: CompletionIndexes?
    /// The last failed pods of indexes without a live one, which tell how often the index has failed.
    let lastFailures: [Int: JobPod]

    init(_ spec: JobSpec, _ status: JobStatus, _ pods: [JobPod]) {
        self.spec = spec
        self.pods = pods
        active = pods.filter(\.pod.isActive)
        let uncounted = status.uncounted ?? JobStatus.Uncounted()
        let valid = pods.filter { $0.isTracked && spec.mayCount($0) }
        newSucceeded = valid.filter { $0.hasSucceeded && !uncounted.succeeded.contains($0.uid) }
        newFailed = valid.filter { $0.isFailed && !uncounted.failed.contains($0.uid) }
        let counting = newFailed.count { spec.failurePolicy?.verdict(on: $0).counts ?? true }
        failed = status.failed + counting + uncounted.failed.count
        guard spec.isIndexed else {
            succeeded = status.succeeded + newSucceeded.count + uncounted.succeeded.count
            (knownIndexes, succeededIndexes) = (CompletionIndexes(), CompletionIndexes())
            (failedIndexes, lastFailures) = (nil, [:])
            return
        }
        knownIndexes = CompletionIndexes(status.completedIndexes, completions: spec.indexCount)
        let new = CompletionIndexes(valid.filter(\.hasSucceeded).compactMap(\.index))
        succeededIndexes = knownIndexes.union(new)
        succeeded = succeededIndexes.count
        guard let limit = spec.backoffLimitPerIndex else {
            (failedIndexes, lastFailures) = (nil, [:])
            return
        }
        let known = CompletionIndexes(status.failedIndexes ?? "", completions: spec.indexCount)
        let failedNow = valid.filter { $0.isFailed && Self.isLast($0, spec, limit) }.compactMap(\.index)
        let failedIndexes = known.union(CompletionIndexes(failedNow))
        self.failedIndexes = failedIndexes
        lastFailures = Self.lastFailures(valid, active: Set(active.compactMap(\.index)), except: failedIndexes)
    }

    /// Whether its index has failed for good with this pod.
    // Kubernetes: pkg/controller/job/backoff_utils.go isIndexFailed
    private static func isLast(_ pod: JobPod, _ spec: JobSpec, _ limit: Int) -> Bool {
        let verdict = spec.failurePolicy?.verdict(on: pod) ?? PodFailurePolicy.Verdict()
        return verdict.action == .failIndex || verdict.counts && pod.earlierFailures >= limit
    }

    // Kubernetes: pkg/controller/job/indexed_job_utils.go getPodsWithDelayedDeletionPerIndex
    private static func lastFailures(
        _ pods: [JobPod],
        active: Set<Int>,
        except failed: CompletionIndexes
    ) -> [Int: JobPod] {
        var last: [Int: JobPod] = [:]
        for pod in pods where pod.isFailed {
            guard let index = pod.index, !active.contains(index), !failed.contains(index) else { continue }
            if let known = last[index], known.failuresBefore > pod.failuresBefore { continue }
            last[index] = pod
        }
        return last
    }

    /// How many pods are on their way out.
    var terminating: Int { pods.count { $0.pod.isTerminating && !$0.pod.isFinished } }

    /// How the Job has to end now; nil when it goes on.
    func end(_ status: JobStatus, now: Timestamp) -> JobCondition? {
        announcedEnd(status) ?? policyFailure ?? limitFailure(status, now: now) ?? indexFailure ?? policySuccess
    }

    /// An end that was decided earlier.
    private func announcedEnd(_ status: JobStatus) -> JobCondition? {
        let announcements = [JobCondition.successCriteriaMet, JobCondition.failureTarget]
        return announcements.lazy.compactMap { JobCondition($0, in: status.conditions) }.first?.ending
    }

    private var policyFailure: JobCondition? {
        guard let policy = spec.failurePolicy else { return nil }
        return pods.lazy.filter(\.isFailed).compactMap { policy.verdict(on: $0).failure }.first.map {
            JobCondition(JobCondition.failureTarget, reason: "PodFailurePolicy", message: $0)
        }
    }

    private func limitFailure(_ status: JobStatus, now: Timestamp) -> JobCondition? {
        if failed > spec.backoffLimit || exceedsRestarts {
            return .failure("BackoffLimitExceeded", "Job has reached the specified backoff limit")
        }
        if let left = spec.timeLeft(status, now: now), left <= .zero {
            return .failure("DeadlineExceeded", "Job was active longer than specified deadline")
        }
        return nil
    }

    /// Containers that restart in place count as well.
    // Kubernetes: pkg/controller/job/job_controller.go pastBackoffLimitOnFailure
    private var exceedsRestarts: Bool {
        guard spec.restartsOnFailure else { return false }
        let live = pods.filter { $0.pod.phase == .running || $0.pod.phase == .pending }
        let restarts = live.reduce(0) { $0 + $1.restarts }
        return spec.backoffLimit == 0 ? restarts > 0 : restarts >= spec.backoffLimit
    }

    private var indexFailure: JobCondition? {
        guard let failedIndexes else { return nil }
        if let maximum = spec.maxFailedIndexes, failedIndexes.count > maximum {
            return .failure(
                "MaxFailedIndexesExceeded",
                "Job has exceeded the specified maximal number of failed indexes"
            )
        }
        guard !failedIndexes.isEmpty, failedIndexes.count + succeededIndexes.count >= spec.indexCount else {
            return nil
        }
        return .failure("FailedIndexes", "Job has failed indexes")
    }

    private var policySuccess: JobCondition? {
        spec.successPolicy?.rule(metBy: succeededIndexes, completions: spec.indexCount).map {
            JobCondition(
                JobCondition.successCriteriaMet,
                reason: "SuccessPolicy",
                message: "Matched rules at index \($0)"
            )
        }
    }
}

extension JobCondition {
    fileprivate static func failure(_ reason: String, _ message: String) -> JobCondition {
        JobCondition(failureTarget, reason: reason, message: message)
    }
}

extension JobSpec {
    /// Whether a pod can count: that of an indexed Job needs an index that there is.
    func mayCount(_ pod: JobPod) -> Bool { !isIndexed || pod.index.map { $0 < indexCount } ?? false }

    /// How long the Job may go on; nil when that is not limited, or it has not begun.
    func timeLeft(_ status: JobStatus, now: Timestamp) -> Duration? {
        guard let activeDeadline, let start = status.startTime, !isSuspended else { return nil }
        return start + activeDeadline - now
    }
}

extension JobPod {
    /// How often its index had failed before it, in ways that count and others.
    var failuresBefore: Int { earlierFailures + earlierIgnoredFailures }
}
