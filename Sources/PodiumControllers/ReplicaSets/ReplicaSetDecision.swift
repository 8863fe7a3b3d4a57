// SPDX-License-Identifier: Apache-2.0
// What is to be done about the pods of a ReplicaSet, and what its status says of them.

import PodiumClient
import PodiumCodec
import PodiumMachinery

/// What is missing or too much.
// Kubernetes: pkg/controller/replicaset/replica_set.go manageReplicas
enum ReplicaSetDecision {
    /// The limits of one turn.
    enum Limits {
        /// How many pods are made or deleted before the status is looked at again.
        static let burst = 500
    }

    case nothing
    case create(Int)
    case delete([WorkloadPod])

    /// - Parameters:
    ///   - active: the pods that count.
    ///   - related: all pods of the same purpose, looked for only when there are too many.
    init(replicas: Int, active: [WorkloadPod], related: () -> [WorkloadPod], now: Timestamp) {
        let surplus = active.count - replicas
        if surplus < 0 {
            self = .create(min(-surplus, Limits.burst))
        } else if surplus > 0 {
            let count = min(surplus, Limits.burst)
            let ranking = PodRanking(related: count < active.count ? related() : [], now: now)
            let ranked = count < active.count ? active.sorted(by: ranking.precedes) : active
            self = .delete(Array(ranked.prefix(count)))
        } else {
            self = .nothing
        }
    }

    /// The sizes of the batches in which `count` pods are made: when one fails, the rest need not fail too.
    // Kubernetes: pkg/controller/replicaset/replica_set.go slowStartBatch
    static func batches(of count: Int) -> [Int] {
        var sizes: [Int] = []
        var (rest, size) = (count, 1)
        while rest > 0 {
            sizes.append(min(rest, size))
            rest -= sizes[sizes.count - 1]
            size *= 2
        }
        return sizes
    }
}

/// The status of a ReplicaSet or a ReplicationController.
// Kubernetes: pkg/controller/replicaset/replica_set_utils.go calculateStatus
struct ReplicaSetStatus {
    /// Why pods could not be made or deleted.
    struct Failure {
        let reason: String
        let message: String
    }

    private static let failureType = "ReplicaFailure"

    private var counts: [(name: String, value: Int)]
    private let generation: Int64

    /// - Parameters:
    ///   - pods: the pods that it owns, in any state.
    ///   - terminating: whether those that are being deleted are counted.
    init(_ spec: JSONValue, generation: Int64, _ pods: [WorkloadPod], terminating: Bool, now: Timestamp) {
        let active = pods.filter(\.isActive)
        let labels = LabelSelector(matching: spec[path: "template", "metadata", "labels"]?.stringMap ?? [:])
        let minimum = Duration.seconds(spec["minReadySeconds"]?.integer ?? 0)
        let ready = active.filter(\.isReady)
        counts = [
            ("fullyLabeledReplicas", active.count { labels.matches($0.labels) }), ("readyReplicas", ready.count),
            ("availableReplicas", ready.count { $0.isAvailable(after: minimum, now: now) }),
        ].filter { $0.1 > 0 }
        counts.insert(("replicas", active.count), at: 0)
        if terminating {
            counts.append(("terminatingReplicas", pods.count { $0.isTerminating && !$0.isFinished }))
        }
        self.generation = generation
    }

    /// Writes the status into `object`.
    /// - Returns: whether anything changed.
    func write(to object: inout JSONValue, failure: Failure?, now: Timestamp) -> Bool {
        let old = object["status"] ?? .emptyObject
        var status: JSONObject = [:]
        for (name, value) in counts { status[name] = .integer(Int64(value)) }
        status["observedGeneration"] = .integer(generation)
        let others = (old["conditions"]?.elements ?? []).filter { $0["type"]?.string != Self.failureType }
        let known = (old["conditions"]?.elements ?? []).first { $0["type"]?.string == Self.failureType }
        // The first failure stays as long as there is one.
        let condition = failure.map { known ?? Self.condition($0, now: now) }
        let conditions = others + (condition.map { [$0] } ?? [])
        if !conditions.isEmpty { status["conditions"] = .array(conditions) }
        object["status"] = .object(status)
        return .object(status) != old
    }

    private static func condition(_ failure: Failure, now: Timestamp) -> JSONValue {
        [
            "type": .string(failureType), "status": "True", "lastTransitionTime": .string(now.rfc3339),
            "reason": .string(failure.reason), "message": .string(failure.message),
        ]
    }
}
