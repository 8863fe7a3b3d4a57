// SPDX-License-Identifier: Apache-2.0
// YAML as Kubernetes' library writes it: order, block style, quoting and folding.

import PodiumCodec
import Testing

struct YAMLWriterTests {
    private func text(_ value: JSONValue) -> String { String(decoding: value.yaml, as: UTF8.self) }

    @Test func writesAnObjectInBlockStyleWithSortedMembers() {
        let pod: JSONValue = [
            "kind": "Pod", "apiVersion": "v1",
            "metadata": ["name": "p", "labels": ["b": "1", "a": "true"], "creationTimestamp": "2026-01-02T03:04:05Z"],
            "spec": ["containers": [["name": "c", "args": ["x", "-y"], "resources": [:]]], "volumes": []],
            "status": .null,
        ]
        #expect(
            text(pod) == """
                apiVersion: v1
                kind: Pod
                metadata:
                  creationTimestamp: "2026-01-02T03:04:05Z"
                  labels:
                    a: "true"
                    b: "1"
                  name: p
                spec:
                  containers:
                  - args:
                    - x
                    - -y
                    name: c
                    resources: {}
                  volumes: []
                status: null

                """
        )
    }

    @Test func nestsListsOnOneLine() {
        #expect(text([[1, [2]], []]) == "- - 1\n  - - 2\n- []\n")
        #expect(text(["a": [["b"]]]) == "a:\n- - b\n")
    }

    @Test(arguments: [
        ("plain", "plain"), ("", "\"\""), ("a b", "a b"), ("true", "\"true\""), ("yes", "\"yes\""), ("y", "\"y\""),
        ("null", "\"null\""), ("~", "\"~\""), ("1", "\"1\""), ("0x1F", "\"0x1F\""), ("1.5", "\"1.5\""),
        ("1e3", "\"1e3\""),
        ("10:20", "\"10:20\""), ("2026-01-02", "\"2026-01-02\""),
        ("2026-01-02T03:04:05.123456Z", "\"2026-01-02T03:04:05.123456Z\""),
        ("10.0.0.1", "10.0.0.1"), ("v1", "v1"), ("100m", "100m"), ("-", "'-'"), ("- a", "'- a'"), ("a: b", "'a: b'"),
        ("a:b", "a:b"), ("a #b", "'a #b'"), ("a#b", "a#b"), ("#a", "'#a'"), (" a", "' a'"), ("a ", "'a '"),
        ("it's", "it's"), ("'x", "'''x'"), ("*", "'*'"), ("{a}", "'{a}'"), ("@a", "'@a'"), ("%a", "'%a'"),
        ("a\tb", "\"a\\tb\""), ("\u{1}", "\"\\x01\""), ("caf\u{E9}", "caf\u{E9}"), ("\u{1F600}", "\"\\U0001F600\""),
        ("---", "'---'"), (":", "':'"), ("?", "'?'"), ("a,b", "a,b"), ("[a", "'[a'"), ("!a", "'!a'"),
        ("1_000", "\"1_000\""),
        ("<none>", "<none>"), (">a", "'>a'"), ("=", "="), ("<<", "\"<<\""), ("0.0.0", "0.0.0"), ("1.", "\"1.\""),
    ])
    func quotesWhatWouldReadAsSomethingElse(value: String, yaml: String) {
        #expect(text(["k": .string(value)]) == "k: \(yaml)\n")
    }

    @Test(arguments: [
        ("a\nb", "k: |-\n  a\n  b\n"), ("a\nb\n", "k: |\n  a\n  b\n"), ("a\n\n", "k: |+\n  a\n\n"),
        ("a\n\nb\n", "k: |\n  a\n\n  b\n"), ("  a\nb", "k: |2-\n    a\n  b\n"), ("a \nb", "k: \"a \\nb\"\n"),
        ("a\n b", "k: |-\n  a\n   b\n"),
    ])
    func writesLinesAsALiteral(value: String, yaml: String) {
        #expect(text(["k": .string(value)]) == yaml)
    }

    @Test func foldsLongTextsAtSpacesBehindColumn80() {
        let word = String(repeating: "x", count: 40)
        #expect(text(["k": "\(word) \(word) \(word)"]) == "k: \(word) \(word)\n  \(word)\n")
        #expect(text(["k": ["\(word) \(word) it: \(word)"]]) == "k:\n- '\(word) \(word)\n  it: \(word)'\n")
        let long = String(repeating: "x", count: 120)
        #expect(text(["k": .string(long)]) == "k: \(long)\n")
    }

    @Test func ordersNumbersInNamesByValue() {
        let keys = ["a10", "a2", "a-b", "a.b", "B", "b", "a/1", "01", "1"]
        let value = JSONValue.object(.init(uniqueKeysWithValues: keys.map { ($0, .null) }))
        let order = text(value).split(separator: "\n").map { $0.prefix { $0 != ":" } }
        #expect(order == ["\"1\"", "\"01\"", "B", "a-b", "a.b", "a/1", "a2", "a10", "b"])
    }

    @Test(arguments: [
        "", "x", "true", "null", "0x10", "1e5", "012", "12:30", "2020-01-01", " lead", "trail ", "multi\nline",
        "multi\n\n", "\ttab", "quote\"'", "a: b # c", "- x", "\u{2028}", "é", "back\\slash", "a\r\nb", "|", ">-",
    ])
    func readsBackAsTheSameText(value: String) throws {
        let yaml = JSONValue.object(["k": .string(value), "list": [.string(value)]]).yaml
        let document = try JSONDocument(yaml: yaml)
        #expect(document.value["k"]?.string == value)
        #expect(document.value["list"]?.array == [.string(value)])
    }
}
