// SPDX-License-Identifier: Apache-2.0
// DaemonSets: where they have pods, how they replace them, and what they remember.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@testable import PodiumControllers

@Suite struct DaemonSetTests {
    private let cluster: TestCluster

    init() throws { cluster = try TestCluster("daemonset-controller") }

    private func daemonSet(_ template: JSONObject = [:], _ more: JSONObject = [:]) -> JSONValue {
        var pod: JSONObject = ["containers": [["name": "c", "image": "nginx:1"]]]
        pod.merge(template) { $1 }
        var spec: JSONObject = [
            "selector": ["matchLabels": ["app": "ds"]],
            "template": ["metadata": ["labels": ["app": "ds"]], "spec": .object(pod)],
        ]
        spec.merge(more) { $1 }
        return [
            "kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": ["name": "ds", "namespace": "ns"],
            "spec": .object(spec),
        ]
    }

    private func rolling(surge: JSONValue, unavailable: JSONValue) -> JSONObject {
        let parameters: JSONValue = ["maxSurge": surge, "maxUnavailable": unavailable]
        return ["updateStrategy": ["type": "RollingUpdate", "rollingUpdate": parameters]]
    }

    private func makeNodes(_ names: String...) throws {
        for name in names { try cluster.create(.node(name)) }
    }

    private func make(_ object: JSONValue) throws {
        try cluster.client.create(.daemonSets, object)
        cluster.clock.settle()
    }

    private func change(_ edit: (inout JSONValue) -> Void) throws {
        try cluster.client.update(cluster.key(.daemonSets, "ds")) { daemonSet in
            edit(&daemonSet)
            return true
        }
        cluster.clock.settle()
    }

    private func setImage(_ image: String) throws {
        try change { $0[path: "spec", "template", "spec", "containers"] = [["name": "c", "image": .string(image)]] }
    }

    private func pods() throws -> [WorkloadPod] {
        try cluster.client.list(.pods, scope: .namespace("ns")).map { WorkloadPod($0) }
    }

    /// The nodes that have a pod of this image, in order.
    private func nodes(_ image: String = "nginx:1") throws -> [String] {
        try pods().filter { $0.object.spec["containers"]?.elements.first?["image"]?.string == image }
            .compactMap(\.details.targetNode).sorted()
    }

    private func run(_ condition: (WorkloadPod) -> Bool = { _ in true }) throws {
        for pod in try pods().filter({ !$0.isReady && condition($0) }) {
            try cluster.edit(.pods, pod.name) { $0["status"] = JSONValue.pod("x")["status"] }
        }
    }

