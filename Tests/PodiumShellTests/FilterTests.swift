// SPDX-License-Identifier: Apache-2.0
// Filters that are given numbers beyond all measure, and texts that are as long as they can be.

import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct FilterTests {
    /// What an option asks for is refused, or costs time only.
    @Test(arguments: [
        ("printf '\\ta' | expand -t 999999999999; echo $?", "1\n"),
        ("printf '\\ta' | expand -t 4000000000 | head -c 3", "   "),
        ("printf '\\ta' | unexpand -t 9223372036854775807; echo $?", "1\n"),
        ("printf 'a' | split -a 999999999999; echo $?", "1\n"),
        ("printf 'a\\n' | nl -w 99999999999999999999 -v 9223372036854775807 | wc -l", "1\n"),
        ("printf 'a b\\n' | uniq -s -1; printf 'a b\\n' | uniq -f -1; printf 'a b\\n' | uniq -w -1; echo $?", "1\n"),
        ("printf 'b a\\na b\\n' | sort -t ' ' -k 2.1000000000000000000 | wc -l", "2\n"),
        ("printf 'b a\\na b\\n' | sort -k 1000000000000000000,1000000000000000000.1000000000000000000 | wc -l", "2\n"),
        ("printf 'b\\na\\n' | grep -A 1000000000000000000 -B 1000000000000000000 a", "b\na\n"),
        ("expr substr abc -9223372036854775808 1; echo $?", "\n1\n"),
        ("printf 'a\\n' | cut -c 1-1000000000000000000; printf 'ab\\n' | cut -b 1000000000000000000-", "a\n\n"),
        ("seq 3 | head -n -1000000000000000000; seq 3 | tail -n +1000000000000000000 | wc -l", "0\n"),
        ("seq 3 | tail -n 1000000000000000000 | wc -l; seq 3 | tail -c 1000000000000000000 | wc -l", "3\n3\n"),
        ("dd if=/dev/zero of=f bs=1G seek=1000000000000 count=0 2> /dev/null; ls f", "f\n"),
        ("printf 'a\\n' > a; cmp -n 99999999999999999999 a a 99999999999999999999; echo $?", "1\n"),
    ])
    func numbersBeyondAllMeasureDoNoHarm(script: String, output: String) throws {
        for image in ["busybox:1.36", "debian:12"] {
            let result = try ScriptResult("mkdir /w; cd /w; \(script)", image: image)
            #expect(result.output == output, "\(image)")
        }
    }

    /// More lines than are compared are refused, rather than kept at many times their size.
    @Test func textsOfTooManyLinesAreNotCompared() throws {
        let result = try ScriptResult("yes '' | head -n 300000 > a; diff a /dev/null; echo $?")
        #expect(result.output == "2\n")
        #expect(result.errors == "diff: memory exhausted\n")
    }

    /// Nor does a program keep more of them as texts of their own.
    @Test(arguments: ["shuf", "uudecode", "xxd -r", "patch f"])
    func inputsOfTooManyLinesAreRefused(program: String) throws {
        let result = try ScriptResult("yes a | head -n 300000 | \(program); echo $?")
        #expect(result.output == "1\n")
        #expect(result.errors == "\(program.prefix { $0 != " " }): out of memory\n")
    }

    /// What becomes of a whole input is written as it comes.
    @Test(arguments: [
        "tr '\\0' x < /dev/zero | paste -s - | head -c 3000000 | wc -c",
        "cmp -l /dev/zero /dev/random | head -c 3000000 | wc -c",
    ])
    func whatHasNoEndIsWrittenAsItComes(script: String) throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: script) { $0.memoryLimit = 4 << 20 }
        tester.run(for: .seconds(3600))
        #expect(tester.log(of: handle) == "3000000\n")
    }

    /// A list of hashes costs as much as its bytes, and each line of it the same.
    @Test func listsOfHashesAreReadLineByLine() throws {
        var tester = SandboxTester()
        let script = "yes '' | head -n 100000 > l; md5sum -c l 2> /dev/null; echo $?"
        let handle = try tester.start(sh: script, image: "debian:12") { $0.memoryLimit = 1 << 20 }
        tester.run(for: .seconds(3600))
        #expect(tester.log(of: handle) == "1\n")
    }

    /// Differences are looked for and shown in turns, with a share of the work each.
    @Test func differencesAreShownInTurns() throws {
        let texts = "seq 30000 > a; seq 30000 | sort -r > b"
        let result = try ScriptResult("\(texts); diff a b | wc -l; diff -q a b; seq 5 | diff - a | tail -n 1")
        #expect(result.output.hasSuffix("Files a and b differ\n+30000\n"))
    }
}
