// SPDX-License-Identifier: Apache-2.0
// What containers see of names and ports in their cluster, and what the cluster sees of theirs.

import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct NetworkTests {
    private var world: TestWorld {
        var world = TestWorld()
        world.names = ["myservice.default.svc.cluster.local": ["10.96.7.7"], "example.com": ["93.184.216.34"]]
        world.answers = [
            "10.96.7.7:80": HTTPAnswer(status: 200, body: "hello\n"),
            "10.96.7.7:81": HTTPAnswer(status: 503, body: "later\n"),
            "10.96.7.7:82": HTTPAnswer(status: 302, location: "http://myservice/"),
        ]
        world.openPorts = ["10.96.7.7:5432"]
        return world
    }

    @Test(arguments: [
        ("nslookup myservice", 0), ("nslookup myservice.default.svc.cluster.local", 0), ("nslookup example.com", 0),
        ("nslookup other", 1), ("nslookup myservice.default", 1), ("nslookup myservice 127.0.0.1", 1),
        ("wget -qO- myservice", 0), ("wget -qO- http://myservice:81/", 1), ("wget -qO- http://myservice:82/", 0),
        ("wget -qO- http://myservice:99/", 1), ("wget -qO- http://other/", 1), ("wget --spider -q myservice", 0),
        ("nc -z myservice 5432", 0), ("nc -z myservice 5433", 1), ("nc -zv -w 2 other 80", 1),
        ("ping -c 1 myservice", 0), ("ping -c 1 other", 1), ("nslookup", 1), ("wget", 1), ("nc", 1),
    ])
    func clientsFindWhatIsThere(command: String, code: Int) throws {
        #expect(try ScriptResult("\(command); exit $?", world: world).code == code)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.1", true), ("127.0.1", true), ("2130706433", true), ("0177.0.0.1", true),
        ("0x7f.1", true), ("0x7f000001", true), ("017700000001", true), ("0", true), ("localhost", true),
        ("256.0.0.1", false), ("08.0.0.1", false), ("127.0.0.1.", false), ("127.0.0.0.1", false), ("4294967296", false),
        ("127.16777216", false), ("0x", false), ("1.2.3.4.5", false), ("127.0.0.-1", false), ("x127.1", false),
    ])
    func hostsAreAddressesInEveryWayOfWritingThem(host: String, isFound: Bool) throws {
        let result = try ScriptResult("echo hi > /i; httpd -p 99; wget -qO- http://\(host):99/i; exit $?")
        #expect(result.output == (isFound ? "hi\n" : ""))
        #expect(result.errors == (isFound ? "" : "wget: bad address '\(host)'\n"))
    }

    @Test func whatAClientTellsAProgramBehindNetcatIsNotPrinted() throws {
        let client = "sleep 1; echo words | nc 127.0.0.1 9"
        let result = try ScriptResult("nc -ll -p 9 -e echo hello & \(client); \(client); sleep 1; kill %1")
        #expect(result.output == "hello\nhello\n")
    }

    @Test func answersAreShownAsTheirProgramsShowThem() throws {
        let script = "nslookup myservice.default.svc.cluster.local; wget -qO- myservice; wget -qO- other"
        let result = try ScriptResult(script, world: world)
        #expect(
            result.output == """
                Server:\t\t10.96.0.10
                Address:\t10.96.0.10:53

                Name:\tmyservice.default.svc.cluster.local
                Address: 10.96.7.7


                hello

                """
        )
        #expect(result.errors == "wget: bad address 'other'\n")
    }

    @Test func oldBusyboxLooksUpInItsOwnWords() throws {
        let result = try ScriptResult("nslookup myservice.default", image: "busybox:1.28", world: world)
        #expect(result.code == 0)
        #expect(result.output.hasSuffix("Address 1: 10.96.7.7 myservice.default.svc.cluster.local\n"))
    }

    @Test func aLoopThatWaitsForAServiceEndsWhenTheServiceIsMade() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "until nslookup myservice; do echo waiting; sleep 2; done; echo found")
        tester.run(for: .seconds(5))
        #expect(tester.sandbox.isRunning(handle))
        tester.world = world
        tester.run(for: .seconds(2))
        #expect(tester.exit(of: handle)?.code == 0)
        #expect(tester.log(of: handle).hasSuffix("found\n"))
        #expect(tester.length(of: handle) == 6)
    }

    @Test func aServerAnswersFromItsFiles() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "mkdir /www; echo ok > /www/i; sleep 6; exec httpd -f -p 8080 -h /www")
        #expect(tester.sandbox.answer(HTTPProbe(path: "/i"), port: 8080, now: tester.now) == nil)
        tester.run(for: .seconds(6))
        let answer = tester.sandbox.answer(HTTPProbe(path: "/i"), port: 8080, now: tester.now)
        #expect(answer?.status == 200)
        #expect(answer?.body == Array("ok\n".utf8))
        #expect(tester.sandbox.answer(HTTPProbe(path: "/none"), port: 8080, now: tester.now)?.status == 404)
        #expect(tester.sandbox.accepts(port: 8080, now: tester.now))
        #expect(try tester.exec(["wget", "-qO-", "http://127.0.0.1:8080/i"], in: handle)?.text == "ok\n")
        tester.signal(.kill, handle)
        #expect(!tester.sandbox.accepts(port: 8080, now: tester.now))
    }

    @Test func aBackgroundServerGoesWithItsProcess() throws {
        var tester = SandboxTester()
        _ = try tester.start(sh: "httpd -f -p 9000 & pid=$!; sleep 10; kill $pid; sleep 100")
        tester.run(for: .seconds(9))
        #expect(tester.sandbox.accepts(port: 9000, now: tester.now))
        tester.run(for: .seconds(2))
        #expect(!tester.sandbox.accepts(port: 9000, now: tester.now))
    }

    @Test func nginxServesItsPageAndEndsGently() throws {
        var tester = SandboxTester()
        let handle = try tester.start(ContainerSpecification(name: "web", image: "nginx:1.27"))
        #expect(tester.sandbox.answer(HTTPProbe(path: "/"), port: 80, now: tester.now)?.status == 200)
        #expect(tester.sandbox.stopSignal(of: handle) == .quit)
        tester.signal(.quit, handle)
        #expect(tester.exit(of: handle)?.code == 0)
    }

    @Test func theTestImageFailsAfterTenSeconds() throws {
        var tester = SandboxTester()
        var specification = ContainerSpecification(name: "live", image: "registry.k8s.io/e2e-test-images/agnhost:2.40")
        specification.arguments = ["liveness"]
        _ = try tester.start(specification)
        #expect(tester.sandbox.answer(HTTPProbe(path: "/healthz"), port: 8080, now: tester.now) == nil)
        tester.run(for: .milliseconds(100))
        #expect(tester.sandbox.answer(HTTPProbe(path: "/healthz"), port: 8080, now: tester.now)?.status == 200)
        tester.run(for: .seconds(11))
        #expect(tester.sandbox.answer(HTTPProbe(path: "/healthz"), port: 8080, now: tester.now)?.status == 500)
    }
}
