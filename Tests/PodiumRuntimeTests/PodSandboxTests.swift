// SPDX-License-Identifier: Apache-2.0
// Logs, last words, volumes and commands of a pod's containers.

import PodiumMachinery
import PodiumRuntime
import PodiumSandboxTesting
import Testing

@Suite struct PodSandboxTests {
    @Test func logsTellStreamsTimesAndUnfinishedLines() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "echo out; echo err >&2; sleep 1; printf 'no newline'; exit 3")
        tester.run(for: .seconds(2))
        let lines = Array(tester.sandbox.log(of: handle).lines())
        #expect(lines.map(\.stream) == [.stdout, .stderr, .stdout])
        #expect(lines.map(\.isPartial) == [false, false, true])
        #expect(lines.map { ($0.time - SandboxTester.begin).nanoseconds / 1_000_000_000 } == [0, 0, 1])
        var selection = LogSelection()
        selection.timestamps = true
        selection.tailLines = 2
        let text = String(decoding: tester.sandbox.log(of: handle).read(selection), as: UTF8.self)
        #expect(text == "2023-11-14T22:13:20.000000000Z err\n2023-11-14T22:13:21.000000000Z no newline")
    }

    @Test(arguments: [
        ("echo 'all good' > /dev/termination-log", "all good\n"), ("exit 1", ""),
        ("echo -n 'it is over' > /dev/termination-log; exit 1", "it is over"),
        ("echo a > /dev/termination-log; echo b >> /dev/termination-log", "a\nb\n"),
    ])
    func lastWordsAreInTheirFile(script: String, message: String) throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: script)
        #expect(tester.sandbox.terminationMessage(of: handle) == message)
    }

    @Test func lastWordsAreCutFromTheFront() throws {
        var tester = SandboxTester()
        let script = "i=0; while [ $i -lt 600 ]; do echo 0123456789; i=$((i+1)); done > /dev/termination-log; exit 1"
        let handle = try tester.start(sh: script)
        tester.run(for: .seconds(10))
        let message = tester.sandbox.terminationMessage(of: handle)
        #expect(message.utf8.count == PodSandbox.maximumMessageBytes)
        #expect(message.hasSuffix("\n0123456789\n"))
    }

    @Test func lastWordsMayHaveTheirOwnPlace() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "echo custom > /tmp/end; exit 2") { $0.terminationMessagePath = "/tmp/end" }
        #expect(tester.sandbox.terminationMessage(of: handle) == "custom\n")
    }

    @Test func volumesAreSharedAndOutliveContainers() throws {
        var tester = SandboxTester()
        let mount = ContainerMount(path: "/work", volume: "data")
        _ = try tester.start(sh: "n=$(cat /work/n 2>/dev/null || echo 0); echo $((n+1)) > /work/n") {
            $0.mounts = [mount]
        }
        let second = try tester.start(sh: "until [ -f /work/go ]; do sleep 1; done; cat /work/n") {
            $0.mounts = [mount]
        }
        tester.run(for: .seconds(3))
        #expect(tester.sandbox.isRunning(second))
        var tree = tester.sandbox.volume(named: "data") ?? FileTree()
        #expect(tree.read("n") == Array("1\n".utf8))
        tree.write([], at: "go")
        tester.sandbox.setVolume(tree, named: "data")
        tester.run(for: .seconds(2))
        #expect(tester.log(of: second) == "1\n")
    }

    @Test func whatIsReadOnlyCannotBeWritten() throws {
        var tester = SandboxTester()
        tester.sandbox.setVolume(FileTree(files: ["key": "value\n"]), named: "settings")
        let handle = try tester.start(
            sh: "cat /etc/app/key; echo x > /etc/app/key; echo $?; echo y > /z; echo $?; echo w > /dev/null"
        ) {
            $0.mounts = [ContainerMount(path: "/etc/app", volume: "settings", readOnly: true)]
            $0.readOnlyRootFileSystem = true
        }
        #expect(tester.log(of: handle, stream: .stdout) == "value\n1\n1\n")
        #expect(tester.log(of: handle, stream: .stderr).contains("Read-only file system"))
    }

    @Test func writtenBytesCount() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "dd if=/dev/zero of=/big bs=1024 count=3000 2>/dev/null; sleep 3600")
        tester.run(for: .seconds(5))
        #expect(tester.sandbox.writtenBytes(of: handle) >= 3_072_000)
    }

    @Test(arguments: [
        (["true"], 0, ""), (["sh", "-c", "exit 7"], 7, ""),
        (["cat", "/tmp/x"], 1, "cat: can't open '/tmp/x': No such file or directory\n"),
        (["echo", "a", "b"], 0, "a b\n"), (["sh", "-c", "sleep 2; echo late"], 0, "late\n"),
    ])
    func commandsRunInContainers(command: [String], code: Int, text: String) throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "sleep 3600")
        let result = try tester.exec(command, in: handle)
        #expect(result?.exitCode == code)
        #expect(result?.text == text)
    }

    @Test func aCommandReadsWhatItIsGiven() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "sleep 3600")
        var options = ExecOptions()
        options.stdin = true
        options.streaming = true
        let command = try tester.sandbox.exec(
            ["sh"],
            in: handle,
            options: options,
            now: tester.now,
            world: tester.world
        )
        func write(_ text: String) -> Bool {
            tester.sandbox.write(Array(text.utf8), to: command, now: tester.now, world: tester.world)
        }
        let isTaken = write("x=4; echo $((x+1))\n")
        #expect(isTaken)
        let output = tester.sandbox.takeOutput(of: command, limit: 100, now: tester.now, world: tester.world)
        #expect(output.map(\.bytes) == [Array("5\n".utf8)])
        _ = write("exit 3\n")
        let events = tester.sandbox.takeEvents()
        #expect(
            events.contains { if case .execEnded(command, let result) = $0 { result.exitCode == 3 } else { false } }
        )
    }

    /// Who writes more than is taken waits, as at any pipe, and nothing of it is lost.
    @Test func aCommandWaitsForWhoeverReads() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "sleep 3600")
        var options = ExecOptions()
        options.streaming = true
        let line = ["sh", "-c", "head -c 1000000 /dev/zero; echo done >&2"]
        let (now, world) = (tester.now, tester.world)
        let command = try tester.sandbox.exec(line, in: handle, options: options, now: now, world: world)
        #expect(tester.sandbox.heldBytes < 300_000)
        var output: [OutputStream: Int] = [:]
        var ended: ExecResult?
        for _ in 0..<1000 where ended == nil {
            for (stream, bytes) in tester.sandbox.takeOutput(of: command, limit: 10_000, now: now, world: world) {
                #expect(bytes.count <= 10_000)
                output[stream, default: 0] += bytes.count
            }
            tester.sandbox.advance(to: now, world: world)
            for case .execEnded(command, let result) in tester.sandbox.takeEvents() { ended = result }
        }
        let rest = try #require(ended)
        #expect((output[.stdout] ?? 0) + rest.output.count == 1_000_000)
        #expect((output[.stderr] ?? 0) + rest.errors.count == 5)
    }

    /// Whoever is attached sees what is written from then on, and what it types is read.
    @Test func somebodyIsAttachedToAContainer() throws {
        var tester = SandboxTester()
        var specification = ContainerSpecification(name: "main", image: "busybox:1.36")
        specification.command = ["sh", "-c", "echo before; while read line; do echo got $line; done"]
        specification.stdin = true
        let (now, world) = (tester.now, tester.world)
        let handle = try tester.sandbox.start(specification, now: now, world: world)
        tester.sandbox.advance(to: now, world: world)
        var options = ExecOptions()
        options.stdin = true
        options.streaming = true
        let attachment = try tester.sandbox.attach(to: handle, options: options)
        let isTaken = tester.sandbox.write(Array("one\n".utf8), to: attachment, now: now, world: world)
        #expect(isTaken)
        let output = tester.sandbox.takeOutput(of: attachment, limit: 100, now: now, world: world)
        #expect(output.map(\.bytes) == [Array("got one\n".utf8)])
        #expect(tester.sandbox.isRunning(handle))
        // The input of the container ends with the last look at it, where it is for one only.
        tester.sandbox.detach(attachment, endsInput: true, now: now, world: world)
        #expect(!tester.sandbox.isRunning(handle))
        #expect(tester.sandbox.log(of: handle).lines().count == 2)
    }

    @Test func theEndOfInputEndsAReader() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "sleep 3600")
        var options = ExecOptions()
        options.stdin = true
        let command = try tester.sandbox.exec(
            ["cat"],
            in: handle,
            options: options,
            now: tester.now,
            world: tester.world
        )
        _ = tester.sandbox.write(Array("abc".utf8), to: command, now: tester.now, world: tester.world)
        tester.sandbox.closeInput(of: command, now: tester.now, world: tester.world)
        let ends = tester.sandbox.takeEvents().compactMap {
            if case .execEnded(_, let result) = $0 { result } else { nil }
        }
        #expect(ends.map(\.text) == ["abc"])
    }

    @Test func nodesThatAreAlikeAreEqualHoweverTheyCameToIt() {
        let time = Timestamp(nanoseconds: 0)
        var node = FileNode(kind: .file, mode: 0o644, time: time)
        #expect((node.owner, node.group, node.target, node.names) == (0, 0, "", 1) && node.shared == nil)
        node.owner = 1000
        node.target = "/a"
        node.shared = 7
        #expect((node.owner, node.group, node.target, node.shared) == (1000, 0, "/a", 7))
        #expect(node != FileNode(kind: .file, mode: 0o644, time: time))
        node.owner = 0
        node.target = ""
        node.shared = nil
        #expect(node == FileNode(kind: .file, mode: 0o644, time: time))
        node.mode = 0o4755
        #expect(node.mode == 0o4755)
    }

    @Test func aKilledCommandTakesItsChildrenAlong() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "sleep 3600")
        let command = try tester.sandbox.exec(
            ["sh", "-c", "sleep 100; echo x"],
            in: handle,
            now: tester.now,
            world: tester.world
        )
        tester.sandbox.kill(command, now: tester.now, world: tester.world)
        let ends = tester.sandbox.takeEvents().compactMap {
            if case .execEnded(_, let result) = $0 { result } else { nil }
        }
        #expect(ends.map(\.exitCode) == [137])
        #expect(try tester.exec(["pidof", "sleep"], in: handle)?.text == "1\n")
    }

    @Test func aProbeThatIsNotSimulatedSucceeds() throws {
        var tester = SandboxTester()
        let handle = try tester.start(ContainerSpecification(name: "main", image: "example.com/app:1"))
        #expect(try tester.exec(["/app/healthcheck"], in: handle)?.exitCode == 0)
    }

    @Test func aHogIsKilledForItsMemory() throws {
        var tester = SandboxTester()
        var specification = ContainerSpecification(name: "hog", image: "polinux/stress")
        specification.command = ["stress"]
        specification.arguments = ["--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1"]
        specification.memoryLimit = 100 << 20
        let handle = try tester.start(specification)
        #expect(tester.exit(of: handle)?.code == 137)
        #expect(tester.exit(of: handle)?.reason == "OOMKilled")
    }

    @Test func aRemovedContainerIsGone() throws {
        var tester = SandboxTester()
        let handle = try tester.start(sh: "echo x; sleep 3600")
        tester.sandbox.remove(handle)
        #expect(tester.sandbox.takeEvents().isEmpty)
        #expect(tester.sandbox.nextWake == nil)
        #expect(tester.log(of: handle).isEmpty)
    }
}
