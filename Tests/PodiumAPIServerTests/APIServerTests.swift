// SPDX-License-Identifier: Apache-2.0
// Requests to a whole server: the order of refusals, writes and their conditions, forms and warnings.

import Dispatch
import PodiumAPIServer
import PodiumCodec
import PodiumMachinery
import Synchronization
import Testing

struct APIServerTests {
    private static let pods = "/api/v1/namespaces/ns/pods"
    private static let protobuf = "application/vnd.kubernetes.protobuf"
    private static let merge = "application/merge-patch+json"
    private static let named = #"{"metadata":{"name":"x"}}"#
    private static let pod = #"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#

    // MARK: Refusals

    struct Refusal: CustomTestStringConvertible, Sendable {
        let method: String
        let path: String
        var contentType: String? = "application/json"
        var accept: String?
        let code: Int
        let message: String
        var testDescription: String { "\(method) \(path) \(contentType ?? "-") \(accept ?? "-")" }
    }

    @Test(
        "Refusals come in the order path, method, content type, Accept",
        arguments: [
            Refusal(
                method: "FLY",
                path: "/api/v1/nosuch",
                contentType: "a/b",
                accept: "a/b",
                code: 404,
                message: "could not find"
            ),
            Refusal(
                method: "FLY",
                path: "\(Self.pods)/p",
                contentType: "a/b",
                accept: "a/b",
                code: 405,
                message: "does not allow"
            ),
            Refusal(method: "HEAD", path: "\(Self.pods)/p", code: 405, message: "does not allow"),
            Refusal(method: "OPTIONS", path: pods, code: 405, message: "does not allow"),
            Refusal(
                method: "PATCH",
                path: "\(Self.pods)/p",
                contentType: "a/b",
                accept: "a/b",
                code: 415,
                message: "415: Unsupported"
            ),
            Refusal(method: "PATCH", path: "\(Self.pods)/p", contentType: nil, code: 415, message: "415: Unsupported"),
            Refusal(
                method: "PATCH",
                path: "\(Self.pods)/p",
                contentType: merge,
                accept: "a/b",
                code: 406,
                message: "406: Not"
            ),
            Refusal(method: "POST", path: pods, contentType: "a/b", accept: "a/b", code: 406, message: "406: Not"),
            Refusal(method: "POST", path: pods, contentType: "a/b", code: 415, message: "the body of the request"),
            Refusal(method: "GET", path: "\(pods)/%2e%2e", code: 400, message: #"invalid: "..": may not be '..'"#),
            Refusal(method: "GET", path: "\(pods)/a%25b", code: 400, message: "may not contain '%'"),
            Refusal(method: "GET", path: "\(pods)/a%2Fb", code: 404, message: "could not find"),
            Refusal(method: "GET", path: "\(pods)/a%00b", code: 404, message: #"pods "a\x00b" not found"#),
            Refusal(method: "GET", path: "\(pods)?resourceVersion=x", code: 400, message: "invalid resource version: "),
            Refusal(method: "GET", path: "\(pods)/p?resourceVersion=x", code: 500, message: "resourceVersion: Invalid"),
            Refusal(
                method: "GET",
                path: pods,
                accept: protobuf,
                code: 406,
                message: "application/json, application/yaml"
            ),
        ]
    )
    func refusals(_ row: Refusal) {
        let answer = ServerFixture().send(row.method, row.path, "{}", contentType: row.contentType, accept: row.accept)
        #expect(answer.code == row.code)
        #expect(answer.message.contains(row.message), "\(answer.message)")
    }

    @Test(arguments: ["\(protobuf),application/json", "\(protobuf), */*", "*/*"])
    func whoTakesJSONGetsJSON(accept: String) {
        let answer = ServerFixture().send("GET", Self.pods, accept: accept)
        #expect(answer.contentType == "application/json")
        #expect(answer.body["kind"] == "PodList")
    }

    @Test func openAPIDocumentsAreServed() throws {
        let server = ServerFixture()
        let path = server.send("GET", "/openapi/v3").body[path: "paths", "apis/apps/v1", "serverRelativeURL"]?.string
        let document = server.send("GET", try #require(path))
        #expect(document.body[path: "components", "schemas", "io.k8s.api.apps.v1.Deployment"] != nil)
        #expect(server.send("GET", "/openapi/v9").code == 404)
    }

    // MARK: Writes

    @Test func aNewObjectHasNoVersion() {
        let body = #"{"metadata":{"name":"c","resourceVersion":"5"}}"#
        let answer = ServerFixture().send("POST", "/api/v1/namespaces/ns/configmaps", body)
        #expect(answer.code == 500)
        #expect(answer.body["reason"] == nil)
        #expect(answer.message == "resourceVersion should not be set on objects to be created")
    }

    @Test(arguments: ["POST", "PUT", "PATCH"])
    func theNamespaceIsThatOfTheRequest(method: String) {
        let server = ServerFixture()
        server.send("POST", Self.pods, Self.pod)
        let body = Self.pod.replacing(#""name":"p""#, with: #""name":"p","namespace":"other""#)
        let path = method == "POST" ? Self.pods : "\(Self.pods)/p"
        let answer = server.send(method, path, body, contentType: method == "PATCH" ? Self.merge : "application/json")
        #expect(answer.code == 400)
        #expect(
            answer.message == "the namespace of the provided object does not match the namespace sent on the request"
        )
    }

    @Test(arguments: [
        ("services/x", #"{"metadata":{"name":"x"},"spec":{"ports":[{"port":80}],"type":"NodePort"}}"#, 201),
        ("services/x/status", #"{"metadata":{"name":"x"},"spec":{"ports":[{"port":80}]},"status":{}}"#, 201),
        ("limitranges/x", #"{"metadata":{"name":"x"},"spec":{"limits":[{"type":"Pod","max":{"cpu":"1"}}]}}"#, 201),
        ("endpoints/x", Self.named, 201), ("configmaps/x", named, 404), ("secrets/x", named, 404),
        ("resourcequotas/x", Self.named, 404), ("resourcequotas/x/status", named, 404),
        ("pods/x", #"{"metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#, 404),
        ("pods/x/status", #"{"metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#, 404),
    ])
    func someKindsAreMadeByAnUpdate(path: String, body: String, status: Int) throws {
        let server = ServerFixture()
        let name = path.split(separator: "/").prefix(2).joined(separator: "/")
        #expect(server.send("PATCH", "/api/v1/namespaces/ns/\(path)", "{}", contentType: Self.merge).code == 404)
        let answer = server.send("PUT", "/api/v1/namespaces/ns/\(path)", body)
        #expect(answer.code == status, "\(answer.message)")
        let object = server.send("GET", "/api/v1/namespaces/ns/\(name)")
        #expect(object.code == (status == 201 ? 200 : 404))
        // As by a POST, whatever the subresource: what clients may set, and what the server sets.
        if name == "services/x" {
            #expect(object.body[path: "spec", "clusterIP"]?.string?.hasPrefix("10.96.") == true)
            #expect(object.body["status"] == ["loadBalancer": [:]])
        }
    }

    @Test func anUpdateKeepsWhatTheServerSet() {
        let server = ServerFixture()
        let before = server.send("POST", Self.pods, Self.pod).body
        let metadata = #"{"name":"p","creationTimestamp":"2020-01-01T00:00:00Z","selfLink":"/x","labels":{"a":"b"}}"#
        let answer = server.send("PUT", "\(Self.pods)/p", Self.pod.replacing(#"{"name":"p"}"#, with: metadata))
        #expect(answer.code == 200)
        for key in ["uid", "creationTimestamp", "selfLink", "generation", "namespace"] {
            #expect(answer.body[path: "metadata", key] == before[path: "metadata", key])
        }
        #expect(answer.body[path: "metadata", "labels", "a"] == "b")
    }

    @Test func aPatchNeedsNoVersionButKeepsTheOneItBrings() {
        let server = ServerFixture()
        let leases = "/apis/coordination.k8s.io/v1/namespaces/ns/leases"
        server.send("POST", leases, #"{"metadata":{"name":"x"}}"#)
        func patch(_ metadata: String) -> ServerFixture.Answer {
            server.send("PATCH", "\(leases)/x", #"{"metadata":\#(metadata)}"#, contentType: Self.merge)
        }
        #expect(patch(#"{"labels":{"a":"b"}}"#).code == 200)
        #expect(patch(#"{"resourceVersion":"1"}"#).code == 409)
        #expect(patch(#"{"resourceVersion":null}"#).code == 422)
        #expect(server.send("PUT", "\(leases)/x", #"{"metadata":{"name":"x"}}"#).code == 422)
        let other = patch(#"{"uid":"11111111-1111-1111-1111-111111111111"}"#)
        #expect(other.code == 422)
        #expect(other.message.contains("metadata.uid: Invalid value"))
    }

    @Test func anErrorIsToldOnceAndStandsTwiceAmongTheCauses() {
        let error = FieldError.required(FieldPath("spec"))
        let status = StatusError.invalid(group: "", kind: "Pod", name: "p", [error, error, .required(FieldPath("x"))])
        #expect(status.message == #"Pod "p" is invalid: [spec: Required value, x: Required value]"#)
        #expect(status.details?.causes.count == 3)
        #expect(
            StatusError.invalid(group: "", kind: "Pod", name: "p", [error, error]).message
                == #"Pod "p" is invalid: spec: Required value"#
        )
    }

    // MARK: Deletions

    @Test(
        arguments: [
            ("jobs", "apis/batch/v1", "", ["orphan"], 1),
            ("jobs", "apis/batch/v1", "?propagationPolicy=Background", [], 0),
            ("replicationcontrollers", "api/v1", "", ["orphan"], 0), ("configmaps", "api/v1", "", [], 0),
            ("configmaps", "api/v1", "?propagationPolicy=Foreground", ["foregroundDeletion"], 0),
        ] as [(String, String, String, [JSONValue], Int)]
    )
    func aKindSaysWhatBecomesOfDependents(
        _ plural: String,
        _ version: String,
        _ query: String,
        _ finalizers: [JSONValue],
        _ warnings: Int
    ) {
        let server = ServerFixture()
        let spec =
            #""template":{"metadata":{"labels":{"a":"b"}},"spec":{"restartPolicy":"Never","#
            + #""containers":[{"name":"c","image":"i"}]}}"#
        let selector = plural == "jobs" ? "" : #""selector":{"a":"b"},"#
        let body = #"{"metadata":{"name":"x"},"spec":{\#(selector)\#(spec)}}"#
        let path = "/\(version)/namespaces/ns/\(plural)"
        let rendered = plural == "jobs" ? body : body.replacing("Never", with: "Always")
        #expect(server.send("POST", path, rendered).code == 201)
        let answer = server.send("DELETE", "\(path)/x\(query)")
        #expect(answer.code == 200)
        #expect(answer.warnings.count == warnings)
        let left = server.send("GET", "\(path)/x")
        #expect(left.body[path: "metadata", "finalizers"]?.elements ?? [] == finalizers)
    }

    @Test(arguments: [
        (#"{"kind":"Pod","apiVersion":"v1"}"#, #"no kind "Pod" is registered"#),
        (#"{"gracePeriodSeconds":"1"}"#, "json: cannot unmarshal string"), ("x", "couldn't get version/kind"),
        (#"{"kind":"DeleteOptions","apiVersion":"meta.k8s.io/v1"}"#, ""),
    ])
    func optionsOfADeletionHaveTextsOfTheirOwn(body: String, message: String) {
        let server = ServerFixture()
        server.send("POST", Self.pods, Self.pod)
        let answer = server.send("DELETE", "\(Self.pods)/p", body)
        #expect(answer.code == (message.isEmpty ? 200 : 400))
        #expect(answer.message.hasPrefix(message))
    }

    @Test func aNamespaceHasAPreconditionTextOfItsOwn() {
        let answer = ServerFixture().send("DELETE", "/api/v1/namespaces/ns", #"{"preconditions":{"uid":"u"}}"#)
        #expect(answer.code == 409)
        #expect(answer.body[path: "details", "kind"] == "namespaces")
        #expect(answer.message.contains("Precondition failed: UID in precondition: u, UID in object meta: "))
    }

    // MARK: Forms and warnings

    @Test func bothGroupsShowAllEvents() {
        let server = ServerFixture()
        let core = "/api/v1/namespaces/ns/events"
        let new = "/apis/events.k8s.io/v1/namespaces/ns/events"
        let involved = #"{"kind":"Pod","name":"p","namespace":"ns"}"#
        server.send("POST", core, #"{"metadata":{"name":"a"},"involvedObject":\#(involved),"message":"m","count":2}"#)
        let made = server.send(
            "POST",
            new,
            #"""
            {"metadata":{"name":"b"},"regarding":\#(involved),"note":"n","type":"Normal","action":"A","reason":"R",
            "eventTime":"2020-01-01T00:00:00.000000Z","reportingController":"x.y/z","reportingInstance":"i"}
            """#
        )
        #expect(made.code == 201)
        #expect(made.body["note"] == "n")
        #expect(server.send("GET", "\(new)/a").body["note"] == "m")
        #expect(server.send("GET", "\(new)/a").body["deprecatedCount"] == 2)
        #expect(server.send("GET", "\(core)/b").body["reportingComponent"] == "x.y/z")
        for (path, field) in [(core, "message"), (new, "note")] {
            let items = server.send("GET", path).body["items"]?.elements ?? []
            #expect(items.map { $0[field] } == ["m", "n"])
        }
        let patched = server.send("PATCH", "\(new)/b", #"{"metadata":{"labels":{"a":"b"}}}"#, contentType: Self.merge)
        #expect(patched.code == 200)
        #expect(server.send("GET", "\(core)/b").body["message"] == "n")
        #expect(server.send("DELETE", "\(new)/a").code == 200)
        #expect(server.send("GET", "\(core)/a").message == #"events "a" not found"#)
    }

    @Test func warningsComeWithRefusals() {
        let server = ServerFixture()
        let endpoints = server.send("POST", "/api/v1/namespaces/nosuch/endpoints", #"{"metadata":{"name":"x"}}"#)
        #expect(endpoints.code == 404)
        #expect(endpoints.warnings.count == 1)
        let wrong = Self.pod.replacing(#""image":"i""#, with: #""image":"","bogus":1"#)
        let answer = server.send("POST", Self.pods, wrong)
        #expect(answer.code == 422)
        #expect(answer.warnings == [#"299 - "unknown field \"spec.containers[0].bogus\"""#])
    }

    @Test func ownersNamedTwiceAreKeptOnce() {
        let owner = #"{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"u"}"#
        let metadata = #"{"name":"p","ownerReferences":[\#(owner),\#(owner)]}"#
        let answer = ServerFixture().send("POST", Self.pods, Self.pod.replacing(#"{"name":"p"}"#, with: metadata))
        #expect(answer.body[path: "metadata", "ownerReferences"]?.elements.count == 1)
        #expect(answer.warnings.first?.contains("duplicate UID(s) observed: u") == true)
    }

    @Test func anEmptyListOfMetadataIsNull() {
        let form = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        #expect(ServerFixture().send("GET", Self.pods, accept: form).body["items"] == .null)
        #expect(ServerFixture().send("GET", Self.pods).body["items"] == [])
    }

    @Test func repeatedMembersOfYAMLAreRefusedOnlyStrictly() {
        let server = ServerFixture()
        let body = "metadata: {name: c}\ndata:\n  a: v\n  a: w\n"
        func send(_ validation: String) -> ServerFixture.Answer {
            let path = "/api/v1/namespaces/ns/configmaps?dryRun=All&fieldValidation=\(validation)"
            return server.send(
                "POST",
                path,
                "kind: ConfigMap\napiVersion: v1\n" + body,
                contentType: "application/yaml"
            )
        }
        #expect(send("Warn").body[path: "data", "a"] == "w")
        #expect(
            send("Strict").message.hasSuffix(
                "strict decoding error: yaml: unmarshal errors:\n  line 6: key \"a\" already set in map"
            )
        )
    }

    // MARK: Subresources

    @Test func aBoundPodStandsWhereItsNodeStands() {
        let server = ServerFixture()
        let labels = #"{"topology.kubernetes.io/zone":"z","topology.kubernetes.io/region":"r","x":"y"}"#
        server.send("POST", "/api/v1/nodes", #"{"metadata":{"name":"n","labels":\#(labels)}}"#)
        server.send("POST", Self.pods, Self.pod)
        let target = #""target":{"kind":"Node","name":"n"}"#
        let nameless = server.send("POST", "/api/v1/namespaces/ns/bindings", #"{"metadata":{},\#(target)}"#)
        #expect(nameless.message == "Name parameter required.")
        let bound = server.send("POST", "/api/v1/namespaces/ns/bindings", #"{"metadata":{"name":"p"},\#(target)}"#)
        #expect(bound.code == 201)
        let pod = server.send("GET", "\(Self.pods)/p").body
        #expect(pod[path: "spec", "nodeName"] == "n")
        let expected: JSONValue = ["topology.kubernetes.io/zone": "z", "topology.kubernetes.io/region": "r"]
        #expect(pod[path: "metadata", "labels"] == expected)
        for action in ["exec", "attach", "portforward"] {
            #expect(server.send("GET", "\(Self.pods)/p/\(action)").message.hasPrefix("no preferred addresses found"))
        }
        #expect(server.send("GET", "\(Self.pods)/p/exec?container=zz").message == "container zz is not valid for pod p")
    }

    // MARK: Concurrency

    @Test func noTwoServicesGetOneAddressOrPort() {
        let server = ServerFixture()
        let services = "/api/v1/namespaces/ns/services"
        let created = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 64) { index in
            // Every address is wanted by eight at a time.
            let address = #""clusterIP":"10.96.7.\#(index % 8)","#
            let spec = #"{\#(address)"type":"NodePort","ports":[{"port":80,"nodePort":\#(31000 + index % 16)}]}"#
            let answer = server.send("POST", services, #"{"metadata":{"name":"s\#(index)"},"spec":\#(spec)}"#)
            if answer.code == 201 { created.add(1, ordering: .relaxed) }
        }
        let specs = (server.send("GET", services).body["items"]?.elements ?? []).compactMap { $0["spec"] }
        #expect(specs.count == 8)
        #expect(created.load(ordering: .relaxed) == 8)
        #expect(Set(specs.map { $0["clusterIP"] }).count == 8)
        #expect(Set(specs.flatMap { $0["ports"]?.elements ?? [] }.map { $0["nodePort"] }).count == 8)
    }
}
