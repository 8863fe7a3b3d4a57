// SPDX-License-Identifier: Apache-2.0
// What is published of Services, their pods, and Endpoints made by hand.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct EndpointsControllersTests {
    private static let managed = "endpointslice-controller.k8s.io"
    private static let mirrored = "endpointslicemirroring-controller.k8s.io"

    private func cluster(_ names: String...) throws -> TestCluster {
        let cluster = try TestCluster(
            "endpoints-controller",
            "endpointslice-controller",
            "endpointslice-mirroring-controller"
        )
        var node = JSONValue.node("n1")
        node[path: "metadata", "labels"] = ["topology.kubernetes.io/zone": "z1"]
        try cluster.create(node)
        return cluster
    }

    private func service(_ spec: JSONObject = [:], selector: JSONObject? = ["app": "x"]) -> JSONValue {
        var all: JSONObject = [
            "clusterIP": "10.96.0.7", "ipFamilies": ["IPv4"], "ports": [["port": 80, "targetPort": 8080]],
        ]
        if let selector { all["selector"] = .object(selector) }
        all.merge(spec) { $1 }
        return [
            "kind": "Service", "apiVersion": "v1", "metadata": ["name": "s", "namespace": "ns"], "spec": .object(all),
        ]
    }

    private func pod(_ name: String, _ ip: String, labels: JSONObject = ["app": "x"], ready: Bool = true) -> JSONValue {
        var pod = JSONValue.pod(name, labels: labels)
        pod[path: "status", "podIP"] = .string(ip)
        pod[path: "status", "podIPs"] = [["ip": .string(ip)]]
        pod[path: "status", "conditions"]?.updateArray { $0[0]["status"] = ready ? "True" : "False" }
        return pod
    }

    /// The subsets of the Endpoints as `addresses/not ready:ports`; nil when there are none.
    private func endpoints(_ cluster: TestCluster) -> [String]? {
        cluster.get(.endpoints, "s").map { object in
            (object.value["subsets"]?.elements ?? []).map { subset in
                func list(_ name: String, _ member: String) -> String {
                    let texts = subset[name]?.elements.map { $0[member]?.string ?? "\($0[member]?.integer ?? 0)" }
                    return (texts ?? []).joined(separator: ",")
                }
                return "\(list("addresses", "ip"))/\(list("notReadyAddresses", "ip")):\(list("ports", "port"))"
            }
        }
    }

    /// The endpoints in slices of one manager, each as its address and the first letters of its true conditions.
    private func slices(_ cluster: TestCluster, of manager: String) throws -> [[String]] {
        let all = try cluster.client.list(.endpointSlices).filter {
            $0.labels["endpointslice.kubernetes.io/managed-by"] == manager
        }
        return all.map { slice in
            (slice.value["endpoints"]?.elements ?? []).map { endpoint in
                let marks = ["ready", "serving", "terminating"].filter { endpoint["conditions"]?[$0] == true }
                return "\(endpoint["addresses"]?.elements.first?.string ?? "")"
                    + marks.map { String($0.prefix(1)) }.joined()
            }
        }
    }

    private func slices(_ cluster: TestCluster) throws -> [[String]] { try slices(cluster, of: Self.managed) }

    @Test func podsArePublishedAsTheyAre() throws {
        let cluster = try cluster()
        try cluster.create(service())
        #expect(endpoints(cluster) == [])
        #expect(try slices(cluster) == [[]])
        try cluster.create(pod("a", "10.0.0.1"), pod("b", "10.0.0.2", ready: false), pod("c", "10.0.0.3", labels: [:]))
        #expect(endpoints(cluster) == ["10.0.0.1/10.0.0.2:8080"])
        #expect(try slices(cluster) == [["10.0.0.1rs", "10.0.0.2"]])
        try cluster.delete(.pods, "a", graceSeconds: 30)
        #expect(endpoints(cluster) == ["/10.0.0.2:8080"])
        #expect(try slices(cluster) == [["10.0.0.1st", "10.0.0.2"]])
        try cluster.edit(.pods, "b") { $0[path: "status", "phase"] = "Failed" }
        #expect(endpoints(cluster) == [])
        #expect(try slices(cluster) == [["10.0.0.1st"]])
        try cluster.edit(.pods, "c") { $0[path: "metadata", "labels"] = ["app": "x"] }
        #expect(endpoints(cluster) == ["10.0.0.3/:8080"])
        #expect(try slices(cluster) == [["10.0.0.1st", "10.0.0.3rs"]])
        let endpoint = try cluster.client.list(.endpointSlices)[0].value["endpoints"]?.elements.last
        #expect(endpoint?["zone"] == "z1" && endpoint?["nodeName"] == "n1")
        #expect(endpoint?[path: "targetRef", "name"] == "c")
    }

    @Test func unreadyAddressesMayBePublished() throws {
        let cluster = try cluster()
        try cluster.create(service(["publishNotReadyAddresses": true]), pod("a", "10.0.0.1", ready: false))
        #expect(endpoints(cluster) == ["10.0.0.1/:8080"])
        #expect(try slices(cluster) == [["10.0.0.1r"]])
        try cluster.delete(.pods, "a", graceSeconds: 30)
        #expect(endpoints(cluster) == ["10.0.0.1/:8080"])
        #expect(try slices(cluster) == [["10.0.0.1rt"]])
    }

    @Test func aHeadlessServiceNeedsNoPorts() throws {
        let cluster = try cluster()
        var pod = pod("a", "10.0.0.1")
        pod[path: "spec", "hostname"] = "first"
        pod[path: "spec", "subdomain"] = "s"
        try cluster.create(service(["clusterIP": "None", "ports": []]), pod)
        #expect(endpoints(cluster) == ["10.0.0.1/:"])
        #expect(try slices(cluster) == [["10.0.0.1rs"]])
        let slice = try cluster.client.list(.endpointSlices)[0]
        #expect(slice.labels["service.kubernetes.io/headless"] == "")
        #expect(slice.value["endpoints"]?.elements.first?["hostname"] == "first")
        #expect(cluster.get(.endpoints, "s")?.labels["service.kubernetes.io/headless"] == "")
    }

    @Test func theTimeOfTheChangeIsNoted() throws {
        let cluster = try cluster()
        let mark = "endpoints.kubernetes.io/last-change-trigger-time"
        func times() throws -> [String?] {
            [
                cluster.get(.endpoints, "s")?.annotations[mark],
                try cluster.client.list(.endpointSlices)[0].annotations[mark],
            ]
        }
        try cluster.create(service())
        let created = cluster.get(.services, "s")?.creationTimestamp?.rfc3339
        #expect(try times() == [created, created])
        try cluster.advance(.seconds(5))
        var pod = pod("a", "10.0.0.1")
        pod[path: "status", "conditions"]?.updateArray { $0[0]["lastTransitionTime"] = "2026-02-03T04:05:06Z" }
        try cluster.create(pod)
        #expect(try times() == ["2026-02-03T04:05:06Z", "2026-02-03T04:05:06Z"])
        try cluster.delete(.pods, "a", graceSeconds: 30)
        #expect(try times() == [nil, nil])
    }

    @Test func whatOthersDeleteOrChangeIsPutRight() throws {
        let cluster = try cluster()
        try cluster.create(service(), pod("a", "10.0.0.1"))
        let slice = try #require(cluster.client.list(.endpointSlices).first)
        try cluster.client.update(slice.key) { value in
            value["endpoints"] = [["addresses": ["1.2.3.4"]]]
            return true
        }
        try cluster.delete(.endpoints, "s")
        #expect(endpoints(cluster) == ["10.0.0.1/:8080"])
        try cluster.advance(.seconds(1))
        #expect(try slices(cluster) == [["10.0.0.1rs"]])
        #expect(try cluster.client.list(.endpointSlices).map(\.name) == [slice.name])
        try cluster.client.delete(slice.key)
        try cluster.advance(.seconds(1))
        #expect(try slices(cluster) == [["10.0.0.1rs"]])
        try cluster.delete(.services, "s")
        #expect(endpoints(cluster) == nil)
        // Nothing is left to be done.
        #expect(cluster.clock.status.nextTimer == nil)
    }

    @Test func podsOfNodesThatAreGoneAreLeftOutOfSlices() throws {
        let cluster = try cluster()
        var pod = pod("a", "10.0.0.1")
        pod[path: "spec", "nodeName"] = "n2"
        try cluster.create(service(), pod)
        #expect(endpoints(cluster) == ["10.0.0.1/:8080"])
        #expect(try slices(cluster) == [[]])
        let message =
            "Error updating Endpoint Slices for Service ns/s: skipping Pod a for Service ns/s: Node n2 Not Found"
        #expect(try cluster.events(about: "s").contains("FailedToUpdateEndpointSlices: \(message)"))
        try cluster.create(.node("n2"))
        try cluster.advance(.seconds(4))
        #expect(try slices(cluster) == [["10.0.0.1rs"]])
    }

    @Test func largeServicesAreCutAndBatched() throws {
        let cluster = try cluster()
        let count = 1001
        for index in 0..<count { try cluster.bare.put(pod("p\(index)", "10.0.\(index / 200).\(index % 200 + 1)")) }
        try cluster.create(service())
        let object = try #require(cluster.get(.endpoints, "s"))
        #expect(object.annotations["endpoints.kubernetes.io/over-capacity"] == "truncated")
        #expect(object.value["subsets"]?.elements.first?["addresses"]?.elements.count == 1000)
        #expect(try slices(cluster).map(\.count).sorted() == [1] + Array(repeating: 100, count: 10))
        let revision = object.revision
        for index in 0..<2 { try cluster.delete(.pods, "p\(index)", graceSeconds: 0) }
        #expect(cluster.get(.endpoints, "s")?.revision == revision)
        try cluster.advance(.seconds(1))
        #expect(cluster.get(.endpoints, "s")?.annotations["endpoints.kubernetes.io/over-capacity"] == nil)
        #expect(try slices(cluster).joined().count == count - 2)
    }

    // MARK: By hand

    private func byHand(_ ips: String...) -> JSONValue {
        [
            "kind": "Endpoints", "apiVersion": "v1",
            "metadata": ["name": "s", "namespace": "ns", "labels": ["x": "y"]],
            "subsets": [
                ["addresses": .array(ips.map { ["ip": .string($0)] }), "ports": [["port": 1234, "protocol": "TCP"]]]
            ],
        ]
    }

    @Test func endpointsByHandAreMirrored() throws {
        let cluster = try cluster()
        try cluster.create(service(selector: nil), byHand("203.0.113.7", "2001:db8::1"))
        #expect(Set(try slices(cluster, of: Self.mirrored)) == [["203.0.113.7r"], ["2001:db8::1r"]])
        #expect(try slices(cluster).isEmpty)
        let names = try cluster.client.list(.endpointSlices).map(\.name)
        try cluster.edit(.endpoints, "s") { $0["subsets"] = byHand("203.0.113.8")["subsets"] }
        #expect(try slices(cluster, of: Self.mirrored) == [["203.0.113.8r"]])
        let slice = try #require(cluster.client.list(.endpointSlices).first)
        #expect(names.contains(slice.name))
        #expect(slice.labels["x"] == "y")
        #expect(slice.metadata["generateName"] == nil)
        try cluster.edit(.endpoints, "s") {
            $0[path: "metadata", "labels", "endpointslice.kubernetes.io/skip-mirror"] = "true"
        }
        #expect(try slices(cluster, of: Self.mirrored).isEmpty)
        try cluster.edit(.endpoints, "s") { $0[path: "metadata", "labels"] = nil }
        #expect(try slices(cluster, of: Self.mirrored) == [["203.0.113.8r"]])
        try cluster.delete(.endpoints, "s")
        #expect(try slices(cluster, of: Self.mirrored).isEmpty)
    }

    @Test func withoutASelectorThePublishedStaysAndIsMirrored() throws {
        let cluster = try cluster()
        try cluster.create(service(), pod("a", "10.0.0.1"))
        try cluster.edit(.services, "s") { $0[path: "spec", "selector"] = nil }
        #expect(endpoints(cluster) == ["10.0.0.1/:8080"])
        #expect(try slices(cluster) == [["10.0.0.1rs"]])
        #expect(try slices(cluster, of: Self.mirrored) == [["10.0.0.1r"]])
        try cluster.edit(.services, "s") { $0[path: "spec", "selector"] = ["app": "x"] }
        #expect(try slices(cluster, of: Self.mirrored).isEmpty)
    }
}
