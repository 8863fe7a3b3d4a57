// SPDX-License-Identifier: Apache-2.0
// By which addresses containers reach Services, and where those lead that select no pods.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct ServiceNetworkTests {
    private let cluster: KubeletTestCluster

    /// Two nodes, and a server on the first.
    init() throws {
        cluster = try KubeletTestCluster(nodes: ["node-1", "node-2"])
        try cluster.bind("web", ["containers": [["name": "main", "image": "nginx"]]], labels: ["app": "web"])
        try cluster.advance(10)
    }

    private func service(_ name: String, _ spec: JSONObject, status: JSONValue = [:]) throws {
        var all: JSONObject = [
            "selector": ["app": "web"], "ports": [["port": 8080, "targetPort": 80, "nodePort": 30080]],
        ]
        all.merge(spec) { $1 }
        try cluster.bare.put([
            "kind": "Service", "apiVersion": "v1", "metadata": ["name": .string(name), "namespace": "ns"],
            "spec": .object(all), "status": status,
        ])
        cluster.clock.settle()
    }

    private func slice(_ service: String, _ endpoints: JSONValue, manager: String = "me") throws {
        try cluster.bare.put([
            "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1",
            "metadata": [
                "name": .string("\(service)-1"), "namespace": "ns",
                "labels": [
                    "kubernetes.io/service-name": .string(service),
                    "endpointslice.kubernetes.io/managed-by": .string(manager),
                ],
            ],
            "addressType": "IPv4", "ports": [["name": "", "port": 80]], "endpoints": endpoints,
        ])
        cluster.clock.settle()
    }

    private func address(of node: String) throws -> String {
        let object = try #require(cluster.bare.object(ObjectKey(.nodes, name: node)))
        return try #require(object.status["addresses"]?.elements.first?["address"]?.string)
    }

    private func podAddress() throws -> String {
        try #require(cluster.pod("web")?.status["podIP"]?.string)
    }

    /// Whether a container on a node gets an answer.
    private func reaches(_ url: String, from node: String = "node-2") throws -> Bool {
        let name = "client-\(cluster.clock.now.nanoseconds)"
        let command: JSONValue = ["wget", "-T", "2", "-qO-", .string(url)]
        try cluster.bind(
            name,
            to: node,
            [
                "restartPolicy": "Never",
                "containers": [["name": "main", "image": "busybox:1.36", "command": command]],
            ]
        )
        try cluster.advance(10)
        return cluster.pod(name)?.phase == "Succeeded"
    }

    @Test func servicesAnswerAtAllTheirAddresses() throws {
        try service(
            "web",
            ["type": "LoadBalancer", "clusterIP": "10.96.0.7", "externalIPs": ["192.0.2.7"]],
            status: ["loadBalancer": ["ingress": [["ip": "198.18.0.2"]]]]
        )
        for host in ["web.ns", "10.96.0.7", "192.0.2.7", "198.18.0.2"] {
            #expect(try reaches("http://\(host):8080"), "\(host)")
            #expect(try !reaches("http://\(host):8081"), "\(host)")
        }
        for node in ["node-1", "node-2"] {
            #expect(try reaches("http://\(try address(of: node)):30080"), "\(node)")
        }
    }

    @Test func policiesKeepTrafficOnANode() throws {
        try service(
            "web",
            [
                "type": "NodePort", "clusterIP": "10.96.0.7", "externalTrafficPolicy": "Local",
                "internalTrafficPolicy": "Local",
            ]
        )
        #expect(try reaches("http://\(try address(of: "node-1")):30080"))
        #expect(try !reaches("http://\(try address(of: "node-2")):30080"))
        #expect(try reaches("http://10.96.0.7:8080", from: "node-1"))
        #expect(try !reaches("http://10.96.0.7:8080", from: "node-2"))
    }

    @Test func withoutASelectorSlicesSayWhereAServiceLeads() throws {
        try service("plain", ["clusterIP": "10.96.0.8", "selector": [:]])
        #expect(try !reaches("http://plain.ns:8080"))
        try slice("plain", [["addresses": [.string(try podAddress())]]])
        #expect(try reaches("http://plain.ns:8080"))
        let key = ObjectKey(.endpointSlices, namespace: "ns", name: "plain-1")
        try cluster.bare.edit(key) { $0["endpoints"]?.updateArray { $0[0]["conditions"] = ["ready": false] } }
        cluster.clock.settle()
        #expect(try !reaches("http://plain.ns:8080"))
        try cluster.bare.edit(key) { $0["endpoints"]?.updateArray { $0[0]["conditions"] = nil } }
        cluster.clock.settle()
        #expect(try reaches("http://plain.ns:8080"))
        try cluster.bare.remove(key)
        cluster.clock.settle()
        #expect(try !reaches("http://plain.ns:8080"))
    }

    @Test func namesOfHeadlessServicesFollowSlices() throws {
        try service("headless", ["clusterIP": "None", "selector": [:]])
        let address = JSONValue.string(try podAddress())
        try slice(
            "headless",
            [["addresses": [address], "hostname": "one"], ["addresses": ["192.0.2.1"], "hostname": "two"]]
        )
        #expect(try reaches("http://one.headless.ns"))
        #expect(try !reaches("http://two.headless.ns"))
        #expect(try !reaches("http://three.headless.ns"))
    }
}
