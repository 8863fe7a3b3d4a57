// SPDX-License-Identifier: Apache-2.0
// The image table: patterns, the order of rules, documents that are wrong, and what is known of well-known images.

import PodiumCodec
import PodiumMachinery
import PodiumPodModel
import PodiumRuntime
import PodiumSandboxTesting
import PodiumShell
import Testing

@Suite struct ImageTableTests {
    private static func table(_ rules: JSONValue, isExhaustive: Bool = false) throws -> ImageTable {
        try ImageTable(["rules": rules], isExhaustive: isExhaustive)
    }

    private static func facts(_ name: String, _ table: ImageTable = ImageTable()) throws -> ImageFacts {
        table.facts(of: try ImageReference(parsing: name))
    }

    // Patterns

    @Test(arguments: [
        ("nginx", "nginx:1.27"), ("nginx", "registry.example.com/mirror/nginx"), ("nginx:1.*", "nginx:1.27"),
        ("library/nginx", "nginx"), ("docker.io/library/nginx", "nginx:latest"), ("acme/*", "ghcr.io/acme/api:1"),
        ("ghcr.io/acme/**", "ghcr.io/acme/team/api"), ("**", "anything/at/all:1"),
        ("**:*alpine*", "acme/api:1-alpine3"),
        ("*.example.com/**", "eu.example.com/a/b"), ("registry:5000/app", "registry:5000/app:2"),
        ("localhost/app", "localhost/app"), ("api-*", "acme/api-v2"), ("a*c", "abbbc"),
        ("**/team/**", "x.io/a/team/b/c"),
    ])
    func aPatternIsAboutAnImage(pattern: String, name: String) throws {
        #expect(try ImagePattern(parsing: pattern).matches(try ImageReference(parsing: name)))
    }

    @Test(arguments: [
        ("nginx", "nginx-unprivileged"), ("nginx", "nginx/controller"), ("inx", "nginx"), ("nginx:1", "nginx:1.27"),
        ("library/nginx", "acme/nginx"), ("ghcr.io/acme/**", "acme/api"), ("acme/*", "acme/team/api"),
        ("example.com/**", "eu.example.com/a"), ("a*c", "abcd"),
        ("nginx:*", "nginx@sha256:" + String(repeating: "a", count: 64)),
    ])
    func aPatternIsNotAboutAnImage(pattern: String, name: String) throws {
        let isAbout = try ImagePattern(parsing: pattern).matches(try ImageReference(parsing: name))
        #expect(isAbout == (pattern == "nginx:*"))
    }

    @Test(arguments: [
        "", "a//b", "/a", "a/", "a:", "a@sha256:0", "a**", "a b", "a/***", String(repeating: "a", count: 513),
    ])
    func whatIsNoPatternIsRefused(text: String) {
        #expect(throws: ImagePatternError.self) { try ImagePattern(parsing: text) }
    }

    // Rules

    @Test func theFirstRuleThatSaysItCountsForEachThing() throws {
        let table = try Self.table([
            ["match": "acme/api:2", "ports": [8080]], ["match": "acme/**", "ports": [80], "user": 7, "size": 5],
            ["match": "nginx", "pull": ["takes": "20s"]], ["match": "redis", "cmd": ["sleep", "1"]],
            ["match": "postgres", "entrypoint": ["/run"]],
        ])
        let api = try Self.facts("acme/api:2", table)
        #expect(api.ports == [8080])
        #expect(api.user?.number == 7)
        #expect(try Self.facts("nginx", table).pull == .pulled(takes: .seconds(20)))
        #expect(try Self.facts("nginx", table).stopSignal == .quit)
        #expect(try Self.facts("redis", table).entryPoint == ["docker-entrypoint.sh"])
        #expect(try Self.facts("redis", table).command == ["sleep", "1"])
        #expect(try Self.facts("postgres", table).command == [])
    }

