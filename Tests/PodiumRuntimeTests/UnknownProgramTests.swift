// SPDX-License-Identifier: Apache-2.0
// Programs and images of which nothing is known: when they end, with what, and what they answer.

import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct UnknownProgramTests {
    private static let image = "registry.example.com/acme/shop:1"

    private static func specification(
        _ command: [String],
        _ change: (inout ContainerSpecification) -> Void = { _ in }
    )
        -> ContainerSpecification
    {
        var specification = ContainerSpecification(name: "main", image: image)
        specification.command = command
        change(&specification)
        return specification
    }

    private static let commands: [[String]] = [
        [], ["/app/server"], ["java", "-jar", "app.jar"], ["python", "-c", "print('done')"], ["node", "index.js"],
        ["perl", "-wle", "print 1"], ["php", "artisan", "migrate"], ["kubectl", "get", "pods"],
        ["sh", "-c", "frobnicate"], ["sh", "-c", "echo a; exec frobnicate --all"],
        ["bash", "-c", "cd /tmp && frobnicate"],
        ["sh", "-c", "trap 'echo bye' EXIT; frobnicate"], ["sh", "-c", "run() { frobnicate \"$@\"; }; run x"],
        ["sh", "-c", "while true; do frobnicate; done"], ["sh", "-c", "until false; do frobnicate; done"],
        ["sh", "-c", "if true; then frobnicate; fi"], ["sh", "-c", "case a in a) frobnicate ;; esac"],
        ["sh", "-c", "frobnicate & wait"], ["sh", "-c", "(frobnicate)"], ["sh", "-c", "A=1 frobnicate >/tmp/log 2>&1"],
        ["env", "A=1", "frobnicate"], ["sh", "-c", "nohup frobnicate & wait $!"], ["nohup", "frobnicate"],
    ]

    @Test(arguments: commands)
    func whereItStandsForTheContainerItRunsOn(command: [String]) throws {
        var tester = SandboxTester()
        let handle = try tester.start(Self.specification(command))
        tester.run(for: .seconds(3600))
        #expect(tester.sandbox.isRunning(handle))
        #expect(tester.notes.count == 1)
        #expect(tester.notes.first?.contains("is not simulated: it runs until it is stopped") == true)
        #expect(tester.wakes < 10)
    }

    @Test(arguments: commands.filter { !$0.joined().contains("while true") && !$0.joined().contains("until false") })
    func whereTheContainerIsMeantToEndItEndsAfterASecond(command: [String]) throws {
        var tester = SandboxTester()
        let handle = try tester.start(Self.specification(command) { $0.isMeantToEnd = true })
        tester.run(for: .seconds(3600))
        #expect(tester.exit(of: handle)?.code == 0)
        #expect(tester.length(of: handle) == 1)
        #expect(tester.notes.first?.contains("is not simulated: it ends with 0 after a second") == true)
        #expect(tester.notes.first?.contains("podium.dev/plan.main") == true)
    }

    @Test(arguments: [
        "frobnicate; echo after", "frobnicate && echo after", "frobnicate || exit 3; echo after",
        "! frobnicate || echo after", "frobnicate | cat; echo after", "echo x | frobnicate; echo after",
        "if frobnicate; then echo after; fi", "while ! frobnicate; do sleep 1; done; echo after",
        "until frobnicate; do sleep 1; done; echo after", "x=$(frobnicate); echo after", "echo after `frobnicate`",
        "(frobnicate); echo after", "{ frobnicate; echo after; }", "f() { frobnicate; }; f; echo after",
        "for x in 1 2; do frobnicate $x; done; echo after", "sh -c 'exec frobnicate'; echo after",
        "(cd /tmp && exec frobnicate); echo after", "echo a b | xargs frobnicate; echo after",
        "env A=1 frobnicate; echo after", "trap 'frobnicate; echo after' EXIT; true",
        "frobnicate | tee /dev/null; echo after",
        "set -e; frobnicate; echo after", "eval frobnicate; echo after",
        "awk 'BEGIN { system(\"frobnicate\"); print \"after\" }'", "frobnicate & wait $!; echo after",
    ])
    func aStepEndsAtOnceAndSaysSo(script: String) throws {
        var tester = SandboxTester()
        let handle = try tester.start(Self.specification(["sh", "-c", script]) { $0.isMeantToEnd = true })
        tester.run(for: .seconds(3600))
        #expect(tester.log(of: handle, stream: .stdout).hasSuffix("after\n"))
        #expect(tester.exit(of: handle)?.code == 0)
        let errors = tester.log(of: handle, stream: .stderr)
        if script.contains("&") && script.contains("wait") {
            #expect(errors.isEmpty)
        } else {
            #expect(errors.contains("frobnicate is not simulated: it ends with 0 at once"))
            #expect(tester.length(of: handle) == 0)
        }
    }

    @Test(arguments: ["busybox:1.36", "alpine:3.20", "docker.io/library/busybox"], ["frobnicate", "frobnicate; exit"])
    func inAnImageThatIsKnownInFullItIsNotFound(image: String, script: String) throws {
        let result = try ScriptResult(script, image: image)
        #expect(result.code == 127)
        #expect(result.errors.contains("not found"))
        #expect(result.seconds == 0)
    }

    @Test(arguments: [(Signal.terminate, 143), (.interrupt, 130), (.quit, 131), (.kill, 137)])
    func askedToStopItEndsByTheSignal(signal: Signal, code: Int) throws {
        var tester = SandboxTester()
        for command in [
            [], ["python", "app.py"], ["sh", "-c", "exec /app/server"], ["sh", "-c", "sleep 1; /app/server"],
        ] {
            let handle = try tester.start(Self.specification(command))
            tester.run(for: .seconds(5))
            tester.signal(signal, handle)
            #expect(tester.exit(of: handle)?.code == code)
        }
    }

    @Test func itsOwnStopSignalEndsIt() throws {
        var tester = SandboxTester()
        let handle = try tester.start(Self.specification(["/app/server"]) { $0.stopSignal = .user1 })
        tester.signal(.user1, handle)
        #expect(tester.exit(of: handle)?.code == 138)
    }

    @Test(arguments: ["nginx:1.27", "redis:7", "httpd:2.4", "memcached:1.6"])
    func serversThatShutDownCleanlyEndWithZero(image: String) throws {
        var tester = SandboxTester()
        let handle = try tester.start(ContainerSpecification(name: "main", image: image))
        tester.run(for: .seconds(5))
        tester.signal(tester.sandbox.stopSignal(of: handle), handle)
        #expect(tester.exit(of: handle)?.code == 0)
    }

    @Test func itAnswersOnEveryPortThatIsExpectedOfIt() throws {
        var tester = SandboxTester()
        let handle = try tester.start(Self.specification(["/app/server"]) { $0.ports = [8080, 9090] })
        for port in [8080, 9090] {
            #expect(tester.sandbox.accepts(port: port, now: tester.now))
            #expect(tester.sandbox.acceptsTLS(port: port))
            #expect(tester.sandbox.answer(HTTPProbe(path: "/x"), port: port, now: tester.now)?.status == 200)
        }
        #expect(!tester.sandbox.accepts(port: 80, now: tester.now))
        tester.sandbox.expect(ports: [80], mayEnd: false, of: handle)
        #expect(tester.sandbox.accepts(port: 80, now: tester.now))
        tester.signal(.terminate, handle)
        #expect(!tester.sandbox.accepts(port: 80, now: tester.now))
    }

    @Test func aServerTakesItsPortFromOneOfWhichNothingIsKnown() throws {
        var tester = SandboxTester()
        _ = try tester.start(Self.specification(["/app/agent"]) { $0.ports = [80] })
        let web = try tester.start(ContainerSpecification(name: "web", image: "nginx:1.27"))
        #expect(tester.sandbox.isRunning(web))
        let page = tester.sandbox.answer(HTTPProbe(path: "/"), port: 80, now: tester.now)?.body ?? []
        #expect(String(decoding: page, as: UTF8.self).contains("Welcome to nginx"))
    }

    @Test func whatAServiceSelectsMeanwhileRunsOn() throws {
        var tester = SandboxTester()
        let handle = try tester.start(Self.specification(["/app/server"]) { $0.isMeantToEnd = true })
        tester.sandbox.expect(ports: [80], mayEnd: false, of: handle)
        tester.run(for: .seconds(60))
        #expect(tester.sandbox.isRunning(handle))
    }

    @Test func aPlanSaysWithWhatAContainerEndsWhenStopped() throws {
        var tester = SandboxTester()
        let plan = try ContainerPlan(parsing: "on stop exit 7, run")
        #expect(plan.description == "on stop exit 7, run")
        let handle = try tester.start(Self.specification([]) { $0.attempt = plan.attempt(0) })
        tester.signal(.terminate, handle)
        #expect(tester.exit(of: handle)?.code == 7)
    }

    @Test(arguments: ["on stop exit", "on stop exit 256, run", "on stop 3, run", "on stop exit 1, on stop exit 2, run"])
    func aPlanThatDoesNotSayItRightIsRefused(text: String) {
        #expect(throws: PlanError.self) { try ContainerPlan(parsing: text) }
    }
}
