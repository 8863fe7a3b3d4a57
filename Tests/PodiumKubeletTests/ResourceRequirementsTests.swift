// SPDX-License-Identifier: Apache-2.0
// What a pod asks for altogether.

import PodiumCodec
import PodiumKubelet
import PodiumPodModel
import Testing

@Suite struct ResourceRequirementsTests {
    private static func container(_ name: String, cpu: String, isSidecar: Bool = false) -> JSONValue {
        var value: JSONValue = ["name": .string(name), "resources": ["requests": ["cpu": .string(cpu)]]]
        if isSidecar { value["restartPolicy"] = "Always" }
        return value
    }

    @Test func containersAddUp() {
        let spec = PodSpec(["containers": [Self.container("a", cpu: "250m"), Self.container("b", cpu: "1")]])
        #expect(spec.totalRequests.value == ["cpu": "1250m"])
    }

    @Test func aLargeInitContainerCountsInsteadOfTheContainers() {
        let spec = PodSpec([
            "initContainers": [Self.container("i", cpu: "3")], "containers": [Self.container("a", cpu: "1")],
        ])
        #expect(spec.totalRequests.value == ["cpu": "3"])
    }

    @Test func sidecarsCountBesideWhatFollowsThem() {
        let spec = PodSpec([
            "initContainers": [
                Self.container("before", cpu: "2"), Self.container("side", cpu: "1", isSidecar: true),
                Self.container("after", cpu: "2"),
            ],
            "containers": [Self.container("a", cpu: "500m")],
        ])
        #expect(spec.totalRequests.value == ["cpu": "3"])
    }

    @Test func thePodsOwnRequestsReplaceTheSum() {
        let spec = PodSpec([
            "containers": [Self.container("a", cpu: "1")], "resources": ["requests": ["cpu": "4", "memory": "1Gi"]],
        ])
        #expect(spec.totalRequests.value == ["cpu": "4", "memory": "1Gi"])
    }

    @Test func aCgroupKnowsNeitherMemoryRequestsNorStorage() {
        let now = ResourceRequirements([
            "limits": ["cpu": "2", "memory": "2Gi", "ephemeral-storage": "1Gi"],
            "requests": ["cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"],
        ])
        let before = ResourceRequirements(["requests": ["cpu": "500m", "memory": "256Mi"]])
        #expect(
            now.throughCgroup(after: before).value == [
                "limits": ["cpu": "2", "memory": "2Gi"], "requests": ["cpu": "1", "memory": "256Mi"],
            ]
        )
    }
}
