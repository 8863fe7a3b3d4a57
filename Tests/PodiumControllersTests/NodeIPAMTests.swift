// SPDX-License-Identifier: Apache-2.0
// Ranges of addresses for the pods of nodes.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@testable import PodiumControllers

@Suite struct NodeIPAMTests {
    /// 10.244.0.0/22: room for four nodes.
    private static let small: [ClosedRange<UInt32>] = [0x0AF4_0000...0x0AF4_03FF]

    @Test func noRangeIsGivenTwice() {
        var ranges = NodeRanges(Self.small, without: .standard)
        let given = (0..<5).map { _ in ranges.allocate() }
        #expect(given == ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24", nil])
        ranges.release("10.244.2.0/24")
        #expect(ranges.allocate() == "10.244.2.0/24")
        #expect(ranges.allocate() == nil)
    }

    @Test(
        arguments: [
            (["10.244.0.0/24"], "10.244.1.0/24"), (["10.244.0.0/23"], "10.244.2.0/24"),
            (["10.244.0.128/25", "10.244.1.7/32"], "10.244.2.0/24"), (["10.0.0.0/8"], nil),
            (["fd00::/64"], "10.244.0.0/24"),
            (["192.168.0.0/24"], "10.244.0.0/24"), (["0.0.0.0/0"], nil),
        ] as [([String], String?)]
    )
    func whatNodesHaveIsNotGivenAgain(_ present: [String], next: String?) {
        var ranges = NodeRanges(Self.small, without: .standard)
        for range in present { ranges.occupy(range) }
        #expect(ranges.allocate() == next)
    }

    @Test func addressesOfServicesAreLeftOut() throws {
        var ranges = NodeRanges(Self.small, without: try ServiceNetwork("10.244.0.0/23"))
        #expect(ranges.allocate() == "10.244.2.0/24")
    }

    private func node(_ name: String, range: String? = nil) -> JSONValue {
        var node: JSONValue = ["kind": "Node", "apiVersion": "v1", "metadata": ["name": .string(name)]]
        if let range { node["spec"] = ["podCIDR": .string(range), "podCIDRs": [.string(range)]] }
        return node
    }

    private func range(_ name: String, in cluster: BareCluster) -> String? {
        let spec = cluster.object(ObjectKey(.nodes, name: name))?.spec
        #expect(spec?["podCIDRs"]?.elements.first?.string == spec?["podCIDR"]?.string)
        return spec?["podCIDR"]?.string
    }

    @Test func nodesGetRangesAndGiveThemBack() throws {
        let cluster = BareCluster()
        // Where Events about Nodes are.
        try cluster.put(["kind": "Namespace", "apiVersion": "v1", "metadata": ["name": "default"]])
        var options = StandardControllers.Options(catalog: ResourceCatalog([]), enabled: [NodeIPAMController.name])
        options.podNetworks = StandardControllers.PodNetworks(Self.small, without: .standard)
        let controllers = StandardControllers(client: cluster.client, options: options)
        controllers.start()
        for value in [node("own", range: "10.244.1.0/24"), node("a"), node("b"), node("c"), node("d")] {
            try cluster.put(value)
            cluster.clock.settle()
        }
        let given = ["a", "b", "c", "d"].map { range($0, in: cluster) }
        #expect(given == ["10.244.0.0/24", "10.244.2.0/24", "10.244.3.0/24", nil])
        #expect(try cluster.events(about: "d").contains { $0.value["reason"] == "CIDRNotAvailable" })
        try cluster.client.delete(ObjectKey(.nodes, name: "own"))
        _ = try cluster.clock.advance(.by(.seconds(30)))
        #expect(range("d", in: cluster) == "10.244.1.0/24")
    }
}
