// SPDX-License-Identifier: Apache-2.0
// Reading and writing JSON: exact numbers, duplicates, the error texts of Kubernetes.

import PodiumCodec
import Testing

@Suite struct JSONReaderTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), ("true", true), (" -12 ", -12), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(JSONNumber(text: "9223372036854775808"))),
            ("1.50", .number(JSONNumber(text: "1.50"))), ("1E+3", .number(JSONNumber(text: "1E+3"))),
            ("-0", .number(JSONNumber(text: "-0"))), (#""a\u00e9\ud83d\ude00\n""#, "aé😀\n"),
            (#""\ud800x""#, "\u{FFFD}x"),
            (#""\ud800\u0041""#, "\u{FFFD}A"), ("[]", []), ("{}", [:]),
            (#"{"a":[1,{"b":null}]}"#, ["a": [1, ["b": .null]]]),
        ] as [(String, JSONValue)]
    )
    func valuesAreReadExactly(text: String, expected: JSONValue) throws {
        #expect(try JSONValue(json: text) == expected)
    }

    @Test(arguments: [
        ("", "unexpected end of JSON input"), ("{", "unexpected end of JSON input"),
        ("[1", "unexpected end of JSON input"),
        (#""abc"#, "unexpected end of JSON input"), ("tru", "unexpected end of JSON input"),
        ("x", "invalid character 'x' looking for beginning of value"),
        ("{a", "invalid character 'a' looking for beginning of object key string"),
        (#"{"a" 1}"#, "invalid character '1' after object key"),
        (#"{"a":1 "b"}"#, "invalid character '\"' after object key:value pair"),
        (#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string"),
        ("[1 2]", "invalid character '2' after array element"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("1 2", "invalid character '2' after top-level value"), ("01", "invalid character '1' after top-level value"),
        ("nul!", "invalid character '!' in literal null (expecting 'l')"),
        ("-x", "invalid character 'x' in numeric literal"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ("\"\u{1}\"", #"invalid character '\x01' in string literal"#),
        ("\"\n\"", #"invalid character '\n' in string literal"#),
        (#""\x""#, "invalid character 'x' in string escape code"),
        (#""\u12g4""#, "invalid character 'g' in \\u hexadecimal character escape"),
        ("'a'", #"invalid character '\'' looking for beginning of value"#),
    ])
    func errorsAreWordedAsKubernetesWordsThem(text: String, message: String) {
        #expect(throws: JSONError.self) { try JSONValue(json: text) }
        do { _ = try JSONValue(json: text) } catch { #expect(error.message == message) }
    }

    @Test func duplicatesAreNamedByTheirPathAndTheLastOneStands() throws {
        let document = try JSONDocument(
            json: Array(#"{"a":{"b":[{"c":1,"c":2}]},"a":{"b":[{"c":3,"c":4}]},"d":0}"#.utf8)
        )
        #expect(document.duplicates == ["a.b[0].c", "a.b[0].c", "a"])
        #expect(document.value == ["a": ["b": [["c": 4]]], "d": 0])
    }

    @Test func nestingIsLimited() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(json: deep) }
        let allowed = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        #expect(throws: Never.self) { try JSONValue(json: allowed) }
    }

    @Test(arguments: [
        #"{"b":1,"a":[true,null,"x"]}"#, #"["\u003c\u003e\u0026","\"\\\n\r\t\b\f\u0000"]"#, #"["\u2028\u2029 é😀"]"#,
        "[1.50,-0,1e400]",
    ])
    func whatWasWrittenReadsBackTheSame(text: String) throws {
        #expect(try JSONValue(json: text).jsonText == text)
    }

    @Test func randomBytesNeverTrap() {
        var state: UInt64 = 1
        let alphabet: [UInt8] = Array(#"{}[]":,\u0123eE+-.truefalsn "#.utf8)
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let isWild = state >> 60 == 0
                let index = Int(state >> 33) % alphabet.count
                bytes.append(isWild ? UInt8(truncatingIfNeeded: state >> 40) : alphabet[index])
            }
            _ = try? JSONDocument(json: bytes)
        }
    }
}

@Suite struct YAMLReaderTests {
    @Test(
        arguments: [
            ("a: 1\nb: [x, 'y', \"z\"]\n", ["a": 1, "b": ["x", "y", "z"]] as JSONValue),
            ("a: yes\nb: 'yes'\nc: off\nd: ~\ne:\n", ["a": true, "b": "yes", "c": false, "d": .null, "e": .null]),
            (
                "a: 0x10\nb: 010\nc: 1_000\nd: 1.5\ne: 1e3\nf: .5x\n",
                ["a": 16, "b": 8, "c": 1000, "d": .number(JSONNumber(text: "1.5")), "e": 1000, "f": ".5x"]
            ),
            ("1: a\ntrue: b\n", ["1": "a", "true": "b"]),
            ("b: &a {k: v}\nc: *a\n", ["b": ["k": "v"], "c": ["k": "v"]]),
            ("a: |\n  line\n  two\n", ["a": "line\ntwo\n"]), ("2001-01-01", "2001-01-01"), ("", .null),
        ] as [(String, JSONValue)]
    )
    func scalarsFollowTheRulesOfKubernetes(text: String, expected: JSONValue) throws {
        #expect(try JSONDocument(yaml: Array(text.utf8)).value == expected)
    }

    @Test(arguments: ["a: b: c", "{", "a: [", "\t- x", "%", "a: *nosuch"])
    func wrongTextsAreRefused(text: String) {
        #expect(throws: YAMLError.self) { try JSONDocument(yaml: Array(text.utf8)) }
    }
}
