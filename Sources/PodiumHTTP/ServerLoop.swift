// SPDX-License-Identifier: Apache-2.0
// The server's own thread: who is written to next, who waits for room, who has gone, who may come in.

import PodiumCodec
import PodiumExchange

/// A parked stream.
// Not Sendable: only the loop uses it.
private final class ActiveStream {
    let ticket: StreamTicket
    let key: UInt64
    let waker: StreamWaker
    /// What the client has not taken yet.
    ///
    /// While there is some, nothing is pulled: the history is the buffer.
    var pending: PendingChunk?
    /// When the client last took something of `pending`.
    var pendingSince = 0
    /// Nothing is pulled any more: the stream has finished or was cancelled.
    var isLast = false
    var isReady = false

    init(ticket: StreamTicket, key: UInt64, fanOut: FanOut) {
        self.ticket = ticket
        self.key = key
        waker = StreamWaker(key: key, fanOut: fanOut)
    }
}

/// The state of the server's own thread: it accepts connections, writes all streams, brings back the connections whose
/// answers came later, and keeps the deadlines.
struct ServerLoop {
    private let fanOut: FanOut
    private let connections: ConnectionTable
    private let limits: HTTPLimits
    private var acceptor: Acceptor
    private let writer = ChunkWriter()
    private var streams: [UInt64: ActiveStream] = [:]
    /// Streams with something to pull, served in turn.
    private var ready: [ActiveStream] = []
    /// Streams whose client is behind.
    private var blocked: [UInt64: ActiveStream] = [:]
    /// Connections whose answers are still to come.
    private var waiting: [UInt64: AnswerTicket] = [:]
    private var upgrades: UpgradeLoop
    private var nextKey: UInt64 = 0
    private var ending = FanOut.Ending.none
    // Kept to be filled again.
    private var parked: [FanOut.Parked] = []
    private var woken: [UInt64] = []
    private var turn: [ActiveStream] = []
    private var pieces: [BytesSlice] = []

    init(fanOut: FanOut, connections: ConnectionTable, acceptor: Acceptor, limits: HTTPLimits) {
        self.fanOut = fanOut
        self.connections = connections
        self.acceptor = acceptor
        self.limits = limits
        upgrades = UpgradeLoop(fanOut: fanOut, limits: limits)
    }

    /// Runs until the fan-out is told to end the thread.
    mutating func run() {
        var events: [EventPoll.Event] = []
        acceptor.resume()
        while ending != .thread {
            fanOut.poll.wait(ready.isEmpty && upgrades.isIdle) { events.append($0) }
            for event in events { handle(event) }
            events.removeAll(keepingCapacity: true)
            readNews()
            serve()
            upgrades.serve()
        }
        writer.deallocate()
        upgrades.deallocate()
    }

    private mutating func handle(_ event: EventPoll.Event) {
        switch event {
        case .rung: acceptor.resume()
        case .connected: acceptor.accept()
        case .ticked(let count):
            let tick = fanOut.count(ticks: count)
            acceptor.resume()
            connections.sweep(tick: tick)
            dropStalled(tick: tick)
            upgrades.sweep(tick: tick)
        case .writable(let key):
            if let stream = blocked[key] { resume(stream) }
        case .hungUp(let key):
            if let stream = streams[key] { abort(stream) } else { abandon(key) }
        case .moved(let key): upgrades.noteSocket(key)
        case .ended(let id): connections.readEnd(of: id)
        }
    }

    private mutating func readNews() {
        let ending = fanOut.takeNews(parked: &parked, woken: &woken)
        for connection in parked {
            switch connection {
            case .stream(let ticket): admit(ticket)
            case .answer(let ticket): admit(ticket)
            case .upgrade(let ticket):
                upgrades.admit(ticket, key: nextKey)
                nextKey += 1
            }
        }
        parked.removeAll(keepingCapacity: true)
        for key in woken {
            if let stream = streams[key] {
                markReady(stream)
            } else if !upgrades.wake(key) {
                bringBack(key)
            }
        }
        woken.removeAll(keepingCapacity: true)
        if ending.rawValue > self.ending.rawValue {
            self.ending = ending
            acceptor.close()
            endAll()
        }
    }

    private mutating func admit(_ ticket: StreamTicket) {
        let stream = ActiveStream(ticket: ticket, key: nextKey, fanOut: fanOut)
        nextKey += 1
        streams[stream.key] = stream
        guard fanOut.poll.watch(ticket.descriptor, key: stream.key) else { return abort(stream) }
        let waker = stream.waker
        ticket.stream.start { waker.wake() }
        markReady(stream)
    }

    private mutating func markReady(_ stream: ActiveStream) {
        if stream.isReady || stream.pending != nil { return }
        stream.isReady = true
        ready.append(stream)
    }

