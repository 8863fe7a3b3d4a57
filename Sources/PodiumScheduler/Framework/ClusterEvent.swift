// SPDX-License-Identifier: Apache-2.0
// The changes after which a pod that fitted nowhere may be worth another look.

/// A change in the cluster.
// Kubernetes: pkg/scheduler/framework/events.go
package enum ClusterEvent: Sendable {
    case nodeAdded(SchedulingNode)
    case nodeUpdated(old: SchedulingNode, new: SchedulingNode)
    case nodeDeleted(SchedulingNode)
    /// A pod was bound to a node, or came with one.
    case podAdded(SchedulingPod)
    /// A pod on a node changed.
    case podUpdated(old: SchedulingPod, new: SchedulingPod)
    /// A pod on a node went or ended.
    case podDeleted(SchedulingPod)
    /// The pod in question itself changed.
    case selfUpdated(old: SchedulingPod, new: SchedulingPod)
    /// A claim, volume or storage class came or changed.
    case storageChanged
    /// The labels of a namespace changed.
    case namespaceChanged(String)

    /// The node after its appearance or change; nil for other events.
    package var changedNode: (old: SchedulingNode?, new: SchedulingNode)? {
        switch self {
        case .nodeAdded(let node): (nil, node)
        case .nodeUpdated(let old, let new): (old, new)
        default: nil
        }
    }
}
