// SPDX-License-Identifier: Apache-2.0
// What an informer keeps of the objects it knows.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Synchronization
import Testing

@Suite struct InformerTests {
    private final class Results<Value: Sendable>: Sendable {
        let values = Mutex<[Value]>([])
    }

    private static let key = ObjectKey(.pods, namespace: "ns", name: "p")

    private func makePod(_ phase: String) -> JSONValue {
        [
            "kind": "Pod", "apiVersion": "v1", "metadata": ["name": "p", "namespace": "ns"],
            "spec": ["containers": [["name": "main", "image": "busybox"]]], "status": ["phase": .string(phase)],
        ]
    }

    /// What `work` gives on the informer's queue.
    private static func read<Value: Sendable>(
        _ cluster: BareCluster,
        _ queue: any SerialQueue,
        _ work: @escaping @Sendable () -> Value
    ) -> Value? {
        let results = Results<Value>()
        queue.async { results.values.withLock { $0.append(work()) } }
        cluster.clock.settle()
        return results.values.withLock { $0.first }
    }

    @Test(arguments: [true, false])
    func treesAreKeptWhereTheyAreToBe(_ keepsTrees: Bool) throws {
        let cluster = BareCluster()
        try cluster.put(makePod("Pending"))
        let seen = Mutex<[String]>([])
        let queue = cluster.clock.makeQueue(label: "test")
        let informer = Informer(
            client: cluster.client,
            resource: .pods,
            keeps: keepsTrees ? .trees : .bytes,
            queue: queue
        ) { event in
            let phases: [String] =
                switch event {
                case .added(let pod): ["added", pod.status["phase"]?.string ?? ""]
                case .updated(let old, let new):
                    ["updated", old.status["phase"]?.string ?? "", new.status["phase"]?.string ?? ""]
                case .deleted(let pod): ["deleted", pod.status["phase"]?.string ?? ""]
                }
            seen.withLock { $0 += phases }
        }
        informer.start()
        cluster.clock.settle()
        try cluster.edit(Self.key) { $0[path: "status", "phase"] = "Running" }
        cluster.clock.settle()
        #expect(seen.withLock { $0 } == ["added", "Pending", "updated", "Pending", "Running"])
        let objects = { Self.read(cluster, queue) { informer.objects } ?? [] }
        #expect(objects().map(\.revision) == [cluster.memory.revision])
        // Whoever asks reads the tree; whether it stays behind is up to the informer.
        weak var reading: ObjectReading?
        do {
            let known = try #require(Self.read(cluster, queue) { informer.object(Self.key.name) } ?? nil)
            #expect(known.status["phase"] == "Running")
            reading = known.stored.read()
        }
        #expect((reading != nil) == keepsTrees)
        try cluster.client.delete(Self.key, graceSeconds: 0)
        cluster.clock.settle()
        #expect(seen.withLock { $0.suffix(2) } == ["deleted", "Running"])
        #expect(objects().isEmpty)
        informer.stop()
    }
}
