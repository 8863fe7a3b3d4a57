// SPDX-License-Identifier: Apache-2.0
// StatefulSets as decisions: which pods come, which go, and which are replaced.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@testable import PodiumControllers

@Suite struct StatefulSetPlanTests {
    /// A pod as the world of these tests knows it.
    struct SimulatedPod {
        enum State: String, Sendable {
            case pending, ready, terminating, failed
        }

        var revision = "new"
        var state = State.ready

        func pod(_ ordinal: Int) throws -> WorkloadPod {
            var value = JSONValue.pod("web-\(ordinal)", labels: [RevisionLabel.revision: .string(revision)])
            switch state {
            case .pending: value["status"] = ["phase": "Pending"]
            case .failed: value["status"] = ["phase": "Failed"]
            case .terminating: value[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:01Z"
            case .ready: break
            }
            value[path: "metadata", "uid"] = .string("uid-\(ordinal)")
            let fields = [SelectableField("spec.nodeName"), SelectableField("status.phase")]
            let draft = ObjectDraft(value, facts: ObjectFacts(of: value, fields: fields))
            let key = ObjectKey(.pods, namespace: "ns", name: "web-\(ordinal)")
            return WorkloadPod(APIObject(try WatchCache().create(key, draft)))
        }
    }

    private static let now = Timestamp(rfc3339: "2026-01-01T01:00:00Z") ?? Timestamp(seconds: 0)

    private func spec(
        _ replicas: Int,
        ordered: Bool = true,
        partition: Int = 0,
        unavailable: JSONValue = 1,
        start: Int = 0
    ) -> StatefulSetSpec {
        StatefulSetSpec([
            "replicas": .integer(Int64(replicas)), "ordinals": ["start": .integer(Int64(start))],
            "podManagementPolicy": ordered ? "OrderedReady" : "Parallel",
            "selector": ["matchLabels": ["app": "web"]],
            "updateStrategy": [
                "type": "RollingUpdate",
                "rollingUpdate": ["partition": .integer(Int64(partition)), "maxUnavailable": unavailable],
            ],
        ])
    }

    private func plan(_ spec: StatefulSetSpec, _ pods: [Int: SimulatedPod]) throws -> StatefulSetPlan {
        let pods = try pods.sorted { $0.key < $1.key }.map { try $0.value.pod($0.key) }
        return StatefulSetPlan(spec, of: "web", pods, now: Self.now)
    }

    private func text(_ plan: StatefulSetPlan) -> [String] {
        plan.steps.flatMap(\.self).map { step in
            switch step {
            case .create(let ordinal): "create \(ordinal)"
            case .remove(let pod): "remove \(pod.name)"
            case .makeClaims(let member): "claims \(member.ordinal)"
            case .conform(let member): "conform \(member.ordinal)"
            }
        }
    }

    @Test(
        arguments: [
            ([:], true, ["create 0"]), ([:], false, ["create 0", "create 1", "create 2"]),
            ([0: .ready], true, ["conform 0", "create 1"]), ([0: .pending], true, ["claims 0"]),
            ([1: .ready], true, ["create 0"]),
            ([0: .pending, 1: .ready], false, ["claims 0", "conform 0", "conform 1", "create 2"]),
            ([0: .terminating], true, []), ([0: .failed], true, ["remove web-0"]),
            ([0: .failed, 1: .ready, 2: .ready], false, ["remove web-0", "conform 1", "conform 2"]),
        ] as [([Int: State], Bool, [String])]
    )
    func goesThroughItsPodsInOrder(_ states: [Int: State], _ isOrdered: Bool, _ expected: [String]) throws {
        let pods = states.mapValues { SimulatedPod(state: $0) }
        #expect(text(try plan(spec(3, ordered: isOrdered), pods)) == expected)
    }

    typealias State = SimulatedPod.State

    @Test(
        arguments: [
            ([0: .ready, 1: .ready, 2: .ready], true, ["web-2"]),
            ([0: .ready, 1: .ready, 2: .ready], false, ["web-2", "web-1"]),
            ([0: .ready, 1: .ready, 2: .pending], true, ["web-2"]), ([0: .ready, 1: .pending, 2: .pending], true, []),
            ([0: .ready, 1: .pending, 2: .ready], true, ["web-2"]),
            ([0: .ready, 1: .ready, 2: .terminating], true, []),
            ([0: .ready, 1: .ready, 2: .terminating], false, ["web-1"]),
        ] as [([Int: State], Bool, [String])]
    )
    func surplusPodsGoFromTheEnd(_ states: [Int: State], _ isOrdered: Bool, _ expected: [String]) throws {
        let pods = states.mapValues { SimulatedPod(state: $0) }
        #expect(try plan(spec(1, ordered: isOrdered), pods).removals.map(\.name) == expected)
    }

