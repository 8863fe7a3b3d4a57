// SPDX-License-Identifier: Apache-2.0
// Roles and bindings: whom they reach, and that every change counts from the next question on.

import PodiumAPIServer
import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumStorage
import Testing

@Suite struct RBACAuthorizerTests {
    private static let rbac = "/apis/rbac.authorization.k8s.io/v1"
    private static let reader: JSONValue = [["verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]]]

    @Test func bindingsReachUsersGroupsAndServiceAccounts() throws {
        let cluster = try AccessFixture()
        try cluster.makeRole("r", Self.reader)
        #expect(!cluster.decide("list", "pods").isAllowed)
        try cluster.bind("b", "Role", "r", to: ["kind": "Group", "name": "limited-group"])
        #expect(
            cluster.decide("list", "pods").reason
                == "RBAC: allowed by RoleBinding \"b/ns\" of Role \"r\" to Group \"limited-group\""
        )
        #expect(!cluster.decide("list", "pods", namespace: "default").isAllowed)
        #expect(!cluster.decide("delete", "pods").isAllowed)

        let access = AccessRequest.resource(
            ResourceAttributes(verb: "get", group: "", resource: "pods", namespace: "ns", name: "p")
        )
        let account = UserInfo(name: "system:serviceaccount:ns:sa")
        #expect(!cluster.roles.decide(access, account).isAllowed)
        try cluster.bind("sa", "Role", "r", to: ["kind": "ServiceAccount", "name": "sa", "namespace": "ns"])
        #expect(
            cluster.roles.decide(access, account).reason
                == "RBAC: allowed by RoleBinding \"sa/ns\" of Role \"r\" to ServiceAccount \"sa/ns\""
        )
    }

    @Test(arguments: [("Kim", "\u{212A}im"), ("ren\u{e9}", "rene\u{301}"), ("\u{37E}", ";")])
    func namesThatOnlyReadTheSameAreOthers(name: String, other: String) throws {
        let cluster = try AccessFixture()
        try cluster.makeRole("r", Self.reader)
        try cluster.bind("b", "Role", "r", to: ["kind": "User", "name": .string(name)])
        try cluster.bind("g", "Role", "r", to: ["kind": "Group", "name": .string("g-" + name)])
        func allows(_ user: UserInfo) -> Bool {
            let attributes = ResourceAttributes(verb: "get", group: "", resource: "pods", namespace: "ns", name: "p")
            return cluster.roles.decide(.resource(attributes), user).isAllowed
        }
        #expect(name == other)
        #expect(allows(UserInfo(name: name)))
        #expect(!allows(UserInfo(name: other)))
        #expect(allows(UserInfo(name: "u", groups: ["g-" + name])))
        #expect(!allows(UserInfo(name: "u", groups: ["g-" + other])))

        let rule = PolicyRule(verbs: ["impersonate"], apiGroups: [""], resources: ["users"], resourceNames: [name])
        func mayBecome(_ name: String) -> Bool {
            rule.allows(.resource(ResourceAttributes(verb: "impersonate", group: "", resource: "users", name: name)))
        }
        #expect(mayBecome(name) && !mayBecome(other))
        let urls = PolicyRule(verbs: ["get"], nonResourceURLs: ["/" + name, "/x" + name + "*"])
        #expect(urls.allows(.path("/" + name, verb: "get")) && !urls.allows(.path("/" + other, verb: "get")))
        #expect(urls.allows(.path("/x\(name)y", verb: "get")) && !urls.allows(.path("/x\(other)y", verb: "get")))
    }

    @Test func clusterRolesHoldInANamespaceOrEverywhere() throws {
        let cluster = try AccessFixture()
        try cluster.makeRole("r", Self.reader, isCluster: true)
        try cluster.bind("b", "ClusterRole", "r")
        #expect(cluster.decide("get", "pods").isAllowed)
        #expect(!cluster.decide("get", "pods", namespace: "").isAllowed)
        try cluster.bind("b", "ClusterRole", "r", isCluster: true)
        #expect(cluster.decide("get", "pods", namespace: "").isAllowed)
        #expect(cluster.decide("get", "pods", namespace: "other").isAllowed)
    }

