// SPDX-License-Identifier: Apache-2.0
// What awk does beyond what Debian's busybox can be asked: mathematics, limits and input without end.

import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct AwkTests {
    @Test(arguments: [
        ScriptCase("awk 'BEGIN { print -2^2, 2^3^2, 2**3, 2^-1 }'", "-4 512 8 0.5\n"),
        ScriptCase(
            "awk 'BEGIN { printf \"%.4f %.4f %.4f\\n\", sin(1), cos(0), atan2(0, -1) }'",
            "0.8415 1.0000 3.1416\n"
        ),
        ScriptCase("awk 'BEGIN { print exp(0), log(1), sqrt(16), int(-3.9) }'", "1 0 4 -3\n"),
        ScriptCase("echo abc | awk '{ print length $0 }'", "3abc\n"),
        ScriptCase("awk 'BEGIN { x = 2; x ^= 3; x **= 2; print x }'", "64\n"),
    ])
    func awkCalculates(_ item: ScriptCase) throws {
        let result = try ScriptResult(item.script)
        #expect(result.output == item.output)
        #expect(result.code == item.code)
    }

    @Test(arguments: [
        "yes | awk 'NR == 3 { exit }'", "awk 'BEGIN { \"yes\" | getline x; print x }'",
        "awk 'BEGIN { while (i++ < 100000) ; }'", "seq 50000 | awk '{ print }' | tail -1",
        "awk 'BEGIN { for (;;) print \"y\" }' | head -2",
    ])
    func awkEndsInPipesWithoutEnd(_ script: String) throws {
        #expect(try ScriptResult(script).code == 0)
    }

    @Test func awkWaitsForInputThatComesLater() throws {
        let result = try ScriptResult("(sleep 5; echo late) | awk '{ print $1 \"!\" }'")
        #expect(result.output == "late!\n")
        #expect(result.seconds == 5)
    }

    /// Endless work leaves the process running rather than the simulator.
    @Test func anEndlessAwkIsStoppedByItsBudget() throws {
        var tester = SandboxTester()
        let main = try tester.start(sh: "awk 'BEGIN { for (;;) n++ }'")
        tester.run(for: .seconds(60))
        #expect(tester.exit(of: main) == nil)
        tester.signal(.kill, main)
        #expect(tester.exit(of: main)?.code == 137)
    }

    @Test(arguments: [
        "awk 'BEGIN { for (;;) a[n++] = \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" }'",
        "awk 'BEGIN { x = \"x\"; for (;;) x = x x }'", "awk 'function f(n) { return f(n + 1) } BEGIN { f(0) }'",
    ])
    func awkHasOnlySoMuchMemory(_ script: String) throws {
        let result = try ScriptResult(script)
        #expect(result.code == 1)
        #expect(result.errors.contains("Out of memory"))
    }

    @Test func deepNestingIsRefused() throws {
        let parentheses = String(repeating: "(", count: 5_000)
        #expect(try ScriptResult("awk 'BEGIN { print \(parentheses)1 }'").code == 1)
        #expect(try ScriptResult("awk 'BEGIN { print \(String(repeating: "- ", count: 5_000))1 }'").code == 1)
        #expect(try ScriptResult("awk 'BEGIN { print \(String(repeating: "$", count: 5_000))1 }'").code == 1)
    }
}
