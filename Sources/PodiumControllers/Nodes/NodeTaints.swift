// SPDX-License-Identifier: Apache-2.0
// Adds taints to nodes and takes them away, one write for each, as the node controller does.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumStorage

/// Writes taints.
// Kubernetes: pkg/controller/util/node/controller_utils.go SwapNodeControllerTaint
struct NodeTaints: Sendable {
    let client: ResourceClient

    /// Adds `additions`, with the present time, and then takes `removals` away.
    func swap(adding additions: [Taint], removing removals: [Taint], on node: ObjectKey) throws(StatusError) {
        let now = client.host.clock.now
        if !additions.isEmpty {
            try edit(node) { taints in
                for var taint in additions where !taints.contains(where: { $0.isSame(as: taint) }) {
                    taint.timeAdded = now
                    taints.append(taint)
                }
            }
        }
        if !removals.isEmpty {
            try edit(node) { taints in
                taints.removeAll { taint in removals.contains { $0.isSame(as: taint) } }
            }
        }
    }

    private func edit(_ node: ObjectKey, _ change: (inout [Taint]) -> Void) throws(StatusError) {
        try client.update(node) { value in
            let old = Taint.list(of: value)
            var new = old
            change(&new)
            if new == old { return false }
            value[path: "spec", "taints"] = new.isEmpty ? nil : .array(new.map(\.jsonValue))
            return true
        }
    }
}
