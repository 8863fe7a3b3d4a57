// SPDX-License-Identifier: Apache-2.0
// Facts about ranges of Services' addresses.

import PodiumMachinery
import Testing

@Suite struct ServiceNetworkTests {
    @Test(
        arguments: [
            ("10.96.0.0/16", "10.96.0.0/16", "10.96.0.1", "10.96.0.10", 65534),
            ("10.96.0.0/12", "10.96.0.0/12", "10.96.0.1", "10.96.0.10", 1_048_574),
            ("172.30.77.5/16", "172.30.0.0/16", "172.30.0.1", "172.30.0.10", 65534),
            ("10.0.0.0/24", "10.0.0.0/24", "10.0.0.1", "10.0.0.10", 254),
            ("192.168.1.128/28", "192.168.1.128/28", "192.168.1.129", "192.168.1.138", 14),
            ("10.0.0.0/29", "10.0.0.0/29", "10.0.0.1", "10.0.0.6", 6),
            ("255.255.255.240/28", "255.255.255.240/28", "255.255.255.241", "255.255.255.250", 14),
        ]
    )
    func rangesHaveAnAddressForTheAPIAndOneForNames(
        text: String,
        description: String,
        api: String,
        dns: String,
        count: Int
    ) throws {
        let network = try ServiceNetwork(text)
        #expect(network.description == description)
        #expect(network.apiAddress == api)
        #expect(network.dnsAddress == dns)
        #expect(network.addresses.count == count)
    }

    @Test(
        arguments: [
            "", "10.96.0.0", "10.96.0.0/", "10.96.0.0/x", "10.96.0.0/33", "10.96.0.0/-1", "10.96.0.0/+16",
            "10.96.0.0/016", "010.96.0.0/16", "10.96.0/16", "10.96.0.0/16/16", " 10.96.0.0/16", "10.0.0.0/11",
            "10.0.0.0/0", "10.0.0.0/30", "10.0.0.0/32", "fd00::/108", "::ffff:10.0.0.0/112", "10.0.0.0/16,fd00::/108",
        ]
    )
    func otherTextsAreRefused(text: String) {
        #expect(throws: ServiceNetwork.Problem.self) { try ServiceNetwork(text) }
    }

    // Kubernetes: pkg/registry/core/service/ipallocator/ipallocator_test.go TestCalculateRangeOffset
    @Test(arguments: [("10.0.0.0/29", 0), ("10.0.0.0/28", 14), ("10.0.0.0/24", 16), ("10.0.0.0/20", 256)])
    func theFrontOfARangeIsLeftToThoseWhoAskForIt(text: String, count: Int) throws {
        let network = try ServiceNetwork(text)
        #expect(network.staticBand.count == count)
        #expect(network.staticBand.lowerBound == network.addresses.lowerBound)
    }
}
