// SPDX-License-Identifier: Apache-2.0
// Aggregated ClusterRoles show the rules of the roles that they select.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import Testing

@Suite struct RoleAggregationTests {
    private static func role(
        _ name: String,
        labels: JSONObject = [:],
        rules: [JSONValue] = [],
        selecting key: String? = nil
    ) -> JSONValue {
        var role: JSONValue = [
            "kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1",
            "metadata": ["name": .string(name), "labels": .object(labels)], "rules": .array(rules),
        ]
        if let key {
            role["aggregationRule"] = ["clusterRoleSelectors": [["matchLabels": .object([key: "true"])]]]
        }
        return role
    }

    private static func rule(_ verb: String) -> JSONValue {
        ["verbs": [.string(verb)], "apiGroups": [""], "resources": ["pods"]]
    }

    private func rules(_ cluster: TestCluster, _ name: String) -> [JSONValue]? {
        cluster.get(.clusterRoles, name)?.value["rules"]?.elements
    }

    @Test func rulesComeByNameAndEachOnce() throws {
        let cluster = try TestCluster("clusterrole-aggregation-controller")
        try cluster.create(
            Self.role("sum", selecting: "part"),
            Self.role("z", labels: ["part": "true"], rules: [Self.rule("get"), Self.rule("list")]),
            Self.role("a", labels: ["part": "true"], rules: [Self.rule("watch"), Self.rule("get")]),
            Self.role("other", rules: [Self.rule("delete")])
        )
        #expect(rules(cluster, "sum") == [Self.rule("watch"), Self.rule("get"), Self.rule("list")])
        #expect(rules(cluster, "other") == [Self.rule("delete")])
    }

    @Test func aggregatedRolesAreAggregatedFurther() throws {
        let cluster = try TestCluster("clusterrole-aggregation-controller")
        try cluster.create(
            Self.role("all", selecting: "sum"),
            Self.role("sum", labels: ["sum": "true"], selecting: "part"),
            Self.role("part", labels: ["part": "true"], rules: [Self.rule("get")])
        )
        #expect(rules(cluster, "all") == [Self.rule("get")])
        try cluster.edit(.clusterRoles, "part") { $0["rules"] = [Self.rule("list")] }
        #expect(rules(cluster, "all") == [Self.rule("list")])
        try cluster.delete(.clusterRoles, "part")
        #expect(rules(cluster, "sum") == [])
        #expect(rules(cluster, "all") == [])
    }

    @Test func whatIsRightIsNotWritten() throws {
        let cluster = try TestCluster("clusterrole-aggregation-controller")
        let part = Self.role("part", labels: ["part": "true"], rules: [Self.rule("get")])
        try cluster.create(Self.role("sum", rules: [Self.rule("get")], selecting: "part"), part)
        let revision = cluster.get(.clusterRoles, "sum")?.revision
        try cluster.edit(.clusterRoles, "part") { $0[path: "metadata", "labels", "more"] = "yes" }
        #expect(cluster.get(.clusterRoles, "sum")?.revision == revision)
    }
}
