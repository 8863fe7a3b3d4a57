// SPDX-License-Identifier: Apache-2.0
// A node as the scheduler sees it, read once from its object.

package import PodiumClient
import PodiumCodec
package import PodiumPodModel

/// Everything about a node itself that scheduling depends on. Immutable, so that events and caches share it.
package final class SchedulingNode: Sendable {
    package let name: String
    package let labels: [String: String]
    package let taints: [Taint]
    package let isUnschedulable: Bool
    package let allocatable: ResourceAmounts

    /// Reads a node.
    package init(_ object: APIObject) {
        name = object.name
        labels = object.labels
        taints = Taint.list(of: object.value)
        isUnschedulable = object.spec["unschedulable"]?.bool ?? false
        allocatable = ResourceAmounts(object.status["allocatable"])
    }

    /// Whether scheduling could come out differently on `other`.
    package func isEquivalent(to other: SchedulingNode) -> Bool {
        labels == other.labels && taints == other.taints && isUnschedulable == other.isUnschedulable
            && allocatable == other.allocatable
    }
}
