// SPDX-License-Identifier: Apache-2.0
// Variables and words that grow without end, and what the runtime says of them.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumTestKit
import Testing

@Suite struct PodEnvironmentTests {
    private static let exec =
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
        + "runc create failed: unable to start container process: error during container init: "

    /// Variables of which each holds the one before some times.
    private static func chain(_ levels: Int, times: Int = 2, start: String = "xxxxxxxxxx") -> [JSONValue] {
        [["name": "E0", "value": .string(start)]]
            + (1..<levels).map { level in
                let reference = String(repeating: "$(E\(level - 1))", count: times)
                return ["name": .string("E\(level)"), "value": .string(reference)]
            }
    }

    private static func pod(_ container: JSONValue, volumes: [JSONValue] = []) -> JSONValue {
        var container = container
        container["name"] = "main"
        container["image"] = "busybox:1.36"
        if container["command"] == nil { container["command"] = ["sleep", "999"] }
        return ["containers": [container], "restartPolicy": "Never", "volumes": .array(volumes)]
    }

    private static func repeated(_ text: String, _ count: Int) -> JSONValue {
        .string(String(repeating: text, count: count))
    }

    /// Pods whose environment or words are more than a runtime takes, by what becomes of them.
    static let bombs: [(name: String, pod: JSONValue, containers: String)] = [
        ("forty levels", pod(["env": .array(chain(40))]), "main=waiting:CreateContainerError r0"),
        ("a hundred levels", pod(["env": .array(chain(100))]), "main=waiting:CreateContainerError r0"),
        ("nine at a time", pod(["env": .array(chain(20, times: 9))]), "main=waiting:CreateContainerError r0"),
        (
            "many long ones",
            pod(["env": .array(chain(14) + (0..<220).map { ["name": .string("V\($0)"), "value": "$(E13)"] })]),
            "main=waiting:CreateContainerError r0"
        ),
        (
            "two megabytes",
            pod(["env": .array(chain(14) + (0..<30).map { ["name": .string("V\($0)"), "value": "$(E13)"] })]),
            "main=terminated:StartError/128 r0"
        ),
        ("one too long", pod(["env": .array(chain(16))]), "main=terminated:StartError/128 r0"),
        (
            "one too long as it stands", pod(["env": [["name": "A", "value": repeated("a", 140_000)]]]),
            "main=terminated:StartError/128 r0"
        ),
        (
            "a command", pod(["env": .array(chain(14)), "command": ["echo", "$(E13)$(E13)"]]),
            "main=terminated:StartError/128 r0"
        ),
        (
            "a command of many",
            pod(["env": .array(chain(13)), "command": .array(["echo"] + Array(repeating: "$(E12)", count: 60))]),
            "main=terminated:StartError/128 r0"
        ),
        (
            "arguments", pod(["env": .array(chain(14)), "args": .array(Array(repeating: "$(E13)", count: 40))]),
            "main=terminated:StartError/128 r0"
        ),
        (
            "arguments without end", pod(["env": .array(chain(14)), "args": [repeated("$(E13)", 5000)]]),
            "main=waiting:CreateContainerError r0"
        ),
        (
            "a sub path",
            pod(
                [
                    "env": .array(chain(10)),
                    "volumeMounts": [["name": "v", "mountPath": "/v", "subPathExpr": "$(E9)"]],
                ],
                volumes: [["name": "v", "emptyDir": [:]]]
            ), "main=waiting:CreateContainerConfigError r0"
        ),
        (
            "a sub path of one long name",
            pod(
                ["env": .array(chain(6)), "volumeMounts": [["name": "v", "mountPath": "/v", "subPathExpr": "$(E5)"]]],
                volumes: [["name": "v", "emptyDir": [:]]]
            ), "main=waiting:CreateContainerConfigError r0"
        ),
        (
            "annotations",
            pod([
                "env": .array(
                    (0..<20).map {
                        ["name": .string("A\($0)"), "valueFrom": ["fieldRef": ["fieldPath": "metadata.annotations"]]]
                    }
                )
            ]), "main=terminated:StartError/128 r0"
        ),
        (
            "a ConfigMap",
            pod(["envFrom": .array((0..<30).map { ["prefix": .string("P\($0)_"), "configMapRef": ["name": "big"]] })]),
            "main=terminated:StartError/128 r0"
        ),
        (
            "ConfigMaps",
            pod(["envFrom": .array((0..<300).map { ["prefix": .string("P\($0)_"), "configMapRef": ["name": "big"]] })]),
            "main=waiting:CreateContainerError r0"
        ),
        (
            "a key of a ConfigMap",
            pod([
                "env": .array(
                    [["name": "K", "valueFrom": ["configMapKeyRef": ["name": "big", "key": "k"]]]]
                        + (0..<30).map { ["name": .string("V\($0)"), "value": "$(K)"] }
                )
            ]), "main=terminated:StartError/128 r0"
        ),
        (
            "self-reference", pod(["env": .array((0..<40).map { _ in ["name": "S", "value": "x$(S)$(S)"] })]),
            "main=waiting:CreateContainerError r0"
        ),
    ]

    @Test(arguments: bombs.indices) func aContainerIsNotMadeOfMoreThanARuntimeTakes(index: Int) throws {
        let bomb = Self.bombs[index]
        let cluster = try KubeletTestCluster()
        try cluster.bare.put(
            [
                "kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": "big", "namespace": "ns"],
                "data": ["k": Self.repeated("k", 90_000)],
            ]
        )
        try cluster.bind("p", bomb.pod, annotations: ["a": Self.repeated("a", 120_000)])
        try cluster.advance(5)
        #expect(cluster.versions("p").last?.containers == bomb.containers, "\(bomb.name)")
    }

    @Test func theMessagesAreThoseOfRuntimeAndKubelet() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod(["env": .array(Self.chain(16))]))
        try cluster.bind("q", Self.pod(["env": .array(Self.chain(24))]))
        try cluster.advance(5)
        #expect(
            try cluster.events("p").contains(
                "Warning Failed x1: Error: \(Self.exec)exec sleep: argument list too long: unknown"
            )
        )
        let size = (0..<24).reduce(0) { $0 + "E\($1)".utf8.count + 10 << $1 } + "sleep999".utf8.count
        let message = "Error: trying to send message larger than max (\(size) vs. 16777216)"
        #expect(try cluster.events("q").contains { $0.hasPrefix("Warning Failed") && $0.hasSuffix(message) })
    }

    @Test(arguments: [
        ("$(A)", "a"), ("$$(A)", "$(A)"), ("$$$(A)", "$a"), ("$(B)", "$(B)"), ("$(A", "$(A"), ("$A", "$A"), ("$", "$"),
        ("x$(A)$(A)y", "xaay"), ("$()", "$()"), ("$$", "$"), ("é$(A)ü", "éaü"), ("$((A))", "$((A))"),
        ("$(A)$", "a$"),
    ]) func referencesAreReplacedAsUpstreamReplacesThem(text: String, expanded: String) throws {
        let cluster = try KubeletTestCluster()
        let env: JSONValue = [["name": "A", "value": "a"], ["name": "R", "value": .string(text)]]
        try cluster.bind(
            "p",
            Self.pod([
                "env": env,
                "command": ["sh", "-c", "test \"$R\" = \"$1\"", "sh", .string(expanded.replacing("$", with: "$$"))],
            ])
        )
        try cluster.advance(5)
        #expect(cluster.versions("p").last?.containers == "main=terminated:Completed/0 r0")
    }
}
