// SPDX-License-Identifier: Apache-2.0
// Bodies of requests: the texts of all the ways in which they can be wrong.

import PodiumCodec
import PodiumMachinery
import PodiumSchema
import Testing

@Suite struct RequestDecoderTests {
    private let decoder = RequestDecoder(registry: sharedRegistry)

    private func read(
        _ body: String,
        _ format: BodyFormat = .json,
        as kind: GroupVersionKind = .pod,
        _ fieldValidation: FieldValidation = .warn,
        otherVersions: [GroupVersion] = []
    ) throws(StatusError) -> DecodedRequest {
        try decoder.decode(
            body: Array(body.utf8),
            format: format,
            expected: kind,
            fieldValidation: fieldValidation,
            otherVersions: otherVersions
        )
    }

    private static let unrecognized = "the object provided is unrecognized (must be of type Pod): "
    private static let noKind = "couldn't get version/kind; json parse error: "

    @Test(
        "Bodies that are no objects are refused",
        arguments: [
            ("", "unexpected end of JSON input (<empty>)"),
            ("  \n", "unexpected end of JSON input (20200a)"),
            (#"{"a": 01}"#, #"invalid character '1' after object key:value pair ({"a": 01})"#),
            (
                "apiVersion: v1\nkind: Pod\n",
                """
                invalid character 'a' looking for beginning of value \
                (61706956657273696f6e3a2076310a6b696e643a20506f640a)
                """
            ),
            (
                "5",
                #"""
                json: cannot unmarshal number into Go value of type struct { APIVersion string \#
                "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (35)
                """#
            ),
            (
                #"{"apiVersion": 1, "kind": "Pod", "metadata": {}}"#,
                #"""
                json: cannot unmarshal number into Go struct field .apiVersion of type string ({"apiVersion": \#
                1, "kind": "Pod ...)
                """#
            ),
            (
                #"{"KIND": true}"#,
                #"json: cannot unmarshal bool into Go struct field .kind of type string ({"KIND": true})"#
            ),
        ]
    )
    func unreadable(body: String, rest: String) {
        #expect(throws: StatusError.badRequest(Self.unrecognized + Self.noKind + rest)) { try read(body) }
    }

    @Test(
        "Objects of other kinds are refused",
        arguments: [
            (
                #"{"apiVersion":"v1","kind":"Blob"}"#,
                #"""
                Blob in version "v1" cannot be handled as a Pod: no kind "Blob" is registered for version "v1" \#
                in scheme "pkg/api/legacyscheme/scheme.go:30"
                """#
            ),
            (
                #"{"apiVersion":"v2","kind":"Pod"}"#,
                #"""
                Pod in version "v2" cannot be handled as a Pod: no kind "Pod" is registered for version "v2" in \#
                scheme "pkg/api/legacyscheme/scheme.go:30"
                """#
            ),
            (
                #"{"apiVersion":"v1","kind":"Service"}"#,
                #"""
                Service in version "v1" cannot be handled as a Pod: converting (v1.Service) to (core.Pod): \#
                unknown conversion
                """#
            ),
            (
                #"{"apiVersion":"apps/v1","kind":"Deployment"}"#,
                #"""
                Deployment in version "v1" cannot be handled as a Pod: converting (v1.Deployment) to \#
                (core.Pod): unknown conversion
                """#
            ),
            (
                #"{"apiVersion":"v1","kind":"Status"}"#,
                #"""
                Status in version "v1" cannot be handled as a Pod: converting (v1.Status) to (core.Pod): \#
                unknown conversion
                """#
            ),
            (
                #"{"apiVersion":"a/b/c","kind":"Pod"}"#,
                #"""
                the object provided is unrecognized (must be of type Pod): unexpected GroupVersion string: \#
                a/b/c ({"apiVersion":"a/b/c","kind":" ...)
                """#
            ),
        ]
    )
    func otherKinds(body: String, message: String) {
        #expect(throws: StatusError.badRequest(message)) { try read(body) }
    }

    @Test func anotherVersionOfTheKindIsRefusedUnlessItIsAccepted() throws {
        let body = #"{"apiVersion":"policy/v1beta1","kind":"Eviction","metadata":{"name":"p"}}"#
        let eviction = GroupVersionKind(group: "policy", version: "v1", kind: "Eviction")
        let message = "the API version in the data (policy/v1beta1) does not match the expected API version (policy/v1)"
        #expect(throws: StatusError.badRequest(message)) { try read(body, as: eviction) }
        let accepted = try read(body, as: eviction, otherVersions: [GroupVersion(group: "policy", version: "v1beta1")])
        #expect(accepted.object["apiVersion"] == "policy/v1")
    }

    @Test func eventsOfBothGroupsAreOneType() {
        let event = GroupVersionKind(group: "", version: "v1", kind: "Event")
        let message = "the API version in the data (events.k8s.io/v1) does not match the expected API version (v1)"
        #expect(throws: StatusError.badRequest(message)) {
            try read(#"{"apiVersion":"events.k8s.io/v1","kind":"Event"}"#, as: event)
        }
    }

    @Test(arguments: ["null", "{}", #"{"kind":"Pod"}"#, #"{"apiVersion":"v1"}"#, #"{"apiVersion":"/"}"#])
    func missingKindAndVersionAreThoseExpected(body: String) throws {
        let object = try read(body).object
        #expect(object.object?.prefix(2).map(\.key) == ["kind", "apiVersion"])
        #expect(object["kind"] == "Pod" && object["apiVersion"] == "v1")
    }

    @Test(
        "Unknown and duplicate fields are refused, reported or ignored",
        arguments: [FieldValidation.strict, .warn, .ignore]
    )
    func fieldValidation(_ fieldValidation: FieldValidation) throws {
        let body = #"{"metadata":{"name":"q","name":"p"},"spec":{"a":1,"containers":[]}}"#
        let errors = [#"duplicate field "metadata.name""#, #"unknown field "spec.a""#]
        switch fieldValidation {
        case .strict:
            let message =
                #"Pod in version "v1" cannot be handled as a Pod: strict decoding error: "#
                + errors.joined(separator: ", ")
            #expect(throws: StatusError.badRequest(message)) { try read(body, .json, as: .pod, .strict) }
        case .warn: #expect(try read(body).warnings == errors)
        case .ignore: #expect(try read(body, .json, as: .pod, .ignore).warnings == [])
        }
        if fieldValidation != .strict { #expect(try read(body).object[path: "metadata", "name"] == "p") }
    }

    @Test func typeErrorsAreToldBeforeUnknownFields() {
        let message =
            #"""
            Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field \#
            ObjectMeta.metadata.name of type string
            """#
        #expect(throws: StatusError.badRequest(message)) {
            try read(#"{"bogus":1,"metadata":{"name":5}}"#, .json, as: .pod, .strict)
        }
    }

    @Test func yamlIsReadLikeJSON() throws {
        let body =
            """
            apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels: {a: "1"}\nspec:\n  bogus: 1\n  \
            containers: []\n
            """
        let decoded = try read(body, .yaml)
        #expect(decoded.object[path: "metadata", "labels", "a"] == "1")
        #expect(decoded.warnings == [#"unknown field "spec.bogus""#])
        let message =
            #"""
            Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field \#
            ObjectMeta.metadata.labels of type string
            """#
        #expect(throws: StatusError.badRequest(message)) { try read("metadata: {labels: {a: 1}}", .yaml) }
    }

    @Test func customResourcesAreGivenBackAsTheyAre() throws {
        let body = #"{"apiVersion":"example.com/v1","kind":"Widget","spec":{"b":null,"a":[]}}"#
        #expect(try read(body, as: .widget).object == json(body))
        let message =
            """
            the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in \
            '{"spec":{}}' ({"spec":{}})
            """
        #expect(throws: StatusError.badRequest(message)) { try read(#"{"spec":{}}"#, as: .widget) }
        let duplicated = #"{"apiVersion":"example.com/v1","kind":"Widget","spec":{"b":1,"b":2}}"#
        #expect(try read(duplicated, as: .widget).warnings == [#"duplicate field "spec.b""#])
    }

    @Test(
        "Delete options are read from any API version",
        arguments: [
            ("", "{}"), ("{}", "{}"), (#"{"gracePeriodSeconds":0}"#, #"{"gracePeriodSeconds":0}"#),
            (#"{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":5,"x":1}"#, #"{"gracePeriodSeconds":5}"#),
            (#"{"kind":"DeleteOptions","apiVersion":"meta.k8s.io/v1","dryRun":["All"]}"#, #"{"dryRun":["All"]}"#),
            (
                #"{"kind":"DeleteOptions","apiVersion":"apps/v1","orphanDependents":false}"#,
                #"{"orphanDependents":false}"#
            ),
        ]
    )
    func deleteOptions(body: String, result: String) throws {
        #expect(try decoder.decodeDeleteOptions(body: Array(body.utf8), format: .json) == json(result))
    }

    @Test(
        "Bad delete options are refused",
        arguments: [
            ("x", "couldn't get version/kind; json parse error: invalid character 'x' looking for beginning of value"),
            (
                #"{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":"0"}"#,
                "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64"
            ),
            (
                #"{"kind":"Pod","apiVersion":"v1"}"#,
                #"""
                no kind "Pod" is registered for version "v1" in scheme \#
                "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"
                """#
            ),
        ]
    )
    func badDeleteOptions(body: String, message: String) {
        #expect(throws: StatusError.badRequest(message)) {
            try decoder.decodeDeleteOptions(body: Array(body.utf8), format: .json)
        }
    }
}
