// SPDX-License-Identifier: Apache-2.0
// Rollouts as decisions: whatever happens meanwhile, the limits hold and the end is reached.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@testable import PodiumControllers

@Suite struct RolloutTests {
    /// A ReplicaSet as the world of these tests knows it.
    private struct SimulatedSet {
        let name: String
        let image: String
        var wanted: Int
        var actual = 0
        var available = 0
        /// What its status says, which may be old.
        var reported = (actual: 0, available: 0)
        var annotations: JSONObject = [:]

        func value(_ index: Int) -> JSONValue {
            [
                "kind": "ReplicaSet", "apiVersion": "apps/v1",
                "metadata": [
                    "name": .string(name), "namespace": "ns", "uid": .string("uid-\(name)"),
                    "creationTimestamp": .string("2026-01-01T00:00:0\(index)Z"), "annotations": .object(annotations),
                ],
                "spec": ["replicas": .integer(Int64(wanted)), "template": Self.template(image)],
                "status": [
                    "replicas": .integer(Int64(reported.actual)),
                    "availableReplicas": .integer(Int64(reported.available)),
                ],
            ]
        }

        static func template(_ image: String) -> JSONValue {
            ["metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "c", "image": .string(image)]]]]
        }
    }

    private func spec(_ replicas: Int, surge: JSONValue, unavailable: JSONValue, image: String) -> DeploymentSpec {
        DeploymentSpec([
            "replicas": .integer(Int64(replicas)), "selector": ["matchLabels": ["app": "web"]],
            "strategy": [
                "type": "RollingUpdate", "rollingUpdate": ["maxSurge": surge, "maxUnavailable": unavailable],
            ],
            "template": SimulatedSet.template(image),
        ])
    }

    private func read(_ sets: [SimulatedSet]) throws -> [RolloutReplicaSet] {
        try sets.enumerated().map { index, set in
            let value = set.value(index)
            let draft = ObjectDraft(value, facts: ObjectFacts(of: value))
            let key = ObjectKey(.replicaSets, namespace: "ns", name: set.name)
            return RolloutReplicaSet(APIObject(try WatchCache().create(key, draft)))
        }
    }

    @Test(arguments: [
        (10, "25%", "25%", 3, 2), (3, "25%", "25%", 1, 0), (4, "0%", "0%", 0, 1), (5, "100%", "100%", 5, 5),
        (0, "1", "1", 0, 0),
    ])
    func percentagesAreRoundedSoThatSomethingCanMove(
        _ replicas: Int,
        _ surge: String,
        _ unavailable: String,
        _ expectedSurge: Int,
        _ expectedUnavailable: Int
    ) {
        let spec = spec(replicas, surge: .string(surge), unavailable: .string(unavailable), image: "a")
        #expect(spec.maxSurge == expectedSurge)
        #expect(spec.maxUnavailable == expectedUnavailable)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func aRollingUpdateKeepsItsLimitsAndEnds(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let replicas = Int.random(in: 1...12, using: &random)
        let (surge, unavailable) = (Int.random(in: 0...4, using: &random), Int.random(in: 0...4, using: &random))
        let spec = spec(
            replicas,
            surge: .integer(Int64(surge)),
            unavailable: .integer(Int64(unavailable)),
            image: "new"
        )
        var sets = [
            SimulatedSet(name: "old", image: "old", wanted: replicas, actual: replicas, available: replicas),
            SimulatedSet(name: "new", image: "new", wanted: 0),
        ]
        for index in sets.indices { sets[index].reported = (sets[index].actual, sets[index].available) }
        for _ in 0..<2_000 {
            if sets[1].available == replicas, sets[0].actual == 0 { return }
            try step(&sets, spec, &random)
            let (wanted, sure) = (
                sets.reduce(0) { $0 + $1.wanted }, sets.reduce(0) { $0 + min($1.available, $1.wanted) }
            )
            #expect(wanted <= spec.maxReplicas)
            #expect(sure >= spec.minAvailable)
        }
        Issue.record("the rollout did not end: \(sets)")
    }

    /// Something happens: the Deployment is looked at, pods come and go, a pod becomes available, a status is written.
    private func step(_ sets: inout [SimulatedSet], _ spec: DeploymentSpec, _ random: inout SeededNumbers) throws {
        let index = Int.random(in: sets.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            for scaling in Rollout(spec, try read(sets)).rollingStep() {
                guard let place = sets.firstIndex(where: { $0.name == scaling.set.name }) else { continue }
                sets[place].wanted = scaling.replicas
            }
        case 1:
            sets[index].actual = sets[index].wanted
            sets[index].available = min(sets[index].available, sets[index].actual)
        case 2: sets[index].available = min(sets[index].available + 1, sets[index].actual)
        default: sets[index].reported = (sets[index].actual, sets[index].available)
        }
    }

    @Test func aNewSizeIsSharedOutByTheSizesThereAre() throws {
        let known: JSONObject = [
            DeploymentAnnotation.desiredReplicas: "6", DeploymentAnnotation.maxReplicas: "8",
        ]
        let sets = try read([
            SimulatedSet(name: "old", image: "old", wanted: 5, annotations: known),
            SimulatedSet(name: "new", image: "new", wanted: 3, annotations: known),
        ])
        let rollout = Rollout(spec(12, surge: 2, unavailable: 0, image: "new"), sets)
        #expect(rollout.isScaled)
        let sizes = rollout.scalings().map { "\($0.set.name) \($0.replicas)" }
        #expect(sizes == ["old 9", "new 5"])
    }

    @Test func theEldestOfEqualTemplatesIsTheNewOne() throws {
        let sets = try read([
            SimulatedSet(name: "b", image: "x", wanted: 1), SimulatedSet(name: "a", image: "x", wanted: 1),
        ])
        let rollout = Rollout(spec(1, surge: 1, unavailable: 0, image: "x"), sets)
        #expect(rollout.new?.name == "b")
        #expect(rollout.old.map(\.name) == ["a"])
    }

    @Test func hashesDependOnWhatATemplateSaysAndOnCollisions() {
        let template = SimulatedSet.template("a")
        let reordered: JSONValue = ["spec": template["spec"] ?? .null, "metadata": template["metadata"] ?? .null]
        #expect(TemplateHash(of: template, collisions: nil).text == TemplateHash(of: reordered, collisions: nil).text)
        #expect(TemplateHash(of: template, collisions: nil).text != TemplateHash(of: template, collisions: 1).text)
        #expect(
            TemplateHash(of: template, collisions: nil).text
                != TemplateHash(of: SimulatedSet.template("b"), collisions: nil).text
        )
        let text = TemplateHash(of: template, collisions: nil).text
        #expect((1...10).contains(text.count))
        #expect(text.allSatisfy { "bcdfghjklmnpqrstvwxz2456789".contains($0) })
    }
}

/// The numbers of the cluster's own source.
private struct SeededNumbers: RandomNumberGenerator {
    private let source: RandomSource

    init(seed: UInt64) { source = RandomSource(seed: seed) }

    mutating func next() -> UInt64 { source.next() }
}
