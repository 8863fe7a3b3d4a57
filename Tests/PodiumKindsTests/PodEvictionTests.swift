// SPDX-License-Identifier: Apache-2.0
// When disruption budgets let a pod go.

import PodiumAPIServer
import PodiumCodec
import PodiumKindTesting
import PodiumKinds
import PodiumMachinery
import Testing

struct PodEvictionTests {
    private func budget(_ status: String, policy: String = "IfHealthyBudget") throws -> JSONValue {
        [
            "metadata": ["name": "b", "generation": 1], "spec": ["unhealthyPodEvictionPolicy": .string(policy)],
            "status": try JSONValue(json: status),
        ]
    }

    @Test(arguments: [("Running", false), ("Pending", true), ("Succeeded", true), ("Failed", true)])
    func podsThatDoNotRunNeedNoBudget(_ phase: String, _ isFree: Bool) throws {
        #expect(PodEviction.ignoresBudgets(try PodFixture.pod("{}", status: #"{"phase":"\#(phase)"}"#)) == isFree)
    }

    @Test func theLastDisruptionIsSpentOnce() throws {
        var budget = try budget(
            #"{"observedGeneration":1,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1}"#
        )
        try PodEviction.spend(&budget, podName: "p", now: PodFixture.now)
        #expect(budget[place: "status/disruptionsAllowed"] == 0)
        #expect(budget[place: "status/disruptedPods/p"] == .string(PodFixture.now.rfc3339))
        #expect(budget[place: "status/conditions/0/reason"] == "InsufficientPods")
        let error = #expect(throws: StatusError.self) {
            try PodEviction.spend(&budget, podName: "q", now: PodFixture.now)
        }
        #expect(error?.code == 429)
        #expect(
            error?.details?.causes.first?.message == "The disruption budget b needs 1 healthy pods and has 2 currently"
        )
    }

    @Test func budgetsThatNobodyLookedAtYetMakeClientsWait() throws {
        var budget = try budget(#"{"disruptionsAllowed":1}"#)
        let error = #expect(throws: StatusError.self) {
            try PodEviction.spend(&budget, podName: "p", now: PodFixture.now)
        }
        #expect(error?.code == 429)
        #expect(error?.details?.retryAfterSeconds == 10)
    }

    @Test(
        arguments: [
            ("IfHealthyBudget", 1, false, true), ("IfHealthyBudget", 0, false, false),
            ("AlwaysAllow", 0, false, true), ("AlwaysAllow", 0, true, false),
        ]
    )
    func podsThatAreNotReadyGoMoreEasily(_ policy: String, _ healthy: Int, _ isReady: Bool, _ goes: Bool) throws {
        let budget = try budget(#"{"currentHealthy":\#(healthy),"desiredHealthy":1}"#, policy: policy)
        let pod = try PodFixture.pod(
            "{}",
            status: #"{"conditions":[{"type":"Ready","status":"\#(isReady ? "True" : "False")"}]}"#
        )
        #expect(PodEviction.letsUnhealthyGo(pod, budget: budget) == goes)
    }

    @Test func evictedPodsSayWhy() throws {
        var pod = try PodFixture.pod("{}")
        PodEviction.markDisrupted(&pod, now: PodFixture.now)
        PodEviction.markDisrupted(&pod, now: PodFixture.now)
        #expect(pod[place: "status/conditions"]?.elements.count == 1)
        #expect(pod[place: "status/conditions/0/reason"] == "EvictionByEvictionAPI")
    }
}
