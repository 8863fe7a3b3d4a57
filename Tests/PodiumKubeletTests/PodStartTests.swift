// SPDX-License-Identifier: Apache-2.0
// A pod's way from its binding to its running containers.

import PodiumCodec
import Testing

@Suite struct PodStartTests {
    private static let plain: JSONValue = [
        "containers": [["name": "main", "image": "nginx:1.27", "volumeMounts": [["name": "v", "mountPath": "/v"]]]],
        "volumes": [["name": "v", "emptyDir": [:]]],
    ]

    @Test func aPlainPodGoesFromPendingToRunningInThreeWrites() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.plain)
        try cluster.advance(2)
        let versions = cluster.versions("p")
        #expect(versions.map(\.phase) == ["Pending", "Pending", "Pending", "Running"])
        #expect(
            versions.map(\.containers) == [
                "", "main=waiting:ContainerCreating r0", "main=waiting:ContainerCreating r0",
                "main=running r0 ready started",
            ]
        )
        #expect(
            versions[1].conditions == [
                "PodReadyToStartContainers=False", "Initialized=True", "Ready=False:ContainersNotReady",
                "ContainersReady=False:ContainersNotReady", "PodScheduled=True",
            ]
        )
        #expect(versions[2].conditions[0] == "PodReadyToStartContainers=True")
        #expect(versions[3].conditions[2] == "Ready=True")
        #expect(versions[2].status["podIP"] == nil)
        #expect(versions[3].status["podIP"]?.string == "10.244.0.2")
        #expect((0.3...0.5).contains(versions[3].seconds))
    }

    @Test func itsEventsTellOfImageAndContainer() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.plain)
        try cluster.advance(2)
        #expect(
            try cluster.events("p") == [
                "Normal Pulled x1: Container image \"nginx:1.27\" already present on machine and can be accessed by the pod",
                "Normal Created x1: Container created",
                "Normal Started x1: Container started",
            ]
        )
    }
}
