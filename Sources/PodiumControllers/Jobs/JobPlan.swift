// SPDX-License-Identifier: Apache-2.0
// Which pods of a Job are to be made or deleted.

import PodiumMachinery

/// What is missing or too much.
// Kubernetes: pkg/controller/job/job_controller.go manageJob
enum JobPlan: Sendable {
    /// The limits of one turn.
    enum Limits {
        /// How many pods are made or deleted before the status is looked at again.
        static let burst = 500
    }

    case nothing
    /// To make so many pods; those of an indexed Job for these indexes.
    case create(Int, indexes: [Int])
    case delete([JobPod])
    /// To look again when pods that failed may be replaced.
    case wait(Duration)

    init(_ tally: JobTally, _ backoff: JobBackoff, now: Timestamp) {
        let spec = tally.spec
        let active = tally.active.count
        if spec.isSuspended {
            self = active > 0 ? .delete(tally.active) : .nothing
            return
        }
        let wanted = tally.wanted
        let surplus = tally.removals(atLeast: max(0, active - wanted))
        if !surplus.isEmpty {
            self = .delete(Array(surplus.prefix(Limits.burst)))
            return
        }
        let missing = wanted - active - (spec.replacesOnlyFailed ? tally.terminating : 0)
        guard missing > 0 else {
            self = .nothing
            return
        }
        if spec.backoffLimitPerIndex == nil {
            let wait = backoff.remaining(now: now)
            if wait > .zero {
                self = .wait(wait)
                return
            }
        }
        let count = min(missing, Limits.burst)
        guard spec.isIndexed else {
            self = .create(count, indexes: [])
            return
        }
        self.init(for: tally.pendingIndexes(count), tally, now: now)
    }

    /// Makes the pods of those `indexes` whose own back-off is over.
    // Kubernetes: pkg/controller/job/indexed_job_utils.go getPodCreationInfoForIndependentIndexes
    private init(for indexes: [Int], _ tally: JobTally, now: Timestamp) {
        let waits = indexes.map { index in
            tally.lastFailures[index].map { pod in
                JobBackoff.remaining(failures: pod.failuresBefore + 1, last: pod.finished, now: now)
            } ?? .zero
        }
        let ready = zip(indexes, waits).filter { $0.1 <= .zero }.map(\.0)
        if let wait = waits.min(), ready.isEmpty {
            self = .wait(wait)
        } else {
            self = ready.isEmpty ? .nothing : .create(ready.count, indexes: ready)
        }
    }
}

extension JobTally {
    /// How many pods there should be.
    fileprivate var wanted: Int {
        guard let completions = spec.completions else { return succeeded > 0 ? active.count : spec.parallelism }
        return max(0, min(completions - succeeded, spec.parallelism))
    }

    /// The pods to delete: those without a use, and at least `count`.
    // Kubernetes: pkg/controller/job/job_controller.go activePodsForRemoval
    fileprivate func removals(atLeast count: Int) -> [JobPod] {
        var useless: [JobPod] = []
        var useful = active
        if spec.isIndexed {
            useful = []
            let byIndex = Dictionary(grouping: active) { $0.index ?? -1 }
            for (index, pods) in byIndex.sorted(by: { $0.key < $1.key }) {
                guard (0..<spec.indexCount).contains(index) else {
                    useless += pods
                    continue
                }
                let ranked = pods.sorted { $0.goes(before: $1) }
                useless += ranked.dropLast()
                useful += ranked.suffix(1)
            }
        }
        let missing = count - useless.count
        if missing <= 0 { return useless }
        return useless + useful.sorted { $0.goes(before: $1) }.prefix(missing)
    }

    /// The lowest indexes that nothing is done about.
    // Kubernetes: pkg/controller/job/indexed_job_utils.go firstPendingIndexes
    fileprivate func pendingIndexes(_ count: Int) -> [Int] {
        var taken = succeededIndexes.union(CompletionIndexes(active.compactMap(\.index)))
        if spec.replacesOnlyFailed {
            let ending = pods.filter { $0.pod.isTerminating && !$0.pod.isFinished }
            taken = taken.union(CompletionIndexes(ending.compactMap(\.index)))
        }
        if let failedIndexes { taken = taken.union(failedIndexes) }
        return taken.lowestMissing(count, completions: spec.indexCount)
    }
}
