// SPDX-License-Identifier: Apache-2.0
// sed and ed: scripts that ask for too much, and the codes of programs.

import Foundation
import PodiumRuntime
import Testing

@Suite(.serialized) struct SedTests {
    @Test(arguments: [
        ("1,+9223372036854775807p", "a\nb\n"), ("2,+99999999999999999999p", "b\n"),
        ("1,9223372036854775807p", "a\nb\n"), ("9223372036854775807~9223372036854775807p", ""),
        ("1~9223372036854775807p", "a\n"), ("s/a/x/9223372036854775807p", ""),
        ("1!{q9223372036854775807\n};p", "a\n"),
    ]) func numbersOfAScriptMayBeOfAnySize(script: String, output: String) throws {
        #expect(try ScriptResult("printf 'a\\nb\\n' | sed -n '\(script)'", image: "debian:12").output == output)
    }

    @Test(arguments: [
        "9223372036854775807", "-9223372036854775807p", "1+9223372036854775807+9223372036854775807p",
        "9223372036854775807a", "9223372036854775807-9223372036854775807i", "1,9223372036854775807d",
        "9223372036854775807,1s/a/b/", "9223372036854775807ka\n'a+1p", "-9223372036854775807c", "z-",
        "9223372036854775807r f",
    ]) func numbersOfAnEditorMayBeOfAnySize(commands: String) throws {
        let result = try ScriptResult(
            "echo a > f; printf '%s\\n' \"$0\" . Q q y | ed -s f; echo $?".replacing("$0", with: commands)
        )
        #expect(result.output.hasSuffix("0\n"))
    }

    /// A process says its code in one byte, whatever its program comes to.
    @Test(arguments: [
        ("echo a | sed q300", 44), ("echo a | sed Q256", 0),
        ("awk 'BEGIN { exit 300 }'", 44), ("awk 'BEGIN { exit -1 }'", 255), ("sh -c 'exit 300'", 44),
    ]) func codesAreBytes(script: String, code: Int) throws {
        #expect(try ScriptResult("\(script) > /dev/null; echo $?", image: "debian:12").output == "\(code)\n")
        let last = script.split(separator: "| ").last ?? ""
        #expect(try ScriptResult("exec \(last) < /etc/passwd > /dev/null", image: "debian:12").code == code)
    }

    /// Scripts that ask for gigabytes where there are none.
    @Test(arguments: [
        "seq -s a 5000 > f; r=$(head -c 60000 /dev/zero | tr '\\0' b); sed \"s/a/$r/g\" f | wc -c",
        "seq -s a 40000 > f; r=$(head -c 60000 /dev/zero | tr '\\0' '&'); sed \"s/.*/$r/\" f | wc -c",
        "yes '' | head -n 4000000 > f; echo q | ed -s f; r=$(yes 'r f' | head -n 30); echo \"$r\" | ed -s",
        "seq -s a 100000 > f; r=$(head -c 1000 /dev/zero | tr '\\0' b); printf '%s\\n' \"s/a/$r/g\" Q | ed -s f",
        "head -c 9000000 /dev/zero | tr '\\0' a > f; r=$(yes 'r f' | head -n 300); echo a | sed \"$r\" | wc -c",
    ]) func memoryIsBounded(script: String) throws {
        _ = try ScriptResult("echo")
        let before = try Self.peakBytes()
        _ = try ScriptResult(script)
        #expect(try Self.peakBytes() - before < 200 << 20)
    }

    /// The most bytes of memory that this process has had.
    private static func peakBytes() throws -> Int {
        let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
        let words = lines.first { $0.hasPrefix("VmHWM:") }?.split { $0 == " " || $0 == "\t" }
        return (words?.dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// A file is not read and written anew for each line.
    @Test func whatIsWrittenIsOnlyAdded() throws {
        let result = try ScriptResult("seq 20000 | sed -n 'w f\ns/1/2/w g'; wc -l < f")
        #expect(result.output == "20000\n")
        #expect(try #require(result.seconds) < 10)
    }

    /// Copies of nothing make no program, but there can be many of them.
    @Test func copiesOfNothingAreBounded() throws {
        let result = try ScriptResult("echo a | grep -E 'x{0}{255}{255}{255}{255}{255}{255}'; echo $?")
        #expect(result.output == "2\n")
    }
}
