// SPDX-License-Identifier: Apache-2.0
// Rules of roles: what they allow, and what they cover.

import PodiumAPIServer
import PodiumCodec
import Testing

@Suite struct PolicyRuleTests {
    /// A row: the lists of a rule in JSON, `verb group resource name` or `verb /path`, and whether that is allowed.
    @Test(arguments: [
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#, "get - pods a", true),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#, "list - pods -", false),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#, "get apps pods a", false),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#, "get - pods/log a", false),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["pods/log"]}"#, "get - pods/log a", true),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["pods/log"]}"#, "get - pods a", false),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["*/log"]}"#, "get - pods/log a", true),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["*/log"]}"#, "get - pods/logs a", false),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["pods/*"]}"#, "get - pods/log a", false),
        (#"{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}"#, "anything x.io y/z a", true),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["pods"],"resourceNames":["a"]}"#, "get - pods a", true),
        (#"{"verbs":["get"],"apiGroups":[""],"resources":["pods"],"resourceNames":["a"]}"#, "get - pods b", false),
        (#"{"verbs":["list"],"apiGroups":[""],"resources":["pods"],"resourceNames":["a"]}"#, "list - pods -", false),
        (#"{"verbs":["get"],"nonResourceURLs":["/metrics"]}"#, "get /metrics", true),
        (#"{"verbs":["get"],"nonResourceURLs":["/metrics"]}"#, "get /metrics/x", false),
        (#"{"verbs":["get"],"nonResourceURLs":["/metrics"]}"#, "post /metrics", false),
        (#"{"verbs":["get"],"nonResourceURLs":["/api/*"]}"#, "get /api/v1", true),
        (#"{"verbs":["get"],"nonResourceURLs":["/api/*"]}"#, "get /api", false),
        (#"{"verbs":["get"],"nonResourceURLs":["*"]}"#, "get /", true),
        (#"{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}"#, "get /metrics", false),
        (#"{"verbs":["*"],"nonResourceURLs":["*"]}"#, "get - pods a", false),
    ])
    func rulesAllow(_ rule: String, _ question: String, _ isAllowed: Bool) throws {
        #expect(PolicyRule(try JSONValue(json: rule)).allows(Self.access(question)) == isAllowed)
    }

    private static func access(_ text: String) -> AccessRequest {
        let words = text.split(separator: " ").map { $0 == "-" ? "" : String($0) }
        if words.count == 2 { return .path(words[1], verb: words[0]) }
        let parts = words[2].split(separator: "/").map(String.init)
        return .resource(
            ResourceAttributes(
                verb: words[0],
                group: words[1],
                resource: parts[0],
                subresource: parts.count > 1 ? parts[1] : "",
                name: words[3]
            )
        )
    }

    @Test(arguments: [
        (
            #"{"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]}"#,
            #"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#, true
        ),
        (
            #"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#,
            #"{"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]}"#, false
        ),
        (
            #"{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}"#,
            #"{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}"#, true
        ),
        (
            #"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#,
            #"{"verbs":["*"],"apiGroups":[""],"resources":["pods"]}"#, false
        ),
        (
            #"{"verbs":["get"],"apiGroups":[""],"resources":["*/scale"]}"#,
            #"{"verbs":["get"],"apiGroups":[""],"resources":["a/scale"]}"#, true
        ),
        (
            #"{"verbs":["get"],"apiGroups":[""],"resources":["pods"],"resourceNames":["a"]}"#,
            #"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#, false
        ),
        (
            #"{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}"#,
            #"{"verbs":["get"],"apiGroups":[""],"resources":["pods"],"resourceNames":["a"]}"#, true
        ),
        (
            #"{"verbs":["get"],"nonResourceURLs":["/a/*"]}"#, #"{"verbs":["get"],"nonResourceURLs":["/a/b"]}"#, true
        ),
        (
            #"{"verbs":["get"],"nonResourceURLs":["/a/b"]}"#, #"{"verbs":["get"],"nonResourceURLs":["/a/*"]}"#, false
        ),
    ])
    func rulesCoverEachOther(_ owner: String, _ other: String, _ covers: Bool) throws {
        #expect(PolicyRule(try JSONValue(json: owner)).covers(PolicyRule(try JSONValue(json: other))) == covers)
    }

    @Test func rulesFallIntoTheirSmallestParts() throws {
        var rule = PolicyRule(verbs: ["get", "list"], apiGroups: ["", "apps"], resources: ["a"])
        rule.resourceNames = ["x", "y"]
        #expect(rule.parts.count == 8)
        let first = #"{APIGroups:[""], Resources:["a"], ResourceNames:["x"], Verbs:["get"]}"#
        #expect(rule.parts.first?.compactText == first)
        let urls = PolicyRule(verbs: ["get", "post"], nonResourceURLs: ["/a"])
        #expect(urls.parts.map(\.verbs) == [["get"], ["post"]])
    }

    @Test func rulesOfTooManyPartsStayWhole() {
        let many = (0..<200).map { "r\($0)" }
        let rule = PolicyRule(verbs: many, apiGroups: many, resources: many)
        #expect(rule.parts == [rule])
    }
}
