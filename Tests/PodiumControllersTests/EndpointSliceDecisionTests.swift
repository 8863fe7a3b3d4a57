// SPDX-License-Identifier: Apache-2.0
// How endpoints are distributed over slices.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumTestKit
import Testing

@testable import PodiumControllers

@Suite struct EndpointSliceDecisionTests {
    private let bare = BareCluster()
    private let service: PublishedService

    init() throws {
        let object = try bare.put([
            "kind": "Service", "apiVersion": "v1", "metadata": ["name": "s", "namespace": "ns"],
            "spec": [
                "selector": ["app": "x"], "clusterIP": "10.96.0.7", "ipFamilies": ["IPv4"], "ports": [["port": 80]],
            ],
        ])
        service = try #require(PublishedService(object))
    }

    private var template: SliceTemplate {
        SliceTemplate(service, family: "IPv4", manager: "endpointslice-controller.k8s.io")
    }

    /// An endpoint called by one letter, a capital one when it is not ready.
    private func endpoint(_ name: Character) -> SliceEndpoint {
        let number = name.lowercased().utf8.first.map(Int.init) ?? 0
        return SliceEndpoint([
            "addresses": [.string("10.0.0.\(number)")], "conditions": ["ready": .bool(name.isLowercase)],
        ])
    }

    private func letters(_ endpoints: [SliceEndpoint]) -> String {
        String(
            endpoints.compactMap { endpoint -> Character? in
                let number = endpoint.identity.addresses.first?.split(separator: ".").last.flatMap { UInt8($0) }
                let letter = number.map { Character(UnicodeScalar($0)) }
                return endpoint.isReady ? letter : letter.flatMap { $0.uppercased().first }
            }
        )
    }

    private func slice(_ name: String, _ endpoints: String, port: Int64 = 80) throws -> ManagedSlice {
        var draft = template.new(
            endpoints.isEmpty ? [] : [SlicePort(name: "", transport: "TCP", number: port, application: nil)]
        )
        draft.generateName = nil
        draft.endpoints = endpoints.map(endpoint)
        var value = draft.value(in: "ns")
        value[path: "metadata", "name"] = .string(name)
        return ManagedSlice(try bare.put(value))
    }

    private func group(_ endpoints: String, port: Int64 = 80) -> EndpointGroup {
        var group = EndpointGroup([SlicePort(name: "", transport: "TCP", number: port, application: nil)])
        for letter in endpoints { group.insert(endpoint(letter)) }
        return group
    }

    /// What is written as `name: endpoints`, a new slice as `+`, and what is deleted as `-name`; at most 3 a slice.
    private func decide(_ slices: [ManagedSlice], _ groups: [EndpointGroup]) -> [String] {
        let decision = EndpointSliceDecision(template, groups, slices, maximum: 3)
        let writes = decision.writes.map { draft in
            "\(draft.base?.object.name ?? "+"): \(letters(draft.endpoints))\(draft.isReplacement ? " new" : "")"
        }
        return writes.sorted() + decision.deletions.map { "-\($0.object.name)" }
    }

    @Test(
        arguments: [
            (["abc", "de", "f"], "bcdefgh", ["s0: bcg", "s1: deh"]),
            (["ab"], "ab", []),
            (["ab"], "aB", ["s0: aB"]),
            (["ab"], "abc", ["s0: abc"]),
            (["abc"], "abcd", ["+: d"]),
            ([], "abcdefg", ["+: abc", "+: def", "+: g"]),
            (["abc", "d"], "abc", ["-s1"]),
            // What would go becomes what is needed.
            (["a"], "b", ["s0: b new"]),
            (["a", "bcd"], "bcde", ["s0: e new"]),
            // One that says that there is nothing is kept, or becomes of what would go.
            ([], "", ["+: "]),
            (["a"], "", ["s0:  new"]),
            ([""], "", []),
            ([""], "a", ["s0: a new"]),
        ] as [([String], String, [String])]
    )
    func fewSlicesChange(_ given: [String], _ wanted: String, _ expected: [String]) throws {
        let slices = try given.enumerated().map { try slice("s\($0)", $1) }
        #expect(decide(slices, wanted.isEmpty ? [] : [group(wanted)]) == expected)
    }

    @Test func portsHaveSlicesOfTheirOwn() throws {
        let slices = [try slice("s0", "ab")]
        #expect(decide(slices, [group("ab"), group("c", port: 81)]) == ["+: c"])
        #expect(decide(slices, [group("ab", port: 81)]) == ["s0: ab new"])
    }

    @Test func slicesOfAnotherServiceOfThatNameGo() throws {
        let own = try slice("s0", "a")
        try bare.edit(own.object.key) { $0[path: "metadata", "ownerReferences"] = [] }
        let other = ManagedSlice(try #require(bare.object(own.object.key)))
        #expect(decide([other], [group("a")]) == ["+: a", "-s0"])
    }

    @Test func labelsFollowTheService() throws {
        let known = try slice("s0", "a")
        try bare.edit(service.object.key) { $0[path: "metadata", "labels"] = ["l": "m"] }
        let object = try #require(bare.object(service.object.key))
        let template = SliceTemplate(
            try #require(PublishedService(object)),
            family: "IPv4",
            manager: "endpointslice-controller.k8s.io"
        )
        let decision = EndpointSliceDecision(template, [group("a")], [known])
        #expect(decision.writes.first?.labels["l"] == "m")
        #expect(decision.writes.first?.base?.object.name == "s0")
    }

    @Test func hintsFollowTheDistribution() throws {
        let value: JSONValue = [
            "addresses": ["10.0.0.1"], "conditions": ["ready": true], "nodeName": "n1", "zone": "z1",
        ]
        var endpoints = [SliceEndpoint(value)]
        TrafficHints.zone.set(in: &endpoints)
        #expect(endpoints[0].hints == ["forZones": [["name": "z1"]]])
        #expect(TrafficHints.node.areMissing(in: endpoints))
        TrafficHints.node.set(in: &endpoints)
        #expect(endpoints[0].hints == ["forZones": [["name": "z1"]], "forNodes": [["name": "n1"]]])
        TrafficHints.none.set(in: &endpoints)
        #expect(endpoints[0].hints == nil)
    }
}
