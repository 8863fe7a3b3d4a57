// SPDX-License-Identifier: Apache-2.0
// What the small controllers do: times for kubelets, and an end for requests for certificates.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@testable import PodiumControllers

@Suite struct CleanerTests {
    private static let requests = GroupResource(group: "certificates.k8s.io", resource: "certificatesigningrequests")

    private func request(_ status: JSONObject) -> JSONValue {
        [
            "kind": "CertificateSigningRequest", "apiVersion": "certificates.k8s.io/v1", "metadata": ["name": "r"],
            "spec": ["request": "eA==", "signerName": "example.com/s", "usages": ["client auth"]],
            "status": .object(status),
        ]
    }

    private func condition(_ type: JSONValue, _ now: Timestamp) -> JSONValue {
        [["type": type, "status": "True", "lastUpdateTime": .string(now.rfc3339)]]
    }

    @Test(arguments: [("Denied", "", 3600), ("Failed", "", 3600), ("Approved", "eA==", 3600), ("Approved", "", nil)])
    func requestsGoWhenTheyWereDecided(type: String, certificate: String, seconds: Int?) throws {
        let cluster = try TestCluster("certificatesigningrequest-cleaner-controller")
        var status: JSONObject = ["conditions": condition(.string(type), cluster.clock.now)]
        if !certificate.isEmpty { status["certificate"] = .string(certificate) }
        try cluster.create(request(status))
        let key = ObjectKey(Self.requests, name: "r")
        try cluster.advance(.seconds(3590))
        #expect(cluster.bare.object(key) != nil)
        try cluster.advance(.seconds(10))
        #expect((cluster.bare.object(key) == nil) == (seconds != nil))
    }

    @Test func requestsThatNobodyDecidesGoAfterADay() throws {
        let cluster = try TestCluster("certificatesigningrequest-cleaner-controller")
        try cluster.create(request([:]))
        try cluster.advance(.seconds(24 * 3600 - 10))
        #expect(cluster.bare.object(ObjectKey(Self.requests, name: "r")) != nil)
        try cluster.advance(.seconds(10))
        #expect(cluster.bare.object(ObjectKey(Self.requests, name: "r")) == nil)
    }

    @Test func nodesOfASmallClusterKeepNothing() throws {
        let cluster = try TestCluster("ttl-controller")
        try cluster.create(.node("n"))
        #expect(cluster.get(.nodes, "n")?.annotations["node.alpha.kubernetes.io/ttl"] == "0")
        for index in 0..<100 { try cluster.create(.node("n\(index)")) }
        #expect(cluster.get(.nodes, "n99")?.annotations["node.alpha.kubernetes.io/ttl"] == "15")
        // The others follow when they change the next time.
        #expect(cluster.get(.nodes, "n1")?.annotations["node.alpha.kubernetes.io/ttl"] == "0")
    }
}