    @Test func ownRulesComeBeforeWhatANameSays() throws {
        let table = try Self.table([["match": "no-such-image", "pull": "ok"], ["match": "nginx", "pull": "denied"]])
        #expect(try Self.facts("no-such-image", table).pull == .pulled(takes: nil))
        #expect(try Self.facts("nginx", table).pull == .denied)
    }

    @Test(arguments: [
        ("acme/api", true), ("acme/other:1-alpine", false), ("nginx", true), ("nginx:nonexistent", false),
    ])
    func anExhaustiveTableHasWhatItNames(name: String, exists: Bool) throws {
        let table = try Self.table([["match": "acme/api"]], isExhaustive: true)
        #expect((try Self.facts(name, table).pull == nil) == exists)
    }

    private static let wrong: [(JSONValue, String)] = [
        (["match": 1], "rules[0].match"), ([:], "rules[0].match"), ("text", "rules[0]"),
        (["match": "a", "colour": "red"], "rules[0].colour"), (["match": "a", "pull": "maybe"], "rules[0].pull"),
        (["match": "a", "pull": ["takes": "5"]], "rules[0].pull"),
        (["match": "a", "pull": ["takes": "-5s"]], "rules[0].pull"),
        (["match": "a", "size": -1], "rules[0].size"), (["match": "a", "size": "5Mi"], "rules[0].size"),
        (["match": "a", "digest": "sha256:abc"], "rules[0].digest"),
        (["match": "a", "cmd": "sleep 1"], "rules[0].cmd"),
        (["match": "a", "entrypoint": [1]], "rules[0].entrypoint"), (["match": "a", "user": -1], "rules[0].user"),
        (["match": "a", "user": ""], "rules[0].user"), (["match": "a", "workingDir": "x"], "rules[0].workingDir"),
        (["match": "a", "env": ["A": 1]], "rules[0].env"), (["match": "a", "ports": [0]], "rules[0].ports"),
        (["match": "a", "ports": [70_000]], "rules[0].ports"),
        (["match": "a", "stopSignal": "SIGNOT"], "rules[0].stopSignal"),
        (["match": "a", "stopCode": 256], "rules[0].stopCode"), (["match": "a", "plan": "walk"], "rules[0].plan"),
        (["match": "a", "plan": "pull 5s, run"], "rules[0].plan"),
        (["match": "a", "system": "windows"], "rules[0].system"),
        (["match": "a", "needs": [:]], "rules[0].needs"), (["match": "a", "preloaded": "yes"], "rules[0].preloaded"),
        (["match": "a**b"], "rules[0].match"),
    ]

    @Test(arguments: 0..<26)
    func aWrongRuleIsRefusedWithItsPlace(index: Int) throws {
        let (rule, place) = Self.wrong[index]
        let error = #expect(throws: ImageTableError.self) { try Self.table([rule]) }
        #expect(error?.errors.map(\.path.description) == [place])
    }

    @Test func allMistakesAreToldAtOnce() throws {
        let document: JSONValue = [
            "rules": [["match": "a", "size": -1, "ports": 1], ["match": ""]], "unlisted": "x", "more": 1,
        ]
        let error = #expect(throws: ImageTableError.self) { try ImageTable(document, isExhaustive: false) }
        #expect(error?.errors.count == 5)
        let many = JSONValue.array(Array(repeating: ["match": "a"], count: ImageTable.Limits.maximumRules + 1))
        #expect(throws: ImageTableError.self) { try Self.table(many) }
    }

    @Test func aDocumentReadsBackAsTheSameTable() throws {
        let table = try Self.table([["match": "a", "pull": ["takes": "1s"], "plan": "exit 1 after 5s x3, run"]])
        #expect(try ImageTable(table.document, isExhaustive: true) == table)
        #expect(try ImageTable(ImageTable.standardDocument, isExhaustive: false).rules.count > 100)
    }

    // Well-known images

