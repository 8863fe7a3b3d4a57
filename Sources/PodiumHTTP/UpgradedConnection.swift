// SPDX-License-Identifier: Apache-2.0
// One connection that is no HTTP any more: what comes in, what goes out, and how it ends.

import CMicroHTTPD
import Glibc
import PodiumCodec
import PodiumExchange

/// The server's end of an upgraded connection.
// Not Sendable: only the loop uses it.
final class UpgradedConnection {
    /// The limits of one connection.
    enum Limits {
        /// How much is read in one turn, so that a busy client does not hold up the others.
        static let turnBytes = 256 << 10
        /// While so much waits to be sent, nothing is read: answers of the protocol itself are bounded by it.
        static let outputBytes = 256 << 10
    }

    /// How far the connection has come.
    private enum Stage {
        case open
        /// The end is said; nothing is asked of the session any more. When that is sent, our side is closed.
        case finishing
        /// Our side is closed; what still comes is thrown away, so that the client reads all before it learns of it.
        case lingering
    }

    let ticket: UpgradeTicket
    let key: UInt64
    let waker: StreamWaker
    var isReady = false
    /// When something last moved.
    private(set) var movedAt: Int
    private var codec: any ChannelCodec
    private var stage = Stage.open
    /// Whether the socket may have something to read.
    private var mayRead = true
    private var output: [UInt8]
    private var sent = 0
    private var pieces: [ChannelPiece] = []

    private var session: any ChannelSession { ticket.upgrade.session }

    init(_ ticket: UpgradeTicket, key: UInt64, fanOut: FanOut) {
        self.ticket = ticket
        self.key = key
        waker = StreamWaker(key: key, fanOut: fanOut)
        movedAt = fanOut.tick
        output = ticket.head
        switch ticket.upgrade.framing {
        case .webSocket(let channels): codec = WebSocketCodec(channels)
        case .spdy: codec = SPDYCodec()
        case .spdyInWebSocket: codec = TunnelCodec()
        }
    }

    var isLingering: Bool { if case .lingering = stage { true } else { false } }

    /// The socket has something to read, or its other side has ended.
    func noteInput() { mayRead = true }

    /// What a turn comes to.
    enum Turn {
        /// Nothing more can be done for now.
        case waits
        /// There is more to do at once.
        case goesOn
        /// It is over.
        case ended
    }

    /// Reads and writes what can be read and written now, up to a limit.
    func run(_ buffer: UnsafeMutableRawBufferPointer, chunk: Int, tick: Int) -> Turn {
        waker.reset()
        guard let hasMoreInput = read(into: buffer, tick: tick) else { return .ended }
        guard flush(tick: tick) else { return .ended }
        var hasMoreOutput = false
        if case .open = stage, sent == output.count {
            hasMoreOutput = pull(chunk)
            guard flush(tick: tick) else { return .ended }
        }
        if case .finishing = stage, sent == output.count {
            shutdown(ticket.descriptor, Int32(SHUT_WR))
            stage = .lingering
        }
        return hasMoreInput || hasMoreOutput && sent == output.count ? .goesOn : .waits
    }

    /// Ends the connection in order.
    func finish(_ failure: ChannelFailure? = nil) {
        guard case .open = stage else { return }
        session.cancel()
        close(failure)
    }

    /// The connection is gone.
    func abandon() { if case .open = stage { session.cancel() } }

    private func close(_ failure: ChannelFailure?) {
        stage = .finishing
        codec.finish(failure, to: &output)
    }

    // MARK: In

    private var canTake: Bool {
        switch stage {
        case .open: session.hasRoom && output.count - sent < Limits.outputBytes
        // What still comes has to go somewhere.
        case .finishing, .lingering: true
        }
    }

    /// - Returns: whether there is more at once; nil when the connection is over.
    private func read(into buffer: UnsafeMutableRawBufferPointer, tick: Int) -> Bool? {
        var taken = 0
        while mayRead, canTake {
            if taken >= Limits.turnBytes { return true }
            let count = recv(ticket.descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN else { return nil }
                mayRead = false
            } else if count == 0 {
                // Who closes without a word is gone, whatever it might still read.
                return nil
            } else {
                taken += count
                movedAt = tick
                take(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
            }
        }
        return false
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        guard case .open = stage else { return }
        do throws(ChannelFailure) {
            try codec.read(bytes, session, replies: &output)
            guard codec.isEnded else { return }
            session.cancel()
            stage = .finishing
        } catch {
            finish(error)
        }
    }

    // MARK: Out

    /// - Returns: whether there is more at once.
    private func pull(_ chunk: Int) -> Bool {
        output.removeAll(keepingCapacity: true)
        sent = 0
        let progress = session.pull(into: &pieces, limit: chunk)
        for piece in pieces { codec.write(piece, to: &output) }
        pieces.removeAll(keepingCapacity: true)
        switch progress {
        case .drained: return false
        case .more: return true
        case .finished:
            close(nil)
            return false
        }
    }

    /// Sends until the socket takes no more; false when it is broken.
    private func flush(tick: Int) -> Bool {
        while sent < output.count {
            let written = output.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                return send(ticket.descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if written >= 0 {
                sent += written
                movedAt = tick
            } else if errno == EAGAIN {
                return true
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
