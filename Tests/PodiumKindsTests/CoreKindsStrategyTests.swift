// SPDX-License-Identifier: Apache-2.0
// Namespaces, nodes, ConfigMaps, Secrets, Events, quotas and limit ranges.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import PodiumMachinery
import Testing

@Suite struct CoreKindsStrategyTests {
    let cluster: KindFixture

    init() throws { cluster = try KindFixture() }

    @Test func namespacesAreLabelledWithTheirName() throws {
        let namespace = try cluster.create(
            "namespaces",
            [
                "metadata": ["name": "a", "labels": ["kubernetes.io/metadata.name": "wrong"]],
                "spec": ["finalizers": ["x.y/z"]],
            ]
        )
        #expect(namespace[path: "metadata", "labels"] == ["kubernetes.io/metadata.name": "a"])
        #expect(namespace["spec"] == ["finalizers": ["x.y/z", "kubernetes"]])
        #expect(namespace["status"] == ["phase": "Active"])
    }

    @Test func finalizersOfNamespacesChangeOnlyByFinalizing() throws {
        try cluster.create("namespaces", ["metadata": ["name": "a"]])
        let put = try cluster.update("namespaces", named: "a", ["metadata": ["name": "a"], "spec": ["finalizers": []]])
        #expect(put["spec"] == ["finalizers": ["kubernetes"]])
        let finalizers: JSONValue = ["kubernetes", "x.y/z"]
        let finalized = try cluster.update(
            "namespaces",
            named: "a",
            subresource: "finalize",
            ["metadata": ["name": "a"], "spec": ["finalizers": finalizers]]
        )
        #expect(finalized["spec"] == ["finalizers": finalizers])
    }

    @Test func nodesAreTaintedUnlessNobodyWatchesThem() throws {
        let taint: JSONValue = ["key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"]
        #expect(try cluster.create("nodes", ["metadata": ["name": "a"]])[path: "spec", "taints"] == [taint])
        let free: JSONValue = ["metadata": ["name": "b", "annotations": ["podium.dev/kubelet": "none"]]]
        #expect(try cluster.create("nodes", free)[path: "spec", "taints"] == nil)
    }

    @Test func nodesOfferTheirCapacity() throws {
        let node = try cluster.create("nodes", ["status": ["capacity": ["cpu": "4"]]])
        #expect(node[path: "status", "allocatable"] == ["cpu": "4"])
        #expect(
            cluster.problems("nodes", ["metadata": ["name": "b"], "status": ["capacity": ["cpu": "-1"]]]) == [
                "status.capacity.cpu: Invalid value: \"-1\": must be greater than or equal to 0",
                "status.allocatable.cpu: Invalid value: \"-1\": must be greater than or equal to 0",
            ]
        )
    }

    @Test func sealedDataStays() throws {
        try cluster.create("configmaps", ["immutable": true, "data": ["a": "1"]])
        let detail = "Forbidden: field is immutable when `immutable` is set"
        #expect(
            KindFixture.problems { try cluster.update("configmaps", ["immutable": true, "data": ["a": "2"]]) }
                == ["data: \(detail)"]
        )
        #expect(
            KindFixture.problems { try cluster.update("configmaps", ["data": ["a": "1"]]) } == ["immutable: \(detail)"]
        )
    }

    @Test func plainTextBecomesBytes() throws {
        let secret = try cluster.create("secrets", ["stringData": ["a": "hi", "b": "", "c": "abc", "d": "{}"]])
        #expect(secret["data"] == ["a": "aGk=", "b": "", "c": "YWJj", "d": "e30="])
        #expect(secret["stringData"] == nil)
        #expect(secret["type"] == "Opaque")
    }

    @Test(arguments: [
        KindRule(#"{"type":"kubernetes.io/tls"}"#, "data[tls.crt]: Required value", "data[tls.key]: Required value"),
        KindRule(#"{"type":"kubernetes.io/ssh-auth"}"#, "data[ssh-privatekey]: Required value"),
        KindRule(
            #"{"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"ew=="}}"#,
            "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": unexpected end of JSON input"
        ),
    ])
    func secretsHoldWhatTheirTypeSays(rule: KindRule) throws {
        #expect(cluster.problems("secrets", try rule.value) == rule.problems)
    }

    @Test func eventsAreInTheNamespaceOfTheirObject() throws {
        let problems = cluster.problems("events", ["involvedObject": ["kind": "Pod", "namespace": "other"]])
        #expect(problems == ["involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"])
    }

    @Test func eventsHaveTwoForms() {
        let core: JSONValue = [
            "apiVersion": "v1", "kind": "Event", "message": "m", "reportingComponent": "", "count": 1,
            "involvedObject": ["kind": "Pod"],
        ]
        let new = EventConversion.new(from: core)
        #expect(
            new == [
                "apiVersion": "events.k8s.io/v1", "kind": "Event", "note": "m", "deprecatedCount": 1,
                "regarding": ["kind": "Pod"],
            ]
        )
        #expect(EventConversion.core(from: new)["message"] == "m")
    }

    @Test(arguments: [
        KindRule(
            #"{"spec":{"hard":{"bogus":"1"}}}"#,
            "spec.hard[bogus]: Invalid value: \"bogus\": must be a standard resource type or fully qualified",
            "spec.hard[bogus]: Invalid value: \"bogus\": must be a standard resource for quota"
        ),
        KindRule(
            #"{"spec":{"hard":{"pods":"1500m"}}}"#,
            "spec.hard[pods]: Invalid value: \"1500m\": must be an integer"
        ),
        KindRule(#"{"spec":{"scopes":["X"]}}"#, "spec.scopes: Invalid value: [\"X\"]: unsupported scope"),
        KindRule(
            #"{"spec":{"scopes":["BestEffort"],"hard":{"cpu":"1"}}}"#,
            "spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource"
        ),
    ])
    func quotasNameWhatTheyKnow(rule: KindRule) throws {
        #expect(cluster.problems("resourcequotas", try rule.value) == rule.problems)
    }

    @Test func limitsFillEachOther() throws {
        let range = try cluster.create(
            "limitranges",
            [
                "spec": ["limits": [["type": "Container", "max": ["cpu": "2"], "min": ["memory": "1Gi"]]]]
            ]
        )
        let item = range[path: "spec", "limits"]?.elements.first
        #expect(item?["default"] == ["cpu": "2"])
        #expect(item?["defaultRequest"] == ["cpu": "2", "memory": "1Gi"])
    }
}
