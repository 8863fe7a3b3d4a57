// SPDX-License-Identifier: Apache-2.0
// How a client's commands reach the kubelets that run them.

import PodiumAPIServer
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumRuntime

/// The kubelets as the API server wants them for commands.
struct KubeletCommands: ContainerCommandSource {
    let kubelets: KubeletHub
    /// What a command does follows from no request, so nobody else would wait for it where time stands.
    let clock: ClusterClock

    func run(_ request: ContainerCommandRequest) -> any ContainerCommand {
        let streams = CommandStreams()
        var options = ExecOptions()
        options.stdin = request.streams.stdin
        options.tty = request.streams.tty
        options.streaming = true
        let place = CommandPlace(
            pod: request.pod,
            uid: request.uid,
            node: request.node,
            container: request.container
        )
        kubelets.run(request.command.map { .exec($0, options) } ?? .attach(options), in: place, streams)
        clock.settleSoon()
        return KubeletCommand(streams, clock)
    }
}

/// One of these commands.
private final class KubeletCommand: ContainerCommand {
    private let streams: CommandStreams
    private let clock: ClusterClock

    init(_ streams: CommandStreams, _ clock: ClusterClock) {
        self.streams = streams
        self.clock = clock
    }

    func start(wake: @escaping @Sendable () -> Void) { streams.start(wake: wake) }

    var hasRoom: Bool { streams.hasRoom }

    func write(_ bytes: [UInt8]) {
        streams.write(bytes)
        clock.settleSoon()
    }

    func closeInput() {
        streams.closeInput()
        clock.settleSoon()
    }

    func resize(columns: Int, rows: Int) {
        streams.resize(to: TerminalSize(columns: columns, rows: rows))
        clock.settleSoon()
    }

    func take(limit: Int) -> (output: [Output], outcome: CommandOutcome?, hasMore: Bool) {
        let (output, end, hasMore) = streams.take(limit: limit)
        // There is room again.
        if !output.isEmpty { clock.settleSoon() }
        return (output.map { ($0.stream == .stderr, $0.bytes) }, end.map(CommandOutcome.init), hasMore)
    }

    func hangUp() {
        streams.hangUp()
        clock.settleSoon()
    }
}

extension CommandOutcome {
    fileprivate init(_ end: CommandEnd) {
        switch end {
        case .exited(let code): self = .exited(code)
        case .refused(let reason): self = .refused(reason)
        case .unknown(let reason): self = .rejected(reason)
        }
    }
}

/// The kubelets as the API server wants them for ports.
struct KubeletPorts: PortSource {
    let kubelets: KubeletHub

    func connect(to port: Int, of pod: NamespacedName, uid: String) -> (any PortConnection)? {
        kubelets.connect(to: port, of: pod, uid: uid)
    }

    func answer(_ request: ProxiedRequest, on port: Int, of pod: NamespacedName, uid: String) -> ProxiedAnswer? {
        let headers = request.headers.map { EnvironmentVariable($0.name, $0.value) }
        let body = String(decoding: request.body, as: UTF8.self)
        let probe = HTTPProbe(path: request.path, method: request.method, headers: headers, body: body)
        let answer = kubelets.answer(probe, on: port, of: pod, uid: uid)
        return answer.map {
            ProxiedAnswer(status: $0.status, contentType: $0.contentType, location: $0.location, body: $0.body)
        }
    }
}

extension PodConnection: PortConnection {}
