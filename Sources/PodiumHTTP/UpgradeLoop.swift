// SPDX-License-Identifier: Apache-2.0
// The part of the server's thread that looks after upgraded connections.

import PodiumExchange
/// All upgraded connections of one server.
struct UpgradeLoop {
    /// What is read at a time.
    private static let bufferBytes = 64 << 10

    private let fanOut: FanOut
    private let limits: HTTPLimits
    private var connections: [UInt64: UpgradedConnection] = [:]
    /// Connections with something to do, served in turn.
    private var ready: [UpgradedConnection] = []
    private var turn: [UpgradedConnection] = []
    /// Made when it is first needed.
    private var buffer: UnsafeMutableRawBufferPointer?

    init(fanOut: FanOut, limits: HTTPLimits) {
        self.fanOut = fanOut
        self.limits = limits
    }

    mutating func deallocate() {
        buffer?.deallocate()
        buffer = nil
    }

    /// Whether nobody has anything to do.
    var isIdle: Bool { ready.isEmpty }

    mutating func admit(_ ticket: UpgradeTicket, key: UInt64) {
        let connection = UpgradedConnection(ticket, key: key, fanOut: fanOut)
        connections[key] = connection
        guard fanOut.poll.watchBothWays(ticket.descriptor, key: key) else { return abort(connection) }
        let waker = connection.waker
        ticket.upgrade.session.start { waker.wake() }
        markReady(connection)
    }

    /// There is something to pull, or room again; false when there is no such connection.
    mutating func wake(_ key: UInt64) -> Bool {
        guard let connection = connections[key] else { return false }
        markReady(connection)
        return true
    }

    /// Something happened to a socket; what is broken shows when it is used.
    mutating func noteSocket(_ key: UInt64) {
        guard let connection = connections[key] else { return }
        connection.noteInput()
        markReady(connection)
    }

    private mutating func markReady(_ connection: UpgradedConnection) {
        if connection.isReady { return }
        connection.isReady = true
        ready.append(connection)
    }

    /// Gives each connection that has something to do one turn.
    mutating func serve() {
        if ready.isEmpty { return }
        let buffer = self.buffer ?? .allocate(byteCount: Self.bufferBytes, alignment: 16)
        self.buffer = buffer
        swap(&ready, &turn)
        for connection in turn {
            connection.isReady = false
            // It may have ended since it was marked.
            guard connections[connection.key] != nil else { continue }
            switch connection.run(buffer, chunk: limits.chunkBytes, tick: fanOut.tick) {
            case .waits: break
            case .goesOn: markReady(connection)
            case .ended: abort(connection)
            }
        }
        turn.removeAll(keepingCapacity: true)
    }

    /// Ends those whose clients do nothing, and those that have ended but for the client's own end.
    mutating func sweep(tick: Int) {
        let (idle, lingering) = (limits.ticks(limits.idleUpgradeDeadline), limits.ticks(limits.lingeringDeadline))
        for connection in connections.values
        where tick - connection.movedAt > (connection.isLingering ? lingering : idle) {
            abort(connection)
        }
    }

    mutating func endAll(atOnce: Bool) {
        for connection in connections.values {
            if atOnce {
                abort(connection)
            } else {
                connection.finish(ChannelFailure(code: 1001, reason: "the server is shutting down"))
                markReady(connection)
            }
        }
    }

    /// Gives the connection back.
    ///
    /// After this its socket must not be touched.
    private mutating func abort(_ connection: UpgradedConnection) {
        connections[connection.key] = nil
        connection.abandon()
        fanOut.poll.watchEndAgain(connection.ticket.descriptor, connection: connection.ticket.connectionID)
        connection.ticket.settle()
        fanOut.countSettled()
    }
}
