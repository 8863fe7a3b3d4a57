// SPDX-License-Identifier: Apache-2.0
// Jobs whose pods end when a test says so.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

/// A cluster with the controllers of Jobs.
struct JobFixture {
    let cluster: TestCluster

    init(_ enabled: String...) throws {
        cluster = try TestCluster(all: ["job-controller"] + enabled)
    }

    static func spec(_ members: JSONObject = [:], plan: JSONObject = [:]) -> JSONValue {
        var pod: JSONObject = ["restartPolicy": "Never", "containers": [["name": "c", "image": "i"]]]
        pod.merge(plan) { $1 }
        var spec: JSONObject = ["template": ["spec": .object(pod)]]
        spec.merge(members) { $1 }
        return .object(spec)
    }

    /// Creates a Job called `job`.
    func create(_ members: JSONObject = [:], plan: JSONObject = [:]) throws {
        try cluster.client.create(
            .jobs,
            [
                "kind": "Job", "apiVersion": "batch/v1", "metadata": ["name": "job", "namespace": "ns"],
                "spec": Self.spec(members, plan: plan),
            ]
        )
        cluster.clock.settle()
    }

    func edit(_ change: (inout JSONValue) -> Void) throws {
        try cluster.client.update(cluster.key(.jobs, "job")) { value in
            change(&value)
            return true
        }
        cluster.clock.settle()
    }

    var status: JSONValue {
        get throws { try #require(cluster.get(.jobs, "job")).status }
    }

    /// The conditions that are true, as `type: reason`.
    var conditions: [String] {
        get throws {
            try (status["conditions"]?.elements ?? []).filter { $0["status"] == "True" }
                .map { "\($0["type"]?.string ?? ""): \($0["reason"]?.string ?? "")" }
        }
    }

    /// The pods, in the order of their creation.
    var pods: [APIObject] {
        get throws { try cluster.client.list(.pods).sorted { $0.createdFirst($1) } }
    }

    /// Those that have not ended and are not going.
    var active: [APIObject] {
        get throws {
            try pods.filter { !$0.isTerminating && $0.status["phase"] != "Succeeded" && $0.status["phase"] != "Failed" }
        }
    }

    /// Ends a pod, now.
    func end(_ pod: APIObject, _ code: Int64, conditions: [JSONValue] = []) throws {
        let now = JSONValue.string(cluster.clock.now.rfc3339)
        try cluster.edit(.pods, pod.name) { value in
            value["status"] = [
                "phase": code == 0 ? "Succeeded" : "Failed", "conditions": .array(conditions),
                "containerStatuses": [
                    [
                        "name": "c", "restartCount": 0,
                        "state": ["terminated": ["exitCode": .integer(code), "finishedAt": now]],
                    ]
                ],
            ]
        }
    }

    /// Removes pods that are going, as their kubelet does.
    func removeGoing() throws {
        for pod in try pods where pod.isTerminating { try cluster.bare.remove(pod.key) }
        cluster.clock.settle()
    }

    func advance(_ duration: Duration) throws { try cluster.advance(duration) }
}

extension APIObject {
    fileprivate func createdFirst(_ other: APIObject) -> Bool {
        let (a, b) = (metadata["creationTimestamp"]?.string ?? "", other.metadata["creationTimestamp"]?.string ?? "")
        return a == b ? index < other.index : a < b
    }

    /// The completion index of a pod.
    var index: String { annotations["batch.kubernetes.io/job-completion-index"] ?? "" }
    var isCounted: Bool { !(metadata["finalizers"]?.elements ?? []).contains("batch.kubernetes.io/job-tracking") }
}
