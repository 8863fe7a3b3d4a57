// SPDX-License-Identifier: Apache-2.0
// Addresses of Services of type LoadBalancer: given, kept, asked for and given back.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@testable import Podium

@Suite struct LoadBalancerControllerTests {
    private final class Life {
        let bare = BareCluster()
        private let informers: SharedInformers
        private let reconciler: LoadBalancerController
        private let controller: Controller<LoadBalancerController.Key>

        init() throws {
            let queue = bare.clock.makeQueue(label: "controllers")
            let informers = SharedInformers(client: bare.client, queue: queue)
            let reconciler = LoadBalancerController(informers: informers, network: .standard)
            let controller = Controller(name: "test", host: bare.host, queue: queue, reconciler: reconciler)
            self.informers = informers
            self.reconciler = reconciler
            self.controller = controller
            queue.async {
                reconciler.watch(controller)
                informers.start()
            }
            try bare.put(["kind": "Namespace", "apiVersion": "v1", "metadata": ["name": "ns"]])
            try bare.put(["kind": "Node", "apiVersion": "v1", "metadata": ["name": "n1"]])
            bare.clock.settle()
        }

        func key(_ name: String) -> ObjectKey { ObjectKey(.services, namespace: "ns", name: name) }

        func create(_ name: String, _ spec: JSONObject = [:]) throws {
            var all: JSONObject = ["type": "LoadBalancer", "selector": ["app": "x"], "ports": [["port": 80]]]
            all.merge(spec) { $1 }
            try bare.client.create(
                .services,
                [
                    "kind": "Service", "apiVersion": "v1",
                    "metadata": ["name": .string(name), "namespace": "ns"], "spec": .object(all),
                ]
            )
            bare.clock.settle()
        }

        func edit(_ name: String, _ change: (inout JSONValue) -> Void) throws {
            try bare.client.update(key(name)) { value in
                change(&value)
                return true
            }
            bare.clock.settle()
        }

        func delete(_ name: String) throws {
            try bare.client.delete(key(name))
            bare.clock.settle()
        }

        func address(_ name: String) -> String? {
            bare.object(key(name))?.status[path: "loadBalancer", "ingress"]?.elements.first?["ip"]?.string
        }

        func reasons(_ name: String) throws -> [String] {
            try bare.events(about: name).map { $0.value["reason"]?.string ?? "" }
        }
    }

    @Test func servicesGetAddressesAndGiveThemBack() throws {
        let life = try Life()
        try life.create("a")
        try life.create("b")
        #expect(life.address("a") == "198.18.0.2")
        #expect(life.address("b") == "198.18.0.3")
        let service = try #require(life.bare.object(life.key("a")))
        #expect(service.metadata["finalizers"] == ["service.kubernetes.io/load-balancer-cleanup"])
        #expect(service.status[path: "loadBalancer", "ingress"] == [["ip": "198.18.0.2", "ipMode": "VIP"]])
        #expect(try life.reasons("a") == ["EnsuringLoadBalancer", "EnsuredLoadBalancer"])
        try life.delete("a")
        #expect(life.bare.object(life.key("a")) == nil)
        #expect(try life.reasons("a").suffix(2) == ["DeletingLoadBalancer", "DeletedLoadBalancer"])
        #expect(life.address("b") == "198.18.0.3")
    }

    @Test func whoIsOfAnotherTypeHasNone() throws {
        let life = try Life()
        try life.create("a")
        try life.edit("a") { $0[path: "spec", "type"] = "ClusterIP" }
        let service = try #require(life.bare.object(life.key("a")))
        #expect(life.address("a") == nil)
        #expect(service.metadata["finalizers"] == nil)
        #expect(try life.reasons("a").contains("Type"))
        try life.create("classed", ["loadBalancerClass": "example.com/mine"])
        #expect(life.address("classed") == nil)
        #expect(try life.reasons("classed").isEmpty)
    }

    @Test func anAddressMayBeAskedFor() throws {
        let life = try Life()
        try life.create("a", ["loadBalancerIP": "192.0.2.1"])
        #expect(life.address("a") == "192.0.2.1")
        try life.create("b", ["loadBalancerIP": "192.0.2.1"])
        #expect(life.address("b") == nil)
        #expect(try life.reasons("b").contains("SyncLoadBalancerFailed"))
        try life.delete("a")
        try life.bare.advance(.seconds(5))
        #expect(life.address("b") == "192.0.2.1")
    }

    @Test func otherNodesAreToldOf() throws {
        let life = try Life()
        try life.create("a")
        try life.bare.put(["kind": "Node", "apiVersion": "v1", "metadata": ["name": "n2"]])
        life.bare.clock.settle()
        #expect(try life.reasons("a").last == "UpdatedLoadBalancer")
        for name in ["n1", "n2"] { try life.bare.remove(ObjectKey(.nodes, name: name)) }
        life.bare.clock.settle()
        #expect(try life.reasons("a").last == "UnAvailableLoadBalancer")
    }
}
