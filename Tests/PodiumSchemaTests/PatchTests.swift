// SPDX-License-Identifier: Apache-2.0
// What all patches have in common, and JSON merge patches.

import PodiumCodec
import PodiumMachinery
import PodiumSchema
import Testing

/// What is the same for all kinds of patches, and JSON merge patches.
@Suite struct PatchTests {
    private static let pod = """
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","labels":{"a":"b"}},
        "spec":{"containers":[{"name":"c","resources":{}}]},"status":{}}
        """

    private func apply(
        _ type: PatchType,
        _ body: String,
        _ fieldValidation: FieldValidation = .warn,
        to original: String = pod,
        as kind: GroupVersionKind = .pod
    ) throws -> DecodedRequest {
        let patch = Patch(type: type, body: Array(body.utf8), fieldValidation: fieldValidation)
        return try patch.apply(to: json(original), kind: kind, registry: sharedRegistry)
    }

    @Test(
        "Merge patches merge objects, replace the rest and remove with null",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1,null]}"#, #"{"a":[1,null]}"#),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
            ("{}", #"{"a":[{"b":null,"c":1}]}"#, #"{"a":[{"c":1}]}"#),
            (#"{"a":null}"#, #"{"a":{"b":null,"c":1}}"#, #"{"a":{"c":1}}"#),
        ]
    )
    func mergePatches(original: String, patch: String, result: String) throws {
        let wrapped = #"{"kind":"Widget","apiVersion":"example.com/v1","x":\#(original)}"#
        let object = try apply(.merge, #"{"x":\#(patch)}"#, to: wrapped, as: .widget).object
        #expect(try object["x"] == json(result))
    }

    @Test(
        "Bodies that are no merge patches are refused",
        arguments: [
            ("5", "error decoding patch: json: cannot unmarshal number into Go value of type map[string]interface {}"),
            ("[]", "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"),
            ("{", "error decoding patch: unexpected end of JSON input"), ("null", "Invalid JSON Patch"),
        ]
    )
    func badMergePatches(body: String, message: String) {
        #expect(throws: StatusError.badRequest(message)) { try apply(.merge, body) }
    }

    @Test(
        "The result must be of the kind",
        arguments: [
            (
                #"{"metadata":{"labels":{"z":5}}}"#,
                "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
            ),
            (#"{"kind":"Service"}"#, "converting (v1.Service) to (core.Pod): unknown conversion"),
            (
                #"{"apiVersion":"v2"}"#,
                #"no kind "Pod" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30""#
            ),
        ]
    )
    func resultsOfOtherKinds(patch: String, message: String) throws {
        let error = try #require(throws: StatusError.self) { try apply(.merge, patch) }
        #expect(error.code == 422 && error.reason == .invalid)
        #expect(error.message.hasPrefix(#" "" is invalid: patch: Invalid value: "{\"kind\":\""#))
        #expect(error.message.hasSuffix(": \(message)"))
        #expect(error.details?.causes.map(\.field) == ["patch"])
    }

    @Test(
        "Unknown and duplicate fields of the result are refused, reported or ignored",
        arguments: [
            (PatchType.json, #"[{"op":"add","path":"/spec/bogus","value":1}]"#, #"unknown field "spec.bogus""#),
            (.merge, #"{"spec":{"bogus":1}}"#, #"unknown field "spec.bogus""#),
            (.strategic, #"{"spec":{"bogus":1}}"#, #"unknown field "spec.bogus""#),
            (.merge, #"{"metadata":{"labels":{"q":"1","q":"2"}}}"#, #"duplicate field "metadata.labels.q""#),
            (.strategic, #"{"metadata":{"labels":{"q":"1","q":"2"}}}"#, #"duplicate field "metadata.labels.q""#),
        ]
    )
    func strictness(type: PatchType, body: String, problem: String) throws {
        #expect(try apply(type, body).warnings == [problem])
        #expect(try apply(type, body, .ignore).warnings == [])
        #expect(try apply(type, body).object[path: "spec", "bogus"] == nil)
        let error = try #require(throws: StatusError.self) { try apply(type, body, .strict) }
        #expect(error.code == 422 && error.message.hasSuffix(": strict decoding error: \(problem)"))
    }

    @Test func resultsAreCanonical() throws {
        let patch =
            #"{"metadata":{"labels":null},"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1000m"}}}]}}"#
        for type in [PatchType.merge, .strategic] {
            let object = try apply(type, patch).object
            #expect(try object["metadata"] == json(#"{"name":"p"}"#))
            #expect(object["spec"]?["containers"]?.elements.first?[path: "resources", "limits", "cpu"] == "1")
        }
    }

    @Test(arguments: [
        (PatchType.merge, #"{"metadata":{"labels":{"a":"b","managed":"m"}}}"#, false),
        (.strategic, "{}", false), (.merge, "", false), (.merge, "{\"m", false),
        (.merge, #"{"metadata":{"managedFields":[]}}"#, true),
        (.strategic, #"{"metadata":{"managedFields":null}}"#, true),
        (.merge, #"{"metadata":{"\u006danagedFields":[]}}"#, true), (.json, "[]", true),
    ])
    func patchesThatMayReadTheAccountAreFound(type: PatchType, body: String, mayRead: Bool) {
        let patch = Patch(type: type, body: Array(body.utf8), fieldValidation: .warn)
        #expect(patch.mayReadManagedFields == mayRead)
    }
}