    @Test(
        arguments: [
            (1, 0, true, [:], ["web-3"]), (2, 0, true, [:], ["web-3", "web-2"]), ("50%", 3, true, [:], ["web-3"]),
            ("10%", 0, true, [:], ["web-3"]), (1, 0, true, [0: .pending], []), (1, 0, false, [0: .pending], ["web-0"]),
            (2, 0, false, [1: .pending], ["web-1", "web-3"]), (1, 0, false, [3: .terminating], []),
            (1, 2, false, [1: .pending], []), (1, 4, true, [:], []),
        ] as [(JSONValue, Int, Bool, [Int: State], [String])]
    )
    func replacesFromTheEndWithinTheLimit(
        _ unavailable: JSONValue,
        _ partition: Int,
        _ isOrdered: Bool,
        _ states: [Int: State],
        _ expected: [String]
    ) throws {
        var pods: [Int: SimulatedPod] = [:]
        for ordinal in 0..<4 { pods[ordinal] = SimulatedPod(revision: "old", state: states[ordinal] ?? .ready) }
        let spec = spec(4, ordered: isOrdered, partition: partition, unavailable: unavailable)
        #expect(try plan(spec, pods).replacements(by: "new").map(\.name) == expected)
    }

    @Test func ordinalsBeginWhereTheSetSays() throws {
        let pods: [Int: SimulatedPod] = [5: SimulatedPod(), 6: SimulatedPod()]
        let plan = try plan(spec(2, start: 6), pods)
        #expect(text(plan) == ["conform 6", "create 7"])
        #expect(plan.condemned.map(\.ordinal) == [5])
    }

    @Test func moreThanAnybodyCanHaveIsMadeBitByBit() throws {
        let plan = try plan(spec(Int(Int32.max), ordered: false), [1: SimulatedPod()])
        let made = text(plan).filter { $0.hasPrefix("create") }
        #expect(made.count == StatefulSetPlan.Limits.burst)
        #expect(made.prefix(2) == ["create 0", "create 2"])
        #expect(plan.replacements(by: "x").isEmpty)
    }

    @Test(
        arguments: [
            ("web-0", 0), ("web-12", 12), ("web-007", 7), ("web-", nil), ("web-x", nil), ("web", nil), ("we-b-1", nil),
            ("web-1-1", nil), ("web-+1", nil), ("web-99999999999", nil),
        ] as [(String, Int?)]
    )
    func namesSayWhoseAPodIs(_ name: String, _ ordinal: Int?) {
        #expect(StatefulPodName(name, of: "web")?.ordinal == ordinal)
    }

    @Test func aNumberThatNoPodCanHaveIsANameAllTheSame() {
        #expect(StatefulPodName("web-99999999999", of: "web") != nil)
        #expect(StatefulPodName("web-1-1", of: "web-1")?.ordinal == 1)
    }

    /// Whatever comes in between: no more pods than allowed are unavailable, and all get there.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func aRollingUpdateKeepsItsLimitsAndEnds(seed: UInt64) throws {
        let random = RandomSource(seed: seed)
        let replicas = 1 + random.below(6)
        let limit = 1 + random.below(3)
        let partition = random.below(replicas)
        let isOrdered = random.below(2) == 0
        let spec = spec(
            replicas,
            ordered: isOrdered,
            partition: partition,
            unavailable: .integer(Int64(limit))
        )
        var pods: [Int: SimulatedPod] = [:]
        for ordinal in 0..<replicas { pods[ordinal] = SimulatedPod(revision: "old") }
        for _ in 0..<1_000 {
            let updated = pods.filter { $0.value.revision == "new" && $0.value.state == .ready }
            if updated.count == replicas - partition { return }
            try step(&pods, spec, random)
            #expect(pods.values.count { $0.state == .ready } >= replicas - limit)
            #expect((0..<partition).allSatisfy { pods[$0]?.revision == "old" })
        }
        Issue.record("the update did not end: \(pods)")
    }

    /// Something happens: the set is looked at, a pod becomes ready, or one is gone.
    private func step(_ pods: inout [Int: SimulatedPod], _ spec: StatefulSetSpec, _ random: RandomSource) throws {
        let ordinal = random.below(spec.replicas)
        switch (random.below(2), pods[ordinal]?.state) {
        case (0, .pending?): pods[ordinal]?.state = .ready
        case (0, .terminating?): pods[ordinal] = nil
        default:
            let plan = try plan(spec, pods)
            for case .create(let ordinal) in plan.steps.flatMap(\.self) {
                let isOld = spec.keepsCurrent(ordinal, current: 0)
                pods[ordinal] = SimulatedPod(revision: isOld ? "old" : "new", state: .pending)
            }
            if plan.isBlocked { return }
            for pod in plan.replacements(by: "new") {
                guard let ordinal = StatefulPodName(pod.name, of: "web")?.ordinal else { continue }
                pods[ordinal]?.state = .terminating
            }
        }
    }
}
