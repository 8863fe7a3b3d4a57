// SPDX-License-Identifier: Apache-2.0
// Gives every Node a range of addresses for its pods.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// Gives Nodes their `podCIDR`, and takes it back when they go.
// Kubernetes: pkg/controller/nodeipam/ipam/range_allocator.go
// State | guarded by | why separate
// ranges | queue | the queue of the informers, whose changes it follows
final class NodeIPAMController: InformedReconciler {
    static let name = "node-ipam-controller"

    private let informers: SharedInformers
    private let recorder: EventRecorder
    private let ranges: Confined<NodeRanges>

    init(informers: SharedInformers, ranges: NodeRanges) {
        self.informers = informers
        recorder = EventRecorder(client: informers.client, component: "cidrAllocator", queue: informers.queue)
        self.ranges = Confined(ranges, on: informers.queue)
    }

    func watch(_ controller: Controller<String>) {
        informers.handle(.nodes) { [ranges] event in
            let node = event.object
            switch event {
            case .deleted: ranges.withState { state in for range in Self.ranges(of: node) { state.release(range) } }
            case .updated(let old, let new) where old.stored.hasSameSpec(as: new.stored): return
            case .added, .updated:
                let present = Self.ranges(of: node)
                if present.isEmpty { return controller.add(node.name) }
                ranges.withState { state in for range in present { state.occupy(range) } }
            }
        }
    }

    private static func ranges(of node: APIObject) -> [String] {
        node.spec["podCIDRs"]?.elements.compactMap(\.string) ?? []
    }

    func reconcile(_ name: String) throws -> ReconcileResult {
        guard let node = try informers.current(ObjectKey(.nodes, name: name)), Self.ranges(of: node).isEmpty else {
            return .done
        }
        guard let range = ranges.withState({ $0.allocate() }) else {
            let message = "Node \(name) status is now: CIDRNotAvailable"
            recorder.event(about: node, type: .normal, reason: "CIDRNotAvailable", message: message)
            throw StatusError.internalError("there are no remaining CIDRs left to allocate in the accepted range")
        }
        do throws(StatusError) {
            let updated = try informers.client.update(node.key, uid: node.uid) { value in
                guard value[path: "spec", "podCIDR"] == nil else { return false }
                value[path: "spec", "podCIDR"] = .string(range)
                value[path: "spec", "podCIDRs"] = [.string(range)]
                return true
            }
            if updated.map({ Self.ranges(of: $0) != [range] }) ?? true { ranges.withState { $0.release(range) } }
        } catch {
            ranges.withState { $0.release(range) }
            if error.reason != .notFound { throw error }
        }
        return .done
    }
}
