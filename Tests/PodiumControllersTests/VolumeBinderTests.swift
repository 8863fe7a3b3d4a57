// SPDX-License-Identifier: Apache-2.0
// Claims and volumes find each other, and say how they are.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumPodModel
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct VolumeBinderTests {
    private let cluster: TestCluster

    init() throws { cluster = try TestCluster("persistentvolume-binder-controller", "ephemeral-volume-controller") }

    private func claim(_ name: String, _ size: String, _ spec: JSONObject = [:]) -> JSONValue {
        var all: JSONObject = [
            "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": .string(size)]],
            "storageClassName": "",
        ]
        all.merge(spec) { $1 }
        return [
            "kind": "PersistentVolumeClaim", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": "ns"], "spec": .object(all),
        ]
    }

    private func volume(_ name: String, _ size: String, _ spec: JSONObject = [:]) -> JSONValue {
        var all: JSONObject = [
            "accessModes": ["ReadWriteOnce"], "capacity": ["storage": .string(size)], "hostPath": ["path": "/x"],
        ]
        all.merge(spec) { $1 }
        return [
            "kind": "PersistentVolume", "apiVersion": "v1", "metadata": ["name": .string(name)], "spec": .object(all),
        ]
    }

    private func make(_ resource: GroupResource, _ object: JSONValue) throws {
        try cluster.client.create(resource, object)
        cluster.clock.settle()
    }

    private func phase(_ resource: GroupResource, _ name: String) -> String? {
        cluster.get(resource, name)?.status["phase"]?.string
    }

    @Test func theSmallestVolumeThatSuitsIsTaken() throws {
        for (name, size) in [("large", "10Gi"), ("small", "1Gi"), ("right", "5Gi")] {
            try make(.persistentVolumes, volume(name, size))
        }
        #expect(phase(.persistentVolumes, "right") == "Available")
        try make(.persistentVolumeClaims, claim("c", "2Gi"))
        let bound = try #require(cluster.get(.persistentVolumeClaims, "c"))
        #expect(bound.spec["volumeName"] == "right")
        #expect(bound.status == ["phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": ["storage": "5Gi"]])
        #expect(bound.annotations["pv.kubernetes.io/bind-completed"] == "yes")
        #expect(bound.annotations["pv.kubernetes.io/bound-by-controller"] == "yes")
        #expect(phase(.persistentVolumes, "right") == "Bound")
        #expect(cluster.get(.persistentVolumes, "right")?.spec[path: "claimRef", "uid"]?.string == bound.uid)
        #expect(phase(.persistentVolumes, "large") == "Available")
    }

    @Test func aClaimWaitsAndSaysWhy() throws {
        try make(.persistentVolumeClaims, claim("c", "2Gi"))
        #expect(phase(.persistentVolumeClaims, "c") == "Pending")
        let message = "no persistent volumes available for this claim and no storage class is set"
        #expect(try cluster.events(about: "c") == ["FailedBinding: \(message)"])
        try make(.persistentVolumes, volume("v", "2Gi"))
        #expect(phase(.persistentVolumeClaims, "c") == "Bound")
    }

    @Test(
        arguments: [
            ("capacity", ["storage": "1Gi"]), ("accessModes", ["ReadOnlyMany"]), ("volumeMode", "Block"),
            ("storageClassName", "other"),
        ] as [(String, JSONValue)]
    )
    func volumesThatDoNotSuitAreLeft(_ member: String, _ value: JSONValue) throws {
        try make(.persistentVolumes, volume("v", "5Gi", [member: value]))
        try make(.persistentVolumeClaims, claim("c", "2Gi"))
        #expect(phase(.persistentVolumeClaims, "c") == "Pending")
        #expect(phase(.persistentVolumes, "v") == "Available")
    }

    @Test func whoNamesAVolumeGetsItOrHearsWhyNot() throws {
        try make(.persistentVolumes, volume("v", "1Gi"))
        try make(.persistentVolumeClaims, claim("c", "2Gi", ["volumeName": "v"]))
        #expect(
            try cluster.events(about: "c")
                == [#"VolumeMismatch: Cannot bind to requested volume "v": requested PV is too small"#]
        )
        try make(.persistentVolumes, volume("w", "2Gi", ["claimRef": ["name": "d", "namespace": "ns"]]))
        try make(.persistentVolumeClaims, claim("e", "1Gi"))
        #expect(cluster.get(.persistentVolumeClaims, "e")?.spec["volumeName"] == "v")
        try make(.persistentVolumeClaims, claim("d", "1Gi"))
        #expect(cluster.get(.persistentVolumeClaims, "d")?.spec["volumeName"] == "w")
    }

    @Test func aVolumeIsReleasedWithItsClaimAndLostClaimsSaySo() throws {
        try make(.persistentVolumes, volume("v", "1Gi"))
        try make(.persistentVolumeClaims, claim("c", "1Gi"))
        try cluster.client.removeFinalizer(
            "kubernetes.io/pvc-protection",
            from: cluster.key(.persistentVolumeClaims, "c")
        )
        try cluster.delete(.persistentVolumeClaims, "c")
        #expect(phase(.persistentVolumes, "v") == "Released")
        try make(.persistentVolumes, volume("w", "1Gi"))
        try make(.persistentVolumeClaims, claim("d", "1Gi"))
        #expect(phase(.persistentVolumeClaims, "d") == "Bound")
        try cluster.client.removeFinalizer("kubernetes.io/pv-protection", from: cluster.key(.persistentVolumes, "w"))
        try cluster.delete(.persistentVolumes, "w")
        #expect(phase(.persistentVolumeClaims, "d") == "Lost")
    }

    @Test func ephemeralVolumesHaveClaimsOfTheirOwn() throws {
        var pod = JSONValue.pod("p")
        pod[path: "spec", "volumes"] = [
            ["name": "scratch", "ephemeral": ["volumeClaimTemplate": ["spec": claim("", "1Gi")["spec"] ?? .null]]]
        ]
        try cluster.create(pod)
        let claim = try #require(cluster.get(.persistentVolumeClaims, "p-scratch"))
        #expect(claim.metadata["ownerReferences"]?.elements.first?["kind"] == "Pod")
        #expect(claim.metadata["ownerReferences"]?.elements.first?["controller"] == true)
    }
}
