// SPDX-License-Identifier: Apache-2.0
// What is in the volumes of claims, for all pods that use them.

import PodiumMachinery
package import PodiumRuntime
import Synchronization

/// What a volume of a claim holds.
package struct VolumeContent: Hashable, Sendable {
    package var tree = FileTree()
    /// Counts the changes of the tree.
    package var version = 0
}

/// The content of the volumes behind PersistentVolumeClaims.
///
/// Whenever the containers of a pod have a turn, they work with what its volumes hold at that moment; what they wrote
/// is there for the next pod whose containers have a turn, on whatever node.
// State | guarded by | why separate
// volumes | mutex | the kubelets of all nodes mount the volumes
// a volume's content | mutex of its own | held for a turn of containers; those of several volumes are taken by name
final class ClaimContents: Sendable {
    private final class Volume: Sendable {
        let content = Mutex(VolumeContent())
    }

    private let volumes = Mutex<[String: Volume]>([:])
    private let memory: HeldMemory

    /// Volumes that hold nothing yet, and what they will hold is told to `memory`.
    init(memory: HeldMemory) { self.memory = memory }

    /// Lets `body` read and change what the volumes called `names` hold, while nobody else does.
    func use(_ names: Set<String>, _ body: (inout [String: VolumeContent]) -> Void) {
        var contents: [String: VolumeContent] = [:]
        use(names.sorted()[...], &contents, body)
    }

    private func use(
        _ names: ArraySlice<String>,
        _ contents: inout [String: VolumeContent],
        _ body: (inout [String: VolumeContent]) -> Void
    ) {
        guard let name = names.first else { return body(&contents) }
        volume(name).content.withLock { content in
            contents[name] = content
            use(names.dropFirst(), &contents, body)
            content = contents.removeValue(forKey: name) ?? content
        }
    }

    private func volume(_ name: String) -> Volume {
        volumes.withLock { volumes in
            if let volume = volumes[name] { return volume }
            let volume = Volume()
            volumes[name] = volume
            return volume
        }
    }

    /// Counts what the volumes called `names` hold.
    func account(_ names: Set<String>) {
        for name in names { memory.keep(volume(name).content.withLock { $0.tree.totalBytes }, in: name) }
    }

    /// The volume called `name` is gone.
    func forget(_ name: String) {
        volumes.withLock { $0[name] = nil }
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
