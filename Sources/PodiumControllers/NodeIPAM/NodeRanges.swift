// SPDX-License-Identifier: Apache-2.0
// Which addresses belong to the pods of which node.

import PodiumMachinery

/// The ranges of addresses that nodes get for their pods: 256 addresses each, none twice.
///
///     var ranges = NodeRanges([0x0AF4_0000...0x0AF4_FFFF], without: .standard)
///     ranges.allocate()           // 10.244.0.0/24
// Kubernetes: pkg/controller/nodeipam/ipam/cidrset/cidr_set.go
struct NodeRanges: Sendable {
    /// The length of the prefix of a node's range.
    static let prefixLength = 24
    private static let size: UInt32 = 1 << UInt32(32 - prefixLength)

    private let networks: [ClosedRange<UInt32>]
    private let excluded: ClosedRange<UInt32>
    /// The first addresses of the ranges that nodes have.
    private var taken: Set<UInt32> = []
    /// Where the search goes on: what came back is given out again when everything else was.
    private var next = 0
    private let count: Int

    /// Ranges of `networks`, in their order, without the addresses of Services.
    init(_ networks: [ClosedRange<UInt32>], without services: ServiceNetwork) {
        self.networks = networks
        excluded = services.addresses
        count = networks.reduce(0) { $0 + Int(($1.upperBound - $1.lowerBound) / Self.size) + 1 }
    }

    /// A range that no node has; nil when there is none.
    mutating func allocate() -> String? {
        for _ in 0..<count {
            let start = start(of: next)
            next = (next + 1) % count
            let isFree = !excluded.overlaps(start...start + Self.size - 1) && taken.insert(start).inserted
            if isFree { return "\(IPAddress(ipv4: start))/\(Self.prefixLength)" }
        }
        return nil
    }

    /// Notes that a node has `range`, whoever gave it.
    mutating func occupy(_ range: String) {
        for start in starts(of: range) { taken.insert(start) }
    }

    /// Takes `range` back.
    mutating func release(_ range: String) {
        for start in starts(of: range) { taken.remove(start) }
    }

    private func start(of index: Int) -> UInt32 {
        var index = index
        for network in networks {
            let count = Int((network.upperBound - network.lowerBound) / Self.size) + 1
            if index < count { return network.lowerBound + UInt32(index) * Self.size }
            index -= count
        }
        return networks[0].lowerBound
    }

    /// The first addresses of the ranges that `range` has a part in, as far as they belong to these networks.
    private func starts(of range: String) -> [UInt32] {
        guard let range = CIDR(range)?.ipv4Range else { return [] }
        return networks.flatMap { network -> [UInt32] in
            let low = max(range.lowerBound, network.lowerBound) / Self.size * Self.size
            let high = min(range.upperBound, network.upperBound)
            return low > high ? [] : Array(stride(from: low, through: high, by: Int(Self.size)))
        }
    }
}
