// SPDX-License-Identifier: Apache-2.0
// What requests come to when storage fails: an error that says so or success, never an open door, and nothing is lost.

import Foundation
import PodiumAPIServer
import PodiumClient
import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumStorage
import PodiumTestKit
import Testing

/// A request, and what it comes to when nothing fails.
struct FaultStep: Sendable {
    let method: String
    let path: String
    var body: JSONValue?
    var type = "application/json"
    let code: Int

    /// Whether a rule of the cluster refuses it, whatever became of the steps before.
    var isGuarded: Bool { code == 403 || code == 429 }

    init(
        _ method: String,
        _ path: String,
        _ code: Int,
        _ body: JSONValue? = nil,
        type: String = "application/json"
    ) {
        (self.method, self.path, self.body, self.type, self.code) = (method, path, body, type, code)
    }
}

@Suite struct FaultTests {
    private static let ns = "/api/v1/namespaces/ns"
    private static let apply = "application/apply-patch+yaml"
    private static let merge = "application/merge-patch+json"

    private static func pod(_ name: String, privileged: Bool = false, cpu: String = "100m") -> JSONValue {
        [
            "kind": "Pod", "apiVersion": "v1", "metadata": ["name": .string(name), "labels": ["app": "a"]],
            "spec": [
                "containers": [
                    [
                        "name": "c", "image": "i", "securityContext": ["privileged": .bool(privileged)],
                        "resources": ["requests": ["cpu": .string(cpu)]],
                    ]
                ]
            ],
        ]
    }

    private static func map(_ name: String, _ value: String) -> JSONValue {
        ["kind": "ConfigMap", "apiVersion": "v1", "metadata": ["name": .string(name)], "data": ["k": .string(value)]]
    }

    /// What happens in each scenario, once it is set up.
    static let scenarios: [(name: String, steps: [FaultStep])] = [
        ("create a pod", [FaultStep("POST", "\(ns)/pods", 201, pod("a")), FaultStep("GET", "\(ns)/pods/a", 200)]),
        ("a pod too many", [FaultStep("POST", "\(ns)/pods", 403, pod("a", cpu: "3"))]),
        ("a pod that is not allowed", [FaultStep("POST", "\(ns)/pods", 403, pod("a", privileged: true))]),
        (
            "change and read",
            [
                FaultStep("POST", "\(ns)/configmaps", 201, map("m", "1")),
                FaultStep("PUT", "\(ns)/configmaps/m", 200, map("m", "2")),
                FaultStep("PATCH", "\(ns)/configmaps/m", 200, ["data": ["x": "3"]], type: merge),
                FaultStep("GET", "\(ns)/configmaps", 200),
            ]
        ),
        (
            "apply",
            [
                FaultStep("PATCH", "\(ns)/configmaps/m?fieldManager=one", 201, map("m", "1"), type: apply),
                FaultStep("PATCH", "\(ns)/configmaps/m?fieldManager=two", 409, map("m", "2"), type: apply),
                FaultStep("PATCH", "\(ns)/configmaps/m?fieldManager=two&force=1", 200, map("m", "2"), type: apply),
            ]
        ),
        (
            "bind and finish",
            [
                FaultStep("POST", "\(ns)/pods", 201, pod("a")),
                FaultStep("POST", "\(ns)/pods/a/binding", 201, ["metadata": ["name": "a"], "target": ["name": "n"]]),
                FaultStep("PATCH", "\(ns)/pods/a/status", 200, ["status": ["phase": "Succeeded"]], type: merge),
                FaultStep("DELETE", "\(ns)/pods/a", 200),
            ]
        ),
        (
            "evict",
            [FaultStep("POST", "\(ns)/pods/running/eviction", 429, ["metadata": ["name": "running"]])]
        ),
        (
            "services have addresses",
            [
                FaultStep(
                    "POST",
                    "\(ns)/services",
                    201,
                    ["metadata": ["name": "s"], "spec": ["ports": [["port": 80]]]]
                ),
                FaultStep("DELETE", "\(ns)/services/s", 200),
            ]
        ),
        (
            "finalizers hold",
            [
                FaultStep(
                    "POST",
                    "\(ns)/configmaps",
                    201,
                    ["metadata": ["name": "m", "finalizers": ["a.b/c"]]]
                ),
                FaultStep("DELETE", "\(ns)/configmaps/m", 200),
                FaultStep("PATCH", "\(ns)/configmaps/m", 200, ["metadata": ["finalizers": .null]], type: merge),
                FaultStep("GET", "\(ns)/configmaps/m", 404),
            ]
        ),
        (
            "a collection goes",
            [
                FaultStep("POST", "\(ns)/configmaps", 201, map("m", "1")),
                FaultStep("POST", "\(ns)/configmaps", 201, map("n", "1")),
                FaultStep("DELETE", "\(ns)/configmaps", 200), FaultStep("GET", "\(ns)/configmaps/m", 404),
            ]
        ),
    ]

