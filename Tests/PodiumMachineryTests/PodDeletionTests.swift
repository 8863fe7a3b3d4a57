// SPDX-License-Identifier: Apache-2.0
// What a DELETE does to a pod.

import PodiumCodec
import PodiumMachinery
import Testing

@Suite struct PodDeletionTests {
    private let start = Timestamp(seconds: 1_767_225_600)

    private func makePod(phase: String = "Running", node: String? = "n1", grace: Int64? = 30) -> JSONValue {
        var pod: JSONValue = [
            "metadata": ["name": "p", "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z", "labels": [:]],
            "spec": [:], "status": ["phase": .string(phase)],
        ]
        if let node { pod[path: "spec", "nodeName"] = .string(node) }
        if let grace { pod[path: "spec", "terminationGracePeriodSeconds"] = .integer(grace) }
        return pod
    }

    /// The deletion time in seconds after `start`, and the grace.
    private func marks(_ pod: JSONValue) -> [Int64?] {
        let time = pod[path: "metadata", "deletionTimestamp"]?.string.flatMap { Timestamp(rfc3339: $0) }
        return [
            time.map { $0.seconds - start.seconds },
            pod[path: "metadata", "deletionGracePeriodSeconds"]?.integer,
        ]
    }

    @Test func aRunningPodGetsItsGrace() {
        var pod = makePod()
        #expect(PodDeletion.request(&pod, graceSeconds: nil, now: start) == .write)
        #expect(marks(pod) == [30, 30])
        #expect(pod[path: "metadata", "generation"] == 2)
        let names = pod["metadata"]?.object?.keys.map { $0 }
        #expect(
            names == [
                "name", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "labels",
            ]
        )
    }

    @Test(arguments: [(5, [5, 5]), (0, [0, 0]), (-1, [1, 1])] as [(Int64, [Int64?])])
    func theRequestMayNameAnotherGrace(grace: Int64, expected: [Int64?]) {
        var pod = makePod()
        let outcome = PodDeletion.request(&pod, graceSeconds: grace, now: start)
        #expect(outcome == (grace == 0 ? .writeThenRemove : .write))
        #expect(marks(pod) == expected)
    }

    @Test func podsThatDoNotRunGoAtOnce() {
        for var pod in [
            makePod(phase: "Succeeded"), makePod(phase: "Failed"), makePod(phase: "Pending", node: nil),
            makePod(grace: nil), makePod(grace: 0),
        ] {
            #expect(PodDeletion.request(&pod, graceSeconds: nil, now: start) == .writeThenRemove)
            #expect(marks(pod) == [0, 0])
        }
    }

    @Test(
        arguments: [
            (10, .write, [18, 10]),
            (3, .write, [12, 1]),
            (0, .writeThenRemove, [12, 0]),
            (30, .unchanged, [38, 30]),
            (60, .unchanged, [38, 30]),
            (nil, .unchanged, [38, 30]),
        ] as [(Int64?, PodDeletion.Outcome, [Int64?])]
    )
    func aSecondRequestCanOnlyShorten(grace: Int64?, outcome: PodDeletion.Outcome, expected: [Int64?]) {
        var pod = makePod()
        _ = PodDeletion.request(&pod, graceSeconds: 30, now: start + .seconds(8))
        #expect(PodDeletion.request(&pod, graceSeconds: grace, now: start + .seconds(12)) == outcome)
        #expect(marks(pod) == expected)
        #expect(pod[path: "metadata", "generation"] == 2)
    }

    @Test func finalizersHoldAPod() {
        var pod = makePod(phase: "Succeeded")
        pod[path: "metadata", "finalizers"] = ["example.com/hold"]
        #expect(PodDeletion.request(&pod, graceSeconds: nil, now: start) == .write)
        #expect(marks(pod) == [0, 0])
        #expect(PodDeletion.request(&pod, graceSeconds: 0, now: start) == .unchanged)
        pod[path: "metadata", "finalizers"] = nil
        #expect(PodDeletion.request(&pod, graceSeconds: 0, now: start) == .remove)
    }

    @Test func otherObjectsHaveNoGrace() {
        var object: JSONValue = ["metadata": ["name": "x"]]
        #expect(ObjectDeletion.request(&object, now: start) == .remove)
        object[path: "metadata", "finalizers"] = ["example.com/hold"]
        #expect(ObjectDeletion.request(&object, now: start) == .write)
        #expect(marks(object) == [0, 0])
        #expect(ObjectDeletion.request(&object, now: start) == .unchanged)
    }
}
