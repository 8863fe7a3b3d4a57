// SPDX-License-Identifier: Apache-2.0
// Indented JSON: the form of Go's json.MarshalIndent.

import PodiumCodec
import Testing

struct JSONIndenterTests {
    @Test(arguments: [
        ("{}", "{}"),
        ("[]", "[]"),
        ("1", "1"),
        ("\"a\"\n", "\"a\""),
        ("{\"a\":1}", "{\n  \"a\": 1\n}"),
        ("{\"a\":[1,{}],\"b\":[]}", "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"),
        ("[[1,2],[]]", "[\n  [\n    1,\n    2\n  ],\n  []\n]"),
        ("{\"a\":\"{[,:]}\\\"x\\\\\"}", "{\n  \"a\": \"{[,:]}\\\"x\\\\\"\n}"),
        (" { \"a\" : [ true , null ] } ", "{\n  \"a\": [\n    true,\n    null\n  ]\n}"),
    ])
    func indentsAsGoDoes(compact: String, indented: String) {
        #expect(String(decoding: JSONIndenter.indent(Array(compact.utf8)), as: UTF8.self) == indented)
    }

    @Test func readsBackAsTheSameValue() throws {
        let value: JSONValue = ["a": ["b": [1, .number(JSONNumber(text: "2.5")), "x\ny", []], "c": [:]], "d": .null]
        #expect(try JSONValue(json: JSONIndenter.indent(value.encoded())) == value)
    }
}
