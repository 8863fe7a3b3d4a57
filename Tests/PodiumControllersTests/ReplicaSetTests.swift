// SPDX-License-Identifier: Apache-2.0
// ReplicaSets and ReplicationControllers: what they make, adopt, release and delete, and how they wait for themselves.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@testable import PodiumControllers

@Suite struct ReplicaSetTests {
    private let cluster: TestCluster

    init() throws { cluster = try TestCluster("replicaset-controller", "replicationcontroller-controller") }

    private func set(_ name: String, _ replicas: Int64, app: String = "web") -> JSONValue {
        [
            "kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": ["name": .string(name), "namespace": "ns"],
            "spec": [
                "replicas": .integer(replicas), "selector": ["matchLabels": ["app": .string(app)]],
                "template": [
                    "metadata": ["labels": ["app": .string(app)]],
                    "spec": ["containers": [["name": "c", "image": "nginx"]], "terminationGracePeriodSeconds": 30],
                ],
            ],
        ]
    }

    private func make(_ object: JSONValue) throws {
        try cluster.client.create(.replicaSets, object)
        cluster.clock.settle()
    }

    private func pods() throws -> [APIObject] { try cluster.client.list(.pods, scope: .namespace("ns")) }

    @Test func makesPodsAsAClientWouldAndNoMoreThanWanted() throws {
        try make(set("web", 3))
        let pods = try pods()
        #expect(pods.count == 3)
        let owner = try #require(cluster.get(.replicaSets, "web"))
        for pod in pods {
            #expect(pod.name.hasPrefix("web-"))
            #expect(pod.labels == ["app": "web"])
            #expect(pod.controller?.uid == owner.uid)
            #expect(pod.spec["restartPolicy"] == "Always")
        }
        #expect(owner.status["replicas"] == 3)
        #expect(owner.status["observedGeneration"] == 1)
        #expect(try cluster.events(about: "web").count == 3)
    }

    @Test func adoptsWhatItSelectsAndReleasesWhatItDoesNot() throws {
        for (name, app) in [("mine", "web"), ("other", "x")] {
            var pod = try #require(set(name, 1)[path: "spec", "template"])
            pod[path: "metadata", "name"] = .string(name)
            pod[path: "metadata", "namespace"] = "ns"
            pod[path: "metadata", "labels", "app"] = .string(app)
            try cluster.client.create(.pods, pod)
        }
        try make(set("web", 1))
        #expect(try pods().count == 2)
        let owner = try #require(cluster.get(.replicaSets, "web"))
        #expect(try cluster.pod("mine").controller?.uid == owner.uid)
        #expect(try cluster.pod("other").controller == nil)
        try cluster.client.update(cluster.key(.pods, "mine")) { pod in
            pod[path: "metadata", "labels", "app"] = "y"
            return true
        }
        cluster.clock.settle()
        #expect(try cluster.pod("mine").controller == nil)
        #expect(try pods().count { $0.controller?.uid == owner.uid } == 1)
    }

    @Test func podsThatEndAreReplacedAndStay() throws {
        try make(set("web", 1))
        let first = try #require(try pods().first)
        try cluster.edit(.pods, first.name) { $0[path: "status", "phase"] = "Failed" }
        #expect(try pods().count == 2)
        #expect(cluster.get(.replicaSets, "web")?.status["replicas"] == 1)
    }

    @Test func surplusPodsGoInUpstreamsOrder() throws {
        let now = cluster.clock.now
        func pod(_ name: String, on node: String, _ status: JSONValue, cost: String? = nil) throws -> WorkloadPod {
            var value = JSONValue.pod(name, on: node, labels: ["app": "web"])
            value["status"] = status
            if let cost {
                value[path: "metadata", "annotations", "controller.kubernetes.io/pod-deletion-cost"] = .string(cost)
            }
            try cluster.create(value)
            return WorkloadPod(try cluster.pod(name))
        }
        func ready(_ seconds: Int64) -> JSONValue {
            let since = JSONValue.string((now - .seconds(seconds)).rfc3339)
            return [
                "phase": "Running",
                "conditions": [["type": "Ready", "status": "True", "lastTransitionTime": since]],
            ]
        }
        let unplaced = try pod("unplaced", on: "", ["phase": "Pending"])
        let pending = try pod("pending", on: "n1", ["phase": "Pending"])
        let unready = try pod("unready", on: "n1", ["phase": "Running"])
        let cheap = try pod("cheap", on: "n2", ready(1000), cost: "-5")
        let crowded = try pod("crowded", on: "n1", ready(1000))
        let young = try pod("young", on: "n3", ready(10))
        let old = try pod("old", on: "n4", ready(1000))
        let expected = [unplaced, pending, unready, cheap, crowded, young, old]
        let ranking = PodRanking(related: expected, now: now)
        let ranked = expected.reversed().sorted(by: ranking.precedes)
        #expect(ranked.map(\.name) == expected.map(\.name))
    }

    @Test(arguments: [(0, []), (1, [1]), (6, [1, 2, 3]), (500, [1, 2, 4, 8, 16, 32, 64, 128, 245])])
    func startsSlowly(_ count: Int, _ sizes: [Int]) {
        #expect(ReplicaSetDecision.batches(of: count) == sizes)
    }

    @Test func aKeyWaitsForItsOwnWrites() {
        var writes = OwnWrites<String>()
        let seen: [GroupResource: Int64] = [.pods: 5, .replicaSets: 9]
        func isBack(_ key: String) -> Bool { writes.haveComeBack(for: key, known) }
        func known(_ resource: GroupResource) -> Revision? { seen[resource].map { Revision($0) } }
        #expect(isBack("a"))
        writes.note(Revision(5), of: .pods, for: "a")
        writes.note(Revision(4), of: .pods, for: "a")
        #expect(isBack("a"))
        writes.note(Revision(6), of: .pods, for: "a")
        #expect(!isBack("a"))
        #expect(isBack("b"))
        #expect(writes.pending == ["a"])
        writes.forget("a")
        #expect(isBack("a"))
        // What comes back and was waited for by nobody is no news.
        writes.note(Revision(9), of: .replicaSets, for: "b")
        #expect(writes.isEcho(Revision(9), of: .replicaSets, for: "b"))
        #expect(!writes.isEcho(Revision(8), of: .replicaSets, for: "b"))
        writes.note(Revision(10), of: .replicaSets, for: "b")
        #expect(!isBack("b"))
        #expect(!writes.isEcho(Revision(10), of: .replicaSets, for: "b"))
        // Nobody follows what is not watched.
        writes.note(Revision(100), of: .nodes, for: "a")
        #expect(isBack("a"))
    }
}
