// SPDX-License-Identifier: Apache-2.0
// Images of which nothing is known, in pods: whether they end, which ports answer, what the pod is told.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import PodiumTestKit
import Testing

@Suite struct ExpectationTests {
    private static let image: JSONValue = "registry.example.com/shop/api:1.4"

    private static func container(_ more: JSONValue = [:]) -> JSONValue {
        var value: JSONValue = ["name": "main", "image": image]
        for (key, member) in more.object ?? [:] { value[key] = member }
        return value
    }

    private static func pod(_ policy: String, _ more: JSONValue = [:]) -> JSONValue {
        ["restartPolicy": .string(policy), "containers": [container(more)]]
    }

    @Test func initContainersOfOwnImagesEndSoThatThePodStarts() throws {
        let cluster = try KubeletTestCluster()
        let migrate: JSONValue = ["name": "migrate", "image": "registry.example.com/shop/migrations:1"]
        let assets: JSONValue = [
            "name": "assets", "image": Self.image, "command": ["python", "manage.py", "collectstatic"],
            "ports": [["containerPort": 1]],
        ]
        let proxy: JSONValue = ["name": "proxy", "image": "registry.example.com/proxy:1", "restartPolicy": "Always"]
        try cluster.bind(
            "shop",
            ["initContainers": [migrate, proxy, assets], "containers": [["name": "web", "image": "nginx"]]]
        )
        try cluster.advance(30)
        #expect(
            cluster.pod("shop")?.containers
                == "migrate=terminated:Completed/0 r0 ready proxy=running r0 ready started "
                + "assets=terminated:Completed/0 r0 ready web=running r0 ready started"
        )
        let said = try cluster.events("shop").filter { $0.hasPrefix("Warning NotSimulated x1: ") }
        #expect(said.count == 3)
    }

    @Test(
        arguments: ["Never", "OnFailure"],
        [[], ["python", "-c", "print('done')"], ["sh", "-c", "cd /tmp && ./job"]]
    )
    func aPodThatIsMeantToEndDoes(policy: String, command: [String]) throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod(policy, ["command": .array(command.map { .string($0) })]))
        try cluster.advance(20)
        #expect(cluster.pod("p")?.phase == "Succeeded")
    }

    private static let servers: [JSONValue] = [
        ["ports": [["containerPort": 8080]]], ["tty": true],
        ["livenessProbe": ["httpGet": ["port": 3000, "path": "/healthz"]]],
        ["readinessProbe": ["tcpSocket": ["port": 3000]]], ["startupProbe": ["grpc": ["port": 3000]]],
        ["readinessProbe": ["exec": ["command": ["/app/ready"]]]],
        ["lifecycle": ["preStop": ["sleep": ["seconds": 1]]]],
        ["lifecycle": ["postStart": ["exec": ["command": ["true"]]]]],
    ]

    @Test(arguments: servers)
    func aServerInAPodThatIsMeantToEndRunsOn(more: JSONValue) throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("Never", more))
        try cluster.advance(60)
        #expect(cluster.pod("p")?.phase == "Running")
        #expect(cluster.pod("p")?.containers == "main=running r0 ready started")
    }

    @Test(arguments: ["livenessProbe", "readinessProbe", "startupProbe"])
    func portsThatOnlyAProbeNamesAnswer(kind: String) throws {
        let handlers: [JSONValue] = [
            ["httpGet": ["port": 3000, "path": "/healthz"]], ["httpGet": ["port": 3443, "scheme": "HTTPS"]],
            ["tcpSocket": ["port": 3001]], ["grpc": ["port": 3002]], ["httpGet": ["port": "web"]],
        ]
        let cluster = try KubeletTestCluster()
        for (index, handler) in handlers.enumerated() {
            var probe = handler
            probe["periodSeconds"] = 1
            probe["failureThreshold"] = 1
            let ports: JSONValue = [["containerPort": 8080, "name": "web"]]
            try cluster.bind("p\(index)", ["containers": [Self.container([kind: probe, "ports": ports])]])
        }
        try cluster.advance(60)
        for index in handlers.indices {
            #expect(cluster.pod("p\(index)")?.containers == "main=running r0 ready started")
        }
    }

    @Test func aPortThatAHookAsksAnswers() throws {
        let cluster = try KubeletTestCluster()
        let hook: JSONValue = ["postStart": ["httpGet": ["port": 9999, "path": "/started"]]]
        try cluster.bind("p", ["containers": [Self.container(["lifecycle": hook])]])
        try cluster.advance(20)
        #expect(cluster.pod("p")?.containers == "main=running r0 ready started")
    }

    private static func service(_ target: JSONValue?) -> JSONValue {
        var port: JSONValue = ["port": 80]
        port["targetPort"] = target
        return [
            "kind": "Service", "apiVersion": "v1", "metadata": ["name": "api", "namespace": "ns"],
            "spec": ["clusterIP": "10.96.0.77", "selector": ["app": "api"], "ports": [port]],
        ]
    }

    @Test(arguments: [4000, nil] as [JSONValue?], [true, false])
    func aPortAtWhichAServiceAimsAnswers(target: JSONValue?, isServiceFirst: Bool) throws {
        let cluster = try KubeletTestCluster()
        func make() throws {
            try cluster.bare.put(Self.service(target))
            cluster.clock.settle()
        }
        if isServiceFirst { try make() }
        try cluster.bind("p", Self.pod("Never"), labels: ["app": "api"])
        if !isServiceFirst {
            try cluster.advance(0.5)
            try make()
        }
        try cluster.advance(20)
        let check: JSONValue = [
            "restartPolicy": "Never",
            "containers": [
                ["name": "main", "image": "busybox:1.36", "command": ["wget", "-qO-", "http://api.ns/"]]
            ],
        ]
        try cluster.bind("check", check)
        try cluster.advance(10)
        #expect(cluster.pod("p")?.phase == "Running")
        #expect(cluster.pod("check")?.phase == "Succeeded")
    }

    @Test func aStoppedPodHasFailed() throws {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", Self.pod("Never", ["ports": [["containerPort": 80]]]))
        try cluster.advance(10)
        try cluster.delete("p")
        try cluster.advance(10)
        let last = try #require(cluster.versions("p").last)
        #expect(last.isDeleted)
        #expect(last.phase == "Failed")
        #expect(last.containers == "main=terminated:Error/143 r0")
    }

    @Test func restartsDoNotRepeatWhatIsNotSimulated() throws {
        let cluster = try KubeletTestCluster()
        let script: JSONValue = ["sh", "-c", "helper --check; exit 1"]
        try cluster.bind("p", Self.pod("Always", ["command": script]))
        try cluster.advance(120)
        #expect(try cluster.events("p").filter { $0.contains("NotSimulated") }.count == 1)
        #expect(try cluster.events("p").contains { $0.hasPrefix("Warning NotSimulated x1: Program helper ") })
    }
}
