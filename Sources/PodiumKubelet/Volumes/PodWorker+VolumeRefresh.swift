// SPDX-License-Identifier: Apache-2.0
// Brings volumes of running pods up to date when the objects they show change.

import PodiumMachinery
import PodiumRuntime

// Kubernetes: pkg/kubelet/volumemanager/reconciler (remount of volumes that require it);
// pkg/volume/util/atomic_writer.go
extension PodWorker {
    /// Whether a volume of the pod is made from that object.
    func mounts(_ source: DataSource, _ name: String) -> Bool { pod.spec.volumes.contains { $0.uses(source, name) } }

    /// Something changed that volumes may show.
    mutating func planVolumeRefresh(in environment: any WorkerEnvironment) {
        guard volumeRefresh == nil, stage == .syncing, sandbox != nil else { return }
        let wait = Int64(Double(node.latencies.syncPeriod.nanoseconds) * environment.chance())
        volumeRefresh = environment.now + .nanoseconds(wait)
    }

    /// Makes the contents of volumes anew; what can not be made stays as it was.
    mutating func refreshVolumes(in environment: any WorkerEnvironment) {
        volumeRefresh = nil
        guard stage == .syncing, sandbox != nil else { return }
        for volume in pod.spec.volumes where volume.isLive {
            guard let tree = try? content(of: volume, in: environment), tree != volumes.trees[volume.name] else {
                continue
            }
            volumes.trees[volume.name] = tree
            sandbox?.setVolume(tree, named: volume.name)
        }
    }
}