    /// A cluster with rules: a quota, limits, a pod security level, a disruption budget, a node.
    private func makeCluster() throws -> (BareCluster, APIServer) {
        let cluster = BareCluster()
        let server = APIServer(APIServerComponents(api: cluster.api))
        let client = cluster.client
        try client.create(
            .namespaces,
            ["metadata": ["name": "ns", "labels": ["pod-security.kubernetes.io/enforce": "baseline"]]]
        )
        try client.create(.nodes, ["metadata": ["name": "n"]])
        try client.create(.priorityClasses, ["metadata": ["name": "p"], "value": 1, "globalDefault": true])
        try cluster.put([
            "kind": "ResourceQuota", "apiVersion": "v1", "metadata": ["name": "q", "namespace": "ns"],
            "spec": ["hard": ["requests.cpu": "2"]],
            "status": ["hard": ["requests.cpu": "2"], "used": ["requests.cpu": "0"]],
        ])
        try client.create(
            GroupResource(group: "", resource: "limitranges"),
            [
                "metadata": ["name": "l", "namespace": "ns"],
                "spec": ["limits": [["type": "Container", "max": ["cpu": "4"]]]],
            ]
        )
        try client.create(
            GroupResource(group: "policy", resource: "poddisruptionbudgets"),
            [
                "metadata": ["name": "b", "namespace": "ns"],
                "spec": ["minAvailable": 1, "selector": ["matchLabels": ["app": "a"]]],
            ]
        )
        var running = Self.pod("running")
        running[path: "metadata", "namespace"] = "ns"
        running["status"] = ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]]
        try cluster.put(running)
        return (cluster, server)
    }

    private func send(_ step: FaultStep, to server: APIServer) -> Int {
        let parts = step.path.split(separator: "?").map(String.init)
        return server.respond(
            to: HTTPRequest(
                method: step.method,
                rawPath: parts[0],
                rawQuery: parts.count > 1 ? parts[1] : "",
                headers: HTTPHeaders(step.body == nil ? [] : [("content-type", step.type)]),
                body: step.body?.encoded() ?? []
            )
        ).status
    }

    /// The codes of a scenario; the call to storage with the number `place` fails.
    private func run(
        _ steps: [FaultStep],
        failingAt place: Int?
    ) throws -> (codes: [Int], calls: Int, cluster: BareCluster) {
        let (cluster, server) = try makeCluster()
        cluster.storage.fail { number, _ in number == place ? .unreachable("as the test wants") : nil }
        var codes: [Int] = []
        for step in steps { codes.append(send(step, to: server)) }
        let calls = cluster.storage.count
        cluster.storage.heal()
        return (codes, calls, cluster)
    }

    /// Every place with PODIUM_EVERY_FAULT set, else twenty that a seed draws.
    private func places(of calls: Int, seed: UInt64) -> [Int] {
        if ProcessInfo.processInfo.environment["PODIUM_EVERY_FAULT"] != nil { return Array(0..<calls) }
        var state = seed
        return (0..<20).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(calls, 1)
        }
    }

    @Test(arguments: scenarios.indices) func aFailureIsSaidAndOpensNothing(index: Int) throws {
        let scenario = Self.scenarios[index]
        let sound = try run(scenario.steps, failingAt: nil)
        #expect(sound.codes == scenario.steps.map(\.code), "\(scenario.name)")
        #expect(sound.calls > 0)
        for place in places(of: sound.calls, seed: UInt64(index + 1)) {
            let broken = try run(scenario.steps, failingAt: place)
            try expectNothingLost(scenario.steps, broken.codes, broken.cluster)
            var isBroken = false
            for (step, code) in zip(scenario.steps, broken.codes) {
                let place = "\(scenario.name), \(step.method) \(step.path), failure at \(place)"
                if [500, 503, 504].contains(code) {
                    isBroken = true
                } else if !isBroken {
                    #expect(code == step.code, "\(place)")
                }
                // What a rule refuses stays refused.
                if step.isGuarded { #expect(code >= 400, "\(place)") }
            }
        }
    }

    /// What was answered with success by the last write to an object is what is stored.
    private func expectNothingLost(_ steps: [FaultStep], _ codes: [Int], _ cluster: BareCluster) throws {
        var values: [String: String] = [:]
        for (step, code) in zip(steps, codes) where step.path.contains("/configmaps") {
            guard
                let name = step.body?[path: "metadata", "name"]?.string
                    ?? step.path.split(separator: "/").last.map(String.init)
            else { continue }
            if step.method == "DELETE", name == "configmaps" { values = [:] }
            // After an error nobody knows whether it was done.
            if code >= 500 || step.method == "DELETE" { values[name] = nil }
            if (200..<300).contains(code), let value = step.body?[path: "data", "k"]?.string { values[name] = value }
        }
        for (name, value) in values {
            let stored = cluster.object(ObjectKey(GroupResource.configMaps, namespace: "ns", name: name))
            #expect(stored?.value[path: "data", "k"]?.string == value, "\(name)")
        }
    }
}
