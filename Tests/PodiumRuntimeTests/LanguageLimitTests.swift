// SPDX-License-Identifier: Apache-2.0
// Programs of awk, bc, dc and the accounts that would end, fill or stall the whole server.

import Foundation
import PodiumMachinery
import PodiumRuntime
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
        ("print 1", "^1", ""), ("print ", "++", "x"), ("print ", "--", "x"), ("", "getline<", "x"), ("print ", "a[", ""),
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
        "y = x; gsub(/x/, \"&&&&&&&&\", y); z = y; gsub(/y*/, y, z)", "gsub(/x/, \"\\\\&\", x); y = x; gsub(/.*/, x x x, y)",
        "y = x; gsub(/x/, \"\\\\&\", y); gsub(/\\\\/, \"\", y); while (i++ < 3) gsub(/./, \"&&&&&&\", x)",
        "y = x; gsub(/x/, \"\\\\1\", y); print length(gensub(/(x*)/, y y, \"g\", x))",
        "CONVFMT = \"%9999d\"; for (i = 1; i < 60000; i++) $i = i + 0.5; print length($0)",
    ])
    func textsThatWouldBeTooLongAreNotBuilt(program: String) throws {
        let before = Self.residentBytes
        let result = try ScriptResult("awk 'BEGIN { x = sprintf(\"%10000s\", \"\"); gsub(/ /, \"xxxxx\", x); \(program) }'")
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

    @Test(arguments: ["chpasswd", "passwd", "passwd root"]) func endlessLinesAreRefused(program: String) throws {
        let result = try ScriptResult("\(program) < /dev/zero")
        #expect(result.code == 1)
        #expect(result.errors.hasSuffix("line too long\n"))
    }
}
