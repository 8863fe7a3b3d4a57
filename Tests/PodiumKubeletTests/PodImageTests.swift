// SPDX-License-Identifier: Apache-2.0
// Images that are there, are pulled, or can not be had.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumRuntime
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct PodImageTests {
    private static func pod(_ image: String, policy: String = "IfNotPresent") -> JSONValue {
        ["containers": [["name": "main", "image": .string(image), "imagePullPolicy": .string(policy)]]]
    }

    @Test func anImageThatDoesNotExistIsTriedAgainWithBackOff() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("does-not-exist:1"))
        try cluster.advance(60)
        let events = try cluster.events("p")
        #expect(events.count == 5)
        #expect(events[0] == "Normal Pulling x3: Pulling image \"does-not-exist:1\"")
        #expect(events[1].hasPrefix("Warning Failed x3: Failed to pull image \"does-not-exist:1\": "))
        #expect(events[2] == "Warning Failed x3: Error: ErrImagePull")
        #expect(events[3].hasSuffix(": Back-off pulling image \"does-not-exist:1\""))
        #expect(events[4].hasSuffix(": Error: ImagePullBackOff"))
        #expect(cluster.pod("p")?.phase == "Pending")
        let states = Set(cluster.versions("p").map(\.containers))
        #expect(states.contains("main=waiting:ErrImagePull r0"))
        #expect(states.contains("main=waiting:ImagePullBackOff r0"))
    }

    @Test(arguments: [
        "nginx:nonexistent", "busybox:no-such-tag", "registry.k8s.io/pause:404",
        "invalid.registry.k8s.io/invalid/alpine:3.1",
        "example.com/no-such-image:latest", "nginx:invalid-tag", "ngnix",
    ])
    func aNameThatSaysThatThereIsNoneIsNotOnANodeEither(image: String) throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod(image))
        try cluster.advance(20)
        #expect(cluster.pod("p")?.containers.contains("Pull") == true)
    }

    @Test func aMalformedNameIsNotPulled() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("Not A Name"))
        try cluster.advance(5)
        #expect(cluster.pod("p")?.containers == "main=waiting:InvalidImageName r0")
        #expect(try cluster.events("p").contains { $0.hasPrefix("Normal Pulling") } == false)
    }

    @Test func neverMeansNever() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("registry.example/app:1", policy: "Never"))
        try cluster.advance(5)
        #expect(cluster.pod("p")?.containers == "main=waiting:ErrImageNeverPull r0")
    }

    @Test func anImageIsPulledOnceForAllPodsOfANode() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("a", Self.pod("registry.example/app:1"))
        try cluster.advance(30)
        try cluster.bind("b", Self.pod("registry.example/app:1"))
        try cluster.advance(5)
        let pulled = "Container image \"registry.example/app:1\" already present on machine"
        #expect(try cluster.events("a").contains { $0.hasPrefix("Normal Pulling x1") })
        #expect(try cluster.events("b").first == "Normal Pulled x1: \(pulled) and can be accessed by the pod")
    }

    @Test func aNodeShowsTheImagesThatItPulled() throws {
        let cluster = try KubeletTestCluster(nodes: ["node-1", "node-2"])
        func images(_ node: String) -> [String] {
            let list = cluster.bare.object(ObjectKey(.nodes, name: node))?.status["images"]?.elements ?? []
            return list.map { "\($0["names"]?.elements.last?.string ?? "") \($0["sizeBytes"]?.int ?? 0)" }
        }
        #expect(images("node-1") == [])
        try cluster.bind("a", Self.pod("registry.example/app:1"))
        try cluster.bind("b", Self.pod("nginx:1.27"))
        try cluster.bind("c", Self.pod("missing:1"))
        try cluster.advance(30)
        #expect(images("node-1") == ["docker.io/library/nginx:1.27 72404038", "registry.example/app:1 10000000"])
        #expect(images("node-2") == [])
        // What a node has need not be pulled by another pod; another node has to.
        try cluster.bind("d", Self.pod("registry.example/app:1"))
        try cluster.bind("e", to: "node-2", Self.pod("registry.example/app:1"))
        try cluster.bind("f", Self.pod("registry.example/app:1", policy: "Always"))
        try cluster.bind("g", Self.pod("registry.example/app:1", policy: "Never"))
        try cluster.advance(30)
        #expect(try cluster.events("d").contains { $0.hasPrefix("Normal Pulling") } == false)
        #expect(try cluster.events("e").contains { $0.hasPrefix("Normal Pulling") })
        #expect(try cluster.events("f").contains { $0.hasPrefix("Normal Pulling") })
        #expect(cluster.pod("g")?.phase == "Running")
    }

    @Test func theTableSaysWhatPullingTakesAndHowBigTheImageIs() throws {
        let rules: JSONValue = [
            ["match": "acme/big", "pull": ["takes": "20s"], "size": 5_000_000_000],
            ["match": "acme/closed", "pull": "denied"], ["match": "acme/away", "pull": "unreachable"],
            ["match": "acme/gone", "pull": "notFound"],
        ]
        let cluster = try KubeletTestCluster()
        cluster.images.replace(with: try ImageTable(["rules": rules], isExhaustive: false))
        for name in ["big", "closed", "away", "gone"] { try cluster.bind(name, Self.pod("acme/\(name):1")) }
        try cluster.advance(15)
        #expect(cluster.pod("big")?.containers == "main=waiting:ContainerCreating r0")
        for name in ["closed", "away", "gone"] {
            #expect(cluster.pod(name)?.containers.contains("Pull") == true)
        }
        try cluster.advance(15)
        #expect(cluster.pod("big")?.containers == "main=running r0 ready started")
        let text = "in 20s (20s including waiting). Image size: 5000000000 bytes."
        #expect(try cluster.events("big").contains { $0.hasSuffix(text) })
        // A changed table counts from the next pull on.
        cluster.images.replace(with: ImageTable())
        try cluster.advance(400)
        for name in ["closed", "away", "gone"] { #expect(cluster.pod(name)?.phase == "Running") }
    }

    @Test func aPlanOfTheTableIsTakenStartByStart() throws {
        let rules: JSONValue = [["match": "acme/worker", "plan": "exit 1 after 2s x2, run"]]
        let cluster = try KubeletTestCluster()
        cluster.images.replace(with: try ImageTable(["rules": rules], isExhaustive: false))
        try cluster.bind("p", Self.pod("acme/worker:1"))
        try cluster.advance(120)
        #expect(cluster.pod("p")?.containers == "main=running r2 ready started")
    }

    private static let users: [(String, String)] = [
        ("busybox:1.36", "waiting:CreateContainerConfigError"), ("nginx:1.27", "waiting:CreateContainerConfigError"),
        ("nginxinc/nginx-unprivileged:1.27", "running"), ("prom/prometheus:v2", "waiting:CreateContainerConfigError"),
        ("bitnami/redis:7", "terminated"), ("registry.example.com/shop/api:1", "running"),
        ("grafana/grafana:11", "running"), ("memcached:1.6", "waiting:CreateContainerConfigError"),
    ]

    @Test(arguments: users)
    func whoMustNotBeRootRunsAsTheUserOfTheImage(image: String, state: String) throws {
        let cluster = try KubeletTestCluster()
        var spec = Self.pod(image)
        spec["securityContext"] = ["runAsNonRoot": true]
        spec["restartPolicy"] = "Never"
        spec["containers"] = [["name": "main", "image": .string(image), "ports": [["containerPort": 1]]]]
        try cluster.bind("p", spec)
        try cluster.advance(10)
        #expect(cluster.pod("p")?.containers.hasPrefix("main=\(state)") == true)
        if image.hasPrefix("prom/") {
            let text = "image has non-numeric user (nobody), cannot verify user is non-root"
            #expect(try cluster.events("p").contains { $0.contains(text) })
        }
    }

    @Test func aPodThatWaitsForItsImageIsDeletedSoon() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("does-not-exist:1"))
        try cluster.advance(5)
        try cluster.delete("p")
        try cluster.advance(3)
        #expect(cluster.pod("p") == nil)
        let last = try #require(cluster.versions("p").last)
        #expect(last.isDeleted)
        #expect(last.phase == "Failed")
    }
}
