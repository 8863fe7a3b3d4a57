// SPDX-License-Identifier: Apache-2.0
// Addresses of pods and nodes: all different, in their network, and used again as late as possible.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct AddressPoolTests {
    private static let services = ServiceNetwork.standard

    @Test(arguments: [ClusterNetworks.standard.pods, ClusterNetworks.standard.nodes])
    func aMillionAddressesAreDifferentOnesOfTheirNetwork(ranges: [ClosedRange<UInt32>]) {
        var pool = AddressPool(ranges, without: Self.services)
        var seen: Set<UInt32> = []
        for _ in 0..<AddressPool.Limits.maximumAddresses {
            guard let address = pool.allocateNumber(), seen.insert(address).inserted,
                ranges.contains(where: { $0.contains(address) }), (2...254).contains(address & 0xFF)
            else {
                Issue.record("address \(seen.count) is missing or wrong")
                return
            }
        }
        #expect(seen.count == 1 << 20)
        #expect(pool.allocate() == nil)
    }

    @Test(arguments: [
        (ClusterNetworks.standard.pods, "10.244.0.2"), (ClusterNetworks.standard.nodes, "172.18.0.2"),
    ])
    func theFirstAddressIsThatOfAFreshCluster(ranges: [ClosedRange<UInt32>], first: String) {
        var pool = AddressPool(ranges, without: Self.services)
        #expect(pool.allocate() == first)
    }

    @Test func whatCameBackIsGivenOutAfterAllOthersInTheOrderInWhichItCame() {
        var pool = AddressPool([0x0AF4_0000...0x0AF4_0007], without: Self.services)
        let first = (0..<4).compactMap { _ in pool.allocate() }
        #expect(first == ["10.244.0.2", "10.244.0.3", "10.244.0.4", "10.244.0.5"])
        for address in ["10.244.0.4", "10.244.0.2", "10.244.0.4"] { pool.release(address) }
        let then = (0..<5).map { _ in pool.allocate() }
        #expect(then == ["10.244.0.6", "10.244.0.7", "10.244.0.4", "10.244.0.2", nil])
    }

    @Test func whatOthersClaimedOrServicesHaveIsNotGivenOut() throws {
        var pool = AddressPool([0x0AF4_0000...0x0AF4_001F], without: try ServiceNetwork("10.244.0.0/28"))
        pool.claim("10.244.0.17")
        pool.claim("192.0.2.1")
        #expect(pool.allocate() == "10.244.0.15")
        #expect(pool.allocate() == "10.244.0.16")
        #expect(pool.allocate() == "10.244.0.18")
        pool.release("192.0.2.1")
        pool.release("10.244.0.17")
        for _ in 0x13...0x1F { #expect(pool.allocate() != nil) }
        #expect(pool.allocate() == "10.244.0.17")
        #expect(pool.allocate() == nil)
    }
}

@Suite struct ClusterAddressesTests {
    private static let pause: JSONValue = [
        "restartPolicy": "Always",
        "containers": [["name": "main", "image": "registry.k8s.io/pause:3.10"]],
    ]

    /// Of any length, and wherever they are: what comes back is given out again.
    @Test(
        arguments: [0x0AF4_0080...0x0AF4_008F, 0xC0A8_6400...0xC0A8_640F, 0x0AF4_0000...0x0AF4_0FFF]
            as [ClosedRange<UInt32>]
    )
    func addressesOfANodeComeBackToIt(range: ClosedRange<UInt32>) {
        var pool = AddressPool([0x0AF4_0000...0x0AF4_1FFF], without: .standard)
        let first = pool.allocate(in: range)
        for _ in 0..<3 * range.count {
            guard let address = pool.allocate(in: range) else { break }
            pool.release(address)
        }
        pool.release(first ?? "")
        #expect(pool.allocate(in: range) != nil)
        // Nobody else gets them, unless the node is gone.
        let bits = pool.allocateNumber() ?? 0
        #expect(!range.contains(bits))
        pool.forget(range)
        #expect(pool.allocate() != nil)
    }

    @Test func aNodeMayHaveAllAddresses() {
        var pool = AddressPool([0x0AF4_0000...0x0AF4_1FFF], without: .standard)
        #expect(pool.allocate(in: 0...UInt32.max) == "0.0.0.2")
        #expect(pool.allocate() == nil)
        pool.release("0.0.0.2")
        #expect(pool.allocate(in: 0...UInt32.max) == "0.0.0.3")
    }

    @Test func aNodesPodsHaveAddressesOfItsRange() {
        var pool = AddressPool([0x0AF4_0000...0x0AF4_01FF], without: .standard)
        let range: ClosedRange<UInt32> = 0x0AF4_0000...0x0AF4_0007
        #expect((0..<3).map { _ in pool.allocate(in: range) } == ["10.244.0.2", "10.244.0.3", "10.244.0.4"])
        pool.release("10.244.0.3")
        pool.claim("10.244.0.5")
        #expect((0..<3).map { _ in pool.allocate(in: range) } == ["10.244.0.6", "10.244.0.3", nil])
        // Who has no range gets none of theirs.
        pool.release("10.244.0.3")
        #expect(pool.allocate() == "10.244.0.8")
        #expect(pool.allocate(in: 0x0AF4_0000...0x0AF4_0003) == nil)
    }

    @Test func aPodForWhichNoAddressIsLeftWaitsUntilOneIs() throws {
        let networks = ClusterNetworks(pods: [0x0AF4_0000...0x0AF4_0003], nodes: ClusterNetworks.standard.nodes)
        let cluster = try KubeletTestCluster(networks: networks)
        for name in ["a", "b", "c"] {
            try cluster.bind(name, Self.pause)
            try cluster.advance(5)
        }
        #expect(cluster.pod("a")?.status["podIP"]?.string == "10.244.0.2")
        #expect(cluster.pod("b")?.status["podIP"]?.string == "10.244.0.3")
        #expect(cluster.pod("c")?.status["podIP"]?.string == nil)
        #expect(try cluster.events("c").contains { $0.contains("FailedCreatePodSandBox") })
        try cluster.delete("a")
        try cluster.advance(60)
        #expect(cluster.pod("c")?.status["podIP"]?.string == "10.244.0.2")
        #expect(cluster.pod("c")?.status["phase"]?.string == "Running")
    }

    @Test func nodesGetAddressesThatNoOtherNodeHas() throws {
        var taken = NodeDocument.standard(named: "own", zone: "zone-a")
        taken["status"] = ["addresses": [["type": "InternalIP", "address": "172.18.0.3"]]]
        let cluster = try KubeletTestCluster(nodes: ["first"])
        try cluster.bare.put(taken)
        cluster.clock.settle()
        try cluster.bare.put(NodeDocument.standard(named: "third", zone: "zone-a"))
        cluster.clock.settle()
        let addresses = try ["first", "own", "third"].map { name in
            let node = try #require(cluster.bare.object(ObjectKey(.nodes, name: name)))
            return node.status["addresses"]?.elements.first?["address"]?.string
        }
        #expect(addresses == ["172.18.0.2", "172.18.0.3", "172.18.0.4"])
    }
}
