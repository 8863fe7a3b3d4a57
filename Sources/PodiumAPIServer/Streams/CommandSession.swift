// SPDX-License-Identifier: Apache-2.0
// A command in a container on the channels of an upgraded connection.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import Synchronization

/// Carries the streams of a command, and in the end its status.
// State | guarded by | why separate
// state | mutex | the HTTP layer calls from one thread at a time, but not always the same
// Kubernetes: kubelet/pkg/cri/streaming/remotecommand/{httpstream,websocket,exec}.go
final class CommandSession: ChannelSession {
    /// The channels as clients number them.
    // Kubernetes: apimachinery/pkg/util/remotecommand/constants.go
    enum Channel: Int {
        case stdin = 0
        case stdout = 1
        case stderr = 2
        case error = 3
        case resize = 4
    }

    /// How a client is told of the end.
    enum Ending: Hashable, Sendable {
        /// By a Status in JSON, of a success too.
        case status
        /// By a text, of a failure only.
        case text
    }

    /// The limits of a session.
    private enum Limits {
        /// The longest message about a terminal's size.
        static let resizeBytes = 1 << 10
    }

    private struct State {
        var owesGreeting: Bool
        /// The channels that the client is yet to open.
        var awaited: Set<Channel>
        var resizing: [UInt8] = []
    }

    private let command: any ContainerCommand
    private let options: CommandStreamOptions
    private let ending: Ending
    private let state: Mutex<State>

    /// - Parameter isOpened: whether the client opens the channels; else they are there from the start, and an empty
    ///   message tells it so.
    init(_ command: any ContainerCommand, _ options: CommandStreamOptions, ending: Ending, isOpened: Bool) {
        self.command = command
        self.options = options
        self.ending = ending
        var awaited: Set<Channel> = [.error]
        if options.stdin { awaited.insert(.stdin) }
        if options.stdout { awaited.insert(.stdout) }
        if options.stderr { awaited.insert(.stderr) }
        state = Mutex(State(owesGreeting: !isOpened, awaited: isOpened ? awaited : []))
    }

    func start(wake: @escaping @Sendable () -> Void) { command.start(wake: wake) }

    var hasRoom: Bool { command.hasRoom }

    // Kubernetes: api/core/v1/types.go StreamType
    func open(_ headers: [String: String]) -> Int? {
        let channels: [String: Channel] = [
            "stdin": .stdin, "stdout": .stdout, "stderr": .stderr, "error": .error, "resize": .resize,
        ]
        guard let channel = channels[headers["streamtype"] ?? ""] else { return nil }
        state.withLock { _ = $0.awaited.remove(channel) }
        return channel.rawValue
    }

    func receive(_ bytes: [UInt8], on channel: Int) {
        switch Channel(rawValue: channel) {
        case .stdin where options.stdin: command.write(bytes)
        case .resize where options.tty: resize(bytes)
        default: break
        }
    }

    func end(_ channel: Int) {
        if channel == Channel.stdin.rawValue, options.stdin { command.closeInput() }
    }

    /// Takes a piece of `{"Width":80,"Height":24}`.
    private func resize(_ bytes: [UInt8]) {
        let size = state.withLock { state -> JSONValue? in
            state.resizing += bytes.prefix(Limits.resizeBytes - min(state.resizing.count, Limits.resizeBytes))
            guard let size = try? JSONValue(json: state.resizing) else {
                if state.resizing.count >= Limits.resizeBytes { state.resizing = [] }
                return nil
            }
            state.resizing = []
            return size
        }
        guard let columns = size?["Width"]?.int, let rows = size?["Height"]?.int,
            (1...Int(UInt16.max)).contains(columns), (1...Int(UInt16.max)).contains(rows)
        else { return }
        command.resize(columns: columns, rows: rows)
    }

    func pull(into pieces: inout [ChannelPiece], limit: Int) -> StreamProgress {
        let (greets, isWaiting) = state.withLock { state in
            defer { state.owesGreeting = false }
            return (state.owesGreeting, !state.awaited.isEmpty)
        }
        // There would be nowhere to put it.
        if isWaiting { return .drained }
        if greets { pieces.append(piece([], on: lowestWritableChannel)) }
        let taken = command.take(limit: limit)
        for (isError, bytes) in taken.output where isError ? options.stderr && !options.tty : options.stdout {
            pieces.append(piece(bytes, on: isError ? .stderr : .stdout))
        }
        guard let outcome = taken.outcome else { return taken.hasMore ? .more : .drained }
        if let message = message(of: outcome) {
            pieces.append(ChannelPiece(channel: Channel.error.rawValue, bytes: message))
        }
        return .finished
    }

    func cancel() { command.hangUp() }

    private var lowestWritableChannel: Channel { options.stdout ? .stdout : options.stderr ? .stderr : .error }

    private func piece(_ bytes: [UInt8], on channel: Channel) -> ChannelPiece {
        ChannelPiece(channel: channel.rawValue, bytes: EncodedBytes(bytes).slice)
    }

    private func message(of outcome: CommandOutcome) -> BytesSlice? {
        switch ending {
        case .status: outcome.status.encodedBytes.slice
        case .text: outcome.failureText.map { EncodedBytes($0).slice }
        }
    }
}

extension CommandOutcome {
    /// What is said of a failure; nil of a success.
    private var failure: StatusError? {
        switch self {
        case .exited(0): return nil
        case .exited(let code):
            let message = "command terminated with non-zero exit code: exit status \(code)"
            return StatusError(
                code: 0,
                reason: StatusReason(rawValue: "NonZeroExitCode"),
                message: message,
                details: StatusError.Details(causes: [StatusError.Cause(reason: "ExitCode", message: String(code))])
            )
        case .refused(let message): return .internalError(message)
        case .rejected(let message): return .internalError("unable to upgrade connection: \(message)")
        }
    }

    /// The Status that tells of the end, without its type, as kubelets write it.
    fileprivate var status: JSONValue {
        guard var status = failure?.status else { return ["metadata": [:], "status": "Success"] }
        status["kind"] = nil
        status["apiVersion"] = nil
        if status["code"]?.integer == 0 { status["code"] = nil }
        return status
    }

    fileprivate var failureText: String? { failure?.message }
}
