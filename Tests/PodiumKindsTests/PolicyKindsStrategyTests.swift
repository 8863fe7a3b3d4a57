// SPDX-License-Identifier: Apache-2.0
// Budgets, roles, ingresses, network policies, storage, autoscalers and definitions of custom resources.

import PodiumCodec
import PodiumKindTesting
import PodiumMachinery
import Testing

@Suite struct PolicyKindsStrategyTests {
    let cluster: KindFixture

    init() throws { cluster = try KindFixture() }

    @Test(arguments: [
        KindRule(
            #"{"spec":{"minAvailable":-1}}"#,
            "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"
        ),
        KindRule(
            #"{"spec":{"maxUnavailable":"200%"}}"#,
            "spec.maxUnavailable: Invalid value: \"200%\": must not be greater than 100%"
        ),
        KindRule(#"{"metadata":{"name":"A_b"},"spec":{}}"#),
    ])
    func budgets(rule: KindRule) throws {
        #expect(cluster.problems("poddisruptionbudgets", in: "policy", try rule.value) == rule.problems)
    }

    @Test func bindingsKeepTheirRole() throws {
        let group = "rbac.authorization.k8s.io"
        let binding: JSONValue = [
            "roleRef": ["kind": "Role", "name": "r"], "subjects": [["kind": "User", "name": "u"]],
        ]
        let created = try cluster.create("rolebindings", in: group, binding)
        #expect(created[path: "roleRef", "apiGroup"] == .string(group))
        #expect(created["subjects"]?.elements.first?["apiGroup"] == .string(group))
        var other = binding
        other[path: "roleRef", "name"] = "other"
        #expect(
            KindFixture.problems { try cluster.update("rolebindings", in: group, other) } == [
                "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\","
                    + "\"Name\":\"other\"}: cannot change roleRef"
            ]
        )
    }

    @Test func rulesAreComplete() {
        #expect(
            cluster.problems("roles", in: "rbac.authorization.k8s.io", ["rules": [[:]]]) == [
                "rules[0].verbs: Required value: verbs must contain at least one value",
                "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
                "rules[0].resources: Required value: resource rules must supply at least one resource",
            ]
        )
    }

    @Test(arguments: [
        KindRule(
            #"{"spec":{}}"#,
            "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"
        ),
        KindRule(
            #"{"spec":{"rules":[{"http":{"paths":[{"path":"x","pathType":"Prefix","backend":{"service":{"name":"s","port":{"number":80}}}}]}}]}}"#,
            "spec.rules[0].http.paths[0].path: Invalid value: \"x\": must be an absolute path"
        ),
        KindRule(
            #"{"spec":{"defaultBackend":{"service":{"name":"s"}}}}"#,
            "spec.defaultBackend.service.port: Required value: port name or number is required"
        ),
    ])
    func ingresses(rule: KindRule) throws {
        #expect(cluster.problems("ingresses", in: "networking.k8s.io", try rule.value) == rule.problems)
    }

    @Test func networkPoliciesSayWhatTheyAreAbout() throws {
        let policy = try cluster.create(
            "networkpolicies",
            in: "networking.k8s.io",
            [
                "spec": ["podSelector": [:], "egress": [["ports": [["port": 53]]]]]
            ]
        )
        #expect(policy[path: "spec", "policyTypes"] == ["Ingress", "Egress"])
        let problems = cluster.problems(
            "networkpolicies",
            in: "networking.k8s.io",
            [
                "metadata": ["name": "y"],
                "spec": [
                    "podSelector": [:],
                    "ingress": [["from": [["ipBlock": ["cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]]], [:]]]],
                ],
            ]
        )
        #expect(
            problems == [
                "spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: \"11.0.0.0/16\": "
                    + "must be a strict subset of `cidr`",
                "spec.ingress[0].from[1]: Required value: must specify a peer",
            ]
        )
    }

    @Test func claimsAreFixedOnceMade() throws {
        let claim: JSONValue = [
            "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]]
        ]
        try cluster.create("persistentvolumeclaims", claim)
        var changed = claim
        changed[path: "spec", "accessModes"] = ["ReadWriteMany"]
        let problems = KindFixture.problems { try cluster.update("persistentvolumeclaims", changed) }
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("spec: Forbidden: spec is immutable after creation except") == true)
    }

    @Test func priorityClassesOfTheSystemAreReserved() {
        let problems = cluster.problems(
            "priorityclasses",
            in: "scheduling.k8s.io",
            [
                "metadata": ["name": "system-x"], "value": 1,
            ]
        )
        #expect(
            problems == [
                "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. "
                    + "error: system-x is not a known system priority class"
            ]
        )
    }

    private func definition(_ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
        var object: JSONValue = [
            "metadata": ["name": "widgets.example.com"],
            "spec": [
                "group": "example.com", "scope": "Namespaced", "names": ["plural": "widgets", "kind": "Widget"],
                "versions": [
                    [
                        "name": "v1", "served": true, "storage": true,
                        "schema": ["openAPIV3Schema": ["type": "object"]],
                    ]
                ],
            ],
        ]
        change(&object)
        return object
    }

    @Test func definitionsAreCompleted() throws {
        let created = try cluster.create("customresourcedefinitions", in: "apiextensions.k8s.io", definition())
        #expect(created[path: "spec", "names", "singular"] == "widget")
        #expect(created[path: "spec", "names", "listKind"] == "WidgetList")
        #expect(created[path: "spec", "conversion"] == ["strategy": "None"])
        #expect(created["status"] == ["acceptedNames": ["plural": "", "kind": ""], "storedVersions": ["v1"]])
    }

    @Test func definitionsAreChecked() {
        func problems(_ change: (inout JSONValue) -> Void) -> [String] {
            cluster.problems("customresourcedefinitions", in: "apiextensions.k8s.io", definition(change))
        }
        #expect(
            problems { $0[path: "spec", "versions"] = [] } == [
                "spec.versions: Invalid value: []: must have exactly one version marked as storage version",
                "status.storedVersions: Invalid value: null: must have at least one stored version",
            ]
        )
        #expect(
            problems { $0[path: "metadata", "name"] = "wrong.example.com" } == [
                "metadata.name: Invalid value: \"wrong.example.com\": must be spec.names.plural+\".\"+spec.group"
            ]
        )
        #expect(
            problems {
                $0[path: "spec", "versions"] = [
                    [
                        "name": "v1", "served": true, "storage": true,
                        "schema": ["openAPIV3Schema": ["type": "object", "properties": ["a": [:]]]],
                        "additionalPrinterColumns": [["name": "A", "type": "string", "jsonPath": "bad"]],
                    ]
                ]
            } == [
                "spec.validation.openAPIV3Schema.properties[a].type: Required value: "
                    + "must not be empty for specified object fields",
                "spec.additionalPrinterColumns[0].JSONPath: Invalid value: \"bad\": "
                    + "must be a simple json path starting with .",
            ]
        )
    }
}
