// SPDX-License-Identifier: Apache-2.0
// A pod worker with its timer and its place in the API.

import PodiumHost
import PodiumMachinery
import PodiumRuntime
import PodiumStorage

/// What of a pod others see, and so whether they are to be told of a change.
struct PodAppearance: Equatable {
    var labels: [String: String]
    var address: String?
    var isReady: Bool
    var isStopped: Bool
    /// What its containers listen on.
    var ports: SandboxPorts?
}

/// A pod on a node, as its kubelet holds it. Used on the kubelet's queue only.
final class PodEntry {
    let name: NamespacedName
    let uid: String
    var worker: PodWorker
    /// What wakes the worker, and when.
    var timer: (any Cancellable)?
    var armedFor: Timestamp?
    /// The revisions of this kubelet's writes that have not come back yet, oldest first.
    var ownRevisions: [Revision] = []
    /// The revision that was last seen.
    var revision: Revision
    /// The place of the pod among those of its node.
    var arrival = 0
    /// Whether the pod may use the node: it was not rejected.
    var isAdmitted = true
    /// What the pod takes of its node, and the grant that this follows from.
    var claim: RoomClaim?
    var claimVersion: Int?
    /// What was last noted of what the pod holds of this machine's memory.
    var heldBytes = 0
    /// How the clients of its commands call; made with the first of them.
    var bell: CommandBell?
    /// What was last published of what the pod uses.
    var usages: [ContainerUsage] = []
    /// What was last shown of the pod.
    var appearance: PodAppearance?
    /// What its kubelet remembers of the Events about it; made with the first of them.
    var recorders: EventRecorders?
    /// Whether its status, or its end, is still to be written: storage could not be reached.
    var owesStatus = false
    /// Whether it is still to be begun with, for the same reason.
    var owesBeginning = false
    /// The present call changes the worker; nobody may look at it meanwhile.
    var isActive = false

    init(_ worker: PodWorker, revision: Revision) {
        self.worker = worker
        name = worker.pod.name
        uid = worker.pod.uid
        self.revision = revision
    }

    /// Takes note of the revision of a change.
    /// - Returns: whether it was this kubelet's own.
    func noteRevision(_ seen: Revision) -> Bool {
        if seen > revision { revision = seen }
        let isOwn = ownRevisions.contains(seen)
        ownRevisions.removeAll { $0 <= seen }
        return isOwn
    }
}
