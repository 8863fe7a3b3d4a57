// SPDX-License-Identifier: Apache-2.0
// Which form an answer takes: Accept headers, the parameter pretty, and what is refused.

import PodiumAPIServer
import PodiumMachinery
import Testing

struct DiscoveryNegotiationTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let accept: String?
        let format: MediaFormat
        var transform = MediaTransform.none
        var testDescription: String { accept ?? "(none)" }
    }

    @Test(arguments: [
        Row(accept: nil, format: .json),
        Row(accept: "", format: .json),
        Row(accept: "*/*", format: .json),
        Row(accept: "*", format: .json),
        Row(accept: "application/*", format: .json),
        Row(accept: "application/yaml", format: .yaml),
        Row(accept: "application/json;q=0.1,application/yaml;q=0.9", format: .yaml),
        Row(accept: "*/*,application/yaml", format: .yaml),
        Row(accept: "text/html, application/json", format: .json),
        Row(accept: "application/vnd.kubernetes.protobuf,application/json", format: .json),
        Row(accept: "application/vnd.kubernetes.protobuf, */*", format: .json),
        Row(accept: "application/json;charset=utf-8", format: .json),
        Row(
            accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
            format: .json,
            transform: .table(version: "v1")
        ),
        Row(
            accept: "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
            format: .json,
            transform: .table(version: "v1beta1")
        ),
        Row(accept: "application/yaml;as=Table;v=v1;g=meta.k8s.io", format: .yaml, transform: .table(version: "v1")),
        Row(accept: "application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json", format: .json),
        Row(accept: "application/json;as=Table;v=v9;g=meta.k8s.io,application/json", format: .json),
        Row(
            accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
            format: .json,
            transform: .partialMetadata(version: "v1")
        ),
        Row(
            accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            format: .json,
            transform: .partialMetadataList(version: "v1")
        ),
    ])
    func theBestAlternativeIsTaken(row: Row) throws {
        let form = try MediaTypeNegotiation.negotiate(
            accept: row.accept,
            pretty: nil,
            userAgent: nil,
            endpoint: .objects
        )
        #expect(form.format == row.format)
        #expect(form.transform == row.transform)
        #expect(!form.isPretty)
    }

    @Test(arguments: [
        (
            "application/json;as=Bogus;g=meta.k8s.io;v=v1",
            "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        ),
        (
            "application/json;as=Table;g=meta.k8s.io;v=v9",
            "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        ),
        ("text/html", "application/json, application/yaml, application/vnd.kubernetes.protobuf"),
        ("application/json;stream=other", "application/json, application/yaml, application/vnd.kubernetes.protobuf"),
    ])
    func whatNobodyCanGiveIsRefused(accept: String, supported: String) {
        let error = #expect(throws: StatusError.self) {
            try MediaTypeNegotiation.negotiate(accept: accept, pretty: nil, userAgent: nil, endpoint: .objects)
        }
        #expect(error?.code == 406)
        #expect(error?.reason == .notAcceptable)
        #expect(error?.details == nil)
        #expect(error?.message == "only the following media types are accepted: \(supported)")
    }

    @Test func aWatchIsNotWrittenInYAML() {
        let error = #expect(throws: StatusError.self) {
            try MediaTypeNegotiation.negotiate(
                accept: "application/yaml",
                pretty: nil,
                userAgent: nil,
                endpoint: .watch
            )
        }
        let types = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
        #expect(error?.message == "only the following media types are accepted: \(types)")
    }

    @Test func aWatchTakesTheStreamParameter() throws {
        let form = try MediaTypeNegotiation.negotiate(
            accept: "application/json;stream=watch",
            pretty: nil,
            userAgent: nil,
            endpoint: .watch
        )
        #expect(form == MediaTypeNegotiation(format: .json))
    }

    @Test func protobufAloneIsRefused() {
        let protobuf = "application/vnd.kubernetes.protobuf"
        let error = #expect(throws: StatusError.self) {
            try MediaTypeNegotiation.negotiate(accept: protobuf, pretty: nil, userAgent: nil, endpoint: .objects)
        }
        #expect(error?.message == "only the following media types are accepted: application/json, application/yaml")
    }

    @Test(
        arguments: [
            (nil, nil, false), (nil, "curl/8.0", true), (nil, "Wget/1", true), (nil, "Mozilla/5.0 (X11)", true),
            (nil, "kubectl/v1.36", false), ("true", nil, true), ("1", nil, true), ("false", "curl/8.0", false),
            ("bogus", "curl/8.0", false), ("", "curl/8.0", true),
        ] as [(String?, String?, Bool)]
    )
    func peopleGetIndentedJSON(parameter: String?, agent: String?, isPretty: Bool) {
        let form = MediaTypeNegotiation(accept: nil, pretty: parameter, userAgent: agent, endpoint: .objects)
        #expect(form?.isPretty == isPretty)
    }

    @Test func theAcceptHeaderMayAskForIndentation() {
        let form = MediaTypeNegotiation(
            accept: "application/json;pretty=1",
            pretty: nil,
            userAgent: nil,
            endpoint: .objects
        )
        #expect(form?.isPretty == true)
    }

    @Test func errorsAreWrittenInSomeFormInAnyCase() {
        func form(_ accept: String?) -> MediaTypeNegotiation {
            MediaTypeNegotiation.forError(accept: accept, pretty: nil, userAgent: nil)
        }
        #expect(form("application/yaml").format == .yaml)
        #expect(form(nil) == MediaTypeNegotiation())
        #expect(form("text/html") == MediaTypeNegotiation(isPretty: true))
        #expect(form("application/json;as=Table;v=v1;g=meta.k8s.io") == MediaTypeNegotiation(isPretty: true))
        #expect(form("application/json;as=Table;v=v1;g=meta.k8s.io,application/json") == MediaTypeNegotiation())
    }

    @Test(arguments: ["text/html", "application/xml", "application/*", "bogus", "text/html;q=1, text/plain"])
    func aRouteRefusesTypesItDoesNotKnow(accept: String) {
        let error = #expect(throws: StatusError.self) { try RouteAcceptance.check(accept) }
        #expect(error?.code == 406)
        #expect(error?.details == StatusError.Details())
        let types = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        #expect(error?.message == "406: Not Acceptable\n\nAvailable representations: \(types)")
    }

    @Test(
        arguments: [nil, "", "*/*", "application/json;as=Bogus", "text/html, application/yaml", " */*;q=0.1"]
            as [String?]
    )
    func aRouteLooksAtNoParameters(accept: String?) throws {
        try RouteAcceptance.check(accept)
    }

    @Test func aListRouteNamesTheStreams() {
        let error = #expect(throws: StatusError.self) {
            try RouteAcceptance.check("text/html", produces: RouteAcceptance.list)
        }
        #expect(
            error?.message.hasSuffix(
                "protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
            ) == true
        )
    }
}
