// SPDX-License-Identifier: Apache-2.0
// Work is counted by what it touches: whoever does much at once waits for it, and paths have Linux's limits.

import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import PodiumShell
import Testing

@Suite struct WorkTests {
    /// Scripts whose every step would be large if steps were all that counted.
    static let hogs = [
        "while :; do mkdir d; cd d; done",
        "mkdir -p $(yes d/ | head -n 800 | tr -d '\\n'); while :; do ls $(yes d/ | head -n 800 | tr -d '\\n'); done",
        "seq 100000 | sed 'G;h'", "yes | sed ':a;N;ba'", "yes abc | sed 'H;x;s/b/c/g;x'",
        "seq 100000 | sed -n 'H;${x;p}'; while :; do seq 10000 | sed 'G;h' > /dev/null; done",
        "x=$(seq 10000); while :; do y=${x##*z}; done", "x=$(seq 2000); while :; do y=${x//1*2/-}; done",
        "x=$(seq 10000); while :; do y=$x$x; done", "x=$(seq 10000); while :; do set -- $x; done",
        "x=$(seq 10000); while :; do case $x in *z*) ;; esac; done",
        "i=0; while :; do eval \"v$i=$i\"; i=$((i+1)); done",
        "x=$(seq 10000); while :; do echo $x > /tmp/f; done", "seq 100000 > /tmp/f; while :; do sort -r /tmp/f; done",
        "seq 100000 > /tmp/f; while :; do while read x; do :; done < /tmp/f; done",
        "for i in $(seq 500); do mkdir -p /tmp/$i/a/b/c; done; while :; do find / > /dev/null; done",
        "for i in $(seq 500); do mkdir -p /tmp/$i/a/b/c; done; while :; do cp -r /tmp /var/copy; rm -rf /var/copy; done",
        "for i in $(seq 500); do mkdir -p /tmp/$i/a/b/c; done; while :; do echo /tmp/*/a/*/c > /dev/null; done",
        "for i in $(seq 200); do mkdir -p /tmp/$i; done; while :; do echo /tmp/*/../*/../*; done",
        "while :; do printf '%100000s' x; done", "while :; do printf \"$(seq -s %s 1000)\" a b c; done",
        "while :; do expr \"$(seq 1000 | tr -d '\\n')\" : '.*\\(9\\).*\\(8\\).*\\(7\\).*z'; done",
        "while :; do echo \"$(seq 5000 | tr '\\n' a)\" | grep -E '(a*)*b'; done",
        "x=1; while :; do x=$((x+$(seq -s + 1000))); done", "while :; do seq 20000 | sort -rn | uniq | md5sum; done",
        "f=/tmp/$(yes d/ | head -n 1000 | tr -d '\\n'); mkdir -p $f; while :; do echo a >> $f/file; done",
        "while :; do ls -R / > /dev/null; done", "while :; do du / > /dev/null; done",
        "while :; do grep -r zzz / > /dev/null; done",
        "while :; do dd if=/dev/zero of=/dev/null bs=64k count=1000; done",
        "cat > /tmp/s <<'E'\n. /tmp/s\nE\n. /tmp/s", "printf 'sh $0; sh $0' > /tmp/s; while :; do sh /tmp/s; done",
        "while :; do head -c 1000000 /dev/urandom | tr -d a | wc -c; done",
        "ln -s /tmp/l /tmp/l; while :; do cat /tmp/l; done",
        "i=0; while :; do ln -s /tmp/$i /tmp/$((i=i+1)); cat /tmp/$i; done",
        "while :; do x=$(cat /dev/zero | head -c 3000000 | tr '\\0' a); done",
        "while :; do seq 1000000 > /dev/null; done", "seq 1 inf > /dev/null",
        "for i in $(seq 500); do touch /tmp/$i; done; while :; do find / -path '*a*b*c*' -o -name '*x*y*'; done",
        "for i in $(seq 500); do touch /tmp/$i; done; while :; do find / / / / / -exec true {} +; done",
        "seq 20000 > /tmp/a; sort -r /tmp/a > /tmp/b; while :; do diff /tmp/a /tmp/b > /dev/null; done",
        "seq 20000 > /tmp/a; sha3sum /tmp/a > /tmp/l; while :; do sha3sum -c /tmp/l > /dev/null; done",
        "seq 20000 > /tmp/a; while :; do printf '1,$s/1/2/g\\n1,$s/2/1/g\\nw\\nq\\n' | ed -s /tmp/a; done",
        "seq 20000 > /tmp/a; while :; do sed -i s/1/2/ /tmp/a; done",
        "while :; do shuf -i 1-90000 > /dev/null; done",
        "echo a | sed -e ':a' -e 's/.*/&&/' -e ba", "echo a > f; yes | sed 'r f' > /dev/null",
        "echo a | sed -e ':a' -e ba", "echo a > f; sed -i '$!d;:a;ba' f",
        "patch x < /dev/zero", "yes | xargs -n 1 echo", "yes '' | xargs -n 1 echo",
        "seq 20000 | xargs -n 1 echo > /dev/null", "set -- $(seq 20000); while [ $# -gt 0 ]; do shift; done",
    ]

