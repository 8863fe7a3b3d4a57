// SPDX-License-Identifier: Apache-2.0
// Jobs make pods, count how they end, and end themselves.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct JobControllerTests {
    let jobs: JobFixture

    init() throws { jobs = try JobFixture() }

    @Test func aJobIsCompleteWhenEnoughPodsHaveSucceeded() throws {
        try jobs.create(["completions": 3, "parallelism": 2])
        #expect(try jobs.active.count == 2)
        for pod in try jobs.active { try jobs.end(pod, 0) }
        try jobs.advance(.seconds(1))
        // Never more than are missing.
        #expect(try jobs.active.count == 1)
        #expect(try jobs.status["succeeded"] == 2)
        try jobs.end(try #require(jobs.active.first), 0)
        try jobs.advance(.seconds(1))
        #expect(
            try jobs.conditions == ["SuccessCriteriaMet: CompletionsReached", "Complete: CompletionsReached"]
        )
        #expect(try jobs.status["completionTime"] == .string(jobs.cluster.clock.now.rfc3339))
        #expect(try jobs.status["uncountedTerminatedPods"] == [:])
        #expect(try jobs.pods.allSatisfy(\.isCounted))
        #expect(try jobs.cluster.events(about: "job").last == "Completed: Job completed")
    }

    @Test func statusesHaveTheirMembersInOrder() throws {
        try jobs.create()
        try jobs.advance(.seconds(1))
        let names = try jobs.status.object?.map(\.key)
        #expect(names == ["startTime", "active", "terminating", "uncountedTerminatedPods", "ready"])
    }

    @Test func podsThatFailAreReplacedLaterAndLater() throws {
        try jobs.create(["backoffLimit": 3])
        for seconds in [10, 20, 40] {
            try jobs.end(try #require(jobs.active.first), 1)
            try jobs.advance(.seconds(seconds) - .milliseconds(1))
            #expect(try jobs.active.isEmpty)
            try jobs.advance(.milliseconds(1))
            #expect(try jobs.active.count == 1)
        }
        try jobs.end(try #require(jobs.active.first), 1)
        try jobs.advance(.seconds(2))
        #expect(
            try jobs.conditions == ["FailureTarget: BackoffLimitExceeded", "Failed: BackoffLimitExceeded"]
        )
        #expect(try jobs.status["failed"] == 4)
    }

    @Test func aSuccessEndsTheBackOff() throws {
        try jobs.create(["completions": 5])
        try jobs.end(try #require(jobs.active.first), 1)
        try jobs.advance(.seconds(10))
        try jobs.end(try #require(jobs.active.first), 0)
        try jobs.advance(.seconds(1))
        try jobs.end(try #require(jobs.active.first), 1)
        try jobs.advance(.seconds(10))
        #expect(try jobs.active.count == 1)
        #expect(try jobs.status["failed"] == 2)
    }

    @Test func aJobThatTakesTooLongFailsWhenItsPodsAreGone() throws {
        try jobs.create(["activeDeadlineSeconds": 5])
        try jobs.advance(.seconds(5))
        #expect(try jobs.active.isEmpty)
        #expect(try jobs.conditions == ["FailureTarget: DeadlineExceeded"])
        #expect(try jobs.status["failed"] == 1)
        try jobs.removeGoing()
        try jobs.advance(.seconds(1))
        #expect(try jobs.conditions == ["FailureTarget: DeadlineExceeded", "Failed: DeadlineExceeded"])
    }

    @Test func aDeadlineHoldsForAJobThatCannotMakePods() throws {
        let pod: JSONObject = ["priorityClassName": "unknown"]
        try jobs.create(["activeDeadlineSeconds": 40], plan: pod)
        try jobs.advance(.seconds(39))
        #expect(try jobs.pods.isEmpty)
        #expect(try jobs.conditions.isEmpty)
        try jobs.advance(.seconds(2))
        #expect(try jobs.conditions.last == "Failed: DeadlineExceeded")
    }

    @Test func aSuspendedJobHasNoPodsAndNoTime() throws {
        try jobs.create(["activeDeadlineSeconds": 5])
        try jobs.edit { $0[path: "spec", "suspend"] = true }
        #expect(try jobs.conditions == ["Suspended: JobSuspended"])
        #expect(try jobs.status["startTime"] == nil)
        try jobs.removeGoing()
        try jobs.advance(.seconds(20))
        #expect(try jobs.status["failed"] == nil)
        try jobs.edit { $0[path: "spec", "suspend"] = false }
        #expect(try jobs.active.count == 1)
        #expect(try jobs.status["startTime"] == .string(jobs.cluster.clock.now.rfc3339))
        #expect(try jobs.conditions.isEmpty)
        let events = try jobs.cluster.events(about: "job")
        #expect(events.filter { $0.hasPrefix("Suspended") || $0.hasPrefix("Resumed") }.count == 2)
    }

    @Test func aPodThatIsDeletedCountsAtOnceUnlessThePolicyWaits() throws {
        try jobs.create()
        try jobs.cluster.delete(.pods, try #require(jobs.active.first).name)
        try jobs.advance(.seconds(1))
        #expect(try jobs.status["failed"] == 1)
        let waiting = try JobFixture()
        try waiting.create(["podReplacementPolicy": "Failed"])
        try waiting.cluster.edit(.pods, try #require(waiting.active.first).name) { $0[path: "spec", "nodeName"] = "n" }
        try waiting.cluster.delete(.pods, try #require(waiting.active.first).name)
        try waiting.advance(.seconds(60))
        #expect(try waiting.status["failed"] == nil)
        #expect(try waiting.status["terminating"] == 1)
        #expect(try waiting.active.isEmpty)
    }

    @Test func aJobIsManagedByOneController() throws {
        try jobs.create(["managedBy": "example.com/other"])
        try jobs.advance(.seconds(5))
        #expect(try jobs.pods.isEmpty)
        #expect(try jobs.status == [:])
    }

    @Test func podsOfAJobThatIsGoneAreLetGo() throws {
        try jobs.create()
        try jobs.cluster.bare.remove(jobs.cluster.key(.jobs, "job"))
        try jobs.advance(.seconds(1))
        #expect(try jobs.pods.allSatisfy(\.isCounted))
    }

    @Test func matchingPodsAreAdoptedAndHeld() throws {
        let labels: JSONObject = ["app": "x"]
        try jobs.cluster.client.create(
            .pods,
            [
                "kind": "Pod", "apiVersion": "v1",
                "metadata": ["name": "mine", "namespace": "ns", "labels": .object(labels)],
                "spec": ["restartPolicy": "Never", "containers": [["name": "c", "image": "i"]]],
            ]
        )
        try jobs.create([
            "manualSelector": true, "selector": ["matchLabels": .object(labels)],
            "template": [
                "metadata": ["labels": .object(labels)],
                "spec": ["restartPolicy": "Never", "containers": [["name": "c", "image": "i"]]],
            ],
        ])
        try jobs.advance(.seconds(1))
        let pod = try jobs.cluster.pod("mine")
        #expect(pod.metadata["ownerReferences"]?.elements.first?["name"] == "job")
        #expect(!pod.isCounted)
        #expect(try jobs.pods.count == 1)
    }
}

@Suite struct JobPolicyTests {
    let jobs: JobFixture

    init() throws { jobs = try JobFixture() }

    private static func policy(_ action: String, _ requirement: JSONObject) -> JSONObject {
        var rule: JSONObject = ["action": .string(action)]
        rule.merge(requirement) { $1 }
        return ["podFailurePolicy": ["rules": [.object(rule)]], "backoffLimit": 2]
    }

    private static let exitCode: JSONObject = ["onExitCodes": ["operator": "In", "values": [42]]]

    @Test func aCertainExitCodeFailsTheJob() throws {
        try jobs.create(Self.policy("FailJob", Self.exitCode))
        let pod = try #require(jobs.active.first)
        try jobs.end(pod, 42)
        try jobs.advance(.seconds(2))
        #expect(try jobs.conditions.last == "Failed: PodFailurePolicy")
        let message = "Container c for pod ns/\(pod.name) failed with exit code 42 matching FailJob rule at index 0"
        #expect(try jobs.status["conditions"]?.elements.last?["message"] == .string(message))
    }

    @Test func ignoredFailuresDoNotCount() throws {
        try jobs.create(Self.policy("Ignore", ["onPodConditions": [["type": "DisruptionTarget"]]]))
        let target: JSONValue = ["type": "DisruptionTarget", "status": "True"]
        for wait in [10, 20, 40, 80] {
            try jobs.end(try #require(jobs.active.first), 137, conditions: [target])
            try jobs.advance(.seconds(wait))
            #expect(try jobs.active.count == 1)
        }
        #expect(try jobs.status["failed"] == nil)
    }

    @Test func indexesRunInOrderAndAreWrittenAsIntervals() throws {
        try jobs.create(["completionMode": "Indexed", "completions": 5, "parallelism": 4])
        #expect(try jobs.active.map(\.index) == ["0", "1", "2", "3"])
        let pods = try jobs.active
        for number in [0, 1, 3] { try jobs.end(pods[number], 0) }
        try jobs.advance(.seconds(1))
        #expect(try jobs.status["completedIndexes"] == "0,1,3")
        #expect(try jobs.active.map(\.index) == ["2", "4"])
        let pod = try #require(jobs.active.last)
        #expect(pod.spec["hostname"] == "job-4")
        #expect(pod.labels["batch.kubernetes.io/job-completion-index"] == "4")
        #expect(pod.spec["containers"]?.elements[0]["env"]?.elements[0]["name"] == "JOB_COMPLETION_INDEX")
    }

    @Test func eachIndexHasABackOffOfItsOwn() throws {
        try jobs.create([
            "completionMode": "Indexed", "completions": 2, "parallelism": 2, "backoffLimitPerIndex": 1,
        ])
        try jobs.end(try #require(jobs.active.first), 1)
        try jobs.advance(.seconds(1))
        #expect(try jobs.status["active"] == 1)
        // The failed pod is held until the next one knows how often the index has failed.
        #expect(try jobs.pods.filter { !$0.isCounted }.count == 2)
        try jobs.advance(.seconds(9))
        #expect(try jobs.active.map(\.index).sorted() == ["0", "1"])
        let second = try #require(jobs.active.first { $0.index == "0" })
        #expect(second.annotations["batch.kubernetes.io/job-index-failure-count"] == "1")
        try jobs.end(second, 1)
        try jobs.end(try #require(jobs.active.first { $0.index == "1" }), 0)
        try jobs.advance(.seconds(2))
        #expect(try jobs.status["failedIndexes"] == "0")
        #expect(try jobs.status["completedIndexes"] == "1")
        #expect(try jobs.conditions.last == "Failed: FailedIndexes")
    }

    @Test func someIndexesCanBeEnough() throws {
        try jobs.create([
            "completionMode": "Indexed", "completions": 3, "parallelism": 3,
            "successPolicy": ["rules": [["succeededIndexes": "1-2", "succeededCount": 1]]],
        ])
        try jobs.end(try #require(jobs.active.first { $0.index == "2" }), 0)
        try jobs.advance(.seconds(1))
        #expect(try jobs.conditions == ["SuccessCriteriaMet: SuccessPolicy"])
        #expect(try jobs.active.isEmpty)
        try jobs.removeGoing()
        try jobs.advance(.seconds(1))
        #expect(try jobs.conditions.last == "Complete: SuccessPolicy")
        #expect(try jobs.status["failed"] == nil)
    }

    @Test func finishedJobsExpire() throws {
        let jobs = try JobFixture("ttl-after-finished-controller")
        try jobs.create(["ttlSecondsAfterFinished": 30])
        try jobs.end(try #require(jobs.active.first), 0)
        try jobs.advance(.seconds(1))
        try jobs.advance(.seconds(29))
        #expect(try #require(jobs.cluster.get(.jobs, "job")).isTerminating == false)
        try jobs.advance(.seconds(1))
        #expect(jobs.cluster.get(.jobs, "job")?.metadata["finalizers"] == ["foregroundDeletion"])
    }
}
