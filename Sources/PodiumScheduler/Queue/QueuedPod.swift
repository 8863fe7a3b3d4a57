// SPDX-License-Identifier: Apache-2.0
// A pod that waits for a node, and what is remembered of its attempts.

package import PodiumMachinery

/// A pod in the scheduling queue.
package struct QueuedPod: Sendable {
    package var pod: SchedulingPod
    /// When it was queued, or last failed.
    package var timestamp: Timestamp
    /// Breaks ties of priority and time.
    var sequence = 0
    /// How often it has fitted nowhere.
    var unschedulableCount = 0
    /// How often in a row it failed for another reason than that it did not fit.
    var errorCount = 0
    /// The plugins that refused it last.
    package var rejectors: Set<String> = []

    package init(_ pod: SchedulingPod, at timestamp: Timestamp) {
        self.pod = pod
        self.timestamp = timestamp
    }
}

/// An entry of a heap of pods. It is stale when the pod has been queued again since.
struct QueueEntry: Comparable {
    let priority: Int64
    let timestamp: Timestamp
    let sequence: Int
    let name: NamespacedName

    init(_ queued: QueuedPod) {
        priority = queued.pod.priority
        timestamp = queued.timestamp
        sequence = queued.sequence
        name = queued.pod.name
    }

    /// The more important first, then the one that has waited longer.
    static func < (left: QueueEntry, right: QueueEntry) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        return (left.timestamp, left.sequence) < (right.timestamp, right.sequence)
    }

    static func == (left: QueueEntry, right: QueueEntry) -> Bool { left.sequence == right.sequence }
}
