// SPDX-License-Identifier: Apache-2.0
// What pods may hold of the memory of this machine.

import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct MemoryTests {
    /// Fills a variable with 2 MiB.
    private static let grow = "x=0123456789abcdef; i=0; while [ $i -lt 17 ]; do x=$x$x; i=$((i + 1)); done"
    /// Fills five with 10 MiB.
    private static let growFar = "\(grow); a=$x; b=$x; c=$x; d=$x"

    @Test func filesBeyondWhatThePodMayHoldFindNoSpace() throws {
        var tester = SandboxTester()
        tester.sandbox.allow(3 << 20)
        let fill = "i=0; while dd if=/dev/urandom of=/f$i bs=1000000 count=1; do i=$((i + 1)); done; echo $i"
        let again = "rm /f*; dd if=/dev/urandom of=/g bs=1000000 count=1 2>/dev/null && echo again"
        let handle = try tester.start(sh: "\(fill); \(again); sleep 9999")
        tester.run(for: .seconds(3600))
        #expect(tester.log(of: handle).contains("No space left on device\n"))
        #expect(tester.log(of: handle).hasSuffix("\n3\nagain\n"))
        #expect(tester.sandbox.heldBytes < 3 << 20)
    }

    @Test(arguments: [
        "\(grow); sleep 99", "(\(grow); sleep 99); echo never",
        "awk 'BEGIN { while (1) a[i++] = sprintf(\"%1000d\", 1) }'", "head -c 3000000 /dev/zero | sort; echo never",
        "set -- a; while :; do set -- \"$@\" \"$@\"; done", "f() { f \"$@\"; }; f $(seq 2000)",
        "f() { for i in $(seq 2000); do f; done; }; f", "f() { local x=$(seq 20000); f; }; f",
        "i=0; while :; do i=$((i + 1)); alias a$i=$(seq 20000 | tr '\\n' +); done",
        "echo | sed -e ':x' -e 'a b' -e bx; echo never",
        "yes '' | head -n 100000 > f; sleep 99 | ed -s f",
        // What lines cost beside their bytes, and what is kept of a line without end.
        "yes '' | head -n 20000 > a; diff a /dev/null", "tr '\\0' a < /dev/zero | comm - /dev/null > /dev/null",
        "tr '\\0' a < /dev/zero | split -b 8M", "head -c 3000000 /dev/zero | tac; echo never",
        // What the values of awk, bc and dc take.
        "awk 'BEGIN { x = sprintf(\"%9000s\", \"\"); while (i++ < 6) x = x x; y = x \"a\"; z = x \"b\"; while (1) n++ }'",
        "head -c 900000 /dev/zero | awk '{ x = $0 \"a\"; while (1) n++ }'",
        "echo 'scale = 2000; while (1) { a[i] = 1 / 3; i = i + 1 }' | bc",
        "dc -e '1000k [1 3/ lax]sa lax'",
        "yes | grep -B 99999999 x", "yes | head -n 100000 | sort", "yes | head -n 2000000 | tail -n 99999999",
    ])
    func aContainerWhoseProcessesOutgrowItsLimitIsKilled(script: String) throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: script, image: "busybox") { $0.memoryLimit = 1 << 20 }
        tester.run(for: .seconds(600))
        #expect(tester.exit(of: handle)?.code == 137)
        #expect(tester.exit(of: handle)?.reason == "OOMKilled")
        #expect(tester.log(of: handle).isEmpty)
        #expect(tester.sandbox.processBytes == 0)
    }

    /// Lines, texts that are still being read, functions and variables without values count like values.
    @Test(arguments: [
        "yes 'a line' | mapfile; echo never", "head -c 3000000 /dev/zero | tr '\\0' a | { read x; echo never; }",
        "x=$(head -c 100000 /dev/zero | tr '\\0' a); f() { eval \"f\n:\n: $x\"; }; f",
        "x=$(head -c 20000 /dev/zero | tr '\\0' a); i=0; while :; do eval \"f$i() { : $x; }\"; i=$((i+1)); done",
        "export $(seq 10000 | sed 's/.*/v&=/'); echo never; sleep 99",
        "mapfile a < <(yes '' | head -n 30000); echo never; sleep 99",
    ])
    func whatBashKeepsCounts(script: String) throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "", image: "debian:12") { specification in
            specification.command = ["bash", "-c", script]
            specification.memoryLimit = 1 << 20
        }
        tester.run(for: .seconds(3600))
        #expect(tester.exit(of: handle)?.reason == "OOMKilled")
    }

    @Test func aPodWithManyLargeProcessesIsKilledWithoutALimitToo() throws {
        var tester = SandboxTester()
        let handle = try tester.start(
            sh: "for n in 1 2 3 4 5 6 7 8 9 10; do (\(Self.growFar); sleep 9999) & done; wait"
        )
        tester.run(for: .seconds(3600))
        #expect(tester.exit(of: handle)?.reason == "OOMKilled")
    }

    @Test func subshellsShareWhatTheyHaveFromTheirParent() throws {
        var tester = SandboxTester()
        let handle = try tester.start(
            sh: "\(Self.growFar); for n in 1 2 3 4 5 6 7 8 9 10; do (sleep 9999; :) & done; echo all; sleep 9999"
        )
        tester.run(for: .seconds(3600))
        #expect(tester.log(of: handle) == "all\n")
        #expect(tester.exit(of: handle) == nil)
        #expect(tester.sandbox.processBytes < 16 << 20)
    }
}
