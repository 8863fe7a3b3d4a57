// SPDX-License-Identifier: Apache-2.0
// The documents of discovery, version and health, as clients get them.

import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumKinds
import PodiumMachinery
import Testing

struct DiscoveryDocumentsTests {
    let documents = DiscoveryDocuments(registry: .builtIn(), address: "10.0.0.1:6443")

    private func get(_ path: String, accept: String? = nil, method: String = "GET") throws -> HTTPResponse {
        let parts = path.split(separator: "/").map(String.init)
        let request = DiscoveryRequest(method: method, parts: parts, accept: accept)
        return try #require(try documents.answer(request))
    }

    private func body(_ response: HTTPResponse) throws -> String {
        guard case .bytes(let slice) = response.body else { return "" }
        return String(decoding: slice.buffer, as: UTF8.self)
    }

    private func json(_ response: HTTPResponse) throws -> JSONValue { try JSONValue(json: try body(response)) }

    private static let v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

    @Test func theCoreGroupHasOneVersion() throws {
        let response = try get("/api")
        #expect(response.status == 200)
        #expect(response.contentType == "application/json")
        #expect(
            try json(response) == [
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "10.0.0.1:6443"]],
            ]
        )
    }

    @Test func aGroupNamesItsPreferredVersion() throws {
        #expect(
            try json(try get("/apis/autoscaling")) == [
                "kind": "APIGroup", "apiVersion": "v1", "name": "autoscaling",
                "versions": [
                    ["groupVersion": "autoscaling/v2", "version": "v2"],
                    ["groupVersion": "autoscaling/v1", "version": "v1"],
                ],
                "preferredVersion": ["groupVersion": "autoscaling/v2", "version": "v2"],
            ]
        )
        let groups = try json(try get("/apis"))["groups"]?.elements ?? []
        #expect(groups.count == 20)
        #expect(groups.first?["name"] == "apiregistration.k8s.io")
    }

    @Test func resourcesStandWithTheirSubresources() throws {
        let list = try json(try get("/api/v1"))
        #expect(list["kind"] == "APIResourceList")
        #expect(list["apiVersion"] == nil)
        #expect(list["groupVersion"] == "v1")
        let entries = list["resources"]?.elements ?? []
        let names = entries.compactMap { $0["name"]?.string }
        #expect(Array(names.prefix(4)) == ["bindings", "componentstatuses", "configmaps", "endpoints"])
        #expect(
            entries.first { $0["name"] == "pods/eviction" } == [
                "name": "pods/eviction", "singularName": "", "namespaced": true, "group": "policy", "version": "v1",
                "kind": "Eviction", "verbs": ["create"],
            ]
        )
        #expect(try json(try get("/apis/batch/v1"))["apiVersion"] == "v1")
    }

    @Test func theAggregatedDocumentHasEverything() throws {
        let response = try get("/apis", accept: Self.v2)
        #expect(response.contentType == Self.v2)
        let list = try json(response)
        #expect(list["apiVersion"] == "apidiscovery.k8s.io/v2")
        let leases = list["items"]?.elements.first { $0["metadata"]?["name"] == "coordination.k8s.io" }
        #expect(
            leases == [
                "metadata": ["name": "coordination.k8s.io"],
                "versions": [
                    [
                        "version": "v1", "freshness": "Current",
                        "resources": [
                            [
                                "resource": "leases", "singularResource": "lease", "scope": "Namespaced",
                                "responseKind": ["group": "", "version": "", "kind": "Lease"],
                                "verbs": [
                                    "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
                                ],
                            ]
                        ],
                    ]
                ],
            ]
        )
        #expect(try json(try get("/api", accept: Self.v2))["items"]?.elements.count == 1)
    }

    @Test func aClientThatHasTheAggregatedDocumentGetsItNoMore() throws {
        let response = try get("/apis", accept: Self.v2)
        let etag = try #require(response.headers.first { $0.name == "Etag" }?.value)
        let request = DiscoveryRequest(method: "GET", parts: ["apis"], accept: Self.v2, ifNoneMatch: etag)
        let second = try #require(try documents.answer(request))
        #expect(second.status == 304)
        #expect(try body(second).isEmpty)
    }

    @Test func anUnknownVersionOfTheAggregatedDocumentFallsBack() throws {
        let unknown = "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList"
        #expect(try json(try get("/api", accept: unknown + ",application/json"))["kind"] == "APIVersions")
        #expect(throws: StatusError.self) { try get("/apis", accept: unknown) }
    }

    @Test func documentsComeInYAMLAndIndented() throws {
        let response = try get("/api", accept: "application/yaml")
        #expect(response.contentType == "application/yaml")
        #expect(try body(response).hasPrefix("kind: APIVersions\n"))
        let request = DiscoveryRequest(method: "GET", parts: ["api"], userAgent: "curl/8")
        #expect(try body(try #require(try documents.answer(request))).hasPrefix("{\n  \"kind\": \"APIVersions\",\n"))
    }

    @Test func theListOfGroupsIsNoRoute() throws {
        #expect(try get("/apis", method: "POST").status == 200)
        #expect(try get("/apis/apps", method: "OPTIONS").status == 200)
        for path in ["/api", "/api/v1", "/apis/apps/v1", "/version"] {
            let error = #expect(throws: StatusError.self) { try get(path, method: "POST") }
            #expect(error == .methodNotAllowed)
        }
    }

    @Test func whatDoesNotExistIsNotFoundInTwoWays() throws {
        for path in ["/api/v2", "/apis/authorization.k8s.io/v9"] {
            let error = #expect(throws: StatusError.self) { try get(path) }
            #expect(error == .pathNotFound)
        }
        let page = try get("/apis/nosuch.example.com/v1")
        #expect(page.status == 404)
        #expect(page.contentType == "text/plain; charset=utf-8")
        #expect(try body(page) == "404 page not found\n")
        #expect(try body(try documents.notFound(["foo", "bar"])) == "404 page not found\n")
        #expect(throws: StatusError.self) { try documents.notFound(["apis", "apps", "v1", "nosuchthings"]) }
        #expect(throws: StatusError.self) { try documents.notFound(["api", "v1", "nosuchthings"]) }
    }

    @Test func otherPathsAreLeftToOthers() throws {
        for path in [["api", "v1", "pods"], ["apis", "apps", "v1", "deployments"], ["openapi", "v3"], ["foo"]] {
            #expect(try documents.answer(DiscoveryRequest(method: "GET", parts: path)) == nil)
        }
    }

    @Test func theVersionNamesTheReference() throws {
        let version = try json(try get("/version"))
        #expect(version["major"] == "1")
        #expect(version["minor"] == "36")
        #expect(version["gitVersion"]?.string?.hasPrefix("v1.36.") == true)
    }

    @Test func theIndexNamesGroupsAndChecks() throws {
        let paths = try json(try get("/"))["paths"]?.elements.compactMap(\.string) ?? []
        #expect(paths == paths.sorted())
        for path in ["/api/v1", "/apis/apps/v1", "/apis/apps", "/livez/ping", "/readyz", "/version"] {
            #expect(paths.contains(path))
        }
    }

    @Test(arguments: ["/healthz", "/livez", "/readyz", "/livez/ping", "/readyz/ping"])
    func aHealthyServerSaysOK(path: String) throws {
        let response = try get(path, method: "HEAD")
        #expect(response.status == 200)
        #expect(response.contentType == "text/plain; charset=utf-8")
        #expect(try body(response) == "ok")
    }

    @Test func checksCanBeListedAndLeftOut() throws {
        let request = DiscoveryRequest(method: "GET", parts: ["livez"], isVerbose: true, excluded: ["log", "nosuch"])
        #expect(
            try body(try #require(try documents.answer(request))) == """
                [+]ping ok
                [+]log excluded: ok
                [+]etcd ok
                warn: some health checks cannot be excluded: no matches for "nosuch"
                livez check passed

                """
        )
        #expect(try get("/livez/no-such-check").status == 404)
    }

    @Test func aFailedCheckIsNamedAndItsReasonWithheld() throws {
        let checks = [HealthCheck(name: "ping"), HealthCheck(name: "sync", isReadinessOnly: true) { false }]
        let documents = DiscoveryDocuments(registry: .builtIn(), checks: checks)
        let ready = try #require(try documents.answer(DiscoveryRequest(method: "GET", parts: ["readyz"])))
        #expect(ready.status == 500)
        #expect(try body(ready) == "[+]ping ok\n[-]sync failed: reason withheld\nreadyz check failed\n")
        let live = try #require(try documents.answer(DiscoveryRequest(method: "GET", parts: ["livez"])))
        #expect(live.status == 200)
    }
}
