// SPDX-License-Identifier: Apache-2.0
// NoExecute taints drive pods away, at once or in time.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct TaintEvictionControllerTests {
    private func makeCluster() throws -> TestCluster {
        let cluster = try TestCluster("taint-eviction-controller")
        try cluster.create(.node("n1"))
        return cluster
    }

    private func tolerating(_ key: String, seconds: Int64? = nil) -> JSONObject {
        var toleration: JSONObject = ["key": .string(key), "operator": "Exists", "effect": "NoExecute"]
        if let seconds { toleration["tolerationSeconds"] = .integer(seconds) }
        return ["tolerations": [.object(toleration)]]
    }

    private func taint(_ cluster: TestCluster, _ keys: String...) throws {
        try cluster.edit(.nodes, "n1") { $0[path: "spec", "taints"] = .array(keys.map { .noExecute($0) }) }
    }

    @Test func podsThatDoNotTolerateATaintGoAtOnce() throws {
        let cluster = try makeCluster()
        try cluster.create(.pod("p"))
        try taint(cluster, "x")
        let pod = try cluster.pod("p")
        #expect(pod.metadata["deletionGracePeriodSeconds"] == 30)
        let condition: JSONValue = [
            "type": "DisruptionTarget", "observedGeneration": 1, "status": "True", "lastProbeTime": .null,
            "lastTransitionTime": .string(cluster.clock.now.rfc3339), "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
        ]
        #expect(pod.condition("DisruptionTarget") == condition)
        #expect(try cluster.events(about: "p") == ["TaintManagerEviction: Marking for deletion Pod ns/p"])
    }

    @Test func toleratedTaintsAreBorneForTheTimeGiven() throws {
        let cluster = try makeCluster()
        try cluster.create(.pod("p", tolerating("x", seconds: 10)), .pod("q", tolerating("x")))
        try taint(cluster, "x")
        try cluster.advance(.milliseconds(9999))
        #expect(try !cluster.pod("p").isTerminating)
        try cluster.advance(.milliseconds(1))
        #expect(try cluster.pod("p").isTerminating)
        try cluster.advance(.seconds(3600))
        #expect(try !cluster.pod("q").isTerminating)
    }

    @Test func theTimeStartsWithTheBindingWhenTheTaintIsOlder() throws {
        let cluster = try makeCluster()
        try taint(cluster, "x")
        try cluster.advance(.seconds(100))
        try cluster.create(.pod("p", tolerating("x", seconds: 8)))
        try cluster.advance(.seconds(7))
        #expect(try !cluster.pod("p").isTerminating)
        try cluster.advance(.seconds(1))
        #expect(try cluster.pod("p").isTerminating)
    }

    @Test func anEvictionIsCancelledWithTheTaint() throws {
        let cluster = try makeCluster()
        try cluster.create(.pod("p", tolerating("x", seconds: 10)))
        try taint(cluster, "x")
        try cluster.advance(.seconds(5))
        try taint(cluster)
        try cluster.advance(.seconds(60))
        #expect(try !cluster.pod("p").isTerminating)
        #expect(try cluster.events(about: "p") == ["TaintManagerEviction: Cancelling deletion of Pod ns/p"])
    }

    @Test func theShortestTimeOfSeveralTaintsHolds() throws {
        let cluster = try makeCluster()
        let tolerations: JSONValue = [
            ["key": "x", "operator": "Exists", "tolerationSeconds": 20],
            ["key": "y", "operator": "Exists", "tolerationSeconds": 4],
        ]
        try cluster.create(.pod("p", ["tolerations": tolerations]))
        try taint(cluster, "x", "y")
        try cluster.advance(.seconds(4))
        #expect(try cluster.pod("p").isTerminating)
    }

    @Test func endedPodsGoToo() throws {
        let cluster = try makeCluster()
        try cluster.create(.pod("p"))
        try cluster.edit(.pods, "p") { $0[path: "status", "phase"] = "Succeeded" }
        try taint(cluster, "x")
        #expect(cluster.get(.pods, "p") == nil)
    }

    @Test func anEvictionIsAskedForOnce() throws {
        let cluster = try makeCluster()
        try cluster.create(.pod("p"))
        try taint(cluster, "x")
        try cluster.edit(.pods, "p") { $0[path: "status", "message"] = "x" }
        try taint(cluster, "x", "y")
        #expect(try cluster.events(about: "p").count == 1)
        #expect(try cluster.client.list(.events).first?.value["count"] == 1)
    }

    @Test func otherEffectsLeaveRunningPodsAlone() throws {
        let cluster = try makeCluster()
        try cluster.create(.pod("p"))
        try cluster.edit(.nodes, "n1") { $0[path: "spec", "taints"] = [["key": "x", "effect": "NoSchedule"]] }
        #expect(try !cluster.pod("p").isTerminating)
    }
}
