// SPDX-License-Identifier: Apache-2.0
// What containers need together, in whatever it is counted.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumPodModel
import Testing

@Suite struct PodRequestsTests {
    private static func container(cpu: String, isSidecar: Bool = false) -> JSONValue {
        var container: JSONValue = ["name": "c", "resources": ["requests": ["cpu": .string(cpu)]]]
        if isSidecar { container["restartPolicy"] = "Always" }
        return container
    }

    @Test(
        arguments: [
            (["1", "2"], [], 3000),
            // One init container after the other, each alone.
            (["1"], [("2", false), ("3", false)], 3000),
            // A sidecar runs beside all that come behind it.
            (["1"], [("2", true)], 3000),
            (["1"], [("2", true), ("3", false)], 5000),
            (["1"], [("3", false), ("2", true)], 3000),
            (["1"], [("1", true), ("1", true), ("500m", false)], 3000),
            ([], [], 0),
        ] as [([String], [(String, Bool)], Int64)]
    )
    func containersAddUp(containers: [String], initContainers: [(String, Bool)], milliCPU: Int64) {
        let pod: JSONValue = [
            "spec": [
                "containers": .array(containers.map { Self.container(cpu: $0) }),
                "initContainers": .array(initContainers.map { Self.container(cpu: $0.0, isSidecar: $0.1) }),
            ]
        ]
        #expect(PodRequests.total(of: pod).milliCPU == milliCPU)
        var sum = ContainerSum<ResourceList>()
        for cpu in containers { sum.add(ResourceList(json: ["cpu": .string(cpu)])) }
        for (cpu, isSidecar) in initContainers {
            sum.addInitContainer(ResourceList(json: ["cpu": .string(cpu)]), isSidecar: isSidecar)
        }
        #expect(sum.total["cpu"]?.milliValue ?? 0 == milliCPU)
    }

    @Test func whatIsSetForThePodReplacesTheSumAndOverheadComesOnTop() {
        let pod: JSONValue = [
            "spec": [
                "containers": [Self.container(cpu: "1")], "resources": ["requests": ["cpu": "4", "pods": "9"]],
                "overhead": ["cpu": "250m"],
            ]
        ]
        #expect(PodRequests.total(of: pod).milliCPU == 4250)
        #expect(PodRequests.total(of: pod).pods == 0)
    }
}
