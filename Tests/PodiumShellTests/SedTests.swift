// SPDX-License-Identifier: Apache-2.0
// sed and ed: scripts that ask for too much, and the codes of programs.

import Foundation
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite(.serialized) struct SedTests {
    @Test(arguments: [
        ("1,+9223372036854775807p", "a\nb\n"), ("2,+99999999999999999999p", "b\n"),
        ("1,9223372036854775807p", "a\nb\n"), ("9223372036854775807~9223372036854775807p", ""),
        ("1~9223372036854775807p", "a\n"), ("s/a/x/9223372036854775807p", ""),
        ("1,~9223372036854775807p", "a\nb\n"), ("l 9223372036854775807", "a$\nb$\n"),
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
        "head -c 9000000 /dev/zero | tr '\\0' a > f; r=$(yes 'r f' | head -n 40); echo a | sed \"$r\" > /dev/null",
        "yes '/\\(a\\{250\\}\\)\\{75\\}/p' | head -n 5000 > f; echo a | sed -f f || echo",
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

    /// A command that sed executes is waited for, and the script goes on behind it.
    @Test func commandsOfTheShellMayTakeTime() throws {
        let script = "printf '1\\n2\\n' | sed -e 's/^/sleep 2; echo /e' -e '$e sleep 1; echo last' -e 's/$/!/'"
        let result = try ScriptResult(script, image: "debian:12")
        #expect(result.output == "1!\nlast\n2!\n")
        #expect(try #require(result.seconds) >= 5)
    }

    /// Output without end is cut, and a script that never ends can be killed.
    @Test func whatACommandSaysIsBounded() throws {
        let result = try ScriptResult(
            "timeout 60 sh -c \"echo 'head -c 9000000 /dev/zero' | sed e | wc -c\"; echo $?; "
                + "timeout 9 sh -c \"echo yes | sed 'e yes' > /dev/null\"; echo $?",
            image: "debian:12"
        )
        #expect(result.output == "262145\n0\n124\n")
    }

    /// Scripts of random words are read or refused.
    @Test(arguments: [(1, "busybox:1.36"), (2, "debian:12")] as [(UInt64, String)])
    func randomScriptsDoNotCrash(seed: UInt64, image: String) throws {
        let words = [
            "s", "/", "a", "b", "\\", "[", "]", "^", "$", "*", "\\(", "\\)", "(", ")", "{", "}", ";", "\n", "&", "\\1",
            "g", "p", "w f", "r f", "R f", "W f", "e", "y", "1", "2", ",", "~", "+", "!", "N", "D", "P", "G", "H", "x",
            "t", "b", ":", "q", "l", "=", "c", "i", "a\\", "\\n", "\\x", "\\d", "\\o", "\\c", "9223372036854775807",
            "I",
            "M", "0", "z", "F", "T", "v", "#n", "[[:", ":]", "\\{", "\\}", "|", "\\U", "\\E", "s/a/b/", "/a/", "é",
            "\t",
        ]
        var state = seed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<250 {
            let scripts = (0..<4).map { _ in (0...random(9)).map { _ in words[random(words.count)] }.joined() }
            let commands = scripts.map { script in
                let quoted = script.replacing("'", with: "")
                return "printf 'a\\nb b\\na' | timeout 2 sed\(random(2) == 0 ? "" : " -E") '\(quoted)' > /dev/null 2>&1"
            }
            let result = try ScriptResult(commands.joined(separator: "\n") + "\necho end", image: image)
            #expect(result.output == "end\n", "\(scripts)")
        }
    }
}
