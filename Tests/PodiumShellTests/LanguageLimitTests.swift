// SPDX-License-Identifier: Apache-2.0
// Programs of awk, bc, dc and the accounts that would end, fill or stall the whole server.

import Foundation
import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite(.serialized) struct LanguageLimitTests {
    /// The bytes of memory that this process has.
    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    @Test(arguments: [
        "awk 'BEGIN { print strftime(\"%Y\", \"nan\"), strftime(\"%Y\", log(-1)), strftime(\"%Y\", \"-inf\") }'",
        "awk 'BEGIN { printf \"%d %u %c %x %o\", log(-1), log(-1), log(-1), log(-1), \"inf\"; srand(log(-1)) }'",
        "awk 'BEGIN { print substr(\"a\", log(-1), log(-1)), int(\"nan\"), lshift(1, 1e300), and(\"nan\", -1e300) }'",
        "awk 'BEGIN { print mktime(\"9999 9999999999 1 1 1 1\"), $log(-1); exit log(-1) }'",
        "echo 2^300 | BC_LINE_LENGTH=-9223372036854775808 bc", "echo 2^300 | BC_LINE_LENGTH=9223372036854775807 bc",
        "DC_LINE_LENGTH=-9223372036854775808 dc -e '2 300^p'",
    ])
    func numbersBeyondAllMeasureDoNoHarm(script: String) throws {
        #expect(try ScriptResult("{ \(script); } >/dev/null 2>&1; echo ok").output == "ok\n")
    }

    @Test(arguments: [
        ("print 1", "^1", ""), ("print ", "++", "x"), ("print ", "--", "x"), ("", "getline<", "x"),
        ("print ", "a[", ""),
        ("print ", "f(", ""), ("print ", "!", "x"), ("print ", "1?", "1"), ("", "{", ""), ("", "if(1)", ";"),
        ("", "while(1)", ";"), ("x=", "y=", "1"), ("print ", "(", "1"), ("", "$", "1"),
    ])
    func programsThatNestTooDeepAreRefused(before: String, repeated: String, after: String) throws {
        let program = before + String(repeating: repeated, count: 12_000) + after
        #expect(try ScriptResult("awk 'BEGIN { \(program) }'").code == 1)
    }

    /// Texts that would be far longer than one may be.
    @Test(arguments: [
        "OFS = x; NF = 60000; $1 = 1; print length($0)", "OFS = x; $3000 = 1; print $0",
        "OFS = x; print 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        "SUBSEP = x x; a[1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]",
        "y = x; gsub(/x/, \"&&&&&&&&\", y); z = y; gsub(/y*/, y, z)",
        "gsub(/x/, \"\\\\&\", x); y = x; gsub(/.*/, x x x, y)",
        "y = x; gsub(/x/, \"\\\\&\", y); gsub(/\\\\/, \"\", y); while (i++ < 3) gsub(/./, \"&&&&&&\", x)",
        "y = x; gsub(/x/, \"\\\\1\", y); print length(gensub(/(x*)/, y y, \"g\", x))",
        "CONVFMT = \"%9999d\"; for (i = 1; i < 60000; i++) $i = i + 0.5; print length($0)",
    ])
    func textsThatWouldBeTooLongAreNotBuilt(program: String) throws {
        let before = Self.residentBytes
        let result = try ScriptResult(
            "awk 'BEGIN { x = sprintf(\"%10000s\", \"\"); gsub(/ /, \"xxxxx\", x); \(program) }'"
        )
        #expect(result.code == 1)
        #expect(result.errors.hasSuffix("Out of memory\n"), "\(result.errors.prefix(200))")
        #expect(Self.residentBytes - before < 100 << 20)
    }

    /// Every loop over an array has a list of its keys.
    @Test func loopsWithinLoopsHaveOnlySoMuchMemory() throws {
        let before = Self.residentBytes
        let result = try ScriptResult(
            "awk 'function f(k) { for (k in a) f() } BEGIN { for (i = 0; i < 50000; i++) a[i]; f() }'"
        )
        #expect(result.code == 1)
        #expect(result.errors.contains("Out of memory"))
        #expect(Self.residentBytes - before < 150 << 20)
    }

    /// What is done again and again, and how often it fits into what a container may do.
    @Test(arguments: [
        ("while (i++ < 20000) a[i]", "for (k in a) break", 100), ("while (i++ < 20000) a[i]", "delete a; a[1]", 700),
        ("", "NF = 65000; NF = 0", 20), ("x = sprintf(\"%9999s\", \"a\")", "y ~ x", 2000),
        ("g(\"\", 8)", "\"A~A~A~A~A~A~A~A~\" in a", 4000),
        ("x = sprintf(\"%9999s\", \"\"); gsub(/ /, \"a \", x)", "split(x, q)", 60),
        ("x = sprintf(\"%9999s\", \"\"); gsub(/ /, \"a \", x)", "$0 = x; NF", 70),
        ("x = sprintf(\"%9999s\", \"\"); x = x x x x x x; $0 = x; x = $0", "x == x", 500),
    ])
    func whatTouchesMuchIsDoneSeldom(setup: String, body: String, times: Int) throws {
        let generate = "function g(s, n) { if (n == 0) { a[s]; return }; g(s \"A~\", n - 1); g(s \"B?\", n - 1) }"
        let rounds = try Self.rounds(
            of: "awk '\(generate) BEGIN { \(setup); while (1) { \(body); print \"done\" } }'"
        )
        #expect((1..<times).contains(rounds))
    }

    /// How many lines an endless script prints in a minute.
    private static func rounds(of script: String) throws -> Int {
        var tester = SandboxTester { $0.honestWork = 40_000 }
        let handle = try tester.start(sh: script)
        tester.run(for: .seconds(60))
        #expect(tester.exit(of: handle) == nil)
        return tester.sandbox.log(of: handle).lines().count
    }

    @Test(arguments: [
        ("x = 1.0000001^-700", 30), ("x = 1.5^3000", 40), ("ibase = A + 5; x = N; ibase = A + 6; x = N", 20),
        ("scale = 2000; x = sqrt(2)", 40), ("x = 7^5000; obase = 2; x; obase = A", 20),
    ])
    func bcCountsBeforeItCalculates(body: String, times: Int) throws {
        let statements = body.replacing("N", with: String(repeating: "E", count: 4_000))
        let rounds = try Self.rounds(
            of: "echo 'while (1) { print \"done\\n\"; \(statements) }' | bc | grep done"
        )
        #expect((1..<times).contains(rounds))
    }

    /// Nothing is there to be read, however many arguments there are said to be.
    @Test func anEmptyListOfArgumentsYields() throws {
        var tester = SandboxTester { $0.honestWork = 40_000 }
        let handle = try tester.start(sh: "awk 'BEGIN { ARGC = 1e12 } END { print \"never\" }'")
        tester.run(for: .seconds(60))
        #expect(tester.wakes < 30)
        #expect(tester.sandbox.isRunning(handle))
    }

    @Test func longProgramsAreReadInProportion() throws {
        let lines = "{ echo 'BEGIN {'; yes 'print (1);' | head -n 20000; echo '}'; } > /p"
        #expect(try ScriptResult("\(lines); awk -f /p | tail -n 1").output == "1\n")
        let result = try ScriptResult("yes '#' | head -n 600000 > /p; awk -f /p; echo $?")
        #expect(result.output == "1\n")
        #expect(result.errors == "awk: program is too large\n")
    }

    @Test(arguments: ["chpasswd", "passwd", "passwd root"]) func endlessLinesAreRefused(program: String) throws {
        let result = try ScriptResult("\(program) < /dev/zero")
        #expect(result.code == 1)
        #expect(result.errors.hasSuffix("line too long\n"))
    }
}
