// SPDX-License-Identifier: Apache-2.0
// Pods that a kubelet turns away, and those that it makes room for.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumTestKit
import Testing

@Suite struct NodeAdmissionTests {
    private static func pod(cpu: String, priority: Int64 = 0) -> JSONValue {
        [
            "containers": [
                ["name": "main", "image": "nginx:1.27", "resources": ["requests": ["cpu": .string(cpu)]]]
            ],
            "priority": .integer(priority),
        ]
    }

    @Test func whatDoesNotFitFails() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("first", Self.pod(cpu: "6"))
        try cluster.advance(2)
        try cluster.bind("second", Self.pod(cpu: "3"))
        try cluster.advance(2)
        let status = try #require(cluster.pod("second")).status
        let problem = "Node didn't have enough resource: cpu, requested: 3000, used: 6000, capacity: 8000"
        #expect(status["phase"]?.string == "Failed")
        #expect(status["reason"]?.string == "OutOfcpu")
        #expect(status["message"]?.string == "Pod was rejected: \(problem)")
        #expect(try cluster.events("second") == ["Warning OutOfcpu x1: \(problem)"])
    }

    @Test(
        arguments: [
            ("NodeAffinity", ["nodeSelector": ["disk": "fast"]]), ("PodOSNotSupported", ["os": ["name": "windows"]]),
        ] as [(String, JSONValue)]
    )
    func whatTheManifestRulesOutFails(reason: String, addition: JSONValue) throws {
        let cluster = try KubeletTestCluster()
        var spec = Self.pod(cpu: "1")
        for (key, value) in addition.object ?? [:] { spec[key] = value }
        try cluster.bind("p", spec)
        try cluster.advance(1)
        #expect(cluster.pod("p")?.status["reason"]?.string == reason)
    }

    @Test func aHostPortIsTakenOnce() throws {
        let cluster = try KubeletTestCluster()
        let spec: JSONValue = [
            "containers": [
                [
                    "name": "main", "image": "nginx:1.27",
                    "ports": [["containerPort": 80, "hostPort": 8080, "protocol": "TCP"]],
                ]
            ]
        ]
        try cluster.bind("first", spec)
        try cluster.advance(2)
        try cluster.bind("second", spec)
        try cluster.advance(2)
        #expect(cluster.pod("first")?.phase == "Running")
        #expect(cluster.pod("second")?.status["reason"]?.string == "NodePorts")
    }

    @Test func anExtendedResourceTheNodeHasIsCounted() throws {
        let cluster = try KubeletTestCluster(nodes: [])
        var node = NodeFixture.node("gpu")
        node[path: "status", "capacity", "example.com/gpu"] = "1"
        node[path: "status", "allocatable", "example.com/gpu"] = "1"
        try cluster.bare.put(node)
        try cluster.advance(1)
        var spec = Self.pod(cpu: "1")
        let amounts: JSONValue = ["example.com/gpu": "1", "example.org/unknown": "5"]
        spec["containers"] = [["name": "main", "image": "nginx:1.27", "resources": ["requests": amounts]]]
        try cluster.bind("first", to: "gpu", spec)
        try cluster.bind("second", to: "gpu", spec)
        try cluster.advance(2)
        #expect(cluster.pod("first")?.phase == "Running")
        #expect(cluster.pod("second")?.status["reason"]?.string == "OutOfexample.com/gpu")
    }
}