    private func status() throws -> JSONValue { try #require(cluster.get(.daemonSets, "ds")).status }

    private func revisions() throws -> [ControllerRevision] {
        try cluster.client.list(.controllerRevisions, scope: .namespace("ns")).map { ControllerRevision($0) }
            .sorted(by: ControllerRevision.precedes)
    }

    @Test func hasAPodOnEachNodeThatFits() throws {
        try makeNodes("a", "b")
        try cluster.create(.node("c", taints: [["key": "k", "effect": "NoSchedule"]]))
        try cluster.create(.node("d", taints: [["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"]]))
        try make(daemonSet())
        #expect(try nodes() == ["a", "b", "d"])
        let revision = try #require(try revisions().first)
        let pod = try #require(try pods().first)
        #expect(pod.labels[RevisionLabel.revision].map { "ds-\($0)" } == revision.name)
        #expect(pod.labels["pod-template-generation"] == "1")
        #expect(pod.object.spec["tolerations"]?.elements.count { $0["operator"] == "Exists" } == 6)
        try run()
        let expected: JSONValue = [
            "currentNumberScheduled": 3, "numberMisscheduled": 0, "desiredNumberScheduled": 3, "numberReady": 3,
            "observedGeneration": 1, "updatedNumberScheduled": 3, "numberAvailable": 3,
        ]
        #expect(try status() == expected)
    }

    @Test func followsChangesOfNodes() throws {
        try makeNodes("a")
        try make(daemonSet(["nodeSelector": ["kind": "good"]]))
        #expect(try nodes() == [])
        try cluster.edit(.nodes, "a") { $0[path: "metadata", "labels", "kind"] = "good" }
        #expect(try nodes() == ["a"])
        try cluster.edit(.nodes, "a") { $0[path: "spec", "taints"] = [["key": "k", "effect": "NoSchedule"]] }
        #expect(try nodes() == ["a"])
        try cluster.edit(.nodes, "a") { $0[path: "spec", "taints"] = [["key": "k", "effect": "NoExecute"]] }
        #expect(try nodes() == [])
        try cluster.edit(.nodes, "a") { $0[path: "spec", "taints"] = nil }
        #expect(try nodes() == ["a"])
        try makeNodes("b")
        #expect(try nodes() == ["a"])
        // What waits for a node that is gone is nobody else's.
        try cluster.bare.remove(cluster.key(.nodes, "a"))
        try setImage("nginx:2")
        #expect(try pods().isEmpty)
    }

    @Test func oldPodsGoAsManyAsMayBeUnavailable() throws {
        try makeNodes("a", "b", "c")
        try make(daemonSet([:], rolling(surge: 0, unavailable: "34%")))
        try run()
        try setImage("nginx:2")
        #expect(try nodes().count == 1)
        #expect(try nodes("nginx:2").count == 2)
        try run()
        #expect(try nodes("nginx:2").count == 3)
        #expect(try revisions().map(\.number) == [1, 2])
    }

    @Test func brokenPodsAreReplacedAtOnce() throws {
        try makeNodes("a", "b", "c")
        try make(daemonSet())
        try run { $0.details.targetNode == "a" }
        try setImage("nginx:2")
        #expect(try nodes() == ["a"])
        try run()
        #expect(try nodes("nginx:2") == ["a", "b", "c"])
    }

    @Test func withASurgeTheNewPodComesFirst() throws {
        try makeNodes("a", "b")
        try make(daemonSet([:], rolling(surge: 1, unavailable: 0)))
        try run()
        try setImage("nginx:2")
        #expect(try nodes() == ["a", "b"])
        #expect(try nodes("nginx:2").count == 1)
        try run()
        #expect(try nodes().count == 1)
        #expect(try nodes("nginx:2") == ["a", "b"])
        try run()
        #expect(try nodes() == [])
    }

    @Test func onDeleteLeavesOldPodsAlone() throws {
        try makeNodes("a", "b")
        try make(daemonSet([:], ["updateStrategy": ["type": "OnDelete"]]))
        try run()
        try setImage("nginx:2")
        #expect(try nodes() == ["a", "b"])
        #expect(try status()["updatedNumberScheduled"] == nil)
        try cluster.delete(.pods, try #require(try pods().first).name)
        #expect(try nodes().count == 1)
        #expect(try nodes("nginx:2").count == 1)
    }

    @Test func podsThatFailAgainAndAgainAreReplacedMoreAndMoreSlowly() throws {
        try makeNodes("a")
        try make(daemonSet())
        func fail() throws -> String {
            let pod = try #require(try pods().first).name
            try cluster.edit(.pods, pod) { $0[path: "status", "phase"] = "Failed" }
            return pod
        }
        let first = try fail()
        #expect(cluster.get(.pods, first) == nil)
        let second = try fail()
        #expect(cluster.get(.pods, second) != nil)
        try cluster.advance(.seconds(1))
        #expect(cluster.get(.pods, second) == nil)
        #expect(try pods().count == 1)
        #expect(
            try cluster.events(about: "ds").contains(
                "FailedDaemonPod: Found failed daemon pod ns/\(first) on node a, will try to kill it"
            )
        )
    }

    @Test func pausesDoubleUntilSomethingChanges() {
        var backoff = FailureBackoff()
        let name = NamespacedName(namespace: "ns", name: "ds")
        var now = Timestamp(seconds: 0)
        func wait(_ generation: Int64 = 1) -> Duration? { backoff.wait(name, "a", generation: generation, now: now) }
        for length in [1, 2, 4, 8] {
            #expect(wait() == nil)
            #expect(wait() == .seconds(length))
            now = now + .seconds(length)
        }
        #expect(wait(2) == nil)
        #expect(wait(2) == .seconds(1))
        now = now + .seconds(3600)
        #expect(wait(2) == nil)
        #expect(wait(2) == .seconds(1))
        backoff.forget(name)
        #expect(wait(2) == nil)
    }

    @Test func theHistoryIsShortAndOldTemplatesComeBackInIt() throws {
        try makeNodes("a")
        try make(daemonSet([:], ["revisionHistoryLimit": 1]))
        let first = try #require(try revisions().first)
        for image in ["nginx:2", "nginx:1"] {
            try run()
            try setImage(image)
        }
        #expect(try revisions().map(\.number) == [2, 3])
        #expect(try revisions().last?.name == first.name)
        for image in ["nginx:3", "nginx:4"] {
            try run()
            try setImage(image)
        }
        try run()
        #expect(try revisions().map(\.number) == [4, 5])
    }

    @Test func revisionsFromElsewhereAreJoined() throws {
        try makeNodes("a")
        try make(daemonSet())
        let own = try #require(try revisions().first)
        var copy = own.object.value
        copy["metadata"] = ["name": "ds-copy", "namespace": "ns", "labels": ["app": "ds"]]
        copy["revision"] = 7
        try cluster.client.create(.controllerRevisions, copy)
        cluster.clock.settle()
        #expect(try revisions().map(\.name) == ["ds-copy"])
        #expect(try revisions().first?.object.controller != nil)
        #expect(try pods().map(\.revisionLabel) == ["ds-copy"])
    }

    @Test func aNameThatIsTakenIsPassedOver() throws {
        try makeNodes("a")
        try make(daemonSet())
        let taken = try #require(try revisions().first)
        try cluster.bare.remove(cluster.key(.daemonSets, "ds"))
        try cluster.edit(.controllerRevisions, taken.name) { value in
            value["metadata"] = ["name": .string(taken.name), "namespace": "ns", "uid": "other"]
            value["data"] = [:]
        }
        for pod in try pods() { try cluster.delete(.pods, pod.name) }
        try make(daemonSet())
        #expect(try status()["collisionCount"] == 1)
        #expect(try revisions().count == 2)
        #expect(try nodes() == ["a"])
    }

    @Test(
        arguments: [
            ([:], [:], .runs), (["taints": [["key": "k", "effect": "NoSchedule"]]], [:], .keeps),
            (["taints": [["key": "k", "effect": "NoExecute"]]], [:], .avoids),
            (["taints": [["key": "k", "effect": "PreferNoSchedule"]]], [:], .runs),
            (["taints": [["key": "k", "effect": "NoExecute"]]], ["tolerations": [["operator": "Exists"]]], .runs),
            (["taints": [["key": "node.kubernetes.io/not-ready", "effect": "NoExecute"]]], [:], .runs),
            (["taints": [["key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"]]], [:], .keeps),
            (
                ["taints": [["key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"]]],
                ["hostNetwork": true], .runs
            ),
            ([:], ["nodeName": "n"], .runs), ([:], ["nodeName": "m"], .avoids),
            ([:], ["nodeSelector": ["kind": "good"]], .avoids),
        ] as [(JSONValue, JSONValue, DaemonPlacement.Fit)]
    )
    func nodesFitByNameLabelsAndTaints(_ node: JSONValue, _ spec: JSONValue, _ fit: DaemonPlacement.Fit) throws {
        var value = JSONValue.node("n")
        value["spec"] = node
        try cluster.create(value)
        let stored = try #require(cluster.get(.nodes, "n"))
        #expect(DaemonPlacement(["spec": spec]).fit(DaemonNode(stored)) == fit)
    }
}