    // MARK: Later answers

    private mutating func admit(_ ticket: AnswerTicket) {
        let key = nextKey
        nextKey += 1
        waiting[key] = ticket
        guard fanOut.poll.watch(ticket.descriptor, key: key) else { return abandon(key) }
        let fanOut = fanOut
        ticket.start { fanOut.wake(key) }
    }

    /// The answer is there: the connection goes on.
    private mutating func bringBack(_ key: UInt64) {
        guard let ticket = takeWaiting(key) else { return }
        ticket.resume()
        fanOut.countSettled()
    }

    /// Nobody waits for the answer any more.
    private mutating func abandon(_ key: UInt64) {
        guard let ticket = takeWaiting(key) else { return }
        ticket.abort()
        fanOut.countSettled()
    }

    /// Takes a connection off the watch; after it is resumed its socket must not be touched.
    private mutating func takeWaiting(_ key: UInt64) -> AnswerTicket? {
        guard let ticket = waiting.removeValue(forKey: key) else { return nil }
        fanOut.poll.watchEndAgain(ticket.descriptor, connection: ticket.connectionID)
        return ticket
    }

    // MARK: Writing

    /// Gives each ready stream one chunk, so that a long one does not hold up the others.
    private mutating func serve() {
        swap(&ready, &turn)
        for stream in turn {
            stream.isReady = false
            // It may have ended since it was marked.
            if streams[stream.key] != nil, stream.pending == nil { pull(stream) }
        }
        turn.removeAll(keepingCapacity: true)
    }

    private mutating func pull(_ stream: ActiveStream) {
        stream.waker.reset()
        let progress = stream.ticket.stream.pull(into: &pieces, limit: limits.chunkBytes)
        let size = pieces.reduce(0) { $0 + $1.count }
        if case .finished = progress { stream.isLast = true }
        // A chunk of no bytes would be the end of the body.
        let result = size == 0 ? .sent : send(pieces, size: size, from: 0, to: stream)
        if case .full(let sent) = result {
            stream.pending = PendingChunk(pieces: pieces, size: size, sent: sent)
            stream.pendingSince = fanOut.tick
            blocked[stream.key] = stream
        }
        pieces.removeAll(keepingCapacity: true)
        switch result {
        case .full: break
        case .broken: abort(stream)
        case .sent where stream.isLast: settle(stream, .finished)
        case .sent:
            if case .more = progress { markReady(stream) }
        }
    }

    /// There is room again in the socket of a client that was behind.
    private mutating func resume(_ stream: ActiveStream) {
        guard let chunk = stream.pending else { return }
        switch send(chunk.pieces, size: chunk.size, from: chunk.sent, to: stream) {
        case .full(let sent):
            if sent > chunk.sent { stream.pendingSince = fanOut.tick }
            stream.pending?.sent = sent
        case .broken: abort(stream)
        case .sent:
            stream.pending = nil
            blocked[stream.key] = nil
            if stream.isLast { settle(stream, .finished) } else { markReady(stream) }
        }
    }

    private func send(
        _ pieces: [BytesSlice],
        size: Int,
        from sent: Int,
        to stream: ActiveStream
    ) -> ChunkWriter.Result {
        writer.send(
            pieces,
            size: size,
            from: sent,
            to: stream.ticket.descriptor,
            isChunked: stream.ticket.isChunked
        )
    }

    // MARK: Ending

    private mutating func dropStalled(tick: Int) {
        let patience = limits.ticks(limits.stalledStreamDeadline)
        for stream in blocked.values where tick - stream.pendingSince > patience { abort(stream) }
    }

    private mutating func endAll() {
        upgrades.endAll(atOnce: ending != .gently)
        for (key, ticket) in waiting {
            // Whoever was asked to end gently has the time until the deadline to say how it ended.
            if ending == .gently { ticket.cancel() } else { abandon(key) }
        }
        for stream in streams.values {
            if !stream.isLast {
                stream.isLast = true
                stream.ticket.stream.cancel()
            }
            if stream.pending == nil {
                settle(stream, .finished)
            } else if ending != .gently {
                settle(stream, .aborted)
            }
        }
    }

    private mutating func abort(_ stream: ActiveStream) {
        if !stream.isLast {
            stream.isLast = true
            stream.ticket.stream.cancel()
        }
        settle(stream, .aborted)
    }

    /// Gives the connection back.
    ///
    /// After this its socket must not be touched.
    private mutating func settle(_ stream: ActiveStream, _ outcome: StreamTicket.Outcome) {
        streams[stream.key] = nil
        blocked[stream.key] = nil
        fanOut.poll.watchEndAgain(stream.ticket.descriptor, connection: stream.ticket.connectionID)
        stream.ticket.settle(outcome)
        fanOut.countSettled()
    }
}
