// SPDX-License-Identifier: Apache-2.0
// What the pods on a node take of it, kept up to date pod by pod so that nobody has to add it up.

import OrderedCollections
import PodiumMachinery
import PodiumPodModel

/// What one pod takes of its node.
struct RoomClaim: Hashable, Sendable {
    /// In the units of ``NodeUse/amounts``.
    var amounts: [String: Int64]
    var hostPorts: [ContainerPort]
}

/// What the pods on a node take of it.
struct NodeUse: Hashable, Sendable {
    /// Thousandths of processors as `cpu`, whole units of everything else.
    private(set) var amounts: [String: Int64] = [:]
    private(set) var podCount = 0
    /// The host ports that are taken.
    private(set) var hostPorts: [ContainerPort] = []

    /// Amounts as whole numbers.
    static func amounts(of list: ResourceList) -> [String: Int64] {
        var amounts: [String: Int64] = [:]
        for (name, quantity) in list { amounts[name] = name == "cpu" ? quantity.milliValue : quantity.value }
        return amounts
    }

    /// Adds a pod.
    mutating func add(_ claim: RoomClaim) {
        for (name, amount) in claim.amounts { amounts[name, default: 0] += amount }
        hostPorts += claim.hostPorts
        podCount += 1
    }

    /// Takes back what `add` did.
    mutating func remove(_ claim: RoomClaim) {
        for (name, amount) in claim.amounts { amounts[name, default: 0] -= amount }
        for port in claim.hostPorts {
            if let index = hostPorts.firstIndex(of: port) { hostPorts.remove(at: index) }
        }
        podCount -= 1
    }
}
