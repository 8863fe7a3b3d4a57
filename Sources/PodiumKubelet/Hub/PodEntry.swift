// SPDX-License-Identifier: Apache-2.0
// A pod worker with its timer and its place in the API.

import PodiumHost
import PodiumMachinery
import PodiumStorage

/// A pod on a node, as its kubelet holds it. Used on the kubelets' queue only.
final class PodEntry {
    let name: NamespacedName
    let uid: String
    var worker: PodWorker
    /// What wakes the worker, and when.
    var timer: (any Cancellable)?
    var armedFor: Timestamp?
    /// The revision of the last write of this kubelet, to know its own writes when they come back.
    var ownRevision: Revision?
    /// The revision that was last seen.
    var revision: Revision
    /// Whether the pod may use the node: it was not rejected.
    var isAdmitted = true
    /// Whether the pod counted against the node's room when it was last driven.
    var usedResources = false
    /// The present call changes the worker; nobody may look at it meanwhile.
    var isActive = false

    init(_ worker: PodWorker, revision: Revision) {
        self.worker = worker
        name = worker.pod.name
        uid = worker.pod.uid
        self.revision = revision
    }
}
