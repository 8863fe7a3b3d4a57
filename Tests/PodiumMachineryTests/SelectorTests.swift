// SPDX-License-Identifier: Apache-2.0
// Selectors: what they take, and the texts for queries that are none.

import PodiumCodec
import PodiumMachinery
import Testing

@Suite struct LabelSelectorTests {
    static let objects: [String: [String: String]] = [
        "a1": ["app": "web", "tier": "fe", "n": "1"], "a2": ["app": "web", "n": "2"], "b1": ["app": "db", "n": "5"],
        "c1": ["x.y/z": "q", "empty": ""],
    ]

    @Test(arguments: [
        ("", "a1 a2 b1 c1"), ("app=web", "a1 a2"), ("app==web", "a1 a2"), ("app!=web", "b1 c1"), ("app", "a1 a2 b1"),
        ("!app", "c1"), ("app in (web,db)", "a1 a2 b1"), ("app notin (web)", "b1 c1"), ("n>1", "a2 b1"),
        ("n<3", "a1 a2"), ("n>1,n<3", "a2"), ("app=web,tier=fe", "a1"), ("empty=", "c1"), ("empty in ()", "c1"),
        ("app in (,web)", "a1 a2"), ("app in (web,)", "a1 a2"), ("app in (a,,web)", "a1 a2"), ("x.y/z=q", "c1"),
        (" app = web , tier ", "a1"), ("in=x", ""), ("app in (in)", ""), ("app=in", ""), ("app>1", ""),
        ("app\tin\n(web)", "a1 a2"), ("notin,!in", ""),
    ])
    func takes(query: String, names: String) throws {
        let selector = try LabelSelector(query: query)
        let taken = Self.objects.filter { selector.matches($0.value) }.keys.sorted().joined(separator: " ")
        #expect(taken == names)
    }

    @Test(arguments: [
        ("app=web,", "found '', expected: identifier after ','"),
        (",app=web", "found ',', expected: !, identifier, or 'end of string'"),
        ("app=web db", "found 'db', expected: ',' or 'end of string'"),
        ("!app=x", "found '=', expected: ',' or 'end of string'"),
        ("(app)", "found '(', expected: !, identifier, or 'end of string'"),
        ("app in (web", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("app in (web=", "unable to parse requirement: found '=', expected: ',' or ')'"),
        ("app in (,=", "unable to parse requirement: found '=', expected: ',', or identifier"),
        ("app in (=", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
        ("app notin", "unable to parse requirement: found '' expected: '('"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("!!", "unable to parse requirement: found '!', expected: identifier"),
        ("app!web", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"),
        ("app exists", "unable to parse requirement: found 'exists', expected: in, notin, =, ==, !=, gt, lt"),
        ("app===web", "unable to parse requirement: found '=', expected: identifier"),
        ("n>=1", "unable to parse requirement: found '=', expected: identifier"),
        (
            "n>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": "
                + "for 'Gt', 'Lt' operators, the value must be an integer"
        ),
        (
            "app=" + String(repeating: "x", count: 64),
            "unable to parse requirement: values[0][app]: Invalid value: \"\(String(repeating: "x", count: 64))\": "
                + "must be no more than 63 bytes"
        ),
    ])
    func refuses(query: String, message: String) {
        #expect(throws: SelectorError(message)) { try LabelSelector(query: query) }
    }

    @Test func objectsDescribeSelectors() {
        #expect(LabelSelector(object: nil).isNothing)
        #expect(LabelSelector(object: [:]).isEverything)
        let selector = LabelSelector(object: [
            "matchLabels": ["app": "web"],
            "matchExpressions": [["key": "tier", "operator": "DoesNotExist"]],
        ])
        #expect(selector.matches(["app": "web"]))
        #expect(!selector.matches(["app": "web", "tier": "fe"]))
    }

    @Test func objectsAreValidated() {
        let errors = LabelSelector.validate(
            [
                "matchExpressions": [
                    ["key": "a", "operator": "In"], ["key": "a", "operator": "Is", "values": ["a b"]],
                ]
            ],
            at: FieldPath("spec", "selector")
        )
        #expect(
            errors.map(\.path.description) == [
                "spec.selector.matchExpressions[0].values", "spec.selector.matchExpressions[1].operator",
                "spec.selector.matchExpressions[1].values[0]",
            ]
        )
    }
}

@Suite struct FieldSelectorTests {
    @Test(arguments: [
        ("", true), ("metadata.name=a", true), ("metadata.name==a", true), ("metadata.name!=a", false),
        ("status.phase=", true), ("metadata.name=a,", true), ("metadata.name=a,metadata.name=b", false),
        (#"spec.x=b\,\=\\"#, true), ("metadata.namespace=n", true), ("metadata.namespace!=n", false),
    ])
    func takes(query: String, isTaken: Bool) throws {
        let selector = try FieldSelector(query: query)
        #expect(
            selector.matches(NamespacedName(namespace: "n", name: "a"), { $0 == "spec.x" ? #"b,=\"# : nil }) == isTaken
        )
        #expect(try FieldSelector(query: selector.description) == selector)
    }

    @Test(arguments: [
        ("x", "invalid selector: 'x'; can't understand 'x'"),
        ("a=b,metadata.name>a", "invalid selector: 'a=b,metadata.name>a'; can't understand 'metadata.name>a'"),
        (#"a=b\x"#, #"invalid field selector: invalid escape sequence: \x"#),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
    ])
    func refuses(query: String, message: String) {
        #expect(throws: SelectorError(message)) { try FieldSelector(query: query) }
    }
}
