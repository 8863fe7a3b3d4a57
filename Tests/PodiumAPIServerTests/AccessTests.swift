// SPDX-License-Identifier: Apache-2.0
// Access to a server: who one is taken for, what is refused, and in which words.

import PodiumAPIServer
import PodiumCodec
import PodiumMachinery
import Testing

@Suite struct AccessTests {
    private static let whoAmI = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    private static let rbac = "/apis/rbac.authorization.k8s.io/v1"

    private func review(_ kind: String, _ spec: JSONValue) -> JSONValue {
        ["apiVersion": "authorization.k8s.io/v1", "kind": .string(kind), "spec": spec]
    }

    @Test(arguments: [
        ("Bearer nonsense", 401), ("bearer nonsense", 401), ("Bearer ", 200), ("Basic YTpi", 200), ("xyz", 200),
        ("Bearer limitedtoken", 200), ("BEARER   limitedtoken", 200),
    ])
    func headersAreReadAsUpstreamDoes(_ header: String, _ status: Int) throws {
        let cluster = try AccessFixture()
        let answer = try cluster.send("GET", "/version", as: nil, headers: [("authorization", header)])
        #expect(answer.status == status)
    }

    @Test(arguments: [
        (
            "GET", "/api/v1/namespaces/ns/pods",
            "pods is forbidden: User \"limited\" cannot list resource \"pods\" in API group \"\" in the namespace \"ns\""
        ),
        (
            "GET", "/api/v1/namespaces/ns/pods?fieldSelector=metadata.name%3Dp",
            "pods \"p\" is forbidden: User \"limited\" cannot list resource \"pods\" in API group \"\" in the namespace "
                + "\"ns\""
        ),
        (
            "GET", "/api/v1/pods?watch=1",
            "pods is forbidden: User \"limited\" cannot watch resource \"pods\" in API group \"\" at the cluster scope"
        ),
        (
            "DELETE", "/api/v1/namespaces/ns",
            "namespaces \"ns\" is forbidden: User \"limited\" cannot delete resource \"namespaces\" in API group \"\" in "
                + "the namespace \"ns\""
        ),
        (
            "POST", "/api/v1/namespaces/ns/pods/p/eviction",
            "pods \"p\" is forbidden: User \"limited\" cannot create resource \"pods/eviction\" in API group \"\" in the "
                + "namespace \"ns\""
        ),
        (
            "PATCH", "/apis/nosuch.io/v1/things/t",
            "things.nosuch.io \"t\" is forbidden: User \"limited\" cannot patch resource \"things\" in API group "
                + "\"nosuch.io\" at the cluster scope"
        ),
        ("GET", "/metrics", "forbidden: User \"limited\" cannot get path \"/metrics\""),
        ("POST", "/", "forbidden: User \"limited\" cannot post path \"/\""),
    ])
    func refusalsSayWhatIsMissing(_ method: String, _ path: String, _ message: String) throws {
        let answer = try AccessFixture().send(method, path, as: "limitedtoken")
        #expect(answer.status == 403)
        #expect(answer.message == message)
    }

    @Test func alwaysDenyLetsOnlyMastersAndHealthThrough() throws {
        let cluster = try AccessFixture(authorizer: AlwaysDeny())
        #expect(try cluster.send("GET", "/api/v1/pods").status == 200)
        #expect(try cluster.send("GET", "/healthz", as: nil).status == 200)
        let answer = try cluster.send("GET", "/version", as: "limitedtoken")
        #expect(answer.message == "forbidden: User \"limited\" cannot get path \"/version\": Everything is forbidden.")
    }

