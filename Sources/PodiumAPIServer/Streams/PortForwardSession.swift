// SPDX-License-Identifier: Apache-2.0
// Connections to ports of a pod on the channels of an upgraded connection: two for each, its data and its errors.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import Synchronization

/// Carries connections to the ports of one pod.
// State | guarded by | why separate
// state | mutex | the HTTP layer calls from one thread at a time, but not always the same
// Kubernetes: kubelet/pkg/cri/streaming/portforward/{httpstream,websocket}.go
final class PortForwardSession: ChannelSession {
    /// The limits of a session.
    enum Limits {
        /// Connections at a time.
        static let connections = 512
        /// How much of one connection is handed out before the next has its turn.
        static let turnBytes = 32 << 10
    }

    /// One connection: its data on an even channel, its errors on the next.
    private struct Pair {
        let port: Int
        var connection: (any PortConnection)?
        var isDataOpen = false
        var isErrorOpen = false
        /// What is still to be said before anything else: that of WebSockets begins with the port.
        var greeting: [UInt8] = []
        var failure: String?

        /// Whether both channels are there.
        var isOpen: Bool { isDataOpen && isErrorOpen }
    }

    private struct State {
        /// By half of their channels' numbers.
        var pairs: [Int: Pair] = [:]
        /// The pairs of a client that opens channels, by the name that it gives them.
        var names: [String: Int] = [:]
        var next = 0
    }

    private let pod: NamespacedName
    private let uid: String
    private let source: any PortSource
    /// Whether all connections are there from the start: with the last of them the session ends.
    private let isFixed: Bool
    private let state = Mutex(State())

    /// - Parameter ports: those of a client that does not open channels itself.
    init(to pod: NamespacedName, uid: String, _ source: any PortSource, ports: [Int]) {
        self.pod = pod
        self.uid = uid
        self.source = source
        isFixed = !ports.isEmpty
        state.withLock { state in
            for (index, port) in ports.enumerated() {
                var pair = Pair(port: port, isDataOpen: true, isErrorOpen: true)
                pair.greeting = [UInt8(truncatingIfNeeded: port), UInt8(truncatingIfNeeded: port >> 8)]
                connect(&pair)
                state.pairs[index] = pair
            }
        }
    }

    private func connect(_ pair: inout Pair) {
        pair.connection = source.connect(to: pair.port, of: pod, uid: uid)
        guard pair.connection == nil else { return }
        // In the words of containerd, which tries both families.
        let refusal = "dial tcp4 127.0.0.1:\(pair.port): connect: connection refused"
        let refusal6 = "dial tcp6 [::1]:\(pair.port): connect: connection refused"
        pair.failure =
            "error forwarding port \(pair.port) to pod \(pod.name), uid \(uid): failed to execute portforward in network "
            + "namespace: failed to connect to localhost:\(pair.port) inside namespace, IPv4: \(refusal) IPv6 \(refusal6) "
    }

    func start(wake: @escaping @Sendable () -> Void) { wake() }

    var hasRoom: Bool {
        state.withLock { state in state.pairs.values.allSatisfy { $0.connection?.hasRoom ?? true } }
    }

    func open(_ headers: [String: String]) -> Int? {
        let isError = headers["streamtype"] == "error"
        guard isError || headers["streamtype"] == "data", let port = headers["port"].flatMap({ Int($0) }),
            (1...65_535).contains(port)
        else { return nil }
        let name = "\(headers["requestid"] ?? "") \(port)"
        return state.withLock { state in
            let index = state.names[name] ?? state.next
            if state.names[name] == nil {
                guard state.pairs.count < Limits.connections else { return nil }
                state.names[name] = index
                state.next += 1
                state.pairs[index] = Pair(port: port)
            }
            if isError {
                state.pairs[index]?.isErrorOpen = true
            } else {
                state.pairs[index]?.isDataOpen = true
            }
            if var pair = state.pairs[index], pair.isOpen {
                connect(&pair)
                state.pairs[index] = pair
                state.names[name] = nil
            }
            return 2 * index + (isError ? 1 : 0)
        }
    }

    func receive(_ bytes: [UInt8], on channel: Int) {
        guard channel % 2 == 0 else { return }
        state.withLock { $0.pairs[channel / 2]?.connection }?.receive(bytes)
    }

    func end(_ channel: Int) {
        guard channel % 2 == 0 else { return }
        state.withLock { $0.pairs[channel / 2]?.connection }?.endInput()
    }

    func pull(into pieces: inout [ChannelPiece], limit: Int) -> StreamProgress {
        let (new, hasMore, isOver) = state.withLock { state in
            var new: [ChannelPiece] = []
            var hasMore = false
            var room = limit
            for index in state.pairs.keys.sorted() {
                if room <= 0 {
                    hasMore = true
                    break
                }
                guard let pair = state.pairs[index], pair.isOpen else { continue }
                let taken = Self.take(pair, index, min(room, Limits.turnBytes), &new)
                room -= taken.count
                hasMore = hasMore || taken.count > 0
                if taken.isOver { state.pairs[index] = nil } else { state.pairs[index]?.greeting = [] }
            }
            return (new, hasMore, isFixed && state.pairs.isEmpty)
        }
        pieces += new
        return isOver ? .finished : hasMore ? .more : .drained
    }

    /// Hands out what a connection has.
    private static func take(
        _ pair: Pair,
        _ index: Int,
        _ limit: Int,
        _ pieces: inout [ChannelPiece]
    ) -> (count: Int, isOver: Bool) {
        func add(_ bytes: [UInt8], _ channel: Int, isLast: Bool = false) {
            pieces.append(ChannelPiece(channel: channel, bytes: EncodedBytes(bytes).slice, isLast: isLast))
        }
        if !pair.greeting.isEmpty {
            add(pair.greeting, 2 * index)
            add(pair.greeting, 2 * index + 1)
        }
        if let failure = pair.failure {
            add(Array(failure.utf8), 2 * index + 1, isLast: true)
            add([], 2 * index, isLast: true)
            return (failure.utf8.count, true)
        }
        guard let (bytes, isOver) = pair.connection?.take(limit: limit) else { return (0, false) }
        if !bytes.isEmpty || isOver { add(bytes, 2 * index, isLast: isOver) }
        if isOver { add([], 2 * index + 1, isLast: true) }
        return (bytes.count, isOver)
    }

    func cancel() { state.withLock { $0.pairs = [:] } }
}
