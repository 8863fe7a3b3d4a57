// SPDX-License-Identifier: Apache-2.0
// What containers find in their volumes, and how it changes below them.

import PodiumClient
import PodiumCodec
import PodiumKubelet
import PodiumMachinery
import PodiumRuntime
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct VolumeContentTests {
    private func put(_ kind: String, _ name: String, _ data: JSONObject, in cluster: KubeletTestCluster) throws {
        try cluster.bare.put(
            [
                "kind": .string(kind), "apiVersion": "v1", "metadata": ["name": .string(name), "namespace": "ns"],
                "data": .object(data),
            ]
        )
    }

    /// A pod whose container runs `script` with the volume `v` below `/v`.
    private func spec(_ script: String, _ volume: JSONObject) -> JSONValue {
        var volume = volume
        volume["name"] = "v"
        return [
            "containers": [
                [
                    "name": "main", "image": "busybox", "command": ["sh", "-c", .string(script)],
                    "volumeMounts": [["name": "v", "mountPath": "/v"]],
                ]
            ],
            "volumes": [.object(volume)],
        ]
    }

    /// What the container has printed.
    private func lines(_ cluster: KubeletTestCluster, isPrevious: Bool = false) throws -> [String] {
        let source = LogSource(
            pod: NamespacedName(namespace: "ns", name: "p"),
            uid: cluster.versions("p").last?.value[path: "metadata", "uid"]?.string ?? "",
            container: "main",
            isPrevious: isPrevious
        )
        return try cluster.hub.logs.log(source).log.lines().map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test func configMapsAndSecretsAreFiles() throws {
        let cluster = try KubeletTestCluster()
        try put("ConfigMap", "settings", ["colour": "blue", "size": "large"], in: cluster)
        let items: JSONValue = [["key": "colour", "path": "deep/c"]]
        try cluster.bind(
            "p",
            spec("ls /v; cat /v/deep/c; echo; sleep 99", ["configMap": ["name": "settings", "items": items]])
        )
        try cluster.advance(5)
        #expect(try lines(cluster) == ["deep", "blue"])
    }

    @Test func projectedVolumesJoinTheirSources() throws {
        let cluster = try KubeletTestCluster()
        try put("ConfigMap", "settings", ["colour": "blue"], in: cluster)
        // `secret` in Base64.
        try put("Secret", "login", ["user": "c2VjcmV0"], in: cluster)
        let sources: JSONValue = [
            ["configMap": ["name": "settings"]], ["secret": ["name": "login"]],
            [
                "downwardAPI": [
                    "items": [
                        ["path": "name", "fieldRef": ["fieldPath": "metadata.name"]],
                        ["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]],
                        [
                            "path": "cpu",
                            "resourceFieldRef": ["containerName": "main", "resource": "limits.cpu"],
                        ],
                    ]
                ]
            ],
            ["serviceAccountToken": ["path": "token"]],
        ]
        let script = "for f in colour user name labels cpu; do cat /v/$f; echo; done; ls /v; sleep 99"
        try cluster.bind("p", spec(script, ["projected": ["sources": sources]]), labels: ["app": "a"])
        try cluster.advance(5)
        #expect(
            try lines(cluster) == [
                "blue", "secret", "p", #"app="a""#, "8", "colour", "cpu", "labels", "name", "token", "user",
            ]
        )
    }

    @Test func whatAProjectedVolumeLacksIsSaidTogether() throws {
        let cluster = try KubeletTestCluster()
        let sources: JSONValue = [["configMap": ["name": "settings"]], ["secret": ["name": "login"]]]
        try cluster.bind("p", spec("sleep 99", ["projected": ["sources": sources]]))
        try cluster.advance(5)
        let event = try #require(try cluster.events("p").first)
        #expect(event.hasSuffix("[configmap \"settings\" not found, secret \"login\" not found]"))
    }

    @Test func aChangedConfigMapReachesARunningContainer() throws {
        let cluster = try KubeletTestCluster()
        try put("ConfigMap", "settings", ["colour": "blue"], in: cluster)
        let script = "while sleep 10; do cat /v/colour; echo; done"
        try cluster.bind("p", spec(script, ["configMap": ["name": "settings"]]))
        try cluster.advance(25)
        try cluster.bare.edit(ObjectKey(.configMaps, namespace: "ns", name: "settings")) { map in
            map["data"] = ["colour": "red"]
        }
        try cluster.advance(180)
        let seen = try lines(cluster)
        #expect(seen.first == "blue" && seen.last == "red")
        #expect(Set(seen) == ["blue", "red"])
    }

    @Test func hostPathsThatMustExistAreLookedFor() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", spec("sleep 99", ["hostPath": ["path": "/no/such", "type": "Directory"]]))
        try cluster.advance(5)
        let event = try #require(try cluster.events("p").first)
        #expect(event.contains("hostPath type check failed: /no/such is not a directory"))
    }

    @Test func logsOfRunsBeforeArePublished() throws {
        let cluster = try KubeletTestCluster()
        let script = "n=$(cat /v/n 2>/dev/null || echo 0); echo $((n + 1)) > /v/n; echo run $n; sleep 5; exit 1"
        try cluster.bind("p", spec(script, ["emptyDir": [:]]))
        try cluster.advance(8)
        #expect(try lines(cluster, isPrevious: true) == ["run 0"])
        try cluster.advance(20)
        #expect(try lines(cluster).first?.hasPrefix("run ") == true)
        #expect(throws: LogProblem.self) {
            let pod = NamespacedName(namespace: "ns", name: "p")
            _ = try cluster.hub.logs.log(LogSource(pod: pod, uid: "other", container: "main"))
        }
    }
}