    @Test func anUpdateThatCreatesNeedsBothRights() throws {
        let cluster = try AccessFixture()
        let leases: JSONValue = ["verbs": ["update"], "apiGroups": ["coordination.k8s.io"], "resources": ["leases"]]
        try cluster.makeRole("r", [leases])
        try cluster.bind("b", "Role", "r")
        let path = "/apis/coordination.k8s.io/v1/namespaces/ns/leases"
        let lease: JSONValue = ["metadata": ["name": "l"]]
        let refused = try cluster.send("PUT", "\(path)/l", lease, as: "limitedtoken")
        #expect(
            refused.message
                == "leases.coordination.k8s.io \"l\" is forbidden: User \"limited\" cannot create resource \"leases\" "
                + "in API group \"coordination.k8s.io\" in the namespace \"ns\""
        )
        let made = try cluster.send("POST", path, lease).body
        #expect(try cluster.send("PUT", "\(path)/l", made, as: "limitedtoken").status == 200)
    }

    // MARK: Impersonation

    private func identity(_ cluster: AccessFixture, _ headers: [(String, String)]) throws -> JSONValue? {
        try cluster.send("POST", Self.whoAmI, [:], headers: headers).body[path: "status", "userInfo"]
    }

    @Test func administratorsActAsOthers() throws {
        let cluster = try AccessFixture()
        #expect(
            try identity(
                cluster,
                [
                    ("impersonate-user", "jane"), ("impersonate-group", "a"), ("impersonate-group", "b"),
                    ("impersonate-uid", "u"), ("impersonate-extra-acme.io%2fproject", "x"),
                ]
            ) == [
                "username": "jane", "uid": "u", "groups": ["a", "b", "system:authenticated"],
                "extra": ["acme.io/project": ["x"]],
            ]
        )
        #expect(
            try identity(cluster, [("impersonate-user", "system:serviceaccount:ns:sa")]) == [
                "username": "system:serviceaccount:ns:sa",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"],
            ]
        )
        #expect(
            try identity(cluster, [("impersonate-user", "x"), ("impersonate-group", "system:masters")])?["groups"]
                == ["system:masters", "system:authenticated"]
        )
    }

    @Test func actingAsNobodyIsAMistake() throws {
        let answer = try AccessFixture().send("GET", "/version", headers: [("impersonate-group", "g")])
        #expect(answer.status == 400)
        #expect(
            answer.message
                == "requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string{\"g\"}, "
                + "Extra:map[string][]string(nil)} without impersonating a user name"
        )
    }

    @Test func actingAsOthersNeedsARight() throws {
        let cluster = try AccessFixture()
        let headers = [("impersonate-user", "jane")]
        let path = "/api/v1/namespaces/ns/pods"
        #expect(
            try cluster.send("GET", path, as: "limitedtoken", headers: headers).message
                == "pods is forbidden: User \"limited\" cannot impersonate-on:user-info:list resource \"pods\" in API "
                + "group \"\" in the namespace \"ns\""
        )
        try cluster.makeRole(
            "old",
            [["verbs": ["impersonate"], "apiGroups": [""], "resources": ["users"], "resourceNames": ["jane"]]],
            isCluster: true
        )
        try cluster.bind("old", "ClusterRole", "old", isCluster: true)
        #expect(
            try cluster.send("GET", path, as: "limitedtoken", headers: headers).message
                == "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the namespace "
                + "\"ns\""
        )
        #expect(
            try cluster.send("GET", path, as: "limitedtoken", headers: [("impersonate-user", "joe")]).status == 403
        )
    }

    @Test func constrainedImpersonationIsForSomeVerbsOnly() throws {
        let cluster = try AccessFixture()
        try cluster.makeRole(
            "who",
            [["verbs": ["impersonate:user-info"], "apiGroups": ["authentication.k8s.io"], "resources": ["users"]]],
            isCluster: true
        )
        try cluster.bind("who", "ClusterRole", "who", isCluster: true)
        try cluster.makeRole(
            "what",
            [["verbs": ["impersonate-on:user-info:list"], "apiGroups": [""], "resources": ["pods"]]]
        )
        try cluster.bind("what", "Role", "what")
        try cluster.bind("view", "ClusterRole", "view", to: ["kind": "User", "name": "jane"])
        let headers = [("impersonate-user", "jane")]
        for (resource, status) in [("pods", 200), ("services", 403)] {
            let path = "/api/v1/namespaces/ns/\(resource)"
            #expect(try cluster.send("GET", path, as: "limitedtoken", headers: headers).status == status)
        }
    }

    // MARK: Reviews

    @Test func reviewsAnswerForSelfAndOthers() throws {
        let cluster = try AccessFixture()
        try cluster.bind("b", "ClusterRole", "view")
        let question: JSONValue = ["resourceAttributes": ["namespace": "ns", "verb": "get", "resource": "pods"]]
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        let own = try cluster.send("POST", path, review("SelfSubjectAccessReview", question), as: "limitedtoken")
        #expect(own.status == 201)
        let reason = "RBAC: allowed by RoleBinding \"b/ns\" of ClusterRole \"view\" to User \"limited\""
        #expect(own.body["status"] == ["allowed": true, "reason": .string(reason)])
        var other = question
        other["user"] = "jane"
        let answer = try cluster.send(
            "POST",
            "/apis/authorization.k8s.io/v1/namespaces/ns/localsubjectaccessreviews",
            review("LocalSubjectAccessReview", other)
        )
        #expect(answer.body["status"] == ["allowed": false])
        #expect(answer.body["metadata"] == ["namespace": "ns"])
    }

    @Test(arguments: [
        (
            "SubjectAccessReview", #"{"user":"u"}"#,
            "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes "
                + "must be specified"
        ),
        (
            "SubjectAccessReview", #"{"resourceAttributes":{"verb":"get"}}"#,
            "spec.user: Invalid value: \"\": at least one of user or group must be specified"
        ),
        (
            "SelfSubjectAccessReview", #"{"resourceAttributes":{},"nonResourceAttributes":{"path":"/x","verb":"get"}}"#,
            "spec.nonResourceAttributes: Invalid value: {\"Path\":\"/x\",\"Verb\":\"get\"}: cannot be specified in "
                + "combination with resourceAttributes"
        ),
        (
            "LocalSubjectAccessReview", #"{"user":"u","resourceAttributes":{"namespace":"other"}}"#,
            "spec.resourceAttributes.namespace: Invalid value: \"other\": must match metadata.namespace"
        ),
    ])
    func reviewsOfNothingAreRefused(_ kind: String, _ spec: String, _ problem: String) throws {
        let place = kind.hasPrefix("Local") ? "namespaces/ns/" : ""
        let path = "/apis/authorization.k8s.io/v1/\(place)\(kind.lowercased())s"
        let answer = try AccessFixture().send("POST", path, review(kind, try JSONValue(json: spec)))
        #expect(answer.status == 422)
        #expect(answer.message == ".authorization.k8s.io \"\" is invalid: \(problem)")
    }

    @Test func rulesAreListed() throws {
        let cluster = try AccessFixture()
        try cluster.makeRole("r", [["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]]])
        try cluster.bind("b", "Role", "r")
        try cluster.bind("gone", "Role", "gone")
        let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        let body = review("SelfSubjectRulesReview", ["namespace": "ns"])
        let status = try cluster.send("POST", path, body, as: "limitedtoken").body["status"]
        let rules = status?["resourceRules"]?.elements ?? []
        #expect(rules.contains(["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]]))
        #expect(rules.count == 3)
        #expect(status?["nonResourceRules"]?.elements.count == 2)
        #expect(status?["evaluationError"] == "role.rbac.authorization.k8s.io \"gone\" not found")
    }

    // MARK: Escalation

    private static let missing =
        "user \"limited\" (groups=[\"limited-group\" \"system:authenticated\"]) is attempting to grant RBAC permissions "
        + "not currently held:\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\"]}"

    private func granter() throws -> AccessFixture {
        let cluster = try AccessFixture()
        try cluster.makeRole(
            "granter",
            [
                ["verbs": ["*"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"]],
                ["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]],
            ]
        )
        try cluster.makeRole("secrets", [["verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets"]]])
        try cluster.makeRole("pods", [["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]]])
        return cluster
    }

    private func binding(_ name: String, _ role: String) -> JSONValue {
        ["metadata": ["name": .string(name)], "roleRef": ["kind": "Role", "name": .string(role)]]
    }

    @Test func nobodyGrantsWhatHeDoesNotHave() throws {
        let cluster = try granter()
        let verbs: JSONValue = ["create", "update", "get"]
        try cluster.makeRole(
            "writer",
            [
                [
                    "verbs": verbs, "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"],
                ],
                ["verbs": ["get"], "apiGroups": [""], "resources": ["pods"]],
            ]
        )
        try cluster.bind("b", "Role", "writer")
        let roles = "\(Self.rbac)/namespaces/ns/roles"
        let bindings = "\(Self.rbac)/namespaces/ns/rolebindings"
        let rules: JSONValue = [["verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets"]]]
        let refused = try cluster.send("POST", roles, ["metadata": ["name": "x"], "rules": rules], as: "limitedtoken")
        #expect(refused.message == "roles.rbac.authorization.k8s.io \"x\" is forbidden: \(Self.missing)")
        let widened: JSONValue = ["metadata": ["name": "pods"], "rules": rules]
        #expect(try cluster.send("PUT", "\(roles)/pods", widened, as: "limitedtoken").status == 403)
        let bound = try cluster.send("POST", bindings, binding("x", "secrets"), as: "limitedtoken")
        #expect(bound.message == "rolebindings.rbac.authorization.k8s.io \"x\" is forbidden: \(Self.missing)")
        #expect(try cluster.send("POST", bindings, binding("y", "pods"), as: "limitedtoken").status == 201)
        let gone = try cluster.send("POST", bindings, binding("z", "gone"), as: "limitedtoken")
        #expect(gone.status == 404)
        #expect(gone.message == "role.rbac.authorization.k8s.io \"gone\" not found")
        try cluster.makeRole(
            "binder",
            [
                [
                    "verbs": ["bind"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"],
                    "resourceNames": ["secrets"],
                ]
            ]
        )
        try cluster.bind("binder", "Role", "binder")
        #expect(try cluster.send("POST", bindings, binding("x", "secrets"), as: "limitedtoken").status == 201)
    }

    @Test func theVerbEscalateLetsRolesGrow() throws {
        let cluster = try granter()
        try cluster.bind("b", "Role", "granter")
        let rules: JSONValue = [["verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets"]]]
        let role: JSONValue = ["metadata": ["name": "x"], "rules": rules]
        #expect(try cluster.send("POST", "\(Self.rbac)/namespaces/ns/roles", role, as: "limitedtoken").status == 201)
    }
}
