// SPDX-License-Identifier: Apache-2.0
// Containers that would never end, fill everything or multiply: the simulator goes on.

import Foundation
import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite(.serialized) struct LimitTests {
    /// Runs a script for simulated minutes and says how it stands.
    private func survive(
        _ script: String,
        seconds: Int = 300
    ) throws -> (tester: SandboxTester, handle: ContainerHandle) {
        var tester = SandboxTester()
        let handle = try tester.start(sh: script)
        tester.run(for: .seconds(seconds))
        return (tester, handle)
    }

    @Test(arguments: [
        "while true; do :; done", "while :; do sleep 0; done", "while :; do x=$(echo a); done",
        "while read x; do :; done < /dev/zero",
        "yes | cat > /dev/null", "sed ':a;s/x/x/;ta'; sleep 99999", "trap : TERM; while :; do kill -TERM $$; done",
    ])
    func aLoopWithoutSleepYieldsAndCountsAsRunning(script: String) throws {
        let (tester, handle) = try survive(script)
        #expect(tester.sandbox.isRunning(handle))
        // A budget of work at a time, the waits in between growing, so that an idle loop costs little.
        #expect(tester.wakes < 100)
    }

    /// What is too long for a list of words is told, and ends the script.
    @Test(arguments: [
        ("set -- a; while :; do set -- \"$@\" \"$@\"; done", 2, "sh: out of memory\n"),
        ("for i in $(yes a | head -n 500000); do echo never; done", 2, "sh: out of memory\n"),
        ("x=$(yes | head -n 400000); set -- $x; echo never", 2, "sh: out of memory\n"),
        (
            "p=1; for i in $(seq 12); do eval x$i=$p+$p+$p+$p+$p+$p+$p+$p; p=x$i; done; echo $(($p))", 2,
            "sh: expression recursion loop detected\n"
        ),
        ("xargs < /dev/zero", 1, "xargs: argument line too long\n"),
        ("head -c 200000 /dev/zero | tr '\\0' a | xargs -n 1 echo", 1, "xargs: argument line too long\n"),
    ])
    func listsOfWordsAreBounded(script: String, code: Int, errors: String) throws {
        let result = try ScriptResult(script)
        #expect(result.code == code)
        #expect(result.errors == errors)
        #expect(result.output.isEmpty)
    }

    @Test(arguments: [
        "dd if=/dev/zero of=/tmp/u bs=1 seek=9223372036854775807 count=1",
        "dd if=/etc/passwd bs=1M skip=99999999999999",
        "dd if=/dev/zero of=/tmp/u bs=1G seek=9223372036854775807 count=2",
        "dd if=/dev/zero of=/tmp/u bs=9223372036854775807 seek=3 count=0; ls -l /tmp/u",
        "ping -c 2 -i 9223372036854775807 127.0.0.1 & sleep 1; kill %1", "ping -c 2 -i nan 127.0.0.1",
        "ping -c 2 -i -1e300 127.0.0.1", "ping -c 2 -W 9223372036854775807 -w 9223372036854775807 127.0.0.1",
        "wget -T 1e300 -qO- http://127.0.0.1:9", "wget -T nan http://127.0.0.1:9",
        "wget --timeout=inf http://127.0.0.1:9",
        "curl --max-time nan http://127.0.0.1:9", "curl -m 1e300 --retry 1 --retry-delay 1e300 http://127.0.0.1:9",
        "curl --connect-timeout 9223372036854775807 http://127.0.0.1:9", "nc -w 9223372036854775807 127.0.0.1 9",
        "timeout 9223372036854775807 true", "seq 1 nan 3; seq nan; seq inf | head -n 1; seq 1 inf 2", "sleep 0.0000001",
        "(exit 9223372036854775807); (set -- a; shift 9223372036854775807)", "break 9223372036854775807",
        "cd /tmp; head -c 1048576 /dev/zero | tr '\\0' 1 > a; bc a a < /dev/null",
        "kill %-9223372036854775808; wait %-9223372036854775808; fg %-9223372036854775808",
        "set -- -ab; _OPTPOS=-9 getopts ab o; _OPTPOS=9223372036854775807 getopts ab o; OPTIND=-1; getopts ab o; "
            + "OPTIND=9223372036854775807; getopts ab o; OPTIND=-9223372036854775808; getopts ab o",
    ])
    func numbersBeyondAllMeasureDoNoHarm(script: String) throws {
        #expect(try ScriptResult("{ \(script); } >/dev/null 2>&1; echo ok", image: "acme/tools").output == "ok\n")
    }

    @Test(arguments: [
        "bomb() { bomb | bomb & }; bomb; sleep 99999", "while :; do sleep 1000 & done",
        "f() { f & f & }; f; sleep 99999",
        "x() { $(x); }; x; sleep 99999", "while :; do (sleep 500 &) ; done",
    ])
    func processesAreBounded(script: String) throws {
        let (tester, handle) = try survive(script, seconds: 60)
        #expect(tester.sandbox.isRunning(handle))
        #expect(tester.wakes < 100)
    }

    @Test(arguments: [
        "yes", "while :; do echo 0123456789; done", "cat /dev/zero", "head -c 99999999 /dev/zero; yes >&2",
    ])
    func outputIsBounded(script: String) throws {
        let (tester, handle) = try survive(script, seconds: 60)
        var kept = 0
        for line in tester.sandbox.log(of: handle).lines() { kept += line.bytes.count + 1 }
        #expect(kept <= ContainerLog.maximumBytes + ContainerLog.maximumLineBytes)
        #expect(tester.events.count < 20_000)
    }

    @Test(arguments: [
        "x=a; while :; do x=$x$x; done", "x=$(yes)", "printf '%999999999s' x > /dev/null",
        "yes > /tmp/f", "i=0; while :; do head -c 1000000 /dev/zero > /tmp/$i; i=$((i+1)); done",
        "i=0; while :; do eval \"v$i=\\$(head -c 100000 /dev/zero | tr '\\0' a)\"; i=$((i+1)); done",
        "sort /dev/zero", "f() { f; }; f", "set -- $(seq 1 100000); echo $#", "while :; do exec 9>/dev/null; done",
    ])
    func memoryIsBounded(script: String) throws {
        let before = Self.residentBytes
        let (tester, _) = try survive(script, seconds: 60)
        #expect(tester.wakes < 100)
        #expect(Self.residentBytes - before < 400 << 20)
    }

    /// What bash makes of a few characters is bounded before it is made.
    @Test(arguments: [
        "echo {$(yes 0 | head -n 60000 | tr -d '\\n')1..3000}", "echo {1..999999999}",
        "eval \"echo {$(yes 0 | head -n 60000 | tr -d '\\n')1..3000}\"",
        "eval \"echo {$(yes a, | head -n 1000 | tr -d '\\n')}{$(yes a, | head -n 1000 | tr -d '\\n')}\"",
        "eval \"echo $(yes '{a,b}' | head -n 3000 | tr -d '\\n')\"",
        "eval \"echo $(yes '{' | head -n 30000 | tr -d '\\n'){a,b}\"",
        "eval \"echo $(yes a | head -n 90000 | tr -d '\\n'){1..9999}\"",
        "r=$(head -c 60000 /dev/zero | tr '\\0' b); x=$(head -c 5000 /dev/zero | tr '\\0' a); echo \"${x//a/$r}\"",
        "r=$(head -c 60000 /dev/zero | tr '\\0' b); set -- $(yes a | head -n 5000); echo \"${@//a/$r}\"",
        "x=$(head -c 4000000 /dev/zero | tr '\\0' ' '); x=${x// /a }; set -- $x", "mapfile < <(yes ''); echo never",
    ])
    func wordsOfBashAreBounded(script: String) throws {
        let before = Self.residentBytes
        let result = try ScriptResult("\(script) > /dev/null; echo ok", image: "debian:12", shell: "bash")
        #expect(result.code != nil)
        #expect(["", "ok\n"].contains(result.output))
        #expect(Self.residentBytes - before < 300 << 20)
    }

    /// What takes many comparisons or copies ends as it would, or gives up, and soon.
    @Test(arguments: [
        "y=$(head -c 200000 /dev/zero | tr '\\0' a); case $y$y in *${y}b) echo no;; *) echo ok;; esac",
        "y=$(head -c 200000 /dev/zero | tr '\\0' a); [[ $y$y = *${y}b ]] || echo ok",
        "x=$(yes '\\1' | head -n 200000 | tr -d '\\n'); [ $(printf \"$x\" | wc -c) = 200000 ] && echo ok",
        "mapfile -t a < <(seq 30000); [ \"${#a[@]} ${a[29999]}\" = '30000 30000' ] && echo ok",
        "mapfile a < <(for i in {1..5000}; do echo \"a line that is no short text $i\"; done); [ ${#a[@]} = 5000 ] && echo ok",
    ])
    func longTextsAreLookedThroughOnce(script: String) throws {
        #expect(try ScriptResult(script, image: "debian:12", shell: "bash").output == "ok\n")
    }

    @Test(arguments: [
        "dd if=/dev/zero of=/tmp/f bs=1 count=1 seek=9223372036854775807",
        "dd if=/dev/zero of=/tmp/f bs=4096 count=1 seek=9223372036854775807",
    ])
    func placesThatNoFileHasAreRefused(script: String) throws {
        let result = try ScriptResult(script + " 2>&1")
        #expect(result.code == 1)
        #expect(result.output.contains("No space left on device"))
    }

    @Test(arguments: [
        "dd if=/etc/passwd bs=4096 skip=9223372036854775807 status=none; echo x | dd skip=9223372036854775807 status=none",
        "hexdump -s 0x-5 /dev/null; hexdump -s 9223372036854775807 -n 9223372036854775807 /dev/null",
        "seq 1 inf 5; seq -w 1 1e300 | head -c 0; seq -s \"$(yes | head -c 90000)\" 300 | wc -c > /dev/null",
    ])
    func placesThatNoInputHasAreNotReached(script: String) throws { #expect(try ScriptResult(script).code == 0) }

    /// The bytes of memory that this process has.
    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
