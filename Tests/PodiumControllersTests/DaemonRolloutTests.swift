// SPDX-License-Identifier: Apache-2.0
// Rolling updates of DaemonSets as decisions: whatever happens meanwhile, the limits hold and the end is reached.

import OrderedCollections
import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@testable import PodiumControllers

@Suite struct DaemonRolloutTests {
    /// A pod as the world of these tests knows it.
    struct SimulatedPod {
        enum State: Sendable {
            case pending, ready, terminating, failed
        }

        let node: String
        let hash: String
        let number: Int
        var state: State

        var name: String { "ds-\(number)" }

        func pod() throws -> WorkloadPod {
            var value = JSONValue.pod(name, on: node, labels: [RevisionLabel.revision: .string(hash)])
            switch state {
            case .pending: value["status"] = ["phase": "Pending"]
            case .failed: value["status"] = ["phase": "Failed"]
            case .terminating: value[path: "metadata", "deletionTimestamp"] = "2026-01-01T00:00:01Z"
            case .ready: break
            }
            let fields = [SelectableField("spec.nodeName"), SelectableField("status.phase")]
            let draft = ObjectDraft(value, facts: ObjectFacts(of: value, fields: fields))
            let key = ObjectKey(.pods, namespace: "ns", name: name)
            return WorkloadPod(APIObject(try WatchCache().create(key, draft)))
        }
    }

    private typealias Fits = OrderedDictionary<String, DaemonPlacement.Fit>

    private func rules(surge: Int, unavailable: Int) -> DaemonPods.Rules {
        DaemonPods.Rules(
            minReady: .zero,
            maxSurge: .int(surge),
            maxUnavailable: .int(unavailable),
            hash: "new",
            generation: nil,
            now: Timestamp(rfc3339: "2026-01-01T01:00:00Z") ?? Timestamp(seconds: 0)
        )
    }

    private func pods(_ pods: [SimulatedPod]) throws -> DaemonPods { DaemonPods(try pods.map { try $0.pod() }) }

    /// Neither more nor fewer pods than allowed, and all are new in the end.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func anUpdateKeepsItsLimitsAndEnds(seed: UInt64) throws {
        let random = RandomSource(seed: seed)
        let count = 1 + random.below(6)
        let surge = random.below(3)
        let unavailable = surge > 0 ? 0 : 1 + random.below(3)
        let rules = rules(surge: surge, unavailable: unavailable)
        let fits = Fits(uniqueKeysWithValues: (0..<count).map { ("n\($0)", .runs) })
        var world = fits.keys.enumerated().map { SimulatedPod(node: $1, hash: "old", number: $0, state: .ready) }
        for round in 0..<1_000 {
            if world.count(where: { $0.hash == "new" && $0.state == .ready }) == count, world.count == count { return }
            try step(&world, fits, rules, random, round)
            let alive = world.filter { $0.state != .terminating }
            #expect(alive.count <= count + surge)
            #expect(Set(alive.filter { $0.state == .ready }.map(\.node)).count >= count - unavailable)
        }
        Issue.record("the update did not end: \(world)")
    }

    /// Something happens: the set is looked at, a pod becomes ready, or one is gone.
    private func step(
        _ world: inout [SimulatedPod],
        _ fits: Fits,
        _ rules: DaemonPods.Rules,
        _ random: RandomSource,
        _ round: Int
    ) throws {
        let index = world.isEmpty ? 0 : random.below(world.count)
        switch (random.below(2), world.isEmpty ? nil : world[index].state) {
        case (0, .pending?): world[index].state = .ready
        case (0, .terminating?): world.remove(at: index)
        default:
            let pods = try pods(world)
            var plan = DaemonPlan(fits, pods, rules)
            if plan.isEmpty { plan = DaemonRollout(fits, pods, rules).step }
            for (place, node) in plan.missing.enumerated() {
                let number = (round + 1) * 100 + place
                world.append(SimulatedPod(node: node, hash: "new", number: number, state: .pending))
            }
            for pod in plan.surplus {
                for index in world.indices where world[index].name == pod.name { world[index].state = .terminating }
            }
        }
    }

    @Test func eachNodeGetsWhatIsMissingAndLosesWhatIsTooMuch() throws {
        let fits: Fits = ["a": .runs, "b": .keeps, "c": .avoids, "d": .keeps, "e": .runs]
        let pods = try pods([
            SimulatedPod(node: "b", hash: "new", number: 1, state: .ready),
            SimulatedPod(node: "c", hash: "new", number: 2, state: .ready),
            SimulatedPod(node: "c", hash: "new", number: 3, state: .terminating),
            SimulatedPod(node: "e", hash: "new", number: 4, state: .ready),
            SimulatedPod(node: "e", hash: "new", number: 5, state: .ready),
            SimulatedPod(node: "b", hash: "new", number: 6, state: .failed),
        ])
        let plan = DaemonPlan(fits, pods, rules(surge: 0, unavailable: 1))
        #expect(plan.missing == ["a"])
        #expect(plan.surplus.map(\.name) == ["ds-2", "ds-5"])
        #expect(plan.ended.map(\.node) == ["b"])
    }

    @Test(
        arguments: [
            (.ready, .pending, []), (.ready, .ready, ["ds-1"]), (.pending, .pending, ["ds-1"]),
        ] as [(SimulatedPod.State, SimulatedPod.State, [String])]
    )
    func withASurgeTwoPodsShareANodeUntilTheNewOneIsReady(
        _ old: SimulatedPod.State,
        _ new: SimulatedPod.State,
        _ expected: [String]
    ) throws {
        let pods = try pods([
            SimulatedPod(node: "a", hash: "old", number: 1, state: old),
            SimulatedPod(node: "a", hash: "new", number: 2, state: new),
        ])
        let plan = DaemonPlan(["a": .runs], pods, rules(surge: 1, unavailable: 0))
        #expect(plan.surplus.map(\.name) == expected)
        #expect(plan.missing.isEmpty)
    }

    @Test func wherePodsDoNotBelongTheyStayUntilThereAreEnough() throws {
        let fits: Fits = ["a": .keeps, "b": .runs]
        func surplus(_ state: SimulatedPod.State) throws -> [String] {
            let pods = try pods([
                SimulatedPod(node: "a", hash: "old", number: 1, state: .ready),
                SimulatedPod(node: "b", hash: "new", number: 2, state: state),
            ])
            return DaemonRollout(fits, pods, rules(surge: 1, unavailable: 0)).step.surplus.map(\.name)
        }
        #expect(try surplus(.pending) == [])
        #expect(try surplus(.ready) == ["ds-1"])
    }
}
