// SPDX-License-Identifier: Apache-2.0
// Quotas: what is counted, what is refused, and when it is given back.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct ResourceQuotaTests {
    private func quota(_ hard: JSONObject, _ spec: JSONObject = [:], name: String = "q") -> JSONValue {
        var spec = spec
        spec["hard"] = .object(hard)
        return [
            "kind": "ResourceQuota", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": "ns"], "spec": .object(spec),
        ]
    }

    private func used(_ cluster: TestCluster, _ name: String = "q") throws -> JSONValue? {
        try #require(cluster.get(.resourceQuotas, name)).status["used"]
    }

    private func manifest(_ name: String, _ requests: JSONObject = [:], _ spec: JSONObject = [:]) -> JSONValue {
        var spec = spec
        var resources: JSONValue = ["requests": .object(requests)]
        // What is not divisible is limited to what is requested.
        resources["limits"] = requests["example.com/gpu"].map { ["example.com/gpu": $0] }
        spec["containers"] = [["name": "c", "image": "i", "resources": resources]]
        return [
            "kind": "Pod", "apiVersion": "v1", "metadata": ["name": .string(name), "namespace": "ns"],
            "spec": .object(spec),
        ]
    }

    /// Why `object` is refused; nil when it is not.
    private func refusal(_ cluster: TestCluster, _ resource: GroupResource, _ object: JSONValue) -> String? {
        defer { cluster.clock.settle() }
        do throws(StatusError) {
            try cluster.client.create(resource, object)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func aNewQuotaCountsWhatIsThere() throws {
        let cluster = try TestCluster("resourcequota-controller")
        try cluster.create(.pod("p"), .pod("q"))
        try cluster.edit(.pods, "q") { $0[path: "status", "phase"] = "Succeeded" }
        try cluster.create(quota(["pods": "5", "count/pods": "5", "cpu": "1", "count/things.example.com": "2"]))
        let status = try #require(cluster.get(.resourceQuotas, "q")).status
        #expect(status["used"] == ["count/pods": "2", "cpu": "0", "pods": "1"])
        #expect(status["hard"] == ["count/pods": "5", "count/things.example.com": "2", "cpu": "1", "pods": "5"])
    }

    @Test func whatIsMadeIsBookedAtOnceAndGivenBackWhenItGoes() throws {
        let cluster = try TestCluster("resourcequota-controller")
        try cluster.create(quota(["requests.cpu": "1", "pods": "2", "requests.example.com/gpu": "1"]))
        #expect(refusal(cluster, .pods, manifest("a", ["cpu": "600m", "example.com/gpu": "1"])) == nil)
        #expect(try used(cluster) == ["pods": "1", "requests.cpu": "600m", "requests.example.com/gpu": "1"])
        #expect(
            refusal(cluster, .pods, manifest("b", ["cpu": "500m"]))
                == "pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, "
                + "limited: requests.cpu=1"
        )
        try cluster.delete(.pods, "a", graceSeconds: 0)
        try cluster.advance(.seconds(1))
        #expect(try used(cluster) == ["pods": "0", "requests.cpu": "0", "requests.example.com/gpu": "0"])
    }

    @Test func podsThatEndAreGivenBack() throws {
        let cluster = try TestCluster("resourcequota-controller")
        try cluster.create(.pod("p"), quota(["pods": "1"]))
        #expect(try used(cluster) == ["pods": "1"])
        try cluster.edit(.pods, "p") { $0[path: "status", "phase"] = "Failed" }
        try cluster.advance(.seconds(1))
        #expect(try used(cluster) == ["pods": "0"])
    }

    @Test func bookingsThatCameToNothingAreFoundLater() throws {
        let cluster = try TestCluster("resourcequota-controller")
        try cluster.create(quota(["pods": "1"]))
        try cluster.edit(.resourceQuotas, "q") { $0[path: "status", "used", "pods"] = "1" }
        try cluster.advance(.seconds(299))
        #expect(try used(cluster) == ["pods": "1"])
        try cluster.advance(.seconds(2))
        #expect(try used(cluster) == ["pods": "0"])
    }

    @Test func aChangedLimitIsTakenOver() throws {
        let cluster = try TestCluster("resourcequota-controller")
        try cluster.create(.pod("p"), quota(["pods": "1"]))
        try cluster.edit(.resourceQuotas, "q") { $0[path: "spec", "hard"] = ["configmaps": "1"] }
        #expect(cluster.get(.resourceQuotas, "q")?.status["hard"] == ["configmaps": "1"])
        #expect(try used(cluster) == ["configmaps": "0"])
    }

    @Test(
        arguments: [
            (["scopes": ["Terminating"]], "1"), (["scopes": ["NotTerminating"]], "2"),
            (["scopes": ["BestEffort"]], "2"), (["scopes": ["NotBestEffort"]], "1"),
            (["scopes": ["CrossNamespacePodAffinity"]], "0"),
            (["scopeSelector": selector("Exists", [])], "1"),
            (["scopeSelector": selector("DoesNotExist", [])], "2"),
            (["scopeSelector": selector("In", ["high", "low"])], "1"),
            (["scopeSelector": selector("NotIn", ["high"])], "2"),
        ] as [(JSONObject, JSONValue)]
    )
    func scopesChoosePods(spec: JSONObject, expected: JSONValue) throws {
        let cluster = try TestCluster("resourcequota-controller")
        try cluster.create(
            manifest("a", [:], ["activeDeadlineSeconds": 5]),
            manifest("b", ["cpu": "1"]),
            manifest("c", [:], ["priorityClassName": "high"])
        )
        try cluster.create(quota(["pods": "9"], spec))
        #expect(try used(cluster) == ["pods": expected])
    }

    private static func selector(_ operation: JSONValue, _ values: JSONValue) -> JSONValue {
        ["matchExpressions": [["scopeName": "PriorityClass", "operator": operation, "values": values]]]
    }

    @Test func claimsUseStorageOfTheirClass() throws {
        let cluster = try TestCluster("resourcequota-controller")
        let limits: JSONObject = [
            "requests.storage": "10Gi", "fast.storageclass.storage.k8s.io/requests.storage": "5Gi",
            "slow.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
        ]
        try cluster.create(quota(limits))
        func claim(_ name: JSONValue, _ size: JSONValue) -> JSONValue {
            [
                "kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": ["name": name, "namespace": "ns"],
                "spec": [
                    "accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
                    "resources": ["requests": ["storage": size]],
                ],
            ]
        }
        #expect(refusal(cluster, .persistentVolumeClaims, claim("a", "4Gi")) == nil)
        #expect(
            try used(cluster) == [
                "fast.storageclass.storage.k8s.io/requests.storage": "4Gi", "requests.storage": "4Gi",
                "slow.storageclass.storage.k8s.io/persistentvolumeclaims": "0",
            ]
        )
        #expect(refusal(cluster, .persistentVolumeClaims, claim("b", "2Gi"))?.contains("exceeded quota: q") == true)
    }

    @Test func anUpdateIsChargedForWhatItAdds() throws {
        let cluster = try TestCluster("resourcequota-controller")
        try cluster.create(quota(["services.nodeports": "2", "services.loadbalancers": "0"]))
        try cluster.edit(.resourceQuotas, "q") {
            $0[path: "status", "used"] = ["services.nodeports": "0", "services.loadbalancers": "0"]
        }
        let service: JSONValue = [
            "kind": "Service", "apiVersion": "v1", "metadata": ["name": "s", "namespace": "ns"],
            "spec": ["type": "NodePort", "ports": [["port": 80]]],
        ]
        #expect(refusal(cluster, .services, service) == nil)
        #expect(try used(cluster)?["services.nodeports"] == "1")
        let key = cluster.key(.services, "s")
        try cluster.client.update(key) { service in
            service[path: "spec", "ports"] = [["port": 80, "name": "a"], ["port": 81, "name": "b"]]
            return true
        }
        #expect(try used(cluster)?["services.nodeports"] == "2")
        let error = #expect(throws: StatusError.self) {
            try cluster.client.update(key) { service in
                service[path: "spec", "type"] = "LoadBalancer"
                return true
            }
        }
        #expect(error?.message.contains("exceeded quota: q, requested: services.loadbalancers=1") == true)
    }

    @Test func whatNobodyHasCountedYetIsRefused() throws {
        let cluster = try TestCluster("resourcequota-controller")
        try cluster.create(quota(["pods": "1"]))
        try cluster.edit(.resourceQuotas, "q") { $0[path: "status", "used"] = [:] }
        #expect(
            refusal(cluster, .pods, manifest("a"))
                == "pods \"a\" is forbidden: status unknown for quota: q, resources: pods"
        )
    }
}
