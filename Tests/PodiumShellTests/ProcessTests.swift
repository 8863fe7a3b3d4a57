// SPDX-License-Identifier: Apache-2.0
// Time, signals, traps and background jobs.

import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct ProcessTests {
    @Test(arguments: [
        ("sleep 5; exit 1", 1, 5.0), ("sleep 0.2", 0, 0.2), ("sleep 1m 30s", 0, 90), ("sleep 2 & sleep 3; wait", 0, 3),
        ("sleep 2 & wait; exit 3", 3, 2), ("(sleep 1; exit 7) & wait $!", 7, 1), ("timeout 1 sleep 5", 143, 1),
        ("sleep 4 | sleep 1", 0, 4), ("for i in 1 2 3; do sleep 1; done", 0, 3),
        ("i=$(sleep 2; echo 4); exit $i", 4, 2),
        ("sleep 5 & p=$!; sleep 1; kill $p; wait $p", 143, 1), ("read -t 2 x < /dev/tty; exit 5", 5, 2),
        ("sleep 2; sh -c 'kill -SEGV $$'; exit $?", 139, 2), ("sh -c 'kill -9 $$'; exit $?", 137, 0),
        ("sh -c 'sleep 3; exit 9' && echo no; exit $?", 9, 3), ("exec sleep 3; exit 1", 0, 3),
    ])
    func scriptsTakeTheirTime(script: String, code: Int, seconds: Double) throws {
        let result = try ScriptResult(script)
        #expect(result.code == code)
        #expect(result.seconds == seconds)
    }

    @Test func aSleepAsFirstProcessIgnoresTheSignalThatAsksItToEnd() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "sleep 3600")
        tester.run(for: .seconds(10))
        tester.signal(.terminate, handle)
        tester.run(for: .seconds(30))
        #expect(tester.sandbox.isRunning(handle))
        tester.signal(.kill, handle)
        #expect(tester.exit(of: handle) == ContainerExit(code: 137, at: tester.now))
    }

    @Test func aShellThatOnlyRunsASleepBecomesIt() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "sleep 3600")
        let shown = try tester.exec(["cat", "/proc/1/comm"], in: handle)
        #expect(shown?.text == "sleep\n")
        let two = try tester.start(sh: "echo a; sleep 3600; echo b")
        #expect(try tester.exec(["cat", "/proc/1/comm"], in: two)?.text == "sh\n")
    }

    @Test func aTrapWaitsForTheCommandInTheForeground() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "trap 'echo bye; exit 3' TERM; while true; do sleep 2; done")
        tester.run(for: .seconds(5))
        tester.signal(.terminate, handle)
        #expect(tester.sandbox.isRunning(handle))
        tester.run(for: .seconds(5))
        #expect(tester.exit(of: handle)?.code == 3)
        #expect(tester.length(of: handle) == 6)
        #expect(tester.log(of: handle) == "bye\n")
    }

    @Test func aTrapInterruptsAWait() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "trap 'exit 4' TERM; sleep 100 & wait")
        tester.run(for: .seconds(5))
        tester.signal(.terminate, handle)
        #expect(tester.exit(of: handle)?.code == 4)
        #expect(tester.length(of: handle) == 5)
    }

    @Test func aTrapMayTakeItsTime() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "trap 'sleep 4; exit 2' TERM; while true; do sleep 0.2; done")
        tester.run(for: .seconds(1))
        tester.signal(.terminate, handle)
        tester.run(for: .seconds(10))
        #expect(tester.exit(of: handle)?.code == 2)
        #expect(tester.length(of: handle).map { (5...5.21).contains($0) } == true)
    }

    @Test(arguments: [
        ScriptCase("trap 'echo bye' EXIT; echo hi", "hi\nbye\n"),
        ScriptCase("trap 'echo bye' EXIT; exit 3", "bye\n", code: 3),
        ScriptCase("( trap 'echo sub' EXIT; echo in ); echo out", "in\nsub\nout\n"),
        ScriptCase("trap 'echo int' INT; kill -INT $$; echo after", "int\nafter\n"),
        ScriptCase("trap 'echo term; exit 5' TERM; kill -TERM $$; echo no", "term\n", code: 5),
        ScriptCase("trap '' TERM; kill -TERM $$; echo survived", "survived\n"),
        ScriptCase("trap 'echo a' USR1; trap - USR1; trap", ""),
        ScriptCase("(sleep 1; echo bg) & echo fg; wait; echo done", "fg\nbg\ndone\n"),
        ScriptCase("kill -0 $$ && echo alive; kill 99999 2>/dev/null; echo $?", "alive\n1\n"),
        ScriptCase("wait 99999; echo $?", "127\n"),
        ScriptCase("sleep 100 & kill $!; wait $!; echo $?", "143\n"),
        ScriptCase("sh -c 'echo $$'; echo $$", "2\n1\n"),
        ScriptCase("sleep 9 & sleep 0; pidof sleep; kill $!", "2\n"),
    ])
    func trapsAndJobs(_ item: ScriptCase) throws {
        let result = try ScriptResult(item.script)
        #expect(result.output == item.output)
        #expect(result.code == item.code)
    }

    @Test func containersThatShareProcessesSeeEachOther() throws {
        var tester = SandboxTester { $0.sharesProcesses = true }
        let server = try tester.start(sh: "sleep 1000")
        let other = try tester.start(sh: "sleep 1; pkill sleep; echo $?")
        tester.run(for: .seconds(2))
        #expect(tester.exit(of: server)?.code == 143)
        #expect(tester.log(of: other) == "0\n")
    }

    @Test func theEndOfTheFirstProcessEndsTheContainer() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "sleep 100 & exit 2")
        #expect(tester.exit(of: handle)?.code == 2)
        tester.run(for: .seconds(200))
        #expect(tester.wakes == 0)
    }

    @Test func equalCallsGiveEqualResults() throws {
        func run() throws -> [SandboxEvent] {
            var tester = SandboxTester()
            _ = try tester.start(sh: "while true; do echo $RANDOM; sleep $((RANDOM % 5 + 1)); done")
            tester.run(for: .seconds(300))
            return tester.events
        }
        #expect(try run() == run())
    }
}
