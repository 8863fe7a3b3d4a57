// SPDX-License-Identifier: Apache-2.0
// Claims and volumes stay while they are in use, and go when they are not.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumTestKit
import Testing

@Suite struct StorageProtectionTests {
    private static let controllers = (
        claims: "persistentvolumeclaim-protection-controller", volumes: "persistentvolume-protection-controller"
    )

    private static func claim(_ name: String, owner: String? = nil) -> JSONValue {
        var claim: JSONValue = [
            "kind": "PersistentVolumeClaim", "apiVersion": "v1",
            "metadata": [
                "name": .string(name), "namespace": "ns", "finalizers": ["kubernetes.io/pvc-protection"],
            ],
            "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
            "status": ["phase": "Pending"],
        ]
        if let owner {
            claim[path: "metadata", "ownerReferences"] = [
                ["kind": "Pod", "apiVersion": "v1", "name": "p", "uid": .string(owner), "controller": true]
            ]
        }
        return claim
    }

    private static func volume(_ name: String, phase: String) -> JSONValue {
        [
            "kind": "PersistentVolume", "apiVersion": "v1",
            "metadata": ["name": .string(name), "finalizers": ["kubernetes.io/pv-protection"]],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "capacity": ["storage": "1Gi"], "hostPath": ["path": "/data"],
            ], "status": ["phase": .string(phase)],
        ]
    }

    private static let usesClaim: JSONObject = [
        "volumes": [["name": "data", "persistentVolumeClaim": ["claimName": "c"]]]
    ]

    @Test func aClaimThatNobodyUsesGoesAtOnce() throws {
        let cluster = try TestCluster(Self.controllers.claims)
        try cluster.create(Self.claim("c"), .pod("other"))
        try cluster.delete(.persistentVolumeClaims, "c")
        #expect(cluster.get(.persistentVolumeClaims, "c") == nil)
    }

    @Test func aClaimStaysUntilItsPodIsRemoved() throws {
        let cluster = try TestCluster(Self.controllers.claims)
        try cluster.create(Self.claim("c"), .pod("p", Self.usesClaim))
        try cluster.delete(.persistentVolumeClaims, "c")
        #expect(cluster.get(.persistentVolumeClaims, "c")?.isTerminating == true)
        // A pod that has ended still keeps its claim.
        try cluster.edit(.pods, "p") { $0[path: "status", "phase"] = "Succeeded" }
        #expect(cluster.get(.persistentVolumeClaims, "c") != nil)
        try cluster.bare.remove(cluster.key(.pods, "p"))
        cluster.clock.settle()
        #expect(cluster.get(.persistentVolumeClaims, "c") == nil)
    }

    @Test func aPodWithoutANodeKeepsNoClaim() throws {
        let cluster = try TestCluster(Self.controllers.claims)
        try cluster.create(Self.claim("c"), .pod("p", on: "", Self.usesClaim))
        try cluster.delete(.persistentVolumeClaims, "c")
        #expect(cluster.get(.persistentVolumeClaims, "c") == nil)
    }

    @Test func anEphemeralVolumeKeepsTheClaimThatItsPodOwns() throws {
        let cluster = try TestCluster(Self.controllers.claims)
        try cluster.create(.pod("p", ["volumes": [["name": "scratch", "ephemeral": [:]]]]))
        let pod = try cluster.pod("p")
        try cluster.create(Self.claim("p-scratch", owner: pod.uid), Self.claim("p-other", owner: pod.uid))
        try cluster.delete(.persistentVolumeClaims, "p-scratch")
        try cluster.delete(.persistentVolumeClaims, "p-other")
        #expect(cluster.get(.persistentVolumeClaims, "p-scratch") != nil)
        #expect(cluster.get(.persistentVolumeClaims, "p-other") == nil)
        try cluster.bare.remove(pod.key)
        cluster.clock.settle()
        #expect(cluster.get(.persistentVolumeClaims, "p-scratch") == nil)
    }

    @Test func otherFinalizersAreLeftAlone() throws {
        let cluster = try TestCluster(Self.controllers.claims)
        try cluster.create(Self.claim("c"))
        try cluster.edit(.persistentVolumeClaims, "c") {
            $0[path: "metadata", "finalizers"] = ["example.com/mine", "kubernetes.io/pvc-protection"]
        }
        try cluster.delete(.persistentVolumeClaims, "c")
        #expect(cluster.get(.persistentVolumeClaims, "c")?.metadata["finalizers"] == ["example.com/mine"])
    }

    @Test func whatCameWithoutProtectionGetsIt() throws {
        let cluster = try TestCluster(Self.controllers.claims, Self.controllers.volumes)
        try cluster.create(Self.claim("c"), Self.volume("v", phase: "Available"))
        try cluster.edit(.persistentVolumeClaims, "c") { $0[path: "metadata", "finalizers"] = nil }
        try cluster.edit(.persistentVolumes, "v") { $0[path: "metadata", "finalizers"] = nil }
        let claim = try #require(cluster.get(.persistentVolumeClaims, "c"))
        let volume = try #require(cluster.get(.persistentVolumes, "v"))
        #expect(claim.metadata["finalizers"] == ["kubernetes.io/pvc-protection"])
        #expect(volume.metadata["finalizers"] == ["kubernetes.io/pv-protection"])
    }

    @Test func aVolumeStaysWhileItIsBound() throws {
        let cluster = try TestCluster(Self.controllers.volumes)
        try cluster.create(Self.volume("bound", phase: "Bound"), Self.volume("free", phase: "Available"))
        try cluster.delete(.persistentVolumes, "bound")
        try cluster.delete(.persistentVolumes, "free")
        #expect(cluster.get(.persistentVolumes, "free") == nil)
        #expect(cluster.get(.persistentVolumes, "bound")?.isTerminating == true)
        try cluster.edit(.persistentVolumes, "bound") { $0[path: "status", "phase"] = "Released" }
        #expect(cluster.get(.persistentVolumes, "bound") == nil)
    }

    @Test func aNamespaceWithAClaimGoesWithoutWaitingForIt() throws {
        let cluster = try TestCluster("namespace-controller", Self.controllers.claims)
        try cluster.create(Self.claim("c"))
        try cluster.client.delete(cluster.key(.namespaces, "ns"))
        try cluster.advance(.seconds(5))
        #expect(cluster.get(.namespaces, "ns") == nil)
    }
}
