// SPDX-License-Identifier: Apache-2.0
// Budgets: how many pods there should be, how many may go, and what is said about it.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@testable import PodiumControllers

@Suite struct DisruptionControllerTests {
    private func budget(_ spec: JSONObject, _ name: String = "b") -> JSONValue {
        var spec = spec
        if spec["selector"] == nil { spec["selector"] = ["matchLabels": ["app": "x"]] }
        return [
            "kind": "PodDisruptionBudget", "apiVersion": "policy/v1",
            "metadata": ["name": .string(name), "namespace": "ns", "generation": 1], "spec": .object(spec),
        ]
    }

    private func status(_ cluster: TestCluster, _ name: String = "b") throws -> [Int?] {
        let status = try #require(cluster.get(TestCluster.budgets, name)).status
        return ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"].map { status[$0]?.int }
    }

    private func owner(_ kind: String, _ name: String, _ apiVersion: String = "apps/v1") -> JSONValue {
        [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name),
            "uid": .string("u-\(name)"), "controller": true,
        ]
    }

    private func workload(_ kind: String, _ name: String, replicas: Int64, owner: JSONValue? = nil) -> JSONValue {
        var value: JSONValue = [
            "kind": .string(kind), "apiVersion": "apps/v1",
            "metadata": ["name": .string(name), "namespace": "ns", "uid": .string("u-\(name)")],
            "spec": [
                "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "x"]],
                "template": ["metadata": ["labels": ["app": "x"]], "spec": ["containers": []]],
            ],
        ]
        if let owner { value[path: "metadata", "ownerReferences"] = [owner] }
        return value
    }

    @Test(
        arguments: [
            (["minAvailable": 1], [2, 3, 1, 3]),
            (["minAvailable": 5], [0, 3, 5, 3]),
            (["minAvailable": "50%"], [1, 3, 2, 4]),
            (["maxUnavailable": 1], [0, 3, 3, 4]),
            (["maxUnavailable": "50%"], [1, 3, 2, 4]),
            ([:], [0, 3, 0, 0]),
        ] as [(JSONObject, [Int?])]
    )
    func budgetsCountWhatTheControllersWant(spec: JSONObject, expected: [Int?]) throws {
        let cluster = try TestCluster("disruption-controller")
        try cluster.create(workload("StatefulSet", "s", replicas: 4))
        for name in ["p", "q", "r"] {
            try cluster.create(.pod(name, labels: ["app": "x"], owner: owner("StatefulSet", "s")))
        }
        try cluster.create(.pod("other"), budget(spec))
        #expect(try status(cluster) == expected)
    }

    @Test func aDeploymentCountsForItsReplicaSets() throws {
        let cluster = try TestCluster("disruption-controller")
        try cluster.create(workload("Deployment", "d", replicas: 2))
        for set in ["old", "new"] {
            try cluster.create(workload("ReplicaSet", set, replicas: 2, owner: owner("Deployment", "d")))
            try cluster.create(.pod("\(set)-1", labels: ["app": "x"], owner: owner("ReplicaSet", set)))
        }
        try cluster.create(budget(["maxUnavailable": 1]))
        #expect(try status(cluster) == [1, 2, 1, 2])
    }

    @Test func podsWithoutControllerAreWarnedOf() throws {
        let cluster = try TestCluster("disruption-controller")
        try cluster.create(.pod("p", labels: ["app": "x"]), budget(["maxUnavailable": 1]))
        #expect(try status(cluster) == [0, 1, 0, 0])
        let event = try #require(try cluster.bare.events(about: "b").first).value
        #expect(event["reason"] == "UnmanagedPods")
        #expect(event["count"] == 2)
        let selector =
            "&LabelSelector{MatchLabels:map[string]string{app: x,},MatchExpressions:[]LabelSelectorRequirement{},}"
        #expect(event["message"]?.string?.contains("(selector: \(selector))") == true)
    }

    @Test(
        arguments: [
            ("Job", "batch/v1", "jobs.batch does not implement the scale subresource"),
            ("Thing", "example.com/v1", "no matches for kind \"Thing\" in version \"example.com/v1\""),
            ("StatefulSet", "apps/v1", "found no controllers for pod \"p\""),
        ]
    )
    func whatCannotBeCountedIsSaidAndNothingAllowed(kind: String, apiVersion: String, problem: String) throws {
        let cluster = try TestCluster("disruption-controller")
        try cluster.create(
            .pod("p", labels: ["app": "x"], owner: owner(kind, "gone", apiVersion)),
            budget(["maxUnavailable": 1])
        )
        let condition = try #require(cluster.get(TestCluster.budgets, "b")?.condition("DisruptionAllowed"))
        #expect(condition["reason"] == "SyncFailed")
        #expect(condition["message"]?.string == problem)
        let text = "CalculateExpectedPodCountFailed: Failed to calculate the number of expected pods: \(problem)"
        #expect(try cluster.events(about: "b") == [text])
    }

    @Test func aBudgetFollowsItsPods() throws {
        let cluster = try TestCluster("disruption-controller")
        try cluster.create(budget(["minAvailable": 1]))
        #expect(try cluster.events(about: "b") == ["NoPods: No matching pods found"])
        try cluster.create(.pod("p", labels: ["app": "x"]), .pod("q", labels: ["app": "x"]))
        #expect(try status(cluster) == [1, 2, 1, 2])
        #expect(cluster.get(TestCluster.budgets, "b")?.condition("DisruptionAllowed")?["reason"] == "SufficientPods")
        try cluster.edit(.pods, "p") { $0[path: "status", "conditions"] = [["type": "Ready", "status": "False"]] }
        #expect(try status(cluster) == [0, 1, 1, 2])
        try cluster.delete(.pods, "q")
        #expect(try status(cluster) == [0, 0, 1, 2])
    }

    @Test func aBudgetWhoseSelectorChangesLooksAnew() throws {
        let cluster = try TestCluster("disruption-controller")
        try cluster.create(.pod("p", labels: ["app": "x"]), .pod("q", labels: ["app": "y"]), .pod("r"))
        try cluster.create(budget(["minAvailable": 0]))
        #expect(try status(cluster) == [1, 1, 0, 1])
        try cluster.edit(TestCluster.budgets, "b") { $0[path: "spec", "selector"] = [:] }
        #expect(try status(cluster) == [3, 3, 0, 3])
    }

    @Test func ofSeveralBudgetsOneCountsAPod() throws {
        let cluster = try TestCluster("disruption-controller")
        try cluster.create(budget(["minAvailable": 1], "a"), budget(["minAvailable": 1], "b"))
        try cluster.create(.pod("p", labels: ["app": "x"]))
        #expect(try status(cluster, "a") == [0, 1, 1, 1])
        #expect(try status(cluster, "b") == [0, 0, 1, 0])
        let text = "Pod \"ns\"/\"p\" matches multiple PodDisruptionBudgets.  Chose \"a\" arbitrarily."
        #expect(try cluster.events(about: "p") == ["MultiplePodDisruptionBudgets: \(text)"])
    }

    @Test func anEvictionThatDoesNotShowIsGivenUp() throws {
        let cluster = try TestCluster("disruption-controller")
        try cluster.create(.pod("p", labels: ["app": "x"]), .pod("q", labels: ["app": "x"]))
        try cluster.create(budget(["minAvailable": 1]))
        let now = cluster.clock.now
        try cluster.edit(TestCluster.budgets, "b") {
            $0[path: "status", "disruptedPods"] = ["p": .string(now.rfc3339)]
        }
        #expect(try status(cluster) == [0, 1, 1, 2])
        try cluster.advance(.seconds(119))
        #expect(try status(cluster) == [0, 1, 1, 2])
        try cluster.advance(.seconds(1))
        #expect(try status(cluster) == [1, 2, 1, 2])
        #expect(cluster.get(TestCluster.budgets, "b")?.status["disruptedPods"] == nil)
        let text = "NotDeleted: Pod was expected by PDB ns/b to be deleted but it wasn't"
        #expect(try cluster.events(about: "p") == [text])
    }

    @Test func aPodThatWasToGoAndStaysSaysSoNoLonger() throws {
        let cluster = try TestCluster("disruption-controller")
        try cluster.create(.pod("p"))
        let now = cluster.clock.now
        try cluster.edit(.pods, "p") {
            $0[path: "status", "conditions"] = [
                [
                    "type": "DisruptionTarget", "status": "True", "lastTransitionTime": .string(now.rfc3339),
                    "reason": "EvictionByEvictionAPI",
                ]
            ]
        }
        try cluster.advance(.seconds(119))
        #expect(try cluster.pod("p").condition("DisruptionTarget")?["status"] == "True")
        try cluster.advance(.seconds(2))
        #expect(try cluster.pod("p").condition("DisruptionTarget")?["status"] == "False")
    }

    @Test func selectorsArePrintedAsByGo() {
        let expression: JSONValue = ["key": "a", "operator": "In", "values": ["x", "y"]]
        let text = SelectorText.go(["matchLabels": ["c": "d", "a": "b"], "matchExpressions": [expression]])
        #expect(
            text == "&LabelSelector{MatchLabels:map[string]string{a: b,c: d,},MatchExpressions:"
                + "[]LabelSelectorRequirement{LabelSelectorRequirement{Key:a,Operator:In,Values:[x y],},},}"
        )
        #expect(SelectorText.go(nil) == "nil")
    }
}