    @Test(arguments: [
        ("nginx:1.27", [80]), ("nginxinc/nginx-unprivileged:1.27", [8080]), ("httpd:2.4", [80]), ("redis:7", [6379]),
        ("memcached", [11_211]), ("mongo:7", [27_017]), ("rabbitmq:3-management", [5672, 15_672]),
        ("haproxy:3.0", [80]),
        ("docker.elastic.co/elasticsearch/elasticsearch:8.14.0", [9200, 9300]),
        ("docker.elastic.co/kibana/kibana:8.1.0", [5601]),
        ("grafana/grafana:11.0.0", [3000]), ("prom/prometheus:v2.53.0", [9090]),
        ("quay.io/prometheus/prometheus", [9090]),
        ("prom/alertmanager", [9093]), ("quay.io/prometheus/node-exporter:v1.8.1", [9100]), ("traefik:v3.0", [80]),
        ("traefik/whoami", [80]), ("hashicorp/http-echo", [5678]), ("mccutchen/go-httpbin", [8080]),
        ("kennethreitz/httpbin", [80]), ("stefanprodan/podinfo:6", [9898]),
        ("gcr.io/kuar-demo/kuard-amd64:blue", [8080]),
        ("tomcat:10", [8080]), ("wordpress:6", [80]), ("ghost:5", [2368]), ("jenkins/jenkins:lts", [8080, 50_000]),
        ("minio/minio", [9000]), ("nats:2", [4222, 8222]), ("caddy:2", [80, 443]), ("hashicorp/vault", [8200]),
        ("hashicorp/consul", [8500]), ("zookeeper:3.9", [2181]), ("apache/kafka:3.7.0", [9092]),
        ("quay.io/coreos/etcd:v3.5.0", [2379]),
        ("registry.k8s.io/coredns/coredns:v1.11.1", [53]), ("bitnami/nginx", [8080]), ("registry:2", [5000]),
        ("docker:27-dind", [2375]), ("bitnami/etcd", [2379]), ("bitnami/wordpress", [8080]),
        ("envoyproxy/envoy:v1.30", [10_000]), ("fluent/fluentd:v1.17", [24_224]),
        ("fluent/fluent-bit:3", [2020]), ("php:8-apache", [80]), ("bitnami/kafka", [9092]),
    ])
    func aServerAnswersOnTheUsualPortsAndStopsAsUsual(image: String, ports: [Int]) throws {
        var tester = SandboxTester()
        let handle = try tester.start(ContainerSpecification(name: "main", image: image))
        tester.run(for: .seconds(60))
        #expect(tester.sandbox.isRunning(handle))
        #expect(tester.notes == [])
        for port in ports { #expect(tester.sandbox.accepts(port: port, now: tester.now)) }
        tester.signal(tester.sandbox.stopSignal(of: handle), handle)
        let code = try Self.facts(image).stopCode ?? 0
        #expect(tester.exit(of: handle)?.code == code)
    }

    @Test(arguments: [
        ("mysql:8", "MYSQL_ROOT_PASSWORD", "You need to specify one of the following"),
        ("mariadb:11", "MARIADB_ROOT_PASSWORD", "You need to specify one of MARIADB_ROOT_PASSWORD"),
        ("mariadb:11", "MYSQL_ROOT_PASSWORD", "password option is not specified"),
        ("postgres:16", "POSTGRES_PASSWORD", "superuser password is not specified"),
        ("postgres:16-alpine", "POSTGRES_HOST_AUTH_METHOD", "You must specify POSTGRES_PASSWORD"),
        ("bitnami/postgresql", "POSTGRESQL_PASSWORD", "POSTGRESQL_PASSWORD environment variable is empty"),
        ("bitnami/redis", "ALLOW_EMPTY_PASSWORD", "REDIS_PASSWORD environment variable is empty"),
        ("mirror.example.com/library/mysql:8", "MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_ROOT_PASSWORD"),
    ])
    func aDatabaseWithoutAPasswordEndsWithOne(image: String, variable: String, text: String) throws {
        var tester = SandboxTester()
        var specification = ContainerSpecification(name: "main", image: image)
        for arguments in [[], ["--option"]] {
            specification.arguments = arguments
            specification.environment = []
            let handle = try tester.start(specification)
            #expect(tester.exit(of: handle)?.code == 1)
            #expect(tester.log(of: handle).contains(text))
            specification.environment = [EnvironmentVariable(variable, "")]
            let empty = try tester.start(specification)
            #expect(tester.exit(of: empty)?.code == 1)
            specification.environment = [EnvironmentVariable(variable, "secret")]
            let good = try tester.start(specification)
            #expect(tester.sandbox.isRunning(good))
            tester.sandbox.remove(good)
        }
        // What is no server needs no password.
        specification.environment = []
        specification.command = ["sh", "-c", "echo backup"]
        let backup = try tester.start(specification)
        #expect(tester.exit(of: backup)?.code == 0)
    }

    @Test(
        arguments: ["ubuntu:24.04", "debian:12", "debian:12-slim", "python:3.12-slim"],
        ["curl", "wget", "ping", "nslookup", "vi", "nc"]
    )
    func baseSystemsLackNetworkTools(image: String, program: String) throws {
        let result = try ScriptResult("\(program) x; echo $?", image: image)
        #expect(result.output == "127\n")
        #expect(result.errors.contains("not found"))
        var tester = SandboxTester()
        var specification = ContainerSpecification(name: "main", image: image)
        specification.command = [program]
        #expect(throws: StartError.self) { try tester.start(specification) }
    }

    @Test func whatIsInstalledIsFound() throws {
        let script = "apt-get update && apt-get install -y curl && command -v curl"
        #expect(try ScriptResult(script, image: "ubuntu").output.hasSuffix("/curl\n"))
    }

    @Test(arguments: [
        ("ubuntu", "ps"), ("curlimages/curl", "curl"), ("nicolaka/netshoot", "dig"), ("acme/api:1", "curl"),
        ("python:3.12", "python3"), ("redis:7-alpine", "redis-server"), ("nginx", "curl"), ("alpine", "wget"),
    ])
    func whatAnImageHasIsFound(image: String, program: String) throws {
        let result = try ScriptResult("command -v \(program) >/dev/null; echo $?", image: image)
        #expect(result.output == "0\n" || image == "nicolaka/netshoot")
    }

    @Test(arguments: ["registry.k8s.io/pause:3.10", "traefik/whoami", "registry.k8s.io/coredns/coredns"])
    func anImageWithoutAShellHasNone(image: String) throws {
        var tester = SandboxTester()
        let handle = try tester.start(ContainerSpecification(name: "main", image: image))
        #expect(throws: StartError.self) { try tester.exec(["sh"], in: handle) }
    }

    @Test func aPlanOfAnImageIsForWhatCannotBeInterpreted() throws {
        let table = try Self.table([["match": "acme/job", "plan": "exit 3 after 5s"]])
        let reference = try ImageReference(parsing: "acme/job:1")
        var tester = SandboxTester()
        for (command, code, length) in [(["./job"], 3, 5.0), (["sh", "-c", "sleep 1; exit 4"], 4, 1.0)] {
            var specification = ContainerSpecification(name: "main", image: "acme/job:1")
            specification.profile = ImageProfile(reference, in: table, with: Applets.library)
            specification.imageAttempt = specification.profile?.facts.plan?.attempt(0)
            specification.command = command
            let began = tester.seconds
            let handle = try tester.start(specification)
            tester.run(for: .seconds(60))
            #expect(tester.exit(of: handle)?.code == code)
            #expect((tester.length(of: handle) ?? 0) - began == length)
        }
        #expect(tester.notes == [])
    }
}
