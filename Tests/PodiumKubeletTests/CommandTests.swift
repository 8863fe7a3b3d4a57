// SPDX-License-Identifier: Apache-2.0
// Commands that clients run in containers, looks at containers, and connections to their ports.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumRuntime
import PodiumStorage
import PodiumTestKit
import Testing

@testable import PodiumKubelet

@Suite struct CommandTests {
    private static let box: JSONValue = [
        "containers": [["name": "main", "image": "busybox:1.36", "command": ["sleep", "100000"]]]
    ]

    /// A client's side of a command.
    private final class Client {
        let streams = CommandStreams()
        private(set) var output = ""
        private(set) var errors = ""
        private(set) var end: CommandEnd?

        init() { streams.start {} }

        func take(limit: Int = 1 << 20) {
            let taken = streams.take(limit: limit)
            for (stream, bytes) in taken.output {
                let text = String(decoding: bytes, as: UTF8.self)
                if stream == .stdout { output += text } else { errors += text }
            }
            end = end ?? taken.end
        }
    }

    /// A cluster with a pod that runs.
    private func cluster(_ spec: JSONValue = box) throws -> (KubeletTestCluster, CommandPlace) {
        let cluster = try KubeletTestCluster()
        try cluster.bind("p", spec)
        try cluster.advance(10)
        let pod = try #require(cluster.bare.object(ObjectKey(.pods, namespace: "ns", name: "p")))
        return (cluster, CommandPlace(pod: pod.key.name, uid: pod.uid, node: "node-1", container: "main"))
    }

    private func options(stdin: Bool = false, tty: Bool = false) -> ExecOptions {
        var options = ExecOptions()
        options.streaming = true
        options.stdin = stdin
        options.tty = tty
        return options
    }

    /// Runs a command, and lets what follows happen.
    private func run(
        _ wish: CommandWish,
        _ cluster: KubeletTestCluster,
        _ place: CommandPlace
    ) -> Client {
        let client = Client()
        cluster.hub.run(wish, in: place, client.streams)
        cluster.clock.settle()
        client.take()
        return client
    }

    @Test func aCommandWritesAndEnds() throws {
        let (cluster, place) = try cluster()
        let client = run(.exec(["sh", "-c", "echo out; echo err >&2; exit 3"], options()), cluster, place)
        #expect((client.output, client.errors) == ("out\n", "err\n"))
        #expect(client.end == .exited(3))
    }

    @Test func aCommandReadsUntilItsInputEnds() throws {
        let (cluster, place) = try cluster()
        let client = run(.exec(["sh", "-c", "cat; echo over"], options(stdin: true)), cluster, place)
        client.streams.write(Array("given\n".utf8))
        cluster.clock.settle()
        client.take()
        #expect(client.output == "given\n" && client.end == nil)
        client.streams.closeInput()
        cluster.clock.settle()
        client.take()
        #expect(client.output == "given\nover\n")
        #expect(client.end == .exited(0))
    }

    @Test func aTerminalHasASize() throws {
        let (cluster, place) = try cluster()
        let client = run(.exec(["sh"], options(stdin: true, tty: true)), cluster, place)
        #expect(client.output == "/ # ")
        client.streams.resize(to: TerminalSize(columns: 100, rows: 30))
        client.streams.write(Array("stty size\r".utf8))
        cluster.clock.settle()
        client.take()
        #expect(client.output == "/ # stty size\r\n30 100\r\n/ # ")
    }

    /// Whoever does not take what is written makes the command wait, and gets all of it in the end.
    @Test func aCommandWaitsForItsClient() throws {
        let (cluster, place) = try cluster()
        let client = Client()
        cluster.hub.run(.exec(["head", "-c", "2000000", "/dev/zero"], options()), in: place, client.streams)
        cluster.clock.settle()
        for _ in 0..<100 where client.end == nil {
            client.take(limit: 1)
            #expect(client.end == nil || client.output.utf8.count == 2_000_000)
            cluster.clock.settle()
        }
        #expect(client.output.utf8.count == 2_000_000)
        #expect(client.end == .exited(0))
    }

    @Test func whoGoesEndsHisCommand() throws {
        let (cluster, place) = try cluster()
        let client = run(.exec(["sleep", "1000"], options()), cluster, place)
        client.streams.hangUp()
        cluster.clock.settle()
        let other = run(.exec(["ps"], options()), cluster, place)
        #expect(!other.output.contains("sleep 1000\n"))
    }

