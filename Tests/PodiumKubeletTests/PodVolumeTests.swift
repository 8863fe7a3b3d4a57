// SPDX-License-Identifier: Apache-2.0
// Volumes and variables that come from ConfigMaps and Secrets, and volumes that become too large.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct PodVolumeTests {
    private static let mounting: JSONValue = [
        "containers": [["name": "main", "image": "nginx:1.27", "volumeMounts": [["name": "v", "mountPath": "/v"]]]],
        "volumes": [["name": "v", "configMap": ["name": "settings"]]],
    ]

    private func addSettings(to cluster: KubeletTestCluster) throws {
        try cluster.bare.put(
            [
                "kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": "settings", "namespace": "ns"],
                "data": ["colour": "blue"],
            ]
        )
    }

    @Test func aPodWaitsForItsConfigMap() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.mounting)
        try cluster.advance(5)
        #expect(cluster.pod("p")?.containers == "main=waiting:ContainerCreating r0")
        let first = try #require(try cluster.events("p").first)
        #expect(first.hasPrefix("Warning FailedMount x"))
        #expect(first.hasSuffix(": MountVolume.SetUp failed for volume \"v\" : configmap \"settings\" not found"))
        try addSettings(to: cluster)
        try cluster.advance(10)
        #expect(cluster.pod("p")?.phase == "Running")
    }

    @Test func anOptionalConfigMapIsNotWaitedFor() throws {
        let cluster = try KubeletTestCluster()
        var spec = Self.mounting
        spec["volumes"] = [["name": "v", "configMap": ["name": "settings", "optional": true]]]
        try cluster.bind("p", spec)
        try cluster.advance(2)
        #expect(cluster.pod("p")?.phase == "Running")
    }

    @Test func aMissingSecretForAVariableKeepsTheContainerFromStarting() throws {
        let cluster = try KubeletTestCluster()
        let reference: JSONValue = ["secretKeyRef": ["name": "login", "key": "user"]]
        try cluster.bind(
            "p",
            [
                "containers": [
                    ["name": "main", "image": "nginx:1.27", "env": [["name": "USER", "valueFrom": reference]]]
                ]
            ]
        )
        try cluster.advance(3)
        let status = try #require(cluster.pod("p")).status["containerStatuses"]?.elements.first
        #expect(status?[path: "state", "waiting", "reason"]?.string == "CreateContainerConfigError")
        #expect(status?[path: "state", "waiting", "message"]?.string == "secret \"login\" not found")
    }

    /// How many seconds after `begin` a pod is stopped whose files are above their limit from then on.
    private func secondsUntilEviction(_ spec: JSONValue, _ cluster: KubeletTestCluster) throws -> Int? {
        try cluster.bind("p", spec)
        for second in 0..<200 {
            if try cluster.events("p").contains(where: { $0.hasPrefix("Warning Evicted") }) { return second }
            try cluster.advance(1)
        }
        return nil
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func aVolumeIsMeasuredEveryOneToTwoMinutes(seed: UInt64) throws {
        let cluster = try KubeletTestCluster(seed: seed)
        let write = "sleep 70; dd if=/dev/zero of=/work/f bs=1024 count=4096; sleep 3600"
        let spec: JSONValue = [
            "containers": [
                [
                    "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", .string(write)],
                    "volumeMounts": [["name": "work", "mountPath": "/work"]],
                ]
            ],
            "volumes": [["name": "work", "emptyDir": ["sizeLimit": "1Mi"]]],
        ]
        // The first measuring is before the file was there, so the next is one to two minutes after that one.
        let seconds = try #require(try secondsUntilEviction(spec, cluster))
        #expect((71...191).contains(seconds))
    }

    @Test func aContainersOwnFilesAreLookedAtEveryTenSeconds() throws {
        let cluster = try KubeletTestCluster()
        let write = "dd if=/dev/zero of=/big bs=1024 count=4096; sleep 3600"
        let spec: JSONValue = [
            "containers": [
                [
                    "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", .string(write)],
                    "resources": ["limits": ["ephemeral-storage": "2Mi"]],
                ]
            ]
        ]
        let seconds = try #require(try secondsUntilEviction(spec, cluster))
        #expect(seconds <= 12)
    }

    @Test func aVolumeThatIsTooLargeForAMomentIsNotSeen() throws {
        let cluster = try KubeletTestCluster()
        let write = "dd if=/dev/zero of=/work/f bs=1024 count=4096; sleep 1; rm /work/f; sleep 3600"
        let spec: JSONValue = [
            "containers": [
                [
                    "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", .string(write)],
                    "volumeMounts": [["name": "work", "mountPath": "/work"]],
                ]
            ],
            "volumes": [["name": "work", "emptyDir": ["sizeLimit": "1Mi"]]],
        ]
        #expect(try secondsUntilEviction(spec, cluster) == nil)
    }
}
