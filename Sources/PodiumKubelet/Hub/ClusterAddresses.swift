// SPDX-License-Identifier: Apache-2.0
// Gives out addresses: one network for pods, another for nodes.

import DequeModule
package import PodiumMachinery

/// The networks of a cluster from which pods and nodes get addresses, each as ranges in the order of their use.
package struct ClusterNetworks: Hashable, Sendable {
    package var pods: [ClosedRange<UInt32>]
    package var nodes: [ClosedRange<UInt32>]

    /// Pods from 10.244.0.0 on, as most installers have it, and all in 10.128.0.0/9; nodes from 172.18.0.0 on, the
    /// network of a container engine on one machine, and all in private networks.
    // Kubernetes: sigs.k8s.io/kind/pkg/apis/config/defaults networking.podSubnet; RFC 1918
    package static let standard = ClusterNetworks(
        pods: [0x0AF4_0000...0x0AFF_FFFF, 0x0A80_0000...0x0AF3_FFFF],
        nodes: [0xAC12_0000...0xAC1F_FFFF, 0xAC10_0000...0xAC11_FFFF, 0xC0A8_0000...0xC0A8_FFFF]
    )

    package init(pods: [ClosedRange<UInt32>], nodes: [ClosedRange<UInt32>]) {
        self.pods = pods
        self.nodes = nodes
    }
}

/// Gives out the addresses of a network, each to one holder at a time.
///
/// Addresses that came back are given out again when all others were, in the order in which they came.
///
///     pool.allocate()        // 10.244.0.2
///     pool.release("10.244.0.2")
///     pool.allocate()        // 10.244.0.3
package struct AddressPool: Sendable {
    /// The limits of a network.
    package enum Limits {
        /// How many addresses are given out before those that came back are; when none came back, there is no address.
        package static let maximumAddresses = 1 << 20
        /// How many addresses of a node's range are looked at for one that is free.
        package static let maximumAddressesOfNode = 1 << 10
    }

    private let ranges: [ClosedRange<UInt32>]
    /// The addresses of Services, which nobody else gets.
    private let excluded: ClosedRange<UInt32>
    /// The address that was looked at last among those that were never given out, and the number of its range.
    private var last: UInt32?
    private var range = 0
    private var freshCount = 0
    private var returned: Deque<UInt32> = []
    private var taken: Set<UInt32> = []
    /// The ranges of nodes, by their first addresses.
    private var nodeRanges: [UInt32: NodeRange] = [:]
    /// The addresses of them that are held.
    private var takenOfNodes: Set<UInt32> = []

    private struct NodeRange {
        let addresses: ClosedRange<UInt32>
        /// The one that was given out last.
        let last: UInt32
    }

    /// A pool of the addresses in `ranges` without those of Services.
    package init(_ ranges: [ClosedRange<UInt32>], without services: ServiceNetwork) {
        self.ranges = ranges
        excluded = services.addresses
    }

    /// An address that nobody holds; nil when there is none.
    package mutating func allocate() -> String? { allocateNumber().map { IPAddress(ipv4: $0).description } }

    /// The same as a number.
    package mutating func allocateNumber() -> UInt32? {
        while freshCount < Limits.maximumAddresses, let address = nextFresh() {
            guard taken.insert(address).inserted else { continue }
            freshCount += 1
            return address
        }
        while let address = returned.popFirst() {
            if taken.insert(address).inserted { return address }
        }
        return nil
    }

    /// An address of a node's range that nobody holds; nil when there is none. Those that came back come after all
    /// others.
    // Kubernetes: containernetworking/plugins, ipam host-local
    package mutating func allocate(in range: ClosedRange<UInt32>) -> String? {
        guard range.count > 3 else { return nil }
        // The first names the network, the second the bridge, the last everybody.
        let usable = range.lowerBound + 2...range.upperBound - 1
        let known = nodeRanges[range.lowerBound].flatMap { $0.addresses == range ? $0 : nil }
        var next = known?.last ?? range.upperBound
        for _ in 0..<min(usable.count, Limits.maximumAddressesOfNode) {
            next = next >= usable.upperBound ? usable.lowerBound : next + 1
            guard !excluded.contains(next), taken.insert(next).inserted else { continue }
            nodeRanges[range.lowerBound] = NodeRange(addresses: range, last: next)
            takenOfNodes.insert(next)
            return IPAddress(ipv4: next).description
        }
        return nil
    }

    /// Forgets a node's range. What its pods still hold stays theirs.
    package mutating func forget(_ range: ClosedRange<UInt32>) {
        if nodeRanges[range.lowerBound]?.addresses == range { nodeRanges[range.lowerBound] = nil }
    }

    /// Notes that somebody has an address of their own choice.
    package mutating func claim(_ address: String) {
        if let bits = bits(of: address) { taken.insert(bits) }
    }

    /// Takes an address back.
    package mutating func release(_ address: String) {
        if let parsed = IPAddress(address), parsed.isIPv4, takenOfNodes.remove(parsed.ipv4Bits) != nil {
            taken.remove(parsed.ipv4Bits)
        } else if let bits = bits(of: address), taken.remove(bits) != nil {
            returned.append(bits)
        }
    }

    /// The number of an address of this network.
    private func bits(of address: String) -> UInt32? {
        guard let address = IPAddress(address), address.isIPv4 else { return nil }
        return ranges.contains { $0.contains(address.ipv4Bits) } ? address.ipv4Bits : nil
    }

    /// The next address that was never looked at. The first two and the last of each 256 name networks, gateways and
    /// everybody.
    private mutating func nextFresh() -> UInt32? {
        while range < ranges.count {
            var next = last.map { $0 + 1 } ?? ranges[range].lowerBound
            if excluded.contains(next) { next = excluded.upperBound + 1 }
            guard next <= ranges[range].upperBound, next < .max else {
                range += 1
                last = nil
                continue
            }
            last = next
            if let node = nodeRanges.values.first(where: { $0.addresses.contains(next) }) {
                last = min(node.addresses.upperBound, ranges[range].upperBound)
                continue
            }
            if (2...254).contains(next & 0xFF) { return next }
        }
        return nil
    }
}
