// SPDX-License-Identifier: Apache-2.0
// What is to be done about the pods of a StatefulSet at one moment.

import PodiumClient
import PodiumMachinery

/// The pods of a StatefulSet, and the next steps.
///
/// An ordered set goes through its pods from the first to the last and stops at the one that is missing or not
/// available. Only when there is none do surplus pods go, the last one first, and only when there are none of these are
/// pods of an old revision replaced. A parallel set does all of this at once.
// Kubernetes: pkg/controller/statefulset/stateful_set_control.go updateStatefulSet
struct StatefulSetPlan {
    /// The limits of one plan.
    enum Limits {
        /// How many pods are made before the set is looked at again.
        static let burst = 500
    }

    /// One of the pods that there should be.
    struct Replica {
        let ordinal: Int
        /// nil when it is missing.
        let pod: WorkloadPod?
    }

    /// A pod that there is.
    struct Member {
        let ordinal: Int
        let pod: WorkloadPod
    }

    enum Step {
        case create(ordinal: Int)
        case remove(WorkloadPod)
        /// Makes the claims of a pod that waits, if some are missing.
        case makeClaims(Member)
        /// Gives a pod its labels, its volumes and the right owners of its claims, if it lacks them.
        case conform(Member)
    }

    /// Of the pods that are missing only as many as are made at once.
    private let replicas: [Replica]
    /// The pods that are too many, the last first.
    let condemned: [Member]
    private let spec: StatefulSetSpec
    private let now: Timestamp

    /// - Parameter pods: the pods that belong to the set called `name`.
    init(_ spec: StatefulSetSpec, of name: String, _ pods: [WorkloadPod], now: Timestamp) {
        self.spec = spec
        self.now = now
        var wanted: [Int: WorkloadPod] = [:]
        var surplus: [Member] = []
        for pod in pods {
            guard let ordinal = StatefulPodName(pod.name, of: name)?.ordinal else { continue }
            if spec.ordinals.contains(ordinal) {
                wanted[ordinal] = pod
            } else {
                surplus.append(Member(ordinal: ordinal, pod: pod))
            }
        }
        let missing = spec.ordinals.lazy.filter { wanted[$0] == nil }.prefix(Limits.burst)
        let present = wanted.map { Replica(ordinal: $0, pod: $1) }
        replicas = (present + missing.map { Replica(ordinal: $0, pod: nil) }).sorted { $0.ordinal < $1.ordinal }
        condemned = surplus.sorted { $0.ordinal > $1.ordinal }
    }

    /// All pods that count.
    var pods: [WorkloadPod] { replicas.compactMap(\.pod) + condemned.map(\.pod) }

    // MARK: Steps

    /// The steps for the pods that there should be, one after the other.
    ///
    /// An ordered set gets those up to the first pod that is to be waited for.
    var steps: [[Step]] {
        var steps: [[Step]] = []
        for replica in replicas {
            steps.append(self.steps(for: replica))
            if isBlocked(by: replica) { break }
        }
        return steps
    }

    /// Whether an ordered set has to wait for one of its pods.
    var isBlocked: Bool { replicas.contains(where: isBlocked) }

    private func isBlocked(by replica: Replica) -> Bool { spec.isOrdered && !isAvailable(replica.pod) }

    // Kubernetes: pkg/controller/statefulset/stateful_set_control.go processReplica
    private func steps(for replica: Replica) -> [Step] {
        guard let pod = replica.pod else { return [.create(ordinal: replica.ordinal)] }
        // The next pod comes once this one is gone.
        if pod.isFinished { return pod.isTerminating ? [] : [.remove(pod)] }
        let member = Member(ordinal: replica.ordinal, pod: pod)
        let claims: [Step] = pod.phase == .pending ? [.makeClaims(member)] : []
        return isBlocked(by: replica) ? claims : claims + [.conform(member)]
    }

    /// Which of the surplus pods go now: all of them, or, of an ordered set, the last one, unless it is broken and one
    /// before it is broken too.
    // Kubernetes: pkg/controller/statefulset/stateful_set_control.go processCondemned
    var removals: [WorkloadPod] {
        guard spec.isOrdered else { return condemned.map(\.pod).filter { !$0.isTerminating } }
        guard let last = condemned.first?.pod, !last.isTerminating else { return [] }
        let isNext = isAvailable(last) || !condemned.dropFirst().contains { !isAvailable($0.pod) }
        return isNext ? [last] : []
    }

    /// The pods that are deleted to come back with the template of `revision`.
    // Kubernetes: pkg/controller/statefulset/stateful_set_control.go updateStatefulSetAfterInvariantEstablished
    func replacements(by revision: String) -> [WorkloadPod] {
        guard case .rolling(let partition, let limit) = spec.strategy else { return [] }
        let range = replicas.filter { $0.ordinal >= spec.firstOrdinal + partition }
        let outdated = range.reversed().compactMap(\.pod).filter {
            $0.revisionLabel != revision && !$0.isTerminating
        }
        let unavailable = spec.replicas - replicas.count { isAvailable($0.pod) }
        let budget = max(0, limit - unavailable)
        if spec.isOrdered { return Array(outdated.prefix(budget)) }
        // What is broken is no loss, and might never become available with its old template.
        return outdated.filter { !isAvailable($0) } + outdated.filter(isAvailable).prefix(budget)
    }

    private func isAvailable(_ pod: WorkloadPod?) -> Bool {
        guard let pod else { return false }
        return pod.isRunningAndReady && !pod.isTerminating && pod.isAvailable(after: spec.minReady, now: now)
    }
}

extension WorkloadPod {
    /// Whether it runs and is ready, ending or not.
    var isRunningAndReady: Bool { phase == .running && isReady }
}