    /// After what is taken for honest work, a container is given as much as an endless loop is given, whatever it does.
    @Test(arguments: hogs) func whoDoesMuchAtOnceWaitsForIt(script: String) throws {
        // Less than a cluster allows, so that the test need not do it all.
        var tester = SandboxTester { $0.honestWork = 40_000 }
        let handle = try tester.start(sh: script)
        tester.run(for: .seconds(60))
        #expect(tester.wakes < 30)
        // What calls itself is ended; everything else still runs or has come to its end.
        #expect(tester.sandbox.isRunning(handle) || [0, 139].contains(tester.exit(of: handle)?.code))
    }

    /// Whoever starts a container can show that it runs before it does anything, and a call ends soon whatever it does.
    @Test func aContainerWorksInTurns() throws {
        let configuration = SandboxConfiguration(
            hostname: "p",
            namespace: "default",
            podIP: "10.244.0.7",
            programs: Applets.library
        )
        var sandbox = PodSandbox(configuration)
        var specification = ContainerSpecification(name: "main", image: "busybox:1.36")
        specification.command = ["sh", "-c", "while :; do echo x; done"]
        let now = SandboxTester.begin
        let handle = try sandbox.start(specification, now: now, world: EmptyWorld())
        #expect(sandbox.isRunning(handle))
        #expect(sandbox.log(of: handle).lines().isEmpty)
        var turns = 0
        var lines = 0
        while let wake = sandbox.nextWake, wake <= now {
            sandbox.advance(to: now, world: EmptyWorld())
            let count = sandbox.log(of: handle).lines().count
            #expect(count - lines < 2_500)
            lines = count
            turns += 1
        }
        #expect(turns > 2)
    }

    /// Who waits uses nothing, who never waits all of a processor, and what was used is known when it is over.
    @Test func workTakesProcessorTime() throws {
        var sandbox = PodSandbox(
            SandboxConfiguration(
                hostname: "p",
                namespace: "default",
                podIP: "10.244.0.7",
                programs: Applets.library
            )
        )
        let second: Int64 = 1_000_000_000
        let begin = Timestamp(nanoseconds: 1_000 * 15 * second)
        func start(_ script: String) throws -> ContainerHandle {
            var specification = ContainerSpecification(name: "main", image: "busybox:1.36")
            specification.command = ["sh", "-c", script]
            return try sandbox.start(specification, now: begin, world: EmptyWorld())
        }
        let idle = try start("sleep 1000")
        let busy = try start("sleep 20; while :; do :; done")
        let short = try start("i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done; sleep 1000")
        func advance(to seconds: Int64) -> Timestamp {
            let end = begin + .seconds(seconds)
            while let wake = sandbox.nextWake, wake <= end { sandbox.advance(to: wake, world: EmptyWorld()) }
            return end
        }
        let first = advance(to: 16)
        #expect(sandbox.work(of: busy).average(at: first) < second / 1000)
        let used = sandbox.work(of: short).average(at: first)
        // Some thousand steps of half a microsecond in 15 seconds.
        #expect(used > 2000 * 500 / 15 && used < 50_000 * 500 / 15)
        // From the 20th second on, of the window that ends with the 30th.
        let beyond = advance(to: 31)
        let average = sandbox.work(of: busy).average(at: beyond)
        #expect(abs(average - second * 10 / 15) < second / 50)
        let later = advance(to: 300)
        #expect(abs(sandbox.work(of: busy).average(at: later) - second) < second / 100)
        #expect(sandbox.work(of: short).average(at: later) == 0)
        #expect(sandbox.work(of: idle).average(at: later) == 0)
    }

    /// Programs that began first do not keep those from working that began later.
    @Test func everyProcessHasItsTurn() throws {
        let result = try ScriptResult(
            "for i in 1 2 3 4 5 6 7 8 9; do while :; do :; done & done; for i in $(seq 50); do echo $i; done; kill -9 -1"
        )
        #expect(result.output.hasSuffix("49\n50\n"))
    }

