// SPDX-License-Identifier: Apache-2.0
// How the log of a container reaches a client: the part of it that was asked for, or a stream that follows it.

import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumKubelet
import PodiumMachinery
import PodiumRuntime
import Synchronization

/// The kubelets' logs as the API server wants them.
struct KubeletLogs: ContainerLogSource {
    private let logs: PodLogs

    init(_ logs: PodLogs) { self.logs = logs }

    func log(
        of pod: NamespacedName,
        uid: String,
        options: ContainerLogOptions
    ) throws(StatusError) -> HTTPResponse.Body {
        let source = LogSource(pod: pod, uid: uid, container: options.container, isPrevious: options.previous)
        let published: PublishedLog
        do throws(LogProblem) {
            published = try logs.log(source)
        } catch {
            throw .badRequest(error.message)
        }
        let selection = LogSelection(options)
        let bytes = EncodedBytes(published.log.read(selection)).slice
        guard options.follows else { return .bytes(bytes) }
        return .stream(FollowedLog(logs, source, run: published, begin: bytes, selection: selection))
    }
}

extension LogSelection {
    init(_ options: ContainerLogOptions) {
        self.init()
        tailLines = options.tailLines.map { Int(clamping: $0) }
        since = options.since
        timestamps = options.showsTimestamps
        limitBytes = options.limitBytes.map { Int(clamping: $0) }
    }
}

/// A log that is sent as it grows, until its container ends, as `kubectl logs -f` shows it.
// State | guarded by | why separate
// state | mutex | pulled by an HTTP thread, woken by the kubelets' queue
private final class FollowedLog: ResponseStream {
    private struct State {
        /// What was there when the request came; handed out first.
        var begin: BytesSlice?
        /// The first line that has not been handed out.
        var position: Int
        /// The bytes that may still be handed out; nil for any number.
        var rest: Int?
        var follower: Int?
        var isOver = false
    }

    private let logs: PodLogs
    private let source: LogSource
    private let containerID: String
    private let selection: LogSelection
    private let state: Mutex<State>

    init(_ logs: PodLogs, _ source: LogSource, run: PublishedLog, begin: BytesSlice, selection: LogSelection) {
        self.logs = logs
        self.source = source
        self.selection = selection
        containerID = run.containerID
        let rest = selection.limitBytes.map { max(0, $0 - begin.count) }
        state = Mutex(State(begin: begin, position: run.log.end, rest: rest))
    }

    func start(wake: @escaping @Sendable () -> Void) {
        let follower = logs.follow(source.pod, wake: wake)
        let isOver = state.withLock { state in
            state.follower = follower
            // Without a place among the followers the log ends with what there is.
            if follower == nil { state.isOver = true }
            return state.isOver
        }
        if isOver, let follower { logs.unfollow(follower) }
        wake()
    }

    func pull(into pieces: inout [BytesSlice], limit: Int) -> StreamProgress {
        let run = logs.run(containerID, of: source)
        let (new, isOver) = state.withLock { state in
            var new: [BytesSlice] = []
            if let begin = state.begin, begin.count > 0 { new.append(begin) }
            state.begin = nil
            if let run { Self.take(run.log, selection, &state, into: &new) }
            if state.rest == 0 || !(run?.isRunning ?? false) { state.isOver = true }
            return (new, state.isOver)
        }
        pieces += new
        guard isOver else { return .drained }
        cancel()
        return .finished
    }

    private static func take(
        _ log: ContainerLog,
        _ selection: LogSelection,
        _ state: inout State,
        into pieces: inout [BytesSlice]
    ) {
        var bytes: [UInt8] = []
        for line in log.lines(from: state.position) {
            bytes += ContainerLog.text(of: line, timestamps: selection.timestamps)
        }
        state.position = log.end
        if let rest = state.rest {
            if bytes.count > rest { bytes.removeLast(bytes.count - rest) }
            state.rest = rest - bytes.count
        }
        if !bytes.isEmpty { pieces.append(EncodedBytes(bytes).slice) }
    }

    func cancel() {
        let follower = state.withLock { state in
            defer { state.follower = nil }
            state.isOver = true
            return state.follower
        }
        if let follower { logs.unfollow(follower) }
    }
}
