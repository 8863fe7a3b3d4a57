// SPDX-License-Identifier: Apache-2.0
// The form of subsets, and how they are cut when there are too many addresses.

import PodiumCodec
import Testing

@testable import PodiumControllers

@Suite struct EndpointSubsetTests {
    private func address(_ ip: String) -> EndpointSubset.Address { EndpointSubset.Address(["ip": .string(ip)]) }

    private func port(_ number: Int64) -> EndpointSubset.Port {
        EndpointSubset.Port(name: "", number: number, transport: "TCP", application: nil)
    }

    /// `a, b: 80` as a subset; addresses in brackets are not ready.
    private func subset(_ text: String) -> EndpointSubset {
        let parts = text.split(separator: ":").map { part in
            part.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }.map(String.init)
        }
        return EndpointSubset(
            ready: parts[0].filter { !$0.hasPrefix("(") }.map(address),
            unready: parts[0].filter { $0.hasPrefix("(") }.map { address(String($0.dropFirst().dropLast())) },
            ports: parts.count > 1 ? parts[1].compactMap { Int64($0) }.map(port) : []
        )
    }

    private func text(_ subset: EndpointSubset) -> String {
        let addresses = subset.ready.map(\.identity.ip) + subset.unready.map { "(\($0.identity.ip))" }
        let ports = subset.ports.map { String($0.number) }
        return addresses.joined(separator: ", ") + (ports.isEmpty ? "" : ": " + ports.joined(separator: ", "))
    }

    @Test(
        arguments: [
            ([], []),
            (["a, b: 80", "b, c: 443", "a: 443"], ["a, b: 80", "a, b, c: 443"]),
            (["a, b: 80", "a, b: 443"], ["a, b: 80, 443"]),
            (["b: 80", "a: 80"], ["a, b: 80"]),
            (["a: 80", "(a): 80"], ["(a): 80"]),
            (["a: 80", "(a): 443"], ["a: 80", "(a): 443"]),
            (["a", "b"], ["a, b"]),
            (["a", "b: 80"], ["a", "b: 80"]),
        ] as [([String], [String])]
    )
    func subsetsHaveOneForm(_ given: [String], _ expected: [String]) {
        let repacked = EndpointSubset.repacked(given.map(subset))
        #expect(repacked.map(text) == expected)
        #expect(EndpointSubset.repacked(repacked).map(text) == expected)
    }

    @Test(
        arguments: [
            // Ready and not ready, of each subset; what is left of them.
            ([(600, 400)], [(600, 400)]),
            ([(600, 500)], [(600, 400)]),
            ([(1200, 10)], [(1000, 0)]),
            ([(900, 100), (300, 0)], [(750, 0), (250, 0)]),
            ([(500, 300), (0, 600)], [(500, 167), (0, 333)]),
        ] as [([(Int, Int)], [(Int, Int)])]
    )
    func endpointsHaveRoomForAThousand(_ given: [(Int, Int)], _ expected: [(Int, Int)]) {
        let subsets = given.enumerated().map { index, counts in
            EndpointSubset(
                ready: (0..<counts.0).map { address("10.\(index).0.\($0)") },
                unready: (0..<counts.1).map { address("10.\(index).1.\($0)") }
            )
        }
        let left = subsets.truncated
        #expect(left.map(\.ready.count) == expected.map(\.0))
        #expect(left.map(\.unready.count) == expected.map(\.1))
    }
}
