// SPDX-License-Identifier: Apache-2.0
// What is remembered of values that were found sound, and for how long.

import PodiumCodec
import PodiumRegistry
import Testing

@Suite struct SoundValuesTests {
    private static let limits = SoundValues.Limits.self

    @Test func equalValuesAreKnownWithTheirWarnings() {
        let values = SoundValues()
        #expect(values.warnings(about: ["a": 1]) == nil)
        values.insert(["a": 1, "b": []], warnings: ["text"])
        #expect(values.warnings(about: ["b": [], "a": 1]) == ["text"])
        #expect(values.warnings(about: ["a": 1, "b": [0]]) == nil)
    }

    @Test func whatIsUsedStaysAndTheRestIsForgotten() {
        let values = SoundValues()
        values.insert(["used": true], warnings: [])
        for number in 0..<Int64(Self.limits.maximumValues) {
            values.insert(["number": .integer(number)], warnings: [])
            #expect(values.warnings(about: ["used": true]) != nil)
        }
        #expect(values.warnings(about: ["number": 0]) == nil)
        #expect(values.warnings(about: ["number": 1]) != nil)
    }

    @Test func largeValuesAreNotKept() {
        let values = SoundValues()
        func list(of count: Int) -> JSONValue { .array(Array(repeating: .null, count: count)) }
        values.insert(list(of: Self.limits.maximumParts - 1), warnings: [])
        values.insert(list(of: Self.limits.maximumParts), warnings: [])
        #expect(values.warnings(about: list(of: Self.limits.maximumParts - 1)) != nil)
        #expect(values.warnings(about: list(of: Self.limits.maximumParts)) == nil)
    }
}
