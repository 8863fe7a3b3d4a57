// SPDX-License-Identifier: Apache-2.0
// Gives out addresses: one network for pods, another for nodes.

/// The addresses of a cluster, each given out once at a time.
struct ClusterAddresses {
    /// The limits of the networks.
    enum Limits {
        /// The pods that can have an address of their own at once; then addresses are shared.
        static let podAddresses = 1 << 20
    }

    private var nextPod = 0
    private var nextNode = 0
    private var used: Set<Int> = []

    /// The next address of the pod network, `10.244.0.2` and on. Addresses that came back are used again last.
    mutating func allocatePod() -> String {
        for _ in 0..<Limits.podAddresses {
            let number = nextPod
            nextPod = (nextPod + 1) % Limits.podAddresses
            let host = number % 253 + 2
            if used.insert(number).inserted {
                return "10.\(244 + number / 253 / 256 % 12).\(number / 253 % 256).\(host)"
            }
        }
        return "10.244.0.2"
    }

    /// Takes back an address of the pod network.
    mutating func releasePod(_ address: String) {
        let parts = address.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 4, parts[0] == 10, parts[1] >= 244, parts[3] >= 2 else { return }
        used.remove((parts[1] - 244) * 256 * 253 + parts[2] * 253 + parts[3] - 2)
    }

    /// The next address of the network of nodes, `172.18.0.2` and on.
    mutating func allocateNode() -> String {
        let number = nextNode
        nextNode += 1
        return "172.\(18 + number / 253 / 256 % 14).\(number / 253 % 256).\(number % 253 + 2)"
    }
}
