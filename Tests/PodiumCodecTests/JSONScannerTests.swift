// SPDX-License-Identifier: Apache-2.0
// The parts of JSON texts as texts, against the same parts of trees.

import PodiumCodec
import Testing

@Suite struct JSONScannerTests {
    private static let texts = [
        #"{}"#, #"[]"#, #"[1,-2.5e3,true,false,null,"a"]"#, #"[[],[[]],{},[{}]]"#,
        #"{"a":{"b":[1,{"c":[null]}]},"d":"e,f:g","h":""}"#, #"{"k:{\"name\":\"c\"}":{".":{},"f:x":{}},"v:\"]\"":{}}"#,
        #"["\\","\\\"","\"}","é\u2028"]"#,
    ]

    private func slice(_ text: String) -> BytesSlice {
        // Not at the beginning of its buffer, and not to the end.
        let bytes = EncodedBytes("[\(text),1]")
        return BytesSlice(bytes: bytes, range: 1..<bytes.count - 3)
    }

    @Test(arguments: texts) func partsAreThoseOfTheTree(text: String) throws {
        let tree = try JSONValue(json: text)
        var elements: [JSONValue] = []
        try slice(text).forEachJSONElement { elements.append(try JSONValue(json: $0)) }
        #expect(elements == tree.elements)
        var members: [String: JSONValue] = [:]
        try slice(text).forEachJSONMember { name, value in
            let name = try JSONValue(json: "\"\(String(decoding: name, as: UTF8.self))\"")
            members[try #require(name.string)] = try JSONValue(json: value)
        }
        #expect(members == (tree.object.map { object in Dictionary(object.map { ($0, $1) }) { $1 } } ?? [:]))
        #expect(tree.elements.map(\.string) == jsonStrings(text))
    }

    private func jsonStrings(_ text: String) -> [String?] {
        var strings: [String?] = []
        slice(text).forEachJSONElement { strings.append($0.jsonString) }
        return strings
    }

    /// Nothing is promised of texts that are cut off or no JSON but to stay inside of them.
    @Test(arguments: texts + ["{\"a", "[1,", "{\"a\":}", "]", "[}", "\"\\", "{:1}", "[,]", ",", ""])
    func textsThatEndTooSoonAreNotLeft(text: String) {
        for end in 0...text.utf8.count {
            let bytes = EncodedBytes(String(decoding: text.utf8.prefix(end), as: UTF8.self))
            var size = 0
            bytes.slice.forEachJSONElement { size += $0.count }
            bytes.slice.forEachJSONMember { size += $0.count + $1.count }
            #expect(size <= 2 * bytes.count)
            _ = bytes.slice.jsonString
        }
    }

    @Test func aMemberIsLeftOut() throws {
        let text = EncodedBytes(#"{"a":{"b":1,"c":[1,2],"d":3},"e":[4]}"#)
        let value = try JSONValue(json: text, leavingOut: 11..<21)
        #expect(value == ["a": ["b": 1, "d": 3], "e": [4]])
    }
}
