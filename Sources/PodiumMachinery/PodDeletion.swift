// SPDX-License-Identifier: Apache-2.0
// What a request to delete a pod does to it: how long it may still run, and whether it leaves at once.

package import PodiumCodec

/// The rules of graceful pod deletion, without any storage.
///
/// `T+8 DELETE grace 30` makes `deletionTimestamp T+38, grace 30`; `T+12 DELETE grace 10` then makes `T+18, grace 10`;
/// `T+12 DELETE grace 3` would lie in the past and becomes `T+12, grace 1`; `T+12 DELETE grace 0` removes.
// Kubernetes: apiserver/pkg/registry/rest/delete.go BeforeDelete; pkg/registry/core/pod/strategy.go CheckGracefulDelete
package enum PodDeletion {
    /// What to do with the pod after ``request(_:graceSeconds:now:)``.
    package enum Outcome: Hashable, Sendable {
        /// A deletion with no longer grace is under way, or only finalizers hold the pod: nothing to write.
        case unchanged
        /// Write the pod; it stays until its kubelet, or whoever put the finalizers, lets it go.
        case write
        /// Write the pod, so that watchers see how it went, and then remove it.
        case writeThenRemove
        /// Remove it as it is.
        case remove
    }

    /// Marks `pod` as being deleted.
    /// - Parameters:
    ///   - graceSeconds: the grace that was asked for; nil takes that of the pod's spec. Negative counts as 1.
    ///   - now: the present moment.
    package static func request(_ pod: inout JSONValue, graceSeconds: Int64?, now: Timestamp) -> Outcome {
        let requested = graceSeconds.map { $0 < 0 ? 1 : $0 }
        let hasFinalizers = !(pod[path: "metadata", "finalizers"]?.elements ?? []).isEmpty
        guard let deletion = pod[path: "metadata", "deletionTimestamp"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        else {
            let grace = initialGrace(of: pod, requested: requested)
            mark(&pod, deletion: now + .seconds(grace), grace: grace)
            raiseGeneration(&pod)
            return grace > 0 || hasFinalizers ? .write : .writeThenRemove
        }
        let current = pod[path: "metadata", "deletionGracePeriodSeconds"]?.integer ?? 0
        if current == 0 { return hasFinalizers ? .unchanged : .remove }
        guard let requested, requested < current else { return .unchanged }
        let shortened = deletion - .seconds(current) + .seconds(requested)
        let isPast = shortened < now
        let grace = isPast ? min(requested, 1) : requested
        mark(&pod, deletion: isPast ? now : shortened, grace: grace)
        return grace > 0 || hasFinalizers ? .write : .writeThenRemove
    }

    /// The grace of a first request. Pods that run nowhere, or no longer, have nothing to wait for.
    private static func initialGrace(of pod: JSONValue, requested: Int64?) -> Int64 {
        let phase = pod[path: "status", "phase"]?.string
        if phase == "Succeeded" || phase == "Failed" { return 0 }
        if (pod[path: "spec", "nodeName"]?.string ?? "").isEmpty { return 0 }
        let grace = requested ?? pod[path: "spec", "terminationGracePeriodSeconds"]?.integer ?? 0
        return grace < 0 ? 1 : grace
    }

    private static func mark(_ pod: inout JSONValue, deletion: Timestamp, grace: Int64) {
        ObjectDeletion.set(deletion: deletion, grace: grace, on: &pod)
    }

    private static func raiseGeneration(_ pod: inout JSONValue) { ObjectDeletion.raiseGeneration(of: &pod) }
}

/// The rules of deletion for objects without a grace period.
// Kubernetes: apiserver/pkg/registry/generic/registry/store.go markAsDeleting
package enum ObjectDeletion {
    /// Marks `object` as being deleted when finalizers hold it.
    /// - Returns: `.remove` when nothing holds it, `.write` when it was marked, `.unchanged` when it had been.
    package static func request(_ object: inout JSONValue, now: Timestamp) -> PodDeletion.Outcome {
        if (object[path: "metadata", "finalizers"]?.elements ?? []).isEmpty { return .remove }
        if object[path: "metadata", "deletionTimestamp"] != nil { return .unchanged }
        raiseGeneration(of: &object)
        set(deletion: now, grace: 0, on: &object)
        return .write
    }

    /// Raises `metadata.generation` by one where the object counts it.
    package static func raiseGeneration(of object: inout JSONValue) {
        guard let generation = object[path: "metadata", "generation"]?.integer, generation > 0 else { return }
        object[path: "metadata", "generation"] = .integer(generation + 1)
    }

    /// Sets both deletion fields, at the place where Kubernetes prints them: right behind the creation time.
    package static func set(deletion: Timestamp, grace: Int64, on object: inout JSONValue) {
        object.updateObject { members in
            members["metadata", default: .emptyObject].updateObject { metadata in
                let place = (metadata.index(forKey: "creationTimestamp") ?? metadata.count - 1) + 1
                metadata.updateValue(.string(deletion.rfc3339), forKey: "deletionTimestamp", insertingAt: place)
                let behind = (metadata.index(forKey: "deletionTimestamp") ?? metadata.count - 1) + 1
                metadata.updateValue(.integer(grace), forKey: "deletionGracePeriodSeconds", insertingAt: behind)
            }
        }
    }
}
