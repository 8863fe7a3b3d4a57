// SPDX-License-Identifier: Apache-2.0
// Nodes: their readiness and leases, silence and return of their kubelets, objects that clients keep for themselves.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

/// Nodes as clients make them.
enum NodeFixture {
    static func node(_ name: String, annotations: JSONValue? = nil) -> JSONValue {
        var node = NodeDocument.standard(named: name, zone: "zone-a")
        node[path: "metadata", "annotations"] = annotations
        return node
    }
}

@Suite struct NodeKubeletTests {
    private static let plain: JSONValue = ["containers": [["name": "main", "image": "nginx:1.27"]]]

    private func node(_ name: String, in cluster: KubeletTestCluster) throws -> APIObject {
        try #require(cluster.bare.object(ObjectKey(.nodes, name: name)))
    }

    private func renewal(of name: String, in cluster: KubeletTestCluster) -> String? {
        let key = ObjectKey(.leases, namespace: "kube-node-lease", name: name)
        return cluster.bare.object(key)?.spec["renewTime"]?.string
    }

    @Test func aNewNodeBecomesReadyAtOnce() throws {
        let cluster = try KubeletTestCluster()
        let status = try node("node-1", in: cluster).status
        let conditions = (status["conditions"]?.elements ?? []).map { condition in
            [condition["type"]?.string, condition["status"]?.string, condition["reason"]?.string]
        }
        #expect(
            conditions == [
                ["MemoryPressure", "False", "KubeletHasSufficientMemory"],
                ["DiskPressure", "False", "KubeletHasNoDiskPressure"],
                ["PIDPressure", "False", "KubeletHasSufficientPID"],
                ["Ready", "True", "KubeletReady"],
            ]
        )
        #expect(status[path: "nodeInfo", "kubeletVersion"]?.string == "v1.36.2")
        #expect(status["addresses"]?.elements.first?["address"]?.string == "172.18.0.2")
    }

    @Test func extendedResourcesOfTheCapacityBecomeAllocatable() throws {
        let cluster = try KubeletTestCluster()
        let key = ObjectKey(.nodes, name: "node-1")
        try cluster.bare.edit(key) { node in
            node[path: "status", "capacity", "example.com/gpu"] = "2"
            node[path: "status", "capacity", "cpu"] = "9"
        }
        try cluster.advance(1)
        let allocatable = try node("node-1", in: cluster).status["allocatable"]
        #expect(allocatable?["example.com/gpu"] == "2")
        #expect(allocatable?["cpu"] == "8")
        try cluster.bare.edit(key) { $0[path: "status", "capacity", "example.com/gpu"] = nil }
        try cluster.advance(1)
        #expect(try node("node-1", in: cluster).status["allocatable"]?["example.com/gpu"] == nil)
    }

    @Test func whatPodsUseIsKnownWhileTheyRun() throws {
        let cluster = try KubeletTestCluster()
        let plan: JSONValue = ["podium.dev/plan.main": "cpu 50m, cpu 200m after 30s, exit 0 after 1m"]
        try cluster.bind("p", ["containers": [["name": "main", "image": "nginx:1.27"]]], annotations: plan)
        try cluster.advance(10)
        let pod = try #require(cluster.bare.object(ObjectKey(.pods, namespace: "ns", name: "p")))
        func used() -> String? {
            cluster.hub.usages.containers(of: pod.key.name, uid: pod.uid).first?
                .amount(of: "cpu", at: cluster.bare.clock.now)?.description
        }
        #expect(used() == "50m")
        try cluster.advance(35)
        #expect(used() == "200m")
        #expect(cluster.hub.usages.containers(of: pod.key.name, uid: "other").isEmpty)
    }

    @Test func leasesAreRenewedEveryTenSeconds() throws {
        let cluster = try KubeletTestCluster()
        let first = renewal(of: "node-1", in: cluster)
        try cluster.advance(11)
        let second = renewal(of: "node-1", in: cluster)
        #expect(first != nil)
        #expect(second != first)
    }

    @Test func aSilentKubeletDoesNothing() throws {
        let cluster = try KubeletTestCluster()
        try cluster.advance(1)
        cluster.hub.setPower(.unreachable(podPhase: nil), of: "node-1")
        let renewal = renewal(of: "node-1", in: cluster)
        try cluster.bind("p", Self.plain)
        try cluster.advance(60)
        #expect(self.renewal(of: "node-1", in: cluster) == renewal)
        #expect(cluster.pod("p")?.containers == "")
        cluster.hub.setPower(.on, of: "node-1")
        try cluster.advance(2)
        #expect(cluster.pod("p")?.phase == "Running")
        #expect(self.renewal(of: "node-1", in: cluster) != renewal)
    }

    @Test func aReturningKubeletOverrulesWhatOthersWroteMeanwhile() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.plain)
        try cluster.advance(2)
        cluster.hub.setPower(.unreachable(podPhase: nil), of: "node-1")
        try cluster.advance(1)
        try cluster.bare.edit(ObjectKey(.pods, namespace: "ns", name: "p")) { value in
            value[path: "status", "conditions"] = .array(
                (value[path: "status", "conditions"]?.elements ?? []).map { condition in
                    var condition = condition
                    if condition["type"]?.string == "Ready" { condition["status"] = "False" }
                    return condition
                }
            )
        }
        try cluster.advance(10)
        #expect(cluster.pod("p")?.conditions.contains("Ready=False") == true)
        cluster.hub.setPower(.on, of: "node-1")
        try cluster.advance(3)
        #expect(cluster.pod("p")?.conditions.contains("Ready=True") == true)
    }

    @Test func podsOfAnUnreachableNodeCanBeShownAsLost() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.plain)
        try cluster.advance(2)
        cluster.hub.setPower(.unreachable(podPhase: .unknown), of: "node-1")
        try cluster.advance(1)
        #expect(cluster.pod("p")?.phase == "Unknown")
        #expect(cluster.pod("p")?.status["reason"]?.string == "NodeLost")
    }

    @Test func aRestartedKubeletKeepsItsContainers() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.plain)
        try cluster.advance(2)
        cluster.hub.setPower(.restart, of: "node-1")
        try cluster.advance(30)
        #expect(cluster.pod("p")?.containers == "main=running r0 ready started")
    }

    @Test func objectsMarkedAsManualAreLeftAlone() throws {
        let mark: JSONValue = ["podium.dev/kubelet": "none"]
        let cluster = try KubeletTestCluster()
        try cluster.bare.put(NodeFixture.node("by-hand", annotations: mark))
        try cluster.bind("a", to: "by-hand", Self.plain)
        try cluster.bind("b", Self.plain, annotations: mark)
        try cluster.advance(30)
        #expect(cluster.pod("a")?.containers == "")
        #expect(cluster.pod("b")?.containers == "")
        #expect(try node("by-hand", in: cluster).status["conditions"] == nil)
    }

    @Test func aPodBoundBeforeItsNodeExistsStartsWithTheNode() throws {
        let cluster = try KubeletTestCluster(nodes: [])
        try cluster.bind("p", to: "late", Self.plain)
        try cluster.advance(5)
        #expect(cluster.pod("p")?.containers == "")
        try cluster.bare.put(NodeFixture.node("late"))
        try cluster.advance(2)
        #expect(cluster.pod("p")?.phase == "Running")
    }

    @Test func equalSeedsGiveEqualHistories() throws {
        func history(_ seed: UInt64) throws -> [JSONValue] {
            let cluster = try KubeletTestCluster(seed: seed, nodes: ["node-1", "node-2"])
            for number in 0..<6 {
                let image = number % 2 == 0 ? "nginx:1.27" : "does-not-exist:1"
                let spec: JSONValue = ["containers": [["name": "main", "image": .string(image)]]]
                try cluster.bind("p\(number)", to: "node-\(number % 2 + 1)", spec)
            }
            try cluster.advance(120)
            return (0..<6).flatMap { cluster.versions("p\($0)").map(\.value) }
        }
        let first = try history(7)
        #expect(try history(7) == first)
        #expect(try history(8) != first)
    }
}
