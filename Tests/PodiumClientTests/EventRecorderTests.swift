// SPDX-License-Identifier: Apache-2.0
// Events of both styles: what is counted, joined, rationed and left out.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct EventRecorderTests {
    private let cluster: BareCluster
    private let queue: any SerialQueue
    private let recorder: EventRecorder
    private let pod = EventReference(kind: "Pod", namespace: "ns", name: "p", uid: "1", apiVersion: "v1")

    init() throws {
        cluster = BareCluster()
        for name in ["default", "ns"] {
            try cluster.put(["kind": "Namespace", "apiVersion": "v1", "metadata": ["name": .string(name)]])
        }
        queue = cluster.clock.makeQueue(label: "recorder")
        recorder = EventRecorder(client: cluster.client, component: "kubelet", host: "node-1", queue: queue)
    }

    private func record(_ message: String, reason: String = "Unhealthy", fieldPath: String = "") {
        var reference = pod
        reference.fieldPath = fieldPath
        queue.async { [recorder, reference] in
            recorder.event(about: reference, type: .warning, reason: reason, message: message)
        }
        cluster.clock.settle()
    }

    private func events() throws -> [JSONValue] {
        try cluster.client.list(.events).sorted { $0.revision < $1.revision }.map(\.value)
    }

    @Test func anEventLooksLikeAKubelets() throws {
        record("text", fieldPath: "spec.containers{main}")
        let now = JSONValue.string(cluster.clock.now.rfc3339)
        var event = try #require(events().first)
        let name = event["metadata"]?["name"]?.string
        #expect(name == "p.\(String(cluster.clock.now.nanoseconds, radix: 16))")
        event["metadata"] = nil
        let expected: JSONValue = [
            "kind": "Event", "apiVersion": "v1",
            "involvedObject": [
                "kind": "Pod", "namespace": "ns", "name": "p", "uid": "1", "apiVersion": "v1",
                "fieldPath": "spec.containers{main}",
            ],
            "reason": "Unhealthy", "message": "text", "source": ["component": "kubelet", "host": "node-1"],
            "firstTimestamp": now, "lastTimestamp": now, "count": 1, "type": "Warning", "eventTime": .null,
            "reportingComponent": "kubelet", "reportingInstance": "node-1",
        ]
        #expect(event == expected)
    }

    @Test func equalTextsAreCountedUp() throws {
        record("a")
        let first = cluster.clock.now.rfc3339
        try cluster.advance(.seconds(3))
        record("a")
        record("b")
        let list = try events()
        #expect(list.map { $0["message"] } == ["a", "b"])
        #expect(list.map { $0["count"] } == [2, 1])
        #expect(list[0]["firstTimestamp"]?.string == first)
        #expect(list[0]["lastTimestamp"]?.string == cluster.clock.now.rfc3339)
    }

    @Test func thePartOfTheObjectDistinguishes() throws {
        record("a", fieldPath: "spec.containers{a}")
        record("a", fieldPath: "spec.containers{b}")
        #expect(try events().count == 2)
    }

    @Test func theTenthTextIsJoinedWithTheFollowing() throws {
        for number in 1...12 {
            record("text \(number)")
            try cluster.advance(.seconds(2))
        }
        let list = try events()
        #expect(list.count == 10)
        #expect(list[8]["message"] == "text 9")
        #expect(list[9]["message"] == "(combined from similar events): text 12")
        #expect(list[9]["count"] == 3)
        #expect(list[9]["reportingComponent"] == "")
        #expect(list[9]["source"] == ["component": "kubelet", "host": "node-1"])
    }

    @Test func textsAreSimilarForTenMinutesOnly() throws {
        for number in 1...9 { record("text \(number)") }
        try cluster.advance(.seconds(601))
        record("text 10")
        #expect(try events().last?["message"] == "text 10")
    }

    @Test func afterTwentyFiveWritesThereIsOneInFiveMinutes() throws {
        for _ in 1...40 {
            record("a")
            try cluster.advance(.seconds(1))
        }
        #expect(try events().map { $0["count"] } == [25])
        try cluster.advance(.seconds(265))
        record("a")
        // What was not written was counted.
        #expect(try events().map { $0["count"] } == [41])
    }

    @Test func anExpiredEventIsMadeAnew() throws {
        record("a")
        let key = try #require(cluster.client.list(.events).first).key
        try cluster.remove(key)
        record("a")
        #expect(try events().map { $0["count"] } == [2])
    }

    @Test func namespacesThatGoGetNoEvents() throws {
        try cluster.edit(ObjectKey(.namespaces, name: "ns")) { $0[path: "status", "phase"] = "Terminating" }
        record("a")
        #expect(try events().isEmpty)
    }

    @Test func namesAreUniqueOnAClockThatStandsStill() throws {
        record("a")
        record("b")
        record("c")
        #expect(try Set(events().map { $0["metadata"]?["name"] }).count == 3)
    }

    // MARK: Series

    @Test func repetitionsBecomeASeries() throws {
        let series = EventSeriesRecorder(client: cluster.client, component: "s", instance: "s-x", queue: queue)
        let pod = pod
        func record(_ resourceVersion: String) {
            var reference = pod
            reference.resourceVersion = resourceVersion
            queue.async { [reference] in
                series.event(about: reference, type: .warning, reason: "R", action: "A", message: "m")
            }
            cluster.clock.settle()
        }
        record("1")
        record("2")
        #expect(try events().count == 2)
        try cluster.advance(.seconds(1))
        record("2")
        #expect(try events().last?["series"]?["count"] == 2)
        record("2")
        record("2")
        #expect(try events().last?["series"]?["count"] == 2)
        try cluster.advance(.seconds(361))
        #expect(try events().last?["series"]?["count"] == 4)
        record("2")
        #expect(try events().count == 3)
    }
}
