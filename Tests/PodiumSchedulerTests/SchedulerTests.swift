// SPDX-License-Identifier: Apache-2.0
// The scheduler as a whole: bindings, refusals, retries and Events.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumScheduler
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct SchedulerTests {
    @Test func bindsAPodWithConditionAndEvent() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .pod("p"))
        let pod = try cluster.pod("p")
        #expect(pod.spec["nodeName"] == "n1")
        let expected: JSONValue = [
            "type": "PodScheduled", "status": "True", "lastProbeTime": .null,
            "lastTransitionTime": .string(cluster.clock.now.rfc3339),
        ]
        #expect(pod.status["conditions"]?.elements == [expected])
        #expect(try cluster.events(about: "p") == ["Scheduled: Successfully assigned ns/p to n1"])
        let event = try #require(cluster.client.list(.events).first?.value)
        #expect(event["action"] == "Binding")
        #expect(event["reportingComponent"] == "default-scheduler")
        #expect(event["count"] == nil)
        #expect(event["eventTime"]?.string == cluster.clock.now.rfc3339Micro)
        #expect(event["firstTimestamp"] == .null)
    }

    @Test func aBoundPodHasTheZoneAndRegionOfItsNode() throws {
        let cluster = try TestCluster()
        let zone = "topology.kubernetes.io/zone"
        let region = "topology.kubernetes.io/region"
        let node = JSONValue.node("n1", labels: [zone: "a", region: "r", "disk": "ssd"])
        try cluster.create(node, .pod("p", labels: ["app": "web"]))
        #expect(try cluster.pod("p").labels == ["app": "web", zone: "a", region: "r"])
    }

    @Test func saysWhyAPodFitsNowhere() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .node("n2", isUnschedulable: true), .pod("p", requests: ["cpu": "5"]))
        let condition = try #require(try cluster.pod("p").condition("PodScheduled"))
        #expect(condition["status"] == "False")
        #expect(condition["reason"] == "Unschedulable")
        #expect(condition["observedGeneration"] == 1)
        let message =
            "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. no new claims to "
            + "deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
        #expect(condition["message"]?.string == message)
        #expect(try cluster.events(about: "p") == ["FailedScheduling: \(message)"])
    }

    @Test func leavesPodsOfOtherSchedulersAlone() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .pod("p", ["schedulerName": "other"]))
        #expect(try cluster.node(of: "p") == nil)
        #expect(try cluster.pod("p").status["conditions"] == nil)
        #expect(try cluster.events(about: "p").isEmpty)
    }

    @Test func withoutNodesTriesAgainAtFullSecondsAndCountsASeries() throws {
        let cluster = try TestCluster()
        try cluster.advance(.milliseconds(4020))
        try cluster.create(.pod("p"))
        #expect(try cluster.message(of: "p") == "no nodes available to schedule pods")
        try cluster.advance(.milliseconds(1979))
        #expect(try cluster.events(about: "p").count == 1)
        try cluster.advance(.milliseconds(1))
        #expect(try cluster.events(about: "p").count == 2)
        try cluster.advance(.seconds(3))
        let series = try cluster.client.list(.events).compactMap { $0.value["series"] }
        #expect(series == [["count": 2, "lastObservedTime": .string(cluster.clock.now.rfc3339Micro)]])
        try cluster.create(.node("n1"))
        #expect(try cluster.node(of: "p") == nil)
        try cluster.advance(.seconds(5))
        #expect(try cluster.node(of: "p") == "n1")
    }

    @Test func triesAgainWhenRoomAppears() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .pod("a", requests: ["cpu": "3"]), .pod("b", requests: ["cpu": "2"]))
        #expect(try cluster.node(of: "b") == nil)
        #expect(
            try cluster.message(of: "b")
                == "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes "
                + "are available: 1 No preemption victims found for incoming pod."
        )
        try cluster.deletePod("a")
        #expect(try cluster.node(of: "b") == "n1")
    }

    @Test func theRoomOfAnEndedPodIsFree() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .pod("a", requests: ["cpu": "3"]), .pod("b", requests: ["cpu": "2"]))
        try cluster.edit(.pods, "a") { $0[path: "status", "phase"] = "Succeeded" }
        #expect(try cluster.node(of: "b") == "n1")
    }

    @Test func changesOfStatusesThatDoNotMatterHideNoneThatDo() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .pod("p", requests: ["cpu": "3"]), .pod("q", requests: ["cpu": "3"]))
        #expect(try cluster.node(of: "q") == nil)
        func report(_ phase: String, _ note: String) throws {
            try cluster.edit(.pods, "p") { pod in
                pod[path: "status", "startTime"] = "2024-01-01T00:00:00Z"
                pod[path: "status", "message"] = .string(note)
                pod[path: "status", "phase"] = .string(phase)
            }
        }
        // The first says when it started, the others nothing new.
        for note in ["a", "b", "c"] { try report("Running", note) }
        #expect(try cluster.node(of: "q") == nil)
        try report("Succeeded", "d")
        try cluster.advance(.seconds(30))
        #expect(try cluster.node(of: "q") == "n1")
    }

    @Test func doesNotTryAgainAfterIrrelevantChanges() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .pod("p", ["nodeSelector": ["disk": "ssd"]]))
        try cluster.edit(.nodes, "n1") { $0[path: "status", "conditions"] = [["type": "Ready", "status": "True"]] }
        try cluster.edit(.nodes, "n1") { $0[path: "metadata", "labels", "other"] = "x" }
        try cluster.create(.pod("q"))
        #expect(try cluster.events(about: "p").count == 1)
        try cluster.edit(.nodes, "n1") { $0[path: "metadata", "labels", "disk"] = "ssd" }
        #expect(try cluster.node(of: "p") == "n1")
    }

    @Test func triesAgainAfterFiveMinutesAnyhow() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .pod("p", ["nodeSelector": ["disk": "ssd"]]))
        try cluster.advance(.seconds(299))
        #expect(try cluster.events(about: "p").count == 1)
        try cluster.advance(.seconds(1))
        #expect(try cluster.events(about: "p").count == 2)
    }

    @Test func gatedPodsWaitWithoutAWord() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .pod("p", ["schedulingGates": [["name": "example.com/a"]]]))
        try cluster.advance(.seconds(600))
        #expect(try cluster.node(of: "p") == nil)
        #expect(try cluster.events(about: "p").isEmpty)
        try cluster.edit(.pods, "p") { $0[path: "spec", "schedulingGates"] = nil }
        #expect(try cluster.node(of: "p") == "n1")
    }

    @Test func moreImportantPodsComeFirst() throws {
        let cluster = try TestCluster()
        for pod: JSONValue in [.pod("low"), .pod("high", priority: 10), .pod("mid", priority: 5)] {
            try cluster.bare.put(pod)
        }
        try cluster.bare.put(.node("n1"))
        try cluster.advance(.seconds(15))
        let order = try cluster.client.list(.events).filter { $0.value["reason"] == "Scheduled" }
            .sorted { $0.revision < $1.revision }.compactMap { $0.value["involvedObject"]?["name"]?.string }
        #expect(order == ["high", "mid", "low"])
    }

    @Test func aMissingClaimKeepsAPodBack() throws {
        let cluster = try TestCluster()
        let volumes: JSONValue = [["name": "d", "persistentVolumeClaim": ["claimName": "data"]]]
        try cluster.create(.node("n1"), .node("n2"), .pod("p", ["volumes": volumes]))
        #expect(
            try cluster.message(of: "p")
                == "0/2 nodes are available: persistentvolumeclaim \"data\" not found. not found"
        )
        try cluster.create([
            "kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": ["name": "data", "namespace": "ns"],
            "spec": [:], "status": ["phase": "Pending"],
        ])
        #expect(
            try cluster.message(of: "p")
                == "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
        )
        try cluster.edit(GroupResource(group: "", resource: "persistentvolumeclaims"), "data") {
            $0[path: "spec", "volumeName"] = "v"
            $0[path: "metadata", "annotations", "pv.kubernetes.io/bind-completed"] = "yes"
        }
        #expect(try cluster.node(of: "p") != nil)
    }

    private func claim(_ name: String, _ spec: JSONObject) -> JSONValue {
        var spec = spec
        spec["resources"] = ["requests": ["storage": "1Gi"]]
        return [
            "kind": "PersistentVolumeClaim", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": "ns", "uid": .string("uid-\(name)")],
            "spec": .object(spec), "status": ["phase": "Pending"],
        ]
    }

    private func storageClass(_ name: String, provisioner: String) -> JSONValue {
        [
            "kind": "StorageClass", "apiVersion": "storage.k8s.io/v1", "metadata": ["name": .string(name)],
            "provisioner": .string(provisioner), "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
        ]
    }

    @Test func aPodWaitsForTheVolumeThatIsMadeForItsNode() throws {
        let cluster = try TestCluster()
        let volumes: JSONValue = [["name": "d", "persistentVolumeClaim": ["claimName": "data"]]]
        try cluster.create(
            .node("n1"),
            storageClass("wait", provisioner: "example.com/disk"),
            claim("data", ["accessModes": ["ReadWriteOnce"], "storageClassName": "wait"]),
            .pod("p", ["volumes": volumes])
        )
        let key = ObjectKey(.persistentVolumeClaims, namespace: "ns", name: "data")
        let selected = "volume.kubernetes.io/selected-node"
        #expect(cluster.bare.object(key)?.annotations[selected] == "n1")
        #expect(try cluster.node(of: "p") == nil)
        try cluster.edit(.persistentVolumeClaims, "data") {
            $0[path: "spec", "volumeName"] = "v"
            $0[path: "metadata", "annotations", "pv.kubernetes.io/bind-completed"] = "yes"
        }
        #expect(try cluster.node(of: "p") == "n1")
    }

    @Test func whoCannotMakeAVolumeForTheNodeHasThePodScheduledAnew() throws {
        let cluster = try TestCluster()
        let volumes: JSONValue = [["name": "d", "persistentVolumeClaim": ["claimName": "data"]]]
        try cluster.create(
            .node("n1"),
            storageClass("wait", provisioner: "example.com/disk"),
            claim("data", ["accessModes": ["ReadWriteOnce"], "storageClassName": "wait"]),
            .pod("p", ["volumes": volumes])
        )
        try cluster.edit(.persistentVolumeClaims, "data") { $0[path: "metadata", "annotations"] = [:] }
        let message = #"binding volumes: selectedNode annotation reset for PVC "data""#
        #expect(
            try cluster.events(about: "p") == [
                #"FailedScheduling: running PreBind plugin "VolumeBinding": \#(message)"#
            ]
        )
        #expect(try cluster.node(of: "p") == nil)
    }

    @Test func aClaimForOnePodServesOne() throws {
        let cluster = try TestCluster()
        let volumes: JSONValue = [["name": "d", "persistentVolumeClaim": ["claimName": "data"]]]
        var data = claim("data", ["accessModes": ["ReadWriteOncePod"], "volumeName": "v"])
        data[path: "metadata", "annotations", "pv.kubernetes.io/bind-completed"] = "yes"
        try cluster.create(.node("n1"), data, .pod("p", ["volumes": volumes]), .pod("q", ["volumes": volumes]))
        #expect(try cluster.node(of: "p") == "n1")
        #expect(try cluster.node(of: "q") == nil)
        let reason = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
        #expect(try cluster.message(of: "q")?.hasPrefix("0/1 nodes are available: 1 \(reason).") == true)
        try cluster.deletePod("p")
        try cluster.advance(.seconds(30))
        #expect(try cluster.node(of: "q") == "n1")
    }

    @Test func namesOfUnknownNodesAreReportedAsSuch() throws {
        let cluster = try TestCluster()
        let term: JSONValue = [
            "matchFields": [["key": "metadata.name", "operator": "In", "values": ["nowhere"]]]
        ]
        let affinity: JSONValue = [
            "nodeAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": ["nodeSelectorTerms": [term]]]
        ]
        try cluster.create(.node("n1"), .node("n2"), .pod("p", ["affinity": affinity]))
        #expect(
            try cluster.message(of: "p")?.hasPrefix(
                "0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new claims"
            ) == true
        )
    }

    @Test func aClientsBindingCountsAsPlaced() throws {
        let cluster = try TestCluster()
        try cluster.create(
            .node("n1"),
            .pod("a", requests: ["cpu": "3"], ["nodeName": "n1"]),
            .pod("b", requests: ["cpu": "2"])
        )
        #expect(try cluster.node(of: "b") == nil)
        #expect(try cluster.events(about: "a").isEmpty)
    }

    @Test func podsOnNodesThatAppearLaterAreCounted() throws {
        let cluster = try TestCluster()
        try cluster.create(
            .pod("a", requests: ["cpu": "3"], ["nodeName": "n1"]),
            .node("n1"),
            .pod("b", requests: ["cpu": "2"])
        )
        #expect(try cluster.node(of: "b") == nil)
    }

    @Test func aPodOfTheSameNameIsAnotherPod() throws {
        let cluster = try TestCluster()
        try cluster.create(.node("n1"), .pod("a", requests: ["cpu": "3"]))
        try cluster.client.delete(ObjectKey(.pods, namespace: "ns", name: "a"), graceSeconds: 0)
        try cluster.create(.pod("a", requests: ["cpu": "4"]))
        #expect(try cluster.node(of: "a") == "n1")
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func theSameSeedGivesTheSamePlaces(seed: UInt64) throws {
        func places() throws -> [String?] {
            let cluster = try TestCluster(seed: seed)
            for index in 0..<5 { try cluster.create(.node("n\(index)")) }
            for index in 0..<30 { try cluster.create(.pod("p\(index)")) }
            return try (0..<30).map { try cluster.node(of: "p\($0)") }
        }
        let first = try places()
        #expect(try places() == first)
        #expect(Set(first).count == 5)
    }

    @Test func stopsWhenToldTo() throws {
        let cluster = try TestCluster()
        cluster.scheduler.stop()
        try cluster.create(.node("n1"), .pod("p"))
        #expect(try cluster.node(of: "p") == nil)
        #expect(cluster.clock.status.nextTimer == nil)
    }
}
