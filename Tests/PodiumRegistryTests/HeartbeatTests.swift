// SPDX-License-Identifier: Apache-2.0
// Heartbeats: they say what the full write would say, or nothing.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumRegistry
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct HeartbeatTests {
    private let cluster: BareCluster
    private let kubelet: ResourceClient
    private let lease = ObjectKey(.leases, namespace: "kube-node-lease", name: "n")
    private let node = ObjectKey(.nodes, name: "n")

    init() throws {
        cluster = BareCluster()
        try cluster.put(["kind": "Namespace", "apiVersion": "v1", "metadata": ["name": "kube-node-lease"]])
        kubelet = cluster.client.acting(as: .kubelet(of: "n"), fieldManager: "kubelet")
        try kubelet.create(
            .leases,
            [
                "kind": "Lease", "apiVersion": "coordination.k8s.io/v1",
                "metadata": ["name": "n", "namespace": "kube-node-lease"],
                "spec": ["holderIdentity": "n", "renewTime": .string(cluster.clock.now.rfc3339Micro)],
            ]
        )
        let labels: JSONValue = ["kubernetes.io/os": "linux"]
        try kubelet.create(.nodes, ["kind": "Node", "apiVersion": "v1", "metadata": ["name": "n", "labels": labels]])
        try kubelet.updateStatus(node) { node in
            Self.setConditions(of: &node, at: cluster.clock.now)
            return true
        }
    }

    private static func setConditions(of node: inout JSONValue, at time: Timestamp) {
        node[path: "status", "conditions"] = .array(
            ["Ready", "DiskPressure"].map { type in
                ["type": .string(type), "status": "True", "lastHeartbeatTime": .string(time.rfc3339)]
            }
        )
    }

    private func stored(_ key: ObjectKey) throws -> StoredObject {
        try #require(try cluster.storage.get(key))
    }

    private func beat(_ key: ObjectKey, as client: ResourceClient, conditions: Int = 2) throws -> StoredObject? {
        let now = cluster.clock.now
        let isNode = key.resource == .nodes
        let store = try cluster.api.store(
            key.resource,
            namespace: key.name.namespace,
            subresource: isNode ? "status" : ""
        )
        let manager = client.fieldManager
        return try store.beat(
            try stored(key),
            isNode ? .report(at: now, by: manager, conditions: conditions) : .renewal(at: now, by: manager)
        )
    }

    /// The object without its revision.
    private func content(_ object: StoredObject) -> JSONValue {
        var value = object.value()
        value[path: "metadata", "resourceVersion"] = nil
        return value
    }

    @Test func aRenewalIsTheFullWrite() throws {
        try cluster.advance(.seconds(10))
        let before = try stored(lease)
        let beaten = try #require(try beat(lease, as: kubelet))
        #expect(beaten.isHeartbeat)
        try cluster.edit(lease) { $0 = before.value() }
        try kubelet.update(lease) { lease in
            lease[path: "spec", "renewTime"] = .string(cluster.clock.now.rfc3339Micro)
            return true
        }
        #expect(content(beaten) == content(try stored(lease)))
        #expect(content(beaten) != content(before))
    }

    @Test func aReportIsTheFullWrite() throws {
        try cluster.advance(.seconds(300))
        let before = try stored(node)
        let beaten = try #require(try beat(node, as: kubelet))
        try cluster.edit(node) { $0 = before.value() }
        try kubelet.updateStatus(node) { node in
            Self.setConditions(of: &node, at: cluster.clock.now)
            return true
        }
        #expect(content(beaten) == content(try stored(node)))
        #expect(content(beaten) != content(before))
    }

    @Test func theSameTimeIsNotWrittenTwice() throws {
        #expect(try beat(lease, as: kubelet)?.revision == (try stored(lease)).revision)
    }

    @Test func whoDoesNotOwnTheTimeAlonePasses() throws {
        try cluster.advance(.seconds(10))
        #expect(try beat(lease, as: cluster.client.acting(as: .system, fieldManager: "another")) == nil)
        // The time of another condition is another's.
        try cluster.client.acting(as: .system, fieldManager: "detector").updateStatus(node) { node in
            node[path: "status", "conditions"]?.updateArray {
                $0.append(["type": "X", "status": "True", "lastHeartbeatTime": "2020-01-01T00:00:00Z"])
            }
            return true
        }
        #expect(try beat(node, as: kubelet) == nil)
        #expect(try beat(node, as: kubelet, conditions: 3) == nil)
    }

    @Test func whoDidNotWriteLastPasses() throws {
        try cluster.advance(.seconds(10))
        try cluster.client.acting(as: .system, fieldManager: "another").update(lease) { lease in
            lease[path: "metadata", "labels"] = ["a": "b"]
            return true
        }
        try cluster.advance(.seconds(10))
        // Accounts are sorted by time: it would have to move.
        #expect(try beat(lease, as: kubelet) == nil)
        try kubelet.update(lease) { lease in
            lease[path: "spec", "renewTime"] = .string(cluster.clock.now.rfc3339Micro)
            return true
        }
        try cluster.advance(.seconds(10))
        #expect(try beat(lease, as: kubelet) != nil)
    }

    @Test func whoIsTooLatePasses() throws {
        try cluster.advance(.seconds(10))
        let old = try stored(lease)
        #expect(try beat(lease, as: kubelet) != nil)
        let store = try cluster.api.store(.leases, namespace: "kube-node-lease")
        try cluster.advance(.seconds(10))
        #expect(try store.beat(old, .renewal(at: cluster.clock.now, by: "kubelet")) == nil)
    }

    @Test func whereThereIsNoTimeThereIsNoHeartbeat() throws {
        try cluster.edit(lease) { $0[path: "spec", "renewTime"] = nil }
        #expect(try beat(lease, as: kubelet) == nil)
    }
}