@Suite struct PodPlanTests {
    private func run(_ plan: String, restartPolicy: String = "Always", seconds: Double) throws -> KubeletTestCluster {
        let cluster = try KubeletTestCluster()
        try cluster.bind(
            "p",
            [
                "restartPolicy": .string(restartPolicy),
                "containers": [
                    [
                        "name": "main", "image": "shop/api:1",
                        "readinessProbe": ["httpGet": ["path": "/", "port": 8080], "periodSeconds": 1],
                    ]
                ],
            ],
            annotations: ["podium.dev/plan.main": .string(plan)]
        )
        try cluster.advance(seconds)
        return cluster
    }

    @Test(arguments: [
        ("run", 10.0, "main=running r0 ready started"),
        ("ready after 30s, run", 10, "main=running r0 started"),
        ("ready after 30s, run", 60, "main=running r0 ready started"),
        ("exit 1 after 5s x2, run", 120, "main=running r2 ready started"),
        ("exit 137 OOMKilled after 10s", 14, "main=running r1 ready started"),
        ("exit 137 OOMKilled after 10s", 25, "main=waiting:CrashLoopBackOff r1"),
        ("fail pull ErrImagePull x2, run", 8, "main=waiting:ErrImagePull r0"),
        ("fail pull ErrImagePull x2, run", 120, "main=running r0 ready started"),
        ("pull 20s, run", 10, "main=waiting:ContainerCreating r0"),
        ("pull 20s, run", 40, "main=running r0 ready started"),
    ])
    func aPlanIsFollowed(plan: String, seconds: Double, containers: String) throws {
        let cluster = try run(plan, seconds: seconds)
        #expect(cluster.pod("p")?.containers == containers)
    }

    @Test func aPlanThatEndsEndsThePod() throws {
        let cluster = try run("exit 0 after 30s", restartPolicy: "Never", seconds: 60)
        #expect(cluster.pod("p")?.phase == "Succeeded")
        let failed = try run("exit 3 after 30s", restartPolicy: "Never", seconds: 60)
        #expect(failed.pod("p")?.phase == "Failed")
        #expect(failed.pod("p")?.containers == "main=terminated:Error/3 r0")
    }
}