    @Test func changesCountAtOnce() throws {
        let cluster = try AccessFixture()
        try cluster.makeRole("r", Self.reader)
        try cluster.bind("b", "Role", "r")
        #expect(cluster.decide("list", "pods").isAllowed)
        let role: JSONValue = [
            "metadata": ["name": "r"], "rules": [["verbs": ["watch"], "apiGroups": [""], "resources": ["pods"]]],
        ]
        try cluster.send("PUT", "\(Self.rbac)/namespaces/ns/roles/r", role)
        #expect(!cluster.decide("list", "pods").isAllowed)
        #expect(cluster.decide("watch", "pods").isAllowed)
        try cluster.send("DELETE", "\(Self.rbac)/namespaces/ns/roles/r")
        #expect(
            cluster.decide("watch", "pods")
                == AccessDecision(
                    isAllowed: false,
                    reason: "RBAC: role.rbac.authorization.k8s.io \"r\" not found"
                )
        )
        try cluster.send("DELETE", "\(Self.rbac)/namespaces/ns/rolebindings/b")
        #expect(cluster.decide("watch", "pods") == AccessDecision(isAllowed: false))
    }

    @Test func changesCountAlsoWhenTheHistoryIsGone() throws {
        let cluster = try AccessFixture()
        try cluster.makeRole("r", Self.reader)
        #expect(!cluster.decide("list", "pods").isAllowed)
        try cluster.bind("b", "Role", "r")
        try cluster.makeRole("other", Self.reader)
        cluster.storage.compact(through: cluster.storage.revision)
        #expect(cluster.decide("list", "pods").isAllowed)
    }

    @Test func aggregatedRolesFollowTheirParts() throws {
        let cluster = try AccessFixture()
        let role: JSONValue = [
            "metadata": ["name": "whole"],
            "aggregationRule": ["clusterRoleSelectors": [["matchLabels": ["part": "yes"]]]],
        ]
        try cluster.send("POST", "\(Self.rbac)/clusterroles", role)
        try cluster.bind("b", "ClusterRole", "whole")
        #expect(!cluster.decide("get", "pods").isAllowed)
        let part: JSONValue = ["metadata": ["name": "part", "labels": ["part": "yes"]], "rules": Self.reader]
        try cluster.send("POST", "\(Self.rbac)/clusterroles", part)
        #expect(cluster.decide("get", "pods").isAllowed)
        try cluster.send("DELETE", "\(Self.rbac)/clusterroles/part")
        #expect(!cluster.decide("get", "pods").isAllowed)
    }

    @Test(arguments: [
        ("view", "get", "pods", true), ("view", "create", "pods", false), ("view", "get", "secrets", false),
        ("edit", "create", "pods", true), ("edit", "get", "secrets", true), ("edit", "get", "pods", true),
        ("edit", "create", "pods/eviction", true), ("admin", "get", "pods", true), ("admin", "update", "secrets", true),
        ("admin", "update", "resourcequotas", false), ("cluster-admin", "update", "resourcequotas", true),
        ("cluster-admin", "anything", "nodes/proxy", true),
    ])
    func defaultRolesAreWhatTheirNamesSay(_ role: String, _ verb: String, _ resource: String, _ allows: Bool) throws {
        let cluster = try AccessFixture()
        try cluster.bind("b", "ClusterRole", role)
        #expect(cluster.decide(verb, resource).isAllowed == allows)
    }

    @Test func adminMayGrantAndEditMayNot() throws {
        let cluster = try AccessFixture()
        try cluster.bind("b", "ClusterRole", "edit")
        #expect(!cluster.decide("create", "roles", group: GroupResource.roles.group).isAllowed)
        try cluster.bind("c", "ClusterRole", "admin")
        #expect(cluster.decide("create", "roles", group: GroupResource.roles.group).isAllowed)
    }

    @Test(arguments: [
        ("/healthz", true), ("/version", true), ("/api", false), ("/metrics", false), ("/livez/x", false),
    ])
    func anonymousUsersSeeHealthAndVersion(_ path: String, _ isAllowed: Bool) throws {
        let cluster = try AccessFixture()
        #expect(cluster.roles.decide(.path(path, verb: "get"), .anonymous).isAllowed == isAllowed)
    }
}
