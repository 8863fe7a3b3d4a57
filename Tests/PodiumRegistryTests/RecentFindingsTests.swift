// SPDX-License-Identifier: Apache-2.0
// What is remembered about values, and for how long.

import PodiumCodec
import PodiumRegistry
import PodiumSchema
import Testing

@Suite struct RecentFindingsTests {
    private static let limits = RecentFindingLimits.self

    private let findings = RecentFindings<Int>()

    private func note(_ value: JSONValue) { _ = findings.finding(about: value) { 0 } }
    private func knows(_ value: JSONValue) -> Bool { findings.finding(about: value) != nil }

    @Test func whatIsKnownAboutAValueIsNotLookedForAgain() {
        #expect(findings.finding(about: ["a": 1, "b": []]) { 7 } == 7)
        #expect(findings.finding(about: ["b": [], "a": 1]) { 8 } == 7)
        #expect(findings.finding(about: ["a": 1, "b": [0]]) { nil } == nil)
        #expect(findings.finding(about: ["a": 1, "b": [0]]) { 9 } == 9)
    }

    @Test(
        arguments: [
            (["a": "12345678x"], ["a": "y2345678x"]), (["a": ["b": 1]], ["b": ["a": 1]]), ([1, 2], [2, 1]), ("", [:]),
            ([:], []), (.null, false), (1, "1"), (["a": .number(JSONNumber(text: "1.0"))], ["a": 1]),
        ] as [(JSONValue, JSONValue)]
    )
    func valuesThatAreNotEqualAreToldApart(_ one: JSONValue, _ other: JSONValue) {
        note(one)
        #expect(!knows(other))
        note(other)
        #expect(knows(other))
    }

    @Test func whatIsUsedStaysAndTheRestIsForgotten() {
        note(["used": true])
        for number in 0..<Int64(Self.limits.maximumValues) {
            note(["number": .integer(number)])
            #expect(knows(["used": true]))
        }
        #expect(!knows(["number": 0]))
        #expect(knows(["number": 1]))
    }

    @Test func whatHoldsInASurfaceHoldsInNoOther() {
        let surfaces = (0..<2).map { _ in APISurface(registry: ResourceRegistry(groups: []), schemas: SchemaRegistry())
        }
        #expect(findings.finding(about: ["a": 1], in: surfaces[0]) { 1 } == 1)
        #expect(findings.finding(about: ["a": 1], in: surfaces[1]) { 2 } == 2)
        #expect(findings.finding(about: ["a": 1]) == nil)
        #expect(findings.finding(about: ["a": 1], in: surfaces[1]) == 2)
    }

    @Test func largeValuesAreNotKept() {
        func list(of count: Int) -> JSONValue { .array(Array(repeating: .null, count: count)) }
        note(list(of: Self.limits.maximumParts - 1))
        note(list(of: Self.limits.maximumParts))
        #expect(knows(list(of: Self.limits.maximumParts - 1)))
        #expect(!knows(list(of: Self.limits.maximumParts)))
    }
}
