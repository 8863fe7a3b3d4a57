// SPDX-License-Identifier: Apache-2.0
// Objects go with their owners.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct GarbageCollectorTests {
    private let replicaSets = TestCluster.replicaSets

    private func makeCluster() throws -> TestCluster {
        let cluster = try TestCluster("garbage-collector-controller")
        try cluster.create(owner("a"))
        return cluster
    }

    private func owner(_ name: String) -> JSONValue {
        [
            "kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": ["name": .string(name), "namespace": "ns"],
            "spec": [
                "selector": ["matchLabels": ["app": "a"]],
                "template": [
                    "metadata": ["labels": ["app": "a"]],
                    "spec": ["containers": [["name": "main", "image": "nginx"]]],
                ],
            ],
        ]
    }

    private func reference(_ cluster: TestCluster, _ name: String, blocks: Bool = false) throws -> JSONValue {
        let uid = try #require(cluster.get(replicaSets, name)).uid
        return [
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": .string(name), "uid": .string(uid),
            "blockOwnerDeletion": .bool(blocks),
        ]
    }

    /// A dependent without a grace period.
    private func dependent(_ name: String, _ owners: JSONValue...) -> JSONValue {
        [
            "kind": "ConfigMap", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": "ns", "ownerReferences": .array(owners)],
        ]
    }

    @Test func dependentsGoAfterTheirOwner() throws {
        let cluster = try makeCluster()
        try cluster.create(dependent("d", reference(cluster, "a")), .pod("p", owner: reference(cluster, "a")))
        try cluster.delete(replicaSets, "a")
        #expect(cluster.get(.configMaps, "d") == nil)
        #expect(try cluster.pod("p").isTerminating)
    }

    @Test func theOwnedOfTheOwnedGoToo() throws {
        let cluster = try makeCluster()
        try cluster.create(dependent("d", reference(cluster, "a")))
        let uid = try #require(cluster.get(.configMaps, "d")).uid
        try cluster.create(
            dependent("e", ["apiVersion": "v1", "kind": "ConfigMap", "name": "d", "uid": .string(uid)])
        )
        try cluster.delete(replicaSets, "a")
        #expect(cluster.get(.configMaps, "e") == nil)
    }

    @Test func whatLosesItsOwnerLeavesNoOrphans() throws {
        let cluster = try makeCluster()
        // A kind whose dependents stay when a client does not say what becomes of them.
        try cluster.create([
            "kind": "ReplicationController", "apiVersion": "v1",
            "metadata": ["name": "c", "namespace": "ns", "ownerReferences": [try reference(cluster, "a")]],
            "spec": [
                "selector": ["app": "c"],
                "template": [
                    "metadata": ["labels": ["app": "c"]],
                    "spec": ["containers": [["name": "main", "image": "nginx"]]],
                ],
            ],
        ])
        let uid = try #require(cluster.get(.replicationControllers, "c")).uid
        try cluster.create(
            dependent("d", ["apiVersion": "v1", "kind": "ReplicationController", "name": "c", "uid": .string(uid)])
        )
        try cluster.delete(replicaSets, "a")
        #expect(cluster.get(.replicationControllers, "c") == nil)
        #expect(cluster.get(.configMaps, "d") == nil)
    }

    @Test func oneOfTwoOwnersIsEnough() throws {
        let cluster = try makeCluster()
        try cluster.create(owner("b"))
        try cluster.create(dependent("d", reference(cluster, "a"), reference(cluster, "b")))
        try cluster.delete(replicaSets, "a")
        let rest = cluster.get(.configMaps, "d")?.metadata["ownerReferences"]?.elements
        #expect(rest?.map { $0["name"]?.string } == ["b"])
    }

    @Test func anOwnerOfAnotherUIDIsNone() throws {
        let cluster = try makeCluster()
        try cluster.create(
            dependent("d", ["apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "somebody-else"])
        )
        #expect(cluster.get(.configMaps, "d") == nil)
    }

    @Test func ownersOfUnknownKindsAreTrusted() throws {
        let cluster = try makeCluster()
        try cluster.create(
            dependent("d", ["apiVersion": "example.com/v1", "kind": "Thing", "name": "a", "uid": "1"])
        )
        #expect(cluster.get(.configMaps, "d") != nil)
    }

    private func deleteHeld(_ cluster: TestCluster, by finalizer: String) throws {
        try cluster.edit(replicaSets, "a") { $0[path: "metadata", "finalizers"] = [.string(finalizer)] }
        try cluster.delete(replicaSets, "a")
    }

    @Test func foregroundOwnersWaitForWhatBlocksThem() throws {
        let cluster = try makeCluster()
        try cluster.create(.pod("p", owner: reference(cluster, "a", blocks: true)))
        try deleteHeld(cluster, by: "foregroundDeletion")
        #expect(try cluster.pod("p").isTerminating)
        #expect(cluster.get(replicaSets, "a") != nil)
        try cluster.delete(.pods, "p", graceSeconds: 0)
        #expect(cluster.get(replicaSets, "a") == nil)
    }

    @Test func orphansStayWithoutTheirOwner() throws {
        let cluster = try makeCluster()
        try cluster.create(dependent("d", reference(cluster, "a")))
        try deleteHeld(cluster, by: "orphan")
        #expect(cluster.get(replicaSets, "a") == nil)
        #expect(cluster.get(.configMaps, "d")?.metadata["ownerReferences"] == nil)
    }
}
