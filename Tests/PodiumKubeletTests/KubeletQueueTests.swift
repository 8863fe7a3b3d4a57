// SPDX-License-Identifier: Apache-2.0
// Nodes do not wait for one another.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumRuntime
import PodiumShell
import PodiumStorage
import PodiumTestKit
import Synchronization
import Testing

@Suite struct KubeletQueueTests {
    /// Takes note of the queues that are made on a virtual clock.
    private final class QueueList: WorkScheduling {
        let clock = ClusterClock(mode: .virtual)
        private let made = Mutex<[String]>([])

        var labels: [String] { made.withLock { $0 } }

        func makeQueue(label: String) -> any SerialQueue {
            made.withLock { $0.append(label) }
            return clock.makeQueue(label: label)
        }
    }

    @Test func everyNodeHasAQueueOfItsOwn() throws {
        let queues = QueueList()
        let bare = BareCluster(scheduling: queues, clock: queues.clock)
        let images = ImageRegistry(programs: Applets.library)
        let hub = KubeletHub(client: bare.client, configuration: KubeletConfiguration(images: images))
        hub.start()
        for name in ["a", "b", "c"] {
            try bare.put(["kind": "Node", "apiVersion": "v1", "metadata": ["name": .string(name)]])
        }
        bare.clock.settle()
        #expect(queues.labels.filter { $0.hasPrefix("kubelet.") } == ["kubelet.a", "kubelet.b", "kubelet.c"])
    }

    /// A container talks to pods of other nodes, and what they answer follows what they do.
    @Test func podsOfOtherNodesAnswer() throws {
        let cluster = try KubeletTestCluster(nodes: ["node-1", "node-2"])
        let serve = "mkdir /w; echo one > /w/x; httpd -f -p 80 -h /w & sleep 5; echo two > /w/x; sleep 99"
        let server: JSONValue = [
            "containers": [["name": "main", "image": "busybox:1.36", "command": ["sh", "-c", .string(serve)]]]
        ]
        try cluster.bind("server", to: "node-2", server)
        try cluster.advance(2)
        let address = cluster.versions("server").last?.status["podIP"]?.string ?? ""
        let script =
            "wget -qO- \(address)/x; sleep 6; wget -qO- \(address)/x; wget -qO- \(address):81/x || echo refused"
        let client: JSONValue = [
            "containers": [["name": "main", "image": "busybox:1.36", "command": ["sh", "-c", .string(script)]]],
            "restartPolicy": "Never",
        ]
        try cluster.bind("client", client)
        try cluster.advance(20)
        let lines = try lines(of: "client", in: cluster)
        #expect(lines == ["one", "two", "refused"])
    }

    /// The name of the API stands for a Service like any other.
    @Test func namesResolveWhileTheirServiceIsThere() throws {
        let cluster = try KubeletTestCluster()
        let look = "nslookup kubernetes.default.svc.cluster.local >/dev/null && echo found || echo missing"
        let script = "\(look); sleep 10; \(look); sleep 10; \(look)"
        try cluster.bind(
            "client",
            [
                "containers": [["name": "main", "image": "busybox:1.36", "command": ["sh", "-c", .string(script)]]],
                "restartPolicy": "Never",
            ]
        )
        try cluster.advance(5)
        let key = ObjectKey(.services, namespace: "default", name: "kubernetes")
        try cluster.bare.put(
            [
                "kind": "Service", "apiVersion": "v1", "metadata": ["name": "kubernetes", "namespace": "default"],
                "spec": ["clusterIP": "10.96.0.1", "ports": [["port": 443]]],
            ]
        )
        try cluster.advance(10)
        try cluster.client.delete(key)
        try cluster.advance(20)
        let lines = try lines(of: "client", in: cluster)
        #expect(lines == ["missing", "found", "missing"])
    }

    /// What a pod's container has printed.
    private func lines(of pod: String, in cluster: KubeletTestCluster) throws -> [String] {
        let source = LogSource(
            pod: NamespacedName(namespace: "ns", name: pod),
            uid: cluster.versions(pod).last?.value[path: "metadata", "uid"]?.string ?? "",
            container: "main"
        )
        let log = try cluster.hub.logs.log(source)
        return log.log.lines().filter { $0.stream == .stdout }.map { String(decoding: $0.bytes, as: UTF8.self) }
    }
}
