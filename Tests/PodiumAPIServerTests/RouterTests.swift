// SPDX-License-Identifier: Apache-2.0
// What is authorised is what runs: every method, on every form of a path, by everybody.

import PodiumAPIServer
import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumStorage
import Synchronization
import Testing

/// Allows one verb to everybody, and remembers what was asked.
private final class OneVerb: Authorizer {
    private let allowed: String
    private let asked = Mutex<[AccessRequest]>([])

    init(_ allowed: String) { self.allowed = allowed }

    func decide(_ access: AccessRequest, _ user: UserInfo) -> AccessDecision {
        asked.withLock { $0.append(access) }
        return AccessDecision(isAllowed: user.isMaster || access.verb == allowed)
    }

    func rules(of user: UserInfo, in namespace: String) -> SubjectRules { SubjectRules(rules: []) }

    /// What the request that was just made asked first.
    func takeFirst() -> AccessRequest? {
        asked.withLock { asked in
            defer { asked = [] }
            return asked.first
        }
    }
}

@Suite struct RouterTests {
    private static let methods = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "WATCH", "LIST", "get",
        "Delete", "",
    ]

    /// Below what follows `/api/v1`; `{}` is where `/watch` may stand.
    private static let paths = [
        "/api/v1{}/configmaps", "/api/v1{}/configmaps/", "/api/v1{}/namespaces/ns/configmaps",
        "/api/v1{}/namespaces/ns/configmaps/", "/api/v1{}/namespaces/ns/configmaps//",
        "/api/v1{}/namespaces/ns/configmaps/old", "/api/v1{}/namespaces/ns/configmaps/old/",
        "/api/v1{}/namespaces/ns/configmaps/old/status", "/api/v1{}/namespaces/ns/configmaps//old",
        "/api/v1{}/namespaces//configmaps", "/api/v1{}/namespaces/ns%2Fconfigmaps%2Fold",
        "/api/v1{}/namespaces/ns/pods/p", "/api/v1{}/namespaces/ns/pods/p/status", "/api/v1{}/namespaces/ns/pods/p/log",
        "/api/v1{}/namespaces/ns/pods/p/binding", "/api/v1{}/namespaces/ns/pods/p/eviction",
        "/api/v1{}/namespaces/ns/pods/p/resize", "/api/v1{}/namespaces/ns/pods/p/ephemeralcontainers",
        "/api/v1{}/namespaces/ns/pods/p/exec", "/api/v1{}/namespaces/ns/pods/p/proxy/a/b",
        "/api/v1{}/namespaces/ns/bindings", "/api/v1{}/namespaces/ns", "/api/v1{}/namespaces/ns/finalize",
        "/api/v1{}/namespaces", "/api/v1{}/namespaces/ns/namespaces/ns", "/api/v1{}/namespaces/ns/nodes",
        "/api/v1{}/namespaces/ns/serviceaccounts/default/token", "/api/v1{}", "/api/v1{}/",
        "/api/v1{}/watch/configmaps",
        "/apis/apps/v1{}/namespaces/ns/deployments/d/scale", "/apis/apps/v1{}/namespaces/ns/deployments",
        "/apis//v1{}/namespaces/ns/configmaps", "/apis//v1{}/namespaces/ns/configmaps/old", "/apis/{}/v1/configmaps",
        "//api/v1{}/namespaces/ns/configmaps/old", "/API/v1{}/namespaces/ns/configmaps/old",
        "/apis/authorization.k8s.io/v1{}/selfsubjectaccessreviews", "/apis/no.such.io/v1{}/things/t",
        "/apis/certificates.k8s.io/v1{}/certificatesigningrequests/c/approval",
    ]
    private static let queries = [
        "", "?watch=1&timeoutSeconds=1", "?watch=false", "?fieldSelector=metadata.name%3Dold",
    ]

    /// A cluster whose user `limited` may do one thing, with an object of each kind that the paths name.
    private func cluster(_ authorizer: OneVerb) throws -> AccessFixture {
        let cluster = try AccessFixture(authorizer: authorizer)
        try cluster.send("POST", "/api/v1/namespaces/ns/configmaps", ["metadata": ["name": "old"]])
        let pod: JSONValue = [
            "metadata": ["name": "p"], "spec": ["containers": [["name": "c", "image": "i"]]],
        ]
        try cluster.send("POST", "/api/v1/namespaces/ns/pods", pod)
        try cluster.send("POST", "/api/v1/namespaces/ns/serviceaccounts", ["metadata": ["name": "default"]])
        let deployment: JSONValue = [
            "metadata": ["name": "d"],
            "spec": [
                "selector": ["matchLabels": ["a": "b"]],
                "template": ["metadata": ["labels": ["a": "b"]], "spec": pod["spec"] ?? .null],
            ],
        ]
        #expect(try cluster.send("POST", "/apis/apps/v1/namespaces/ns/deployments", deployment).status == 201)
        return cluster
    }

    /// A body that makes a ConfigMap, or changes the one that there is.
    private func body(_ method: String, _ path: String) -> JSONValue? {
        switch method {
        case "POST": ["metadata": ["name": "new"]]
        case "PUT": ["metadata": ["name": "old"], "data": ["changed": "yes"]]
        case "PATCH": ["metadata": ["labels": ["changed": "yes"]], "data": ["changed": "yes"]]
        default: nil
        }
    }

    private func headers(_ method: String) -> [(String, String)] {
        method == "PATCH" ? [("content-type", "application/merge-patch+json")] : []
    }

    @Test(arguments: [
        "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "", "proxy", "post", "put",
    ])
    func whoMayDoOneThingDoesThatAlone(_ verb: String) throws {
        let authorizer = OneVerb(verb)
        var cluster = try cluster(authorizer)
        for method in Self.methods {
            for form in Self.paths.flatMap({ [$0, $0.replacing("{}", with: "/watch")] }) {
                for query in Self.queries {
                    let path = form.replacing("{}", with: "") + query
                    let before = cluster.storage.revision
                    _ = authorizer.takeFirst()
                    let answer = try cluster.send(
                        method,
                        path,
                        body(method, path),
                        as: "limitedtoken",
                        headers: headers(method)
                    )
                    let asked = try #require(authorizer.takeFirst(), "\(method) \(path) was not authorised")
                    let changed = cluster.storage.revision != before
                    // What leads into containers by a GET has to be allowed to a POST as well.
                    let needsMore = method == "GET" && form.hasSuffix("/exec") && !form.contains("/watch")
                    let isAllowed = asked.verb == verb && !needsMore
                    #expect(isAllowed != (answer.status == 403), "\(method) \(path): \(asked.verb), \(answer.status)")
                    let did = executed(answer, method, path, changed)
                    if let did { #expect(did.contains(asked.verb), "\(method) \(path): \(asked.verb), did \(did)") }
                    if path.contains("/watch/"), method != "GET" {
                        #expect([403, 404, 405].contains(answer.status) && !changed, "\(method) \(path)")
                    }
                    if changed { cluster = try self.cluster(authorizer) }
                }
            }
        }
    }

    /// The verbs of which one must have been allowed, by what the answer shows and by whether something changed; nil
    /// when nothing was done.
    private func executed(
        _ answer: AccessFixture.Answer,
        _ method: String,
        _ path: String,
        _ changed: Bool
    ) -> [String]? {
        if changed {
            switch method {
            case "POST": return ["create"]
            case "PUT": return ["update"]
            case "PATCH": return ["patch"]
            case "DELETE":
                let isCollection = answer.body["kind"]?.string?.hasSuffix("List") ?? false
                return isCollection ? ["deletecollection"] : ["delete"]
            default: return []
            }
        }
        guard answer.status < 300 else { return nil }
        // What changed nothing and answers without a document is a stream.
        if answer.body == .null { return ["watch", "get"] }
        let kind = answer.body["kind"]?.string ?? ""
        if method == "DELETE" { return ["deletecollection"] }
        if method == "POST", kind.hasSuffix("Review") { return ["create"] }
        if method == "PATCH" { return ["patch"] }
        // An update that changes nothing.
        if method == "PUT" { return ["update"] }
        if !kind.hasSuffix("List") || kind == "APIResourceList" { return ["get", method.lowercased()] }
        return ["list"]
    }

    @Test(arguments: [
        ("GET", "/api/v1/watch/namespaces/ns/configmaps", 200),
        ("GET", "/api/v1/watch/namespaces/ns/configmaps/old", 200),
        ("HEAD", "/api/v1/watch/configmaps", 405), ("POST", "/api/v1/watch/namespaces/ns/configmaps", 405),
        ("PUT", "/api/v1/watch/namespaces/ns/configmaps/old", 405),
        ("PATCH", "/api/v1/watch/namespaces/ns/configmaps/old", 405),
        ("DELETE", "/api/v1/watch/namespaces/ns/configmaps/old", 405),
        ("DELETE", "/api/v1/watch/namespaces/ns/pods", 405),
        ("OPTIONS", "/api/v1/watch/pods", 405), ("GET", "/api/v1/watch/namespaces/ns/pods/p/log", 404),
        ("GET", "/api/v1/watch/namespaces/ns/pods/p/status", 404),
        ("POST", "/api/v1/watch/namespaces/ns/serviceaccounts/default/token", 404),
        ("POST", "/api/v1/watch/namespaces/ns/pods/p/eviction", 404),
        ("DELETE", "/apis/apps/v1/watch/deployments", 405),
        ("GET", "/api/v1/watch/componentstatuses", 404), ("GET", "/api/v1/watch", 404),
        ("POST", "/apis/authorization.k8s.io/v1/watch/selfsubjectaccessreviews", 404),
        ("GET", "/apis//v1/namespaces/ns/configmaps", 404), ("GET", "/apis//v1/namespaces/ns/configmaps/old", 404),
        ("DELETE", "/apis//v1/namespaces/ns/configmaps/old", 404), ("POST", "/apis//v1/namespaces/ns/configmaps", 404),
        ("DELETE", "/api/v1/namespaces/ns/configmaps//", 404),
    ])
    func formsOfOldStandForNothingNew(_ method: String, _ path: String, _ status: Int) throws {
        let cluster = try cluster(OneVerb("get"))
        #expect(try cluster.send(method, path, body(method, path), headers: headers(method)).status == status)
    }

    @Test func aNameIsReadAndNotWatched() throws {
        let cluster = try cluster(OneVerb("get"))
        for query in ["watch=1", "watch=true", "watch", "watch=1&fieldSelector=metadata.name%3Dnew"] {
            let answer = try cluster.send("GET", "/api/v1/namespaces/ns/configmaps/old?\(query)", as: "limitedtoken")
            #expect(answer.body["kind"] == "ConfigMap")
        }
    }

    @Test(arguments: [
        "/healthz", "/livez", "/readyz", "/healthz?verbose", "/healthz/ping", "/healthz/", "/healthz%2F", "/version",
        "/",
        "/api", "/api/v1/namespaces/ns/configmaps", "/openapi/v2",
    ])
    func withoutAnonymousUsersOnlyHealthIsTold(_ path: String) throws {
        let cluster = try AccessFixture(authorizer: AlwaysAllow(), allowsAnonymous: false)
        let isHealth = ["/healthz", "/livez", "/readyz", "/healthz?verbose"].contains(path)
        for method in ["GET", "HEAD", "POST", "DELETE"] {
            #expect((try cluster.send(method, path, as: nil).status == 401) != isHealth, "\(method)")
            #expect(try cluster.send(method, path, as: "wrong").status == 401)
            #expect(try cluster.send(method, path, as: "limitedtoken").status != 401)
            #expect(
                (try cluster.send(method, path, as: nil, headers: [("impersonate-user", "admin")]).status == 401)
                    != isHealth
            )
        }
    }

    @Test func severalAuthorizersAllowWhatOneAllows() throws {
        let cluster = try AccessFixture(authorizer: AuthorizerUnion([AlwaysDeny(), OneVerb("list")]))
        let path = "/api/v1/namespaces/ns/configmaps"
        #expect(try cluster.send("GET", path, as: "limitedtoken").status == 200)
        let refused = try cluster.send("DELETE", path, as: "limitedtoken")
        #expect(refused.message.hasSuffix("in the namespace \"ns\": Everything is forbidden."))
        #expect(AuthorizerUnion([AlwaysDeny(), AlwaysAllow()]).allowsEverything)
        #expect(!AuthorizerUnion([]).decide(.path("/", verb: "get"), .administrator).isAllowed)
    }
}
