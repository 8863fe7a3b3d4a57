// SPDX-License-Identifier: Apache-2.0
// Nodes that are cordoned, not ready, silent and back again.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct NodeLifecycleControllerTests {
    private let notReady = "node.kubernetes.io/not-ready"
    private let unreachable = "node.kubernetes.io/unreachable"

    /// A cluster of two nodes that give signs of life.
    private func makeCluster() throws -> TestCluster {
        let cluster = try TestCluster("node-lifecycle-controller")
        for name in ["n1", "n2"] {
            try cluster.create(.node(name))
            try cluster.heartbeat(name)
        }
        return cluster
    }

    /// Lets time pass while the kubelets of `nodes` live.
    private func live(_ cluster: TestCluster, _ nodes: [String], seconds: Int) throws {
        for _ in 0..<seconds / 10 {
            try cluster.advance(.seconds(10))
            for node in nodes { try cluster.heartbeat(node) }
        }
    }

    @Test func aCordonHasATaint() throws {
        let cluster = try makeCluster()
        try cluster.edit(.nodes, "n1") { $0[path: "spec", "unschedulable"] = true }
        #expect(try cluster.taints(of: "n1") == ["node.kubernetes.io/unschedulable:NoSchedule"])
        try cluster.edit(.nodes, "n1") { $0[path: "spec", "unschedulable"] = nil }
        #expect(try cluster.taints(of: "n1").isEmpty)
    }

    @Test func theTaintOfANewNodeGoesWhenItIsReady() throws {
        let cluster = try makeCluster()
        try cluster.create(.node("n3", taints: [["key": .string(notReady), "effect": "NoSchedule"]]))
        try cluster.heartbeat("n3")
        #expect(try cluster.taints(of: "n3").isEmpty)
        try cluster.advance(.seconds(5))
        #expect(try cluster.events(about: "n3") == ["RegisteredNode: Node n3 event: Registered Node n3 in Controller"])
    }

    @Test func aSilentNodeIsUnreachableAndItsPodsAreNotReady() throws {
        let cluster = try makeCluster()
        try cluster.create(.pod("p"), .pod("q", on: "n2"))
        try live(cluster, ["n1", "n2"], seconds: 20)
        try live(cluster, ["n2"], seconds: 40)
        #expect(try cluster.taints(of: "n1").isEmpty)
        try live(cluster, ["n2"], seconds: 10)
        let node = try #require(cluster.get(.nodes, "n1"))
        let now = cluster.clock.now.rfc3339
        for type in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            #expect(node.condition(type)?["status"] == "Unknown")
        }
        #expect(node.condition("Ready")?["reason"] == "NodeStatusUnknown")
        #expect(node.condition("Ready")?["message"] == "Kubelet stopped posting node status.")
        #expect(node.condition("Ready")?["lastTransitionTime"] == .string(now))
        #expect(try cluster.taints(of: "n1") == ["\(unreachable):NoSchedule", "\(unreachable):NoExecute"])
        let ready: JSONValue = [
            "type": "Ready", "observedGeneration": 1, "status": "False", "lastProbeTime": .null,
            "lastTransitionTime": .string(now),
        ]
        #expect(try cluster.pod("p").condition("Ready") == ready)
        #expect(try cluster.pod("q").condition("Ready")?["status"] == "True")
        #expect(try cluster.events(about: "p") == ["NodeNotReady: Node is not ready"])
        #expect(try cluster.events(about: "n1").last == "NodeNotReady: Node n1 status is now: NodeNotReady")
    }

    @Test func aNodeThatIsBackLosesItsTaints() throws {
        let cluster = try makeCluster()
        try live(cluster, ["n2"], seconds: 70)
        #expect(try cluster.taints(of: "n1").count == 2)
        try cluster.advance(.seconds(1))
        try cluster.heartbeat("n1")
        #expect(try cluster.taints(of: "n1") == ["\(unreachable):NoExecute"])
        try cluster.advance(.seconds(5))
        #expect(try cluster.taints(of: "n1").isEmpty)
    }

    @Test func aNodeThatSaysItIsNotReadyIsBelieved() throws {
        let cluster = try makeCluster()
        try cluster.create(.pod("p"))
        try live(cluster, ["n1", "n2"], seconds: 20)
        try cluster.heartbeat("n1", ready: "False")
        #expect(try cluster.taints(of: "n1") == ["\(notReady):NoSchedule"])
        try cluster.advance(.seconds(5))
        #expect(try cluster.taints(of: "n1") == ["\(notReady):NoSchedule", "\(notReady):NoExecute"])
        #expect(try cluster.pod("p").condition("Ready")?["status"] == "False")
    }

    @Test func leasesAreSignsOfLife() throws {
        let cluster = try makeCluster()
        try cluster.create([
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": ["name": "n1", "namespace": "kube-node-lease"],
            "spec": ["renewTime": "2026-01-01T00:00:00.000000Z"],
        ])
        for step in 0..<20 {
            try cluster.advance(.seconds(10))
            try cluster.bare.edit(ObjectKey(.leases, namespace: "kube-node-lease", name: "n1")) { value in
                value[path: "spec", "renewTime"] = .string("\(step)x")
            }
        }
        cluster.clock.settle()
        #expect(cluster.get(.nodes, "n1")?.condition("Ready")?["status"] == "True")
        #expect(cluster.get(.nodes, "n2")?.condition("Ready")?["status"] == "Unknown")
    }

    @Test func onlyAnotherTimeInALeaseIsASignOfLife() throws {
        let cluster = try makeCluster()
        try cluster.create([
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": ["name": "n1", "namespace": "kube-node-lease"],
            "spec": ["renewTime": "2026-01-01T00:00:00.000000Z"],
        ])
        for step in 0..<20 {
            try cluster.advance(.seconds(10))
            try cluster.bare.edit(ObjectKey(.leases, namespace: "kube-node-lease", name: "n1")) { value in
                value[path: "spec", "leaseTransitions"] = .integer(Int64(step))
                value[path: "metadata", "labels"] = ["step": .string("\(step)")]
            }
        }
        cluster.clock.settle()
        #expect(cluster.get(.nodes, "n1")?.condition("Ready")?["status"] == "Unknown")
    }

    @Test func heartbeatsAreSignsOfLifeOfTheTimeThatTheySay() throws {
        let cluster = try makeCluster()
        let key = ObjectKey(.leases, namespace: "kube-node-lease", name: "n1")
        try cluster.create([
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": ["name": "n1", "namespace": "kube-node-lease"],
            "spec": ["renewTime": .string(cluster.clock.now.rfc3339Micro)],
        ])
        for _ in 0..<20 {
            try cluster.advance(.seconds(10))
            let lease = try #require(cluster.bare.memory.get(key))
            let place = try #require(lease.text(ofMember: "renewTime"))
            let draft = ObjectDraft(heartbeatOf: lease, replacing: [(place, cluster.clock.now.rfc3339Micro)])
            _ = try cluster.client.storage.update(key, expecting: lease.revision, draft)
        }
        try cluster.advance(.seconds(49))
        #expect(cluster.get(.nodes, "n1")?.condition("Ready")?["status"] == "True")
        try cluster.advance(.seconds(6))
        #expect(cluster.get(.nodes, "n1")?.condition("Ready")?["status"] == "Unknown")
    }

    @Test func aTaintThatAClientSetsOnANodeAtRestIsTakenBack() throws {
        let cluster = try makeCluster()
        try live(cluster, ["n1", "n2"], seconds: 300)
        let taint: JSONValue = ["key": .string(unreachable), "effect": "NoExecute"]
        try cluster.edit(.nodes, "n1") { $0[path: "spec", "taints"] = [taint] }
        try live(cluster, ["n1", "n2"], seconds: 60)
        #expect(try cluster.taints(of: "n1").isEmpty)
    }

    @Test func aNodeAtRestIsMissedAsSoonAsOneThatWasNot() throws {
        let cluster = try makeCluster()
        try cluster.create([
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
            "metadata": ["name": "n1", "namespace": "kube-node-lease"],
            "spec": ["renewTime": "2026-01-01T00:00:00.000000Z"],
        ])
        // Renewals alone leave the Node as it is, so that looks at it rest.
        for step in 0..<60 {
            try cluster.advance(.seconds(10))
            try cluster.bare.edit(ObjectKey(.leases, namespace: "kube-node-lease", name: "n1")) { value in
                value[path: "spec", "renewTime"] = .string("\(step)x")
            }
        }
        try cluster.advance(.seconds(49))
        #expect(cluster.get(.nodes, "n1")?.condition("Ready")?["status"] == "True")
        try cluster.advance(.seconds(6))
        #expect(cluster.get(.nodes, "n1")?.condition("Ready")?["status"] == "Unknown")
    }

    @Test func nodesDrivenByHandAreLeftAlone() throws {
        let cluster = try makeCluster()
        try cluster.create(.node("manual", annotations: ["podium.dev/kubelet": "none"]))
        try cluster.edit(.nodes, "manual") { $0[path: "spec", "unschedulable"] = true }
        try cluster.heartbeat("manual")
        try live(cluster, ["n1", "n2"], seconds: 200)
        #expect(try cluster.taints(of: "manual").isEmpty)
        #expect(cluster.get(.nodes, "manual")?.condition("Ready")?["status"] == "True")
        #expect(try cluster.events(about: "manual").isEmpty)
    }

    @Test func aNodeThatNeverSpokeIsUnknownAfterAMinute() throws {
        let cluster = try makeCluster()
        try cluster.create(.node("n3"))
        try live(cluster, ["n1", "n2"], seconds: 50)
        #expect(cluster.get(.nodes, "n3")?.condition("Ready") == nil)
        try live(cluster, ["n1", "n2"], seconds: 20)
        #expect(cluster.get(.nodes, "n3")?.condition("Ready")?["reason"] == "NodeStatusNeverUpdated")
        #expect(cluster.get(.nodes, "n3")?.condition("Ready")?["message"] == "Kubelet never posted node status.")
    }

    @Test func nobodyIsEvictedWhenAllNodesAreSilent() throws {
        let cluster = try makeCluster()
        try cluster.advance(.seconds(120))
        #expect(try cluster.taints(of: "n1") == ["\(unreachable):NoSchedule"])
        #expect(try cluster.taints(of: "n2") == ["\(unreachable):NoSchedule"])
    }

    @Test func nodesOfOneZoneAreTaintedTenSecondsApart() throws {
        let cluster = try makeCluster()
        for name in ["n3", "n4", "n5"] {
            try cluster.create(.node(name))
            try cluster.heartbeat(name)
        }
        try live(cluster, ["n3", "n4", "n5"], seconds: 50)
        func tainted() throws -> Int {
            try ["n1", "n2"].count { try cluster.taints(of: $0).contains("\(unreachable):NoExecute") }
        }
        #expect(try tainted() == 1)
        try live(cluster, ["n3", "n4", "n5"], seconds: 10)
        #expect(try tainted() == 2)
    }

    @Test func aRemovedNodeIsReported() throws {
        let cluster = try makeCluster()
        try cluster.advance(.seconds(5))
        try cluster.delete(.nodes, "n1")
        #expect(try cluster.events(about: "n1").last == "RemovingNode: Node n1 event: Removing Node n1 from Controller")
        #expect(try cluster.clock.advance(.untilIdle(limit: .seconds(600))).fired < 40)
    }
}
