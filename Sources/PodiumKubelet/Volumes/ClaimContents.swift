// SPDX-License-Identifier: Apache-2.0
// What is in the volumes of claims, from one pod to the next.

import PodiumMachinery
import PodiumRuntime
import Synchronization

/// The content of the volumes behind PersistentVolumeClaims.
///
/// A pod gets what the volume holds when its sandbox is made, and gives it back whenever one of its containers ends.
/// Pods that use a volume at the same time do not see at once what the others write.
// State | guarded by | why separate
// trees | mutex | the kubelets of all nodes mount the volumes
final class ClaimContents: Sendable {
    private let trees = Mutex<[String: FileTree]>([:])
    private let memory: HeldMemory

    /// Volumes that hold nothing yet, and what they will hold is told to `memory`.
    init(memory: HeldMemory) { self.memory = memory }

    /// What the volume called `name` holds.
    subscript(name: String) -> FileTree { trees.withLock { $0[name] } ?? FileTree() }

    /// Keeps what a pod leaves in the volume called `name`.
    func keep(_ tree: FileTree, in name: String) {
        trees.withLock { $0[name] = tree }
        memory.keep(tree.totalBytes, in: name)
    }

    /// The volume called `name` is gone.
    func forget(_ name: String) {
        trees.withLock { $0[name] = nil }
        memory.keep(nil, in: name)
    }
}

/// The volume of a claim, as a kubelet finds it.
package enum ClaimedVolume: Hashable, Sendable {
    /// There is no such claim.
    case missing
    /// The claim has no volume yet, or none any more.
    case unbound
    case bound(String)
}
