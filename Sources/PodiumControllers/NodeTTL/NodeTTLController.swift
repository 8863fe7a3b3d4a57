// SPDX-License-Identifier: Apache-2.0
// Tells kubelets how long they may keep what they read of ConfigMaps and Secrets.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// Annotates Nodes with a time that grows with the number of them.
// Kubernetes: pkg/controller/ttl/ttl_controller.go
// State | guarded by | why separate
// size | queue | the queue of the informers, whose changes it follows
final class NodeTTLController: InformedReconciler {
    static let name = "ttl-controller"

    private static let annotation = "node.alpha.kubernetes.io/ttl"

    /// The size of a cluster, in steps that overlap, so that a Node more or less does not change all others.
    private struct ClusterSize {
        private static let steps: [(sizes: ClosedRange<Int>, seconds: Int)] = [
            (0...100, 0), (90...500, 15), (450...1000, 30), (900...2000, 60), (1800...Int.max, 300),
        ]

        private var nodes = 0
        private var step = 0

        var seconds: Int { Self.steps[step].seconds }

        mutating func add() {
            nodes += 1
            if nodes > Self.steps[step].sizes.upperBound { step += 1 }
        }

        mutating func remove() {
            nodes -= 1
            if nodes < Self.steps[step].sizes.lowerBound { step -= 1 }
        }
    }

    private let informers: SharedInformers
    private let size: Confined<ClusterSize>

    init(informers: SharedInformers) {
        self.informers = informers
        size = Confined(ClusterSize(), on: informers.queue)
    }

    func watch(_ controller: Controller<String>) {
        informers.handle(.nodes) { [size] event in
            switch event {
            case .added: size.withState { $0.add() }
            case .deleted:
                size.withState { $0.remove() }
                return
            case .updated(let old, let new) where new.stored.hasSameMetadata(as: old.stored): return
            case .updated: break
            }
            controller.add(event.object.name)
        }
    }

    func reconcile(_ name: String) throws -> ReconcileResult {
        let seconds = String(size.withState { $0.seconds })
        guard let node = informers.object(.nodes, name), node.annotations[Self.annotation] != seconds else {
            return .done
        }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try informers.client.update(node.key, uid: node.uid) { value in
                value[path: "metadata", "annotations", Self.annotation] = .string(seconds)
                return true
            }
        }
        return .done
    }
}
