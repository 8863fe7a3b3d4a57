// SPDX-License-Identifier: Apache-2.0
// Counts the pods of a Job that have ended, each of them once.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A pod that has ended is held by a finalizer. Its UID is written into the status, then it is let go, and at last
/// the UID in the status becomes one more in the count: whatever fails in between, it is counted, and counted once.
///
/// ```
/// pod a held     uncounted []   failed 0
/// pod a held     uncounted [a]  failed 0    first write
/// pod a free     uncounted [a]  failed 0
/// pod a free     uncounted []   failed 1    second write
/// ```
extension JobSync {
    /// The limits of one turn.
    enum Limits {
        /// How many pods are noted in the status before they are counted; the rest follows with the next turn.
        static let uncounted = 500
    }

    /// Counts what has ended, and ends the Job when `end` says so.
    /// - Parameter isChanged: whether the status has to be written in any case.
    // Kubernetes: pkg/controller/job/job_controller.go trackJobStatusAndRemoveFinalizers
    mutating func track(_ end: JobCondition?, isChanged: Bool) throws(StatusError) {
        var needsWrite = isChanged
        var held = Set(tally.pods.filter(\.isTracked).map(\.uid))
        if status.countReleased(held: held) { needsWrite = true }
        let counted = countEnded(end)
        if counted.isChanged { needsWrite = true }
        if let end, status.announce(end, now: now) { needsWrite = true }
        if needsWrite { try write() }
        for pod in counted.released {
            try controller.release(pod.pod, of: job)
            held.remove(pod.uid)
        }
        needsWrite = status.countReleased(held: held)
        let isFinished = !counted.isFull && finish(end?.ending)
        guard needsWrite || isFinished else { return }
        try write()
        if isFinished, let end { recordEnd(end.ending) }
    }

    /// What can be let go of.
    private struct Counted {
        var released: [JobPod] = []
        var isChanged = false
        /// Whether there is more than one turn takes.
        var isFull = false
    }

    private mutating func countEnded(_ end: JobCondition?) -> Counted {
        var counted = Counted()
        var uncounted = status.uncounted ?? JobStatus.Uncounted()
        let known = (succeeded: Set(uncounted.succeeded), failed: Set(uncounted.failed))
        var indexes: [Int] = []
        let ordered = spec.isIndexed ? tally.pods.sorted { ($0.index ?? -1) < ($1.index ?? -1) } : tally.pods
        for pod in ordered where pod.isTracked && mayRelease(pod, end) {
            counted.released.append(pod)
            if pod.hasSucceeded, !known.failed.contains(pod.uid) {
                if !spec.isIndexed {
                    if !known.succeeded.contains(pod.uid) { uncounted.succeeded.append(pod.uid) }
                } else if let index = pod.index, spec.mayCount(pod), !tally.knownIndexes.contains(index) {
                    indexes.append(index)
                }
            } else if pod.isFailed || end.map({ !$0.isSuccess }) ?? false {
                let counts = spec.failurePolicy?.verdict(on: pod).counts ?? true
                if counts, spec.mayCount(pod), !known.failed.contains(pod.uid) { uncounted.failed.append(pod.uid) }
            }
            if indexes.count + uncounted.count >= Limits.uncounted {
                counted.isFull = true
                break
            }
        }
        let before = status
        status.uncounted = uncounted
        if spec.isIndexed {
            let all = tally.knownIndexes.union(CompletionIndexes(indexes))
            status.succeeded = all.count
            status.completedIndexes = all.description
            status.failedIndexes = tally.failedIndexes?.description
        }
        counted.isChanged = status != before
        return counted
    }

    /// Whether a pod need not be held any longer. The last failed one of an index is, until the next one has taken
    /// over how often the index has failed.
    // Kubernetes: pkg/controller/job/job_controller.go canRemoveFinalizer
    private func mayRelease(_ pod: JobPod, _ end: JobCondition?) -> Bool {
        if job.isTerminating || end != nil || pod.hasSucceeded { return true }
        guard pod.isFailed else { return false }
        return pod.index.flatMap { tally.lastFailures[$0] }?.uid != pod.uid
    }

    /// Ends the Job, unless something about its pods is left to be done.
    // Kubernetes: pkg/controller/job/job_controller.go enactJobFinished
    private mutating func finish(_ end: JobCondition?) -> Bool {
        guard let end, status.uncounted?.count ?? 0 == 0, terminating == 0 else { return false }
        _ = status.set(end, now: now)
        if end.isSuccess { status.completionTime = now }
        return true
    }

    private func recordEnd(_ end: JobCondition) {
        guard end.isSuccess else { return controller.record(job, .warning, end.reason, end.message) }
        if let completions = spec.completions, status.succeeded > completions {
            let message = "Too many succeeded pods running after completion count reached"
            controller.record(job, .warning, "TooManySucceededPods", message)
        }
        controller.record(job, .normal, "Completed", "Job completed")
    }

    private func write() throws(StatusError) {
        try controller.write(status, of: job)
        controller.keep(backoff, of: job.uid)
    }
}

extension JobStatus {
    /// Says that the Job is going to end this way.
    /// - Returns: whether that is new.
    fileprivate mutating func announce(_ end: JobCondition, now: Timestamp) -> Bool {
        let isAnnouncement = end.ending != end
        guard isAnnouncement, JobCondition(end.type, in: conditions) == nil else { return false }
        conditions.append(end.value(now: now))
        return true
    }
}