    /// Paths have the limits of Linux, the working directory included, and its words.
    @Test(arguments: [
        ("mkdir $(yes a | head -n 256 | tr -d '\\n')", "mkdir: can't create directory '*': File name too long"),
        ("mkdir -p $(yes a/ | head -n 2100 | tr -d '\\n')", "mkdir: can't create directory '*': File name too long"),
        ("cat $(yes a/ | head -n 2100 | tr -d '\\n')b", "cat: can't open '*': File name too long"),
        ("ls $(yes a/ | head -n 2100 | tr -d '\\n')b", "ls: *: File name too long"),
        ("touch $(yes a | head -n 300 | tr -d '\\n')", "touch: *: File name too long"),
        ("echo a > $(yes a | head -n 300 | tr -d '\\n')", "sh: can't create *: File name too long"),
        ("rm $(yes a | head -n 300 | tr -d '\\n')", "rm: can't stat '*': File name too long"),
        ("cd $(yes a | head -n 300 | tr -d '\\n')", "sh: cd: line 0: can't cd to *: File name too long"),
        ("ln -s a b; ln -s b a; cat a", "cat: can't open 'a': Too many levels of symbolic links"),
        ("ln -s $(yes a/ | head -n 2100 | tr -d '\\n') x", "ln: x: File name too long"),
        (
            "i=0; while [ $i -lt 3000 ]; do mkdir d || break; cd d || break; i=$((i+1)); done",
            "*: File name too long"
        ),
    ]) func pathsEndWhereLinuxEndsThem(script: String, message: String) throws {
        let result = try ScriptResult(script)
        let parts = message.split(separator: "*", omittingEmptySubsequences: false)
        #expect(result.errors.hasPrefix(parts[0]), "\(result.errors.prefix(200))")
        #expect(result.errors.hasSuffix(parts[parts.count - 1] + "\n"), "\(result.errors.suffix(200))")
    }

    /// What fits is there, however deep.
    @Test(arguments: [100, 800, 2000]) func deepDirectoriesWork(levels: Int) throws {
        let path = "$(yes d/ | head -n \(levels) | tr -d '\\n')"
        let result = try ScriptResult(
            "mkdir /w; cd /w; mkdir -p \(path) && echo x > \(path)f && cat \(path)f && find . -type f | wc -c && rm -rf d && ls"
        )
        #expect(result.output == "x\n\(2 * levels + 4)\n")
        #expect(result.errors == "")
    }

    /// A tree cannot be made deeper by moving it below itself or below another deep one.
    @Test func aDeepTreeCannotBeMovedBelowAnother() throws {
        let deep = "$(yes d/ | head -n 1500 | tr -d '\\n')"
        let result = try ScriptResult(
            "mkdir /w; cd /w; mkdir -p a/\(deep) b/\(deep); mv b a/\(deep) 2>/dev/null; echo $?; ls; mv a a/d; echo $?"
        )
        #expect(result.output == "1\na\nb\n1\n")
    }

    /// Programs cannot be given more than Linux gives them; builtins can.
    @Test(arguments: [
        ("x=$(head -c 131071 /dev/zero | tr '\\0' a); /bin/echo $x | wc -c", "131072\n", ""),
        ("x=$(head -c 131072 /dev/zero | tr '\\0' a); /bin/true $x; echo $?", "126\n", "sh: /bin/true: "),
        ("x=$(head -c 131072 /dev/zero | tr '\\0' a); echo $x | wc -c", "131073\n", ""),
        ("export x=$(head -c 131070 /dev/zero | tr '\\0' a); sleep 0; echo $?", "126\n", "sh: sleep: "),
        ("export x=$(head -c 131069 /dev/zero | tr '\\0' a); sleep 0; echo $?", "0\n", ""),
        (
            "x=$(head -c 100000 /dev/zero | tr '\\0' a); ls $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x "
                + "2>/dev/null; echo $?", "126\n", ""
        ),
        ("sleep $(seq 300000); echo $?", "126\n", "sh: sleep: "),
    ]) func programsAreGivenNoMoreThanLinuxGivesThem(script: String, output: String, error: String) throws {
        let result = try ScriptResult(script)
        #expect(result.output == output)
        #expect(result.errors == (error.isEmpty ? "" : error + "Argument list too long\n"))
    }

    @Test func aContainerWithTooLongWordsDoesNotStart() throws {
        let long = String(repeating: "a", count: 200_000)
        var tester = SandboxTester()
        for (script, value) in [("sleep 1", long), (long, "")] {
            let error = #expect(throws: StartError.self) {
                try tester.start(sh: script) { $0.environment = [EnvironmentVariable("LONG", value)] }
            }
            #expect(error?.cause == "exec sh: argument list too long")
        }
    }
}
