// SPDX-License-Identifier: Apache-2.0
// Pods that nobody else removes.

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
}
