// SPDX-License-Identifier: Apache-2.0
// Pods that nobody else removes, and budgets for those that somebody wants to remove.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct PodControllersTests {
    @Test func podsOfAMissingNodeAreCollectedAfterQuarantine() throws {
        let cluster = try TestCluster("pod-garbage-collector-controller")
        try cluster.create(.node("n1"), .pod("p"))
        try cluster.advance(.seconds(7))
        try cluster.delete(.nodes, "n1")
        // Noticed at 20 s, and then missing for 40 s.
        try cluster.advance(.seconds(52))
        #expect(try cluster.pod("p").status["phase"] == "Running")
        var last: APIObject?
        let informer = Informer(
            client: cluster.client,
            resource: .pods,
            queue: cluster.clock.makeQueue(label: "test")
        ) { _ in }
        informer.start()
        let cursor = try cluster.storage.watch(.pods, scope: .all, after: cluster.storage.revision) {}
        try cluster.advance(.seconds(1))
        for event in try cursor.next(limit: 10).events { last = APIObject(event.object) }
        #expect(cluster.get(.pods, "p") == nil)
        #expect(last?.status["phase"] == "Failed")
        #expect(last?.condition("DisruptionTarget")?["reason"] == "DeletionByPodGC")
        #expect(last?.condition("DisruptionTarget")?["message"] == "PodGC: node no longer exists")
    }

    @Test func aNodeThatComesBackKeepsItsPods() throws {
        let cluster = try TestCluster("pod-garbage-collector-controller")
        try cluster.create(.pod("p"))
        try cluster.advance(.seconds(30))
        try cluster.create(.node("n1"))
        try cluster.advance(.seconds(600))
        #expect(cluster.get(.pods, "p") != nil)
        #expect(cluster.clock.status.nextTimer == nil)
    }

    @Test func nodesOutOfServiceLoseTheirTerminatingPods() throws {
        let cluster = try TestCluster("pod-garbage-collector-controller")
        try cluster.create(.node("n1"), .pod("p"), .pod("q"))
        try cluster.edit(.nodes, "n1") { value in
            value[path: "status", "conditions"] = [["type": "Ready", "status": "Unknown"]]
            value[path: "spec", "taints"] = [.noExecute("node.kubernetes.io/out-of-service")]
        }
        try cluster.delete(.pods, "p")
        try cluster.advance(.seconds(20))
        #expect(cluster.get(.pods, "p") == nil)
        #expect(cluster.get(.pods, "q") != nil)
    }

    // MARK: Disruption budgets

    private func budget(_ spec: JSONObject) -> JSONValue {
        var spec = spec
        spec["selector"] = ["matchLabels": ["app": "x"]]
        return [
            "kind": "PodDisruptionBudget", "apiVersion": "policy/v1",
            "metadata": ["name": "b", "namespace": "ns", "generation": 1], "spec": .object(spec),
        ]
    }

    private func status(_ cluster: TestCluster) throws -> [Int?] {
        let status = try #require(cluster.get(TestCluster.budgets, "b")).status
        return ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"].map { status[$0]?.int }
    }

    @Test(
        arguments: [
            (["minAvailable": 1], [2, 3, 1, 3]),
            (["minAvailable": 5], [0, 3, 5, 3]),
            (["minAvailable": "50%"], [1, 3, 2, 3]),
            (["maxUnavailable": 1], [1, 3, 2, 3]),
            (["maxUnavailable": "0%"], [0, 3, 3, 3]),
        ] as [(JSONObject, [Int?])]
    )
    func budgetsCountHealthyPods(spec: JSONObject, expected: [Int?]) throws {
        let cluster = try TestCluster("disruption-controller")
        for name in ["p", "q", "r"] { try cluster.create(.pod(name, labels: ["app": "x"])) }
        try cluster.create(.pod("other"), budget(spec))
        #expect(try status(cluster) == expected)
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
}
