// SPDX-License-Identifier: Apache-2.0
// What each namespace gets, and how it goes.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct NamespaceControllersTests {
    @Test func everyNamespaceGetsAnAccountAndACertificate() throws {
        let cluster = try TestCluster("serviceaccount-controller", "root-ca-certificate-publisher-controller")
        #expect(cluster.get(.serviceAccounts, "default") != nil)
        #expect(cluster.get(.configMaps, "kube-root-ca.crt")?.value["data"] == ["ca.crt": "PEM"])
        try cluster.delete(.serviceAccounts, "default")
        #expect(cluster.get(.serviceAccounts, "default") != nil)
        try cluster.edit(.configMaps, "kube-root-ca.crt") { $0["data"] = ["ca.crt": "other"] }
        #expect(cluster.get(.configMaps, "kube-root-ca.crt")?.value["data"] == ["ca.crt": "PEM"])
    }

    /// What the API server does on DELETE.
    private func markDeleted(_ cluster: TestCluster) throws {
        try cluster.edit(.namespaces, "ns") { value in
            value[path: "metadata", "deletionTimestamp"] = .string(cluster.clock.now.rfc3339)
            value[path: "status", "phase"] = "Terminating"
        }
        // It is left alone for a while.
        try cluster.advance(.seconds(4))
        #expect(cluster.get(.namespaces, "ns") != nil)
        try cluster.advance(.seconds(1))
    }

    private func conditions(_ cluster: TestCluster) throws -> [String: String] {
        let list = try #require(cluster.get(.namespaces, "ns")).status["conditions"]?.elements ?? []
        let pairs = list.map {
            ($0["type"]?.string ?? "", "\($0["status"]?.string ?? "") \($0["message"]?.string ?? "")")
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test func anEmptyNamespaceGoesAfterAWhile() throws {
        let cluster = try TestCluster("namespace-controller", "serviceaccount-controller")
        try markDeleted(cluster)
        #expect(cluster.get(.namespaces, "ns") == nil)
        #expect(cluster.get(.serviceAccounts, "default") == nil)
    }

    @Test func podsGetTheirGraceAndTheRestWaitsForThem() throws {
        let cluster = try TestCluster("namespace-controller")
        try cluster.create(.pod("p"))
        try cluster.create(["kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": "c", "namespace": "ns"]])
        try markDeleted(cluster)
        #expect(try cluster.pod("p").metadata["deletionGracePeriodSeconds"] == 30)
        #expect(cluster.get(.configMaps, "c") != nil)
        let remaining = try conditions(cluster)["NamespaceContentRemaining"]
        #expect(remaining == "True Some resources are remaining: pods. has 1 resource instances")
        try cluster.advance(.seconds(5))
        // The kubelet is done.
        try cluster.delete(.pods, "p", graceSeconds: 0)
        #expect(cluster.get(.configMaps, "c") == nil)
        #expect(cluster.get(.namespaces, "ns") == nil)
    }

    @Test func finalizersHoldANamespace() throws {
        let cluster = try TestCluster("namespace-controller")
        try cluster.create([
            "kind": "ConfigMap", "apiVersion": "v1",
            "metadata": ["name": "c", "namespace": "ns", "finalizers": ["example.com/hold"]],
        ])
        try markDeleted(cluster)
        let holders = try conditions(cluster)["NamespaceFinalizersRemaining"]
        #expect(
            holders == "True Some content in the namespace has finalizers remaining: "
                + "example.com/hold in 1 resource instances"
        )
        try cluster.client.removeFinalizer("example.com/hold", from: cluster.key(.configMaps, "c"))
        try cluster.advance(.seconds(9))
        #expect(cluster.get(.namespaces, "ns") == nil)
    }

    @Test func aNamespaceWithForeignFinalizersWaitsForTheirOwners() throws {
        let cluster = try TestCluster("namespace-controller")
        try cluster.edit(.namespaces, "ns") { $0[path: "spec", "finalizers"] = ["kubernetes", "example.com/x"] }
        try markDeleted(cluster)
        #expect(cluster.get(.namespaces, "ns")?.spec["finalizers"] == ["example.com/x"])
    }
}
