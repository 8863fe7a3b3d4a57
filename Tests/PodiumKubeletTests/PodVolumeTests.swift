// SPDX-License-Identifier: Apache-2.0
// Volumes and variables that come from ConfigMaps and Secrets.

import PodiumCodec
import PodiumController
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct PodVolumeTests {
    private static let mounting: JSONValue = [
        "containers": [["name": "main", "image": "nginx:1.27", "volumeMounts": [["name": "v", "mountPath": "/v"]]]],
        "volumes": [["name": "v", "configMap": ["name": "settings"]]],
    ]

    private func addSettings(to cluster: KubeletTestCluster) throws {
        try cluster.client.create(
            .configMaps,
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
}
