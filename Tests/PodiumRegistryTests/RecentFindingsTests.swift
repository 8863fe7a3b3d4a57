// SPDX-License-Identifier: Apache-2.0
// What is remembered about values, and for how long.

import Dispatch
import PodiumCodec
import PodiumKinds
import PodiumRegistry
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

    @Test func whatHoldsForOneKindHoldsForNoOther() throws {
        let definitions = ResourceRegistry.builtIn().definitions
        let (one, other) = (try #require(definitions.first), try #require(definitions.last))
        #expect(findings.finding(about: ["a": 1], of: one) { 1 } == 1)
        #expect(findings.finding(about: ["a": 1], of: other) { 2 } == 2)
        #expect(findings.finding(about: ["a": 1]) == nil)
        #expect(findings.finding(about: ["a": 1], of: other) == 2)
    }

    @Test(
        arguments: [
            (["a": "x", "b": ["c": 1]], ["b": ["c": 2], "a": "y"], true), (["a": "x"], ["a": ""], false),
            (["a": "1"], ["a": "0"], false), (["a": 1], ["a": 0], false), (["a": true], ["a": false], false),
            (["a": "x"], ["b": "x"], false), (["a": "x"], ["a": 1], false), (["a": "x"], ["a": "x", "b": "x"], false),
            (["a": [["k": "1"]]], ["a": [["k": "1"]]], true), (["a": [["k": "1"]]], ["a": [["k": "2"]]], false),
            (["a": .null], ["a": .null], true), (["a": .null], ["a": [:]], false), (["a": [:]], ["a": []], false),
            (["a": .number(JSONNumber(text: "0.0"))], ["a": .number(JSONNumber(text: "0.5"))], false),
        ] as [(JSONValue, JSONValue, Bool)]
    )
    func valuesOfOneShapeAreAlike(_ one: JSONValue, _ other: JSONValue, areAlike: Bool) {
        let shapes = RecentFindings<Int>(.shape)
        _ = shapes.finding(about: one) { 1 }
        #expect((shapes.finding(about: other) == 1) == areAlike)
        _ = shapes.finding(about: ["another": "value"]) { 2 }
        #expect((shapes.finding(about: other) == 1) == areAlike)
    }

    @Test(
        arguments: [
            (["n": "v-bcdfg", "m": ["v-bcdfg"]], ["n": "v-hjklm", "m": ["v-hjklm"]], true),
            (["n": "v-bcdfg", "m": ["v-bcdfg"]], ["m": ["v-hjklm"], "n": "v-hjklm"], true),
            (["n": "v-bcdfg", "m": ["v-bcdfg"]], ["n": "v-hjklm", "m": ["v-bcdfg"]], false),
            (["n": "v-bcdfg", "m": ["v-hjklm"]], ["n": "v-bcdfg", "m": ["v-bcdfg"]], false),
            (["n": "v-bcdfg"], ["n": "v-bcdf%"], false), (["n": "v-bcdfg"], ["n": "v-hjklmn"], false),
            (["n": "w-bcdfg"], ["n": "w-hjklm"], false), (["v-bcdfg": 1], ["v-hjklm": 1], false),
            (["n": "v-bcdfg", "o": "x"], ["n": "v-hjklm", "o": "y"], false),
        ] as [(JSONValue, JSONValue, Bool)]
    )
    func valuesAreEqualButForADrawnName(_ one: JSONValue, _ other: JSONValue, areAlike: Bool) {
        let values = RecentFindings<Int>(.equalButForDrawnName(prefix: "v-"))
        _ = values.finding(about: one) { 1 }
        #expect((values.finding(about: other) == 1) == areAlike)
        _ = values.finding(about: ["another": "value"]) { 2 }
        #expect((values.finding(about: other) == 1) == areAlike)
    }

    @Test func largeValuesAreNotKept() {
        func list(of count: Int) -> JSONValue { .array(Array(repeating: .null, count: count)) }
        note(list(of: Self.limits.maximumCost - 1))
        note(list(of: Self.limits.maximumCost))
        #expect(knows(list(of: Self.limits.maximumCost - 1)))
        #expect(!knows(list(of: Self.limits.maximumCost)))
    }

    @Test(arguments: [ValueLikeness.equal, .equalButForDrawnName(prefix: "x"), .shape])
    func largeTextsAreNotKept(likeness: ValueLikeness) {
        let texts = RecentFindings<Int>(likeness)
        let limit = Self.limits.maximumCost * Self.limits.bytesOfAPart
        for (size, isKept) in [(limit / 2, true), (limit, false)] {
            let text = String(repeating: "x", count: size)
            for value: JSONValue in [
                ["data": .string(text), "size": [.integer(Int64(size))]], [text: [.integer(Int64(size))]],
            ] {
                _ = texts.finding(about: value) { 1 }
                #expect((texts.finding(about: value) != nil) == isKept)
            }
        }
    }

    @Test func manyThreadsFindWhatHolds() {
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for turn in 0..<2_000 {
                let number = (turn * 7 + thread) % (2 * Self.limits.maximumValues)
                #expect(findings.finding(about: ["a": .integer(Int64(number))]) { number } == number)
            }
        }
    }
}
