// SPDX-License-Identifier: Apache-2.0
// The status of a StatefulSet.

import PodiumCodec
import PodiumMachinery

/// What the status of a StatefulSet says.
// Kubernetes: pkg/controller/statefulset/stateful_set_control.go updateStatus
struct StatefulSetStatus: Sendable {
    private let generation: Int64
    private let replicas: Int
    private let ready: Int
    private let available: Int
    private var current: Int
    private let updated: Int
    private var currentRevision: String
    private let updateRevision: String
    private let collisions: Int64

    /// The revisions that a StatefulSet has to do with, by their names.
    struct Revisions: Sendable {
        /// That of the pods before the update that is under way.
        let current: String
        /// That of the present template.
        let update: String
        /// How often the name of a revision was taken by something else.
        let collisions: Int64
    }

    /// - Parameter pods: the pods of the set, in any state.
    init(_ spec: StatefulSetSpec, generation: Int64, _ pods: [WorkloadPod], _ revisions: Revisions, now: Timestamp) {
        let ready = pods.filter(\.isRunningAndReady)
        let remaining = pods.filter { !$0.isTerminating }
        self.generation = generation
        replicas = pods.count
        self.ready = ready.count
        available = ready.count { $0.isAvailable(after: spec.minReady, now: now) }
        current = remaining.count { $0.revisionLabel == revisions.current }
        updated = remaining.count { $0.revisionLabel == revisions.update }
        currentRevision = revisions.current
        updateRevision = revisions.update
        collisions = revisions.collisions
    }

    /// Notes that so many pods of the current revision have just been deleted.
    mutating func noteRemovals(_ count: Int) { current = max(0, current - count) }

    /// Ends the update when all pods have its revision.
    // Kubernetes: pkg/controller/statefulset/stateful_set_utils.go completeRollingUpdate
    mutating func completeUpdate(_ spec: StatefulSetSpec) {
        guard case .rolling = spec.strategy, [updated, ready, replicas].allSatisfy({ $0 == spec.replicas }) else {
            return
        }
        current = updated
        currentRevision = updateRevision
    }

    /// The status as it is stored.
    var value: JSONValue {
        var status: JSONObject = [:]
        if generation != 0 { status["observedGeneration"] = .integer(generation) }
        status["replicas"] = .integer(Int64(replicas))
        for (name, count) in [("readyReplicas", ready), ("currentReplicas", current), ("updatedReplicas", updated)]
        where count != 0 {
            status[name] = .integer(Int64(count))
        }
        status["currentRevision"] = .string(currentRevision)
        status["updateRevision"] = .string(updateRevision)
        status["collisionCount"] = .integer(collisions)
        status["availableReplicas"] = .integer(Int64(available))
        return .object(status)
    }
}
