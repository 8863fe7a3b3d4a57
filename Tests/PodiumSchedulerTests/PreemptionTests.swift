// SPDX-License-Identifier: Apache-2.0
// Pods that make room for themselves.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct PreemptionTests {
    private let cluster: TestCluster

    init() throws {
        cluster = try TestCluster()
        try cluster.create(.node("n1"))
    }

    /// What a kubelet does when the containers of a pod are gone.
    private func end(_ name: String) throws {
        try cluster.edit(.pods, name) { $0[path: "status", "phase"] = "Failed" }
    }

    @Test func theLessImportantMakesRoom() throws {
        try cluster.create(.pod("low", requests: ["cpu": "3"]), .pod("high", requests: ["cpu": "2"], priority: 10))
        let low = try cluster.pod("low")
        #expect(low.metadata["deletionGracePeriodSeconds"] == 30)
        let condition: JSONValue = [
            "type": "DisruptionTarget", "observedGeneration": 1, "status": "True", "lastProbeTime": .null,
            "lastTransitionTime": .string(cluster.clock.now.rfc3339), "reason": "PreemptionByScheduler",
            "message": "default-scheduler: preempting to accommodate a higher priority pod",
        ]
        #expect(low.condition("DisruptionTarget") == condition)
        let high = try cluster.pod("high")
        #expect(high.status["nominatedNodeName"] == "n1")
        #expect(try cluster.message(of: "high") == "0/1 nodes are available: 1 Insufficient cpu.")
        #expect(
            try cluster.events(about: "low").last == "Preempted: Preempted by pod \(high.uid) on node n1"
        )
        let event = try #require(cluster.client.list(.events).first { $0.value["reason"] == "Preempted" }).value
        #expect(event["action"] == "Preempting")
        #expect(event["related"]?["name"] == "high")
        try end("low")
        #expect(try cluster.node(of: "high") == "n1")
        #expect(try cluster.pod("high").status["nominatedNodeName"] == nil)
    }

    @Test func noMoreAndNoMoreImportantPodsGoThanMust() throws {
        try cluster.create(
            .pod("a", requests: ["cpu": "2"], priority: 1),
            .pod("b", requests: ["cpu": "2"], priority: 2),
            .pod("high", requests: ["cpu": "2"], priority: 10)
        )
        #expect(try cluster.pod("a").isTerminating)
        #expect(try !cluster.pod("b").isTerminating)
    }

    @Test func theNodeWithTheLeastImportantVictimIsTaken() throws {
        try cluster.create(.node("n2"))
        for (name, node, priority) in [("a", "n1", 5), ("b", "n2", 3)] as [(String, JSONValue, Int64)] {
            try cluster.create(.pod(name, requests: ["cpu": "3"], priority: priority, ["nodeName": node]))
        }
        try cluster.create(.pod("high", requests: ["cpu": "2"], priority: 10))
        #expect(try cluster.pod("high").status["nominatedNodeName"] == "n2")
    }

    @Test func budgetsAreKeptWherePossible() throws {
        try cluster.create(.node("n2"))
        try cluster.create([
            "kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": ["name": "b", "namespace": "ns"],
            "spec": ["selector": ["matchLabels": ["app": "x"]]], "status": ["disruptionsAllowed": 0],
        ])
        try cluster.create(
            .pod("a", labels: ["app": "x"], requests: ["cpu": "3"], ["nodeName": "n1"]),
            .pod("b", requests: ["cpu": "3"], priority: 5, ["nodeName": "n2"]),
            .pod("high", requests: ["cpu": "2"], priority: 10)
        )
        #expect(try cluster.pod("high").status["nominatedNodeName"] == "n2")
        #expect(try !cluster.pod("a").isTerminating)
    }

    @Test func aBudgetGivesWayWhenThereIsNoOtherRoom() throws {
        try cluster.create([
            "kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": ["name": "b", "namespace": "ns"],
            "spec": ["selector": ["matchLabels": ["app": "x"]]], "status": ["disruptionsAllowed": 0],
        ])
        try cluster.create(
            .pod("a", labels: ["app": "x"], requests: ["cpu": "3"]),
            .pod("high", requests: ["cpu": "2"], priority: 10)
        )
        #expect(try cluster.pod("a").isTerminating)
    }

    @Test func equalImportanceIsNoReason() throws {
        try cluster.create(.pod("a", requests: ["cpu": "3"]), .pod("b", requests: ["cpu": "2"]))
        #expect(try !cluster.pod("a").isTerminating)
        #expect(
            try cluster.message(of: "b")?.hasSuffix("1 No preemption victims found for incoming pod.") == true
        )
    }

    @Test func whoNeverPreemptsWaits() throws {
        try cluster.create(
            .pod("a", requests: ["cpu": "3"]),
            .pod("b", requests: ["cpu": "2"], priority: 10, ["preemptionPolicy": "Never"])
        )
        #expect(try !cluster.pod("a").isTerminating)
        #expect(
            try cluster.message(of: "b")
                == "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible "
                + "due to preemptionPolicy=Never."
        )
    }

    @Test func theRoomIsKeptForWhomItWasMade() throws {
        try cluster.create(.pod("low", requests: ["cpu": "3"]), .pod("high", requests: ["cpu": "3"], priority: 10))
        // Fits beside `low` gone, but not beside `high` come.
        try cluster.create(.pod("other", requests: ["cpu": "2"], priority: 5))
        try end("low")
        #expect(try cluster.node(of: "high") == "n1")
        #expect(try cluster.node(of: "other") == nil)
    }

    @Test func whileTheVictimGoesNobodyElseIsTouched() throws {
        try cluster.create(
            .pod("a", requests: ["cpu": "2"]),
            .pod("b", requests: ["cpu": "2"]),
            .pod("high", requests: ["cpu": "1"], priority: 10)
        )
        let going = try ["a", "b"].filter { try cluster.pod($0).isTerminating }
        #expect(going.count == 1)
        // Something that makes it try again.
        try cluster.edit(.nodes, "n1") { $0[path: "status", "allocatable", "pods"] = "120" }
        #expect(
            try cluster.message(of: "high")
                == "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible "
                + "due to a terminating pod on the nominated node."
        )
        #expect(try ["a", "b"].filter { try cluster.pod($0).isTerminating } == going)
    }

    @Test func aMoreImportantPodTakesTheNomination() throws {
        try cluster.create(
            .pod("low", requests: ["cpu": "4"]),
            .pod("mid", requests: ["cpu": "4"], priority: 5),
            .pod("high", requests: ["cpu": "4"], priority: 10)
        )
        #expect(try cluster.pod("high").status["nominatedNodeName"] == "n1")
        #expect(try cluster.pod("mid").status["nominatedNodeName"] == nil)
        try end("low")
        #expect(try cluster.node(of: "high") == "n1")
        #expect(try cluster.node(of: "mid") == nil)
    }

    @Test func removalOfOthersMendsAntiAffinity() throws {
        let terms: JSONValue = [
            ["topologyKey": "kubernetes.io/hostname", "labelSelector": ["matchLabels": ["app": "x"]]]
        ]
        let affinity: JSONValue = ["podAntiAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": terms]]
        try cluster.create(
            .pod("low", labels: ["app": "x"]),
            .pod("high", priority: 10, ["affinity": affinity])
        )
        #expect(try cluster.pod("low").isTerminating)
        try end("low")
        #expect(try cluster.node(of: "high") == "n1")
    }
}
