// SPDX-License-Identifier: Apache-2.0
// Deployments on the clock: what is looked at again, and when.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct DeploymentControllerTests {
    private let deployment: JSONValue = [
        "kind": "Deployment", "apiVersion": "apps/v1", "metadata": ["name": "web", "namespace": "ns"],
        "spec": [
            "replicas": 1, "progressDeadlineSeconds": 60, "selector": ["matchLabels": ["app": "web"]],
            "template": [
                "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "main", "image": "nginx"]]],
            ],
        ],
    ]

    private func setReady(_ isReady: Bool, in cluster: TestCluster) throws {
        let pod = try #require(try cluster.client.list(.pods, scope: .namespace("ns")).first)
        let time = JSONValue.string(cluster.clock.now.rfc3339)
        try cluster.client.updateStatus(pod.key, uid: pod.uid) { value in
            value["status"] = [
                "phase": "Running",
                "conditions": [
                    ["type": "Ready", "status": isReady ? "True" : "False", "lastTransitionTime": time]
                ],
            ]
            return true
        }
        cluster.clock.settle()
    }

    private func progress(in cluster: TestCluster) throws -> String? {
        let key = ObjectKey(.deployments, namespace: "ns", name: "web")
        let deployment = try #require(try cluster.client.get(key))
        return deployment.condition("Progressing")?["reason"]?.string
    }

    @Test func whoHasLostItsPodsIsNotLookedAtWithoutEnd() throws {
        let cluster = try TestCluster("deployment-controller", "replicaset-controller")
        try cluster.create(deployment)
        try setReady(true, in: cluster)
        #expect(try progress(in: cluster) == "NewReplicaSetAvailable")
        try cluster.advance(.seconds(120))
        try setReady(false, in: cluster)
        // Nothing can come of it: a rollout that was complete does not time out.
        #expect(try cluster.clock.advance(.by(.seconds(3_600))).fired < 10)
        #expect(try progress(in: cluster) == "NewReplicaSetAvailable")
    }

    @Test func whoStandsStillTimesOutOnce() throws {
        let cluster = try TestCluster("deployment-controller", "replicaset-controller")
        try cluster.create(deployment)
        try cluster.advance(.seconds(59))
        #expect(try progress(in: cluster) == "ReplicaSetUpdated")
        try cluster.advance(.seconds(5))
        #expect(try progress(in: cluster) == "ProgressDeadlineExceeded")
        #expect(try cluster.clock.advance(.by(.seconds(3_600))).fired < 10)
    }
}
