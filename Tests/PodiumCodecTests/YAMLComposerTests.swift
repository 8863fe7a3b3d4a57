// SPDX-License-Identifier: Apache-2.0
// YAML beyond scalars: aliases and their limit, merges, repeated members, and the texts of errors.

import PodiumCodec
import Testing

@Suite struct YAMLComposerTests {
    private func read(_ text: String) throws(YAMLError) -> JSONDocument { try JSONDocument(yaml: Array(text.utf8)) }

    @Test(
        arguments: [
            ("a: &x [1, 2]\nb: *x\n", ["a": [1, 2], "b": [1, 2]]),
            ("a: &x {k: v}\nb: {<<: *x, l: w}\n", ["a": ["k": "v"], "b": ["k": "v", "l": "w"]]),
            (
                "a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc: {<<: [*x, *y]}\n",
                ["a": ["k": 1], "b": ["k": 2, "l": 3], "c": ["k": 1, "l": 3]]
            ),
            ("a: &x 1\nb: &x 2\nc: *x\n", ["a": 1, "b": 2, "c": 2]),
            ("a: !!str 5\nb: ! 6\nc: !!int \"7\"\n", ["a": "5", "b": "6", "c": 7]),
            ("a: 1\n---\nb: 2\n", ["a": 1]), ("\"<<\": 1\n", ["<<": 1]), ("---\n...\n", .null), ("# nothing\n", .null),
        ] as [(String, JSONValue)]
    )
    func readsWhatStandsFor(text: String, expected: JSONValue) throws {
        #expect(try read(text).value == expected)
    }

    @Test(arguments: [
        ("a: 1\na: 2\n", "line 2: key \"a\" already set in map"),
        (
            "x:\n- b: 1\n  c: 2\n  b: 3\n  b: 4\n",
            "line 4: key \"b\" already set in map\n  line 5: key \"b\" already set in map"
        ),
        ("1: a\n1: b\n", "line 2: key 1 already set in map"),
    ])
    func repeatedMembersAreToldWithTheirLines(text: String, problem: String) throws {
        let document = try read(text)
        #expect(document.strictProblem == "yaml: unmarshal errors:\n  \(problem)")
        #expect(document.duplicates.isEmpty)
        #expect(try read("a: 1\nb: 2\n").strictProblem == nil)
    }

    @Test func theLastOfRepeatedMembersStands() throws {
        #expect(try read("a: 1\na: 2\n").value == ["a": 2])
    }

    @Test(arguments: [
        ("a: *nosuch\n", "yaml: unknown anchor 'nosuch' referenced"),
        ("a: &x [*x]\n", "yaml: unknown anchor 'x' referenced"),
        ("? [a]\n: b\n", "error converting YAML to JSON: unsupported map key"),
        ("<<: 1\n", "yaml: map merge requires map or sequence of maps as the value"),
        ("a: b: c\n", "yaml: mapping values are not allowed in this context"),
        ("a: 1\nb: c: d\n", "yaml: line 2: mapping values are not allowed in this context"),
    ])
    func errorsHaveTheWordsOfUpstream(text: String, message: String) {
        #expect(throws: YAMLError(message: message)) { try read(text) }
    }

    @Test func aBombOfAliasesIsRefused() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(throws: YAMLError(message: "yaml: document contains excessive aliasing")) { try read(text) }
    }

    @Test(arguments: ["[", "{a: ", "- "])
    func deepTextsAreRefused(opening: String) {
        #expect(throws: YAMLError.self) { try read(String(repeating: opening, count: 20_000)) }
    }

    @Test func spoiltTextsNeverCrash() {
        let source = Array("a: &x {b: [1, 'c', \"d\\n\"], <<: *x}\n? - e\n: |\n  f\n--- !!str g\n...\n".utf8)
        let alphabet = Array("{}[]:,-?&*!|>'\"%@`#\n\t \\<x0".utf8) + [0, 0x80, 0xC3, 0xFF]
        var state: UInt64 = 1
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for _ in 0..<5_000 {
            var units = source
            for _ in 0...random(6) { units[random(units.count)] = alphabet[random(alphabet.count)] }
            _ = try? JSONDocument(yaml: units)
        }
    }
}