    @Test func whatCannotBeRunIsRefused() throws {
        let (cluster, place) = try cluster()
        guard case .refused(let reason)? = run(.exec(["nosuch"], options()), cluster, place).end else {
            throw CommandTestError.notRefused
        }
        #expect(reason.hasSuffix("exec: \"nosuch\": executable file not found in $PATH: unknown"))
        var other = place
        other.container = "other"
        #expect(run(.exec(["true"], options()), cluster, other).end == .unknown("container not found (\"other\")"))
        other = place
        other.uid = "other"
        #expect(run(.exec(["true"], options()), cluster, other).end == .unknown("pod does not exist"))
        other = place
        other.node = "nowhere"
        #expect(run(.exec(["true"], options()), cluster, other).end == .unknown("pod does not exist"))
    }

    @Test func whatHasEndedRunsNothing() throws {
        let spec: JSONValue = [
            "restartPolicy": "Never",
            "containers": [["name": "main", "image": "busybox:1.36", "command": ["true"]]],
        ]
        let (cluster, place) = try cluster(spec)
        for wish in [CommandWish.exec(["true"], options()), .attach(options())] {
            guard case .refused(let reason)? = run(wish, cluster, place).end else { throw CommandTestError.notRefused }
            #expect(reason.hasSuffix("container is in CONTAINER_EXITED state"))
        }
    }

    @Test func aSilentNodeRunsNothing() throws {
        let (cluster, place) = try cluster()
        #expect(cluster.hub.answers("node-1") && !cluster.hub.answers("node-9"))
        let client = run(.exec(["sleep", "1000"], options()), cluster, place)
        cluster.hub.setPower(.unreachable(podPhase: nil), of: "node-1")
        cluster.clock.settle()
        #expect(!cluster.hub.answers("node-1"))
        guard case .unknown(let reason)? = run(.exec(["true"], options()), cluster, place).end else {
            throw CommandTestError.notRefused
        }
        #expect(reason.hasSuffix(":10250: connect: no route to host"))
        // What ran there ends with the machine.
        cluster.hub.setPower(.off(podPhase: nil), of: "node-1")
        cluster.clock.settle()
        client.take()
        #expect(client.end == .exited(137))
    }

    @Test(arguments: [true, false])
    func somebodyLooksAtAContainer(once: Bool) throws {
        let script = "echo before; while read line; do echo got $line; done; echo over; sleep 1000"
        let spec: JSONValue = [
            "containers": [
                [
                    "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", .string(script)], "stdin": true,
                    "stdinOnce": .bool(once),
                ]
            ]
        ]
        let (cluster, place) = try cluster(spec)
        let client = run(.attach(options(stdin: true)), cluster, place)
        client.streams.write(Array("one\n".utf8))
        cluster.clock.settle()
        client.take()
        #expect(client.output == "got one\n" && client.end == nil)
        client.streams.hangUp()
        cluster.clock.settle()
        let next = run(.attach(options(stdin: true)), cluster, place)
        next.streams.write(Array("two\n".utf8))
        cluster.clock.settle()
        next.take()
        #expect(next.output == (once ? "" : "got two\n"))
    }

    @Test func portsLeadToServers() throws {
        let spec: JSONValue = ["containers": [["name": "web", "image": "nginx:1.27"]]]
        let (cluster, place) = try cluster(spec)
        #expect(cluster.hub.connect(to: 81, of: place.pod, uid: place.uid) == nil)
        let connection = try #require(cluster.hub.connect(to: 80, of: place.pod, uid: place.uid))
        func exchange(_ text: String) -> String {
            connection.receive(Array(text.utf8))
            var bytes: [UInt8] = []
            while !connection.hasRoom { bytes += connection.take(limit: 100).bytes }
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(exchange("GET / HT").isEmpty)
        #expect(exchange("TP/1.1\r\nHost: a\r\n\r\n").contains("Welcome to nginx"))
        #expect(exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").hasSuffix("\r\n\r\n"))
        let posted = "POST /nothing HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        #expect(exchange(posted + "GET /nothing HTTP/1.1\r\n\r\n").components(of: "HTTP/1.1 404 Not Found") == 2)
        #expect(!connection.take(limit: 1).isOver)
        connection.endInput()
        #expect(connection.take(limit: 1).isOver)
        let other = try #require(cluster.hub.connect(to: 80, of: place.pod, uid: place.uid))
        other.receive(Array("nonsense\r\n\r\n".utf8))
        #expect(String(decoding: other.take(limit: 1000).bytes, as: UTF8.self).hasPrefix("HTTP/1.1 400 "))
        #expect(other.take(limit: 1).isOver)
        let answer = cluster.hub.answer(HTTPProbe(path: "/"), on: 80, of: place.pod, uid: place.uid)
        #expect(answer?.status == 200)
        #expect(cluster.hub.answer(HTTPProbe(path: "/"), on: 80, of: place.pod, uid: "other") == nil)
    }
}

private enum CommandTestError: Error {
    case notRefused
}

extension String {
    /// How often a text is in this one.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
