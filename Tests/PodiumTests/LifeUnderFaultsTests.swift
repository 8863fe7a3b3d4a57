// SPDX-License-Identifier: Apache-2.0
// A whole cluster whose storage fails now and then: it comes to the same in the end as one whose storage does not.

import Foundation
import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumRegistry
import PodiumRuntime
import PodiumShell
import PodiumStorage
import PodiumTestKit
import Synchronization
import Testing

@testable import Podium

@Suite struct LifeUnderFaultsTests {
    /// Which calls fail while something happens.
    enum Faults: CaseIterable {
        case none, someReads, someWrites, everyThird, allForAWhile

        func fails(_ place: Int, _ operation: FaultyStorage.Operation, seed: UInt64) -> Bool {
            // A number that looks drawn, the same at the same place.
            let drawn = (UInt64(place) &+ seed &* 0x9E37_79B9_7F4A_7C15) &* 0xD134_2543_DE82_EF95 >> 33
            switch self {
            case .none: return false
            case .someReads: return operation == .read && drawn % 5 == 0
            case .someWrites: return operation == .write && drawn % 3 == 0
            case .everyThird: return drawn % 3 == 0
            case .allForAWhile: return place < 400
            }
        }
    }

    /// What a cluster has come to.
    private struct Outcome: Equatable {
        var running: Set<String> = []
        var succeeded: Set<String> = []
        var going: Set<String> = []
        /// Pods that are shown as ready, whether they go or not.
        var ready: Set<String> = []
        var nodes: [String: String] = [:]
        var namespaces: Set<String> = []
    }

    private final class Life {
        let timeouts = ManualTimeouts()
        let cluster: BareCluster
        let controllers: ControllerSet
        private let faults: Faults
        private let seed: UInt64

        init(_ faults: Faults, seed: UInt64) throws {
            self.faults = faults
            self.seed = seed
            cluster = BareCluster(seed: seed, timeouts: timeouts)
            let images = ImageRegistry(ImageTable(isExhaustive: false), programs: Applets.library)
            controllers = ControllerSet(
                .all,
                client: cluster.client,
                addons: [],
                givesRangesToNodes: true,
                kubelets: KubeletConfiguration(images: images),
                clock: cluster.clock
            )
            for name in ["default", "kube-node-lease", "doomed"] {
                try cluster.client.create(.namespaces, ["metadata": ["name": .string(name)]])
            }
            Bootstrap.installNodes(cluster.client, count: 2)
            controllers.start()
            cluster.clock.settle()
        }

        deinit {
            controllers.stop()
            cluster.clock.settle()
        }

        /// Lets something happen while storage fails, and then lets it settle while it does not.
        func happen(_ duration: Duration, _ change: () throws -> Void = {}) throws {
            try change()
            cluster.storage.fail { [faults, seed] place, operation in
                faults.fails(place, operation, seed: seed) ? .unreachable("as the test wants") : nil
            }
            try cluster.advance(duration)
            cluster.storage.heal()
            // Whoever could not list tries again after a while of real time.
            while timeouts.pendingCount > 0 {
                timeouts.pass()
                cluster.clock.settle()
            }
            try cluster.advance(.seconds(120))
        }

        func run(_ name: String, in namespace: String, _ spec: JSONValue = [:], node: String? = nil) throws {
            var spec = spec
            let ends = spec["restartPolicy"] == "Never"
            spec["containers"] = [
                ["name": "c", "image": "busybox", "command": ["sh", "-c", ends ? "exit 0" : "sleep 1000000"]]
            ]
            if let node { spec["nodeSelector"] = ["kubernetes.io/hostname": .string(node)] }
            try cluster.client.create(
                .pods,
                ["metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": spec]
            )
        }

        var outcome: Outcome {
            get throws {
                var outcome = Outcome()
                for pod in try cluster.client.list(.pods) {
                    let isReady = pod.condition("Ready")?["status"] == "True"
                    if isReady { outcome.ready.insert(pod.name) }
                    if pod.isTerminating {
                        outcome.going.insert(pod.name)
                    } else if pod.status["phase"] == "Succeeded" {
                        outcome.succeeded.insert(pod.name)
                    } else if isReady {
                        outcome.running.insert(pod.name)
                    }
                }
                for node in try cluster.client.list(.nodes) {
                    outcome.nodes[node.name] = node.condition("Ready")?["status"]?.string
                }
                outcome.namespaces = Set(try cluster.client.list(.namespaces).map(\.name))
                return outcome
            }
        }
    }

    private func live(_ faults: Faults, seed: UInt64) throws -> Outcome {
        let life = try Life(faults, seed: seed)
        try life.happen(.seconds(30)) {
            for index in 0..<4 { try life.run("here-\(index)", in: "default", node: "node-1") }
            for index in 0..<4 { try life.run("there-\(index)", in: "default", node: "node-2") }
            for index in 0..<3 { try life.run("doomed-\(index)", in: "doomed") }
            for index in 0..<3 {
                try life.run("job-\(index)", in: "default", ["restartPolicy": "Never"], node: "node-2")
            }
        }
        try life.happen(.seconds(60)) {
            try life.cluster.client.delete(ObjectKey(.namespaces, name: "doomed"))
            for index in 0..<2 {
                try life.cluster.client.delete(ObjectKey(.pods, namespace: "default", name: "there-\(index)"))
            }
        }
        try life.happen(.seconds(600)) { life.controllers.setPower(.off(podPhase: nil), of: "node-1") }
        // However late all was noticed.
        try life.cluster.advance(.seconds(1200))
        return try life.outcome
    }

    @Test func withoutFaultsItIsWhatItShouldBe() throws {
        let outcome = try live(.none, seed: 1)
        #expect(outcome.running == ["there-2", "there-3"] && outcome.ready == outcome.running)
        #expect(outcome.succeeded == ["job-0", "job-1", "job-2"])
        #expect(outcome.going == ["here-0", "here-1", "here-2", "here-3"])
        #expect(outcome.nodes == ["node-1": "Unknown", "node-2": "True"])
        #expect(outcome.namespaces == ["default", "kube-node-lease"])
    }

    /// Three in the gate, forty with PODIUM_EVERY_FAULT set.
    static let seeds: ClosedRange<UInt64> =
        ProcessInfo.processInfo.environment["PODIUM_EVERY_FAULT"] == nil ? 1...3 : 1...40

    @Test(arguments: Faults.allCases, LifeUnderFaultsTests.seeds)
    func itComesToTheSame(faults: Faults, seed: UInt64) throws {
        let (faulty, sound) = (try live(faults, seed: seed), try live(.none, seed: 1))
        #expect(faulty == sound)
    }
}
