// SPDX-License-Identifier: Apache-2.0
// Pods whose resources change while they run, and critical pods for which others make room.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumTestKit
import Testing

@Suite struct PodResizeTests {
    private static func spec(cpu: String, memory: String = "64Mi", _ more: JSONObject = [:]) -> JSONValue {
        var container: JSONObject = [
            "name": "main", "image": "nginx:1.27",
            "resources": ["requests": ["cpu": .string(cpu), "memory": .string(memory)]],
        ]
        container.merge(more) { $1 }
        return ["containers": [.object(container)]]
    }

    private func resize(_ name: String, cpu: String, memory: String = "64Mi", in cluster: KubeletTestCluster) throws {
        try cluster.change(name) { pod in
            pod[path: "spec", "containers"]?.updateArray { containers in
                containers[0]["resources"] = ["requests": ["cpu": .string(cpu), "memory": .string(memory)]]
            }
        }
    }

    private func granted(_ name: String, _ cluster: KubeletTestCluster) throws -> String? {
        let status = try #require(cluster.pod(name)).status["containerStatuses"]?.elements.first
        return status?[path: "resources", "requests", "cpu"]?.string
    }

    private func resizeConditions(_ name: String, _ cluster: KubeletTestCluster) -> [String] {
        cluster.pod(name)?.conditions.filter { $0.hasPrefix("PodResize") } ?? []
    }

    @Test func aResizeIsAppliedInPlace() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.spec(cpu: "100m"))
        try cluster.advance(5)
        try resize("p", cpu: "200m", in: cluster)
        try cluster.advance(30)
        let pod = try #require(cluster.pod("p"))
        #expect(try granted("p", cluster) == "200m")
        #expect(pod.containers == "main=running r0 ready started")
        #expect(resizeConditions("p", cluster) == [])
        let events = try cluster.events("p").map { $0.split(separator: " ")[1] }
        #expect(events.suffix(2) == ["ResizeStarted", "ResizeCompleted"])
    }

    @Test func aContainerStartsAnewWhereItsPolicySaysSo() throws {
        let cluster = try KubeletTestCluster()
        let policy: JSONValue = [["resourceName": "memory", "restartPolicy": "RestartContainer"]]
        try cluster.bind("p", Self.spec(cpu: "100m", ["resizePolicy": policy]))
        try cluster.advance(5)
        try resize("p", cpu: "200m", in: cluster)
        try cluster.advance(60)
        #expect(cluster.pod("p")?.containers == "main=running r0 ready started")
        try resize("p", cpu: "200m", memory: "128Mi", in: cluster)
        try cluster.advance(90)
        #expect(cluster.pod("p")?.containers == "main=running r1 ready started")
        #expect(resizeConditions("p", cluster) == [])
    }

    @Test func aResizeForWhichThereIsNoRoomWaitsForIt() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("large", Self.spec(cpu: "5"))
        try cluster.bind("p", Self.spec(cpu: "2"))
        try cluster.advance(5)
        try resize("p", cpu: "4", in: cluster)
        try cluster.advance(30)
        #expect(resizeConditions("p", cluster) == ["PodResizePending=True:Deferred"])
        #expect(try granted("p", cluster) == "2")
        try cluster.delete("large", grace: 0)
        try cluster.advance(120)
        #expect(resizeConditions("p", cluster) == [])
        #expect(try granted("p", cluster) == "4")
    }

    @Test func aResizeThatIsTakenBackWaitsNoLonger() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.spec(cpu: "2"))
        try cluster.advance(5)
        try resize("p", cpu: "100", in: cluster)
        try cluster.advance(30)
        #expect(resizeConditions("p", cluster) == ["PodResizePending=True:Deferred"])
        #expect(try granted("p", cluster) == "2")
        try resize("p", cpu: "2", in: cluster)
        try cluster.advance(30)
        #expect(resizeConditions("p", cluster) == [])
    }
}

@Suite struct PodPreemptionTests {
    private func spec(cpu: String, priority: Int64 = 0) -> JSONValue {
        [
            "priority": .integer(priority),
            "containers": [
                ["name": "main", "image": "nginx:1.27", "resources": ["requests": ["cpu": .string(cpu)]]]
            ],
        ]
    }

    private static let critical: Int64 = 2_000_000_000

    @Test func lessImportantPodsMakeRoomForACriticalOne() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("low", spec(cpu: "3", priority: 1))
        try cluster.bind("high", spec(cpu: "3", priority: 100))
        try cluster.advance(5)
        try cluster.bind("critical", spec(cpu: "4", priority: Self.critical))
        try cluster.advance(60)
        let victim = try #require(cluster.pod("low"))
        // Not failed: its container ended with 0 when it was asked to.
        #expect(victim.phase == "Succeeded")
        #expect(victim.conditions.contains("DisruptionTarget=True:TerminationByKubelet"))
        #expect(cluster.pod("high")?.phase == "Running")
        #expect(cluster.pod("critical")?.phase == "Running")
    }

    @Test func whereThatIsNotEnoughItIsTurnedAway() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("other", spec(cpu: "7", priority: Self.critical + 1))
        try cluster.bind("critical", spec(cpu: "4", priority: Self.critical))
        try cluster.advance(60)
        #expect(cluster.pod("other")?.phase == "Running")
        let pod = try #require(cluster.pod("critical"))
        #expect(pod.phase == "Failed" && pod.status["reason"] == "UnexpectedAdmissionError")
        #expect(pod.status["message"]?.string?.contains("no set of running pods found to reclaim") == true)
    }

    @Test func othersAreTurnedAwayAtOnce() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("first", spec(cpu: "7"))
        try cluster.bind("second", spec(cpu: "4", priority: 100))
        try cluster.advance(10)
        let pod = try #require(cluster.pod("second"))
        #expect(pod.phase == "Failed" && pod.status["reason"] == "OutOfcpu")
        #expect(cluster.pod("first")?.phase == "Running")
    }
}
