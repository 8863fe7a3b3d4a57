// SPDX-License-Identifier: Apache-2.0
// What all connections of one server share.

import Logging
import PodiumExchange
import PodiumHost
import Synchronization

/// What the library's callbacks are given. Lives until the daemon has stopped.
// State       | guarded by | why separate
// nextID      | atomic     | each accepted connection takes one
// closing     | atomic     | set once by `shutdown`, read by every answer
final class ServerContext: Sendable {
    let responder: any RequestResponder
    let limits: HTTPLimits
    let logger: Logger
    let connections: ConnectionTable
    let fanOut: FanOut
    /// Who is kept out of requests that pages sent; nil when nobody is.
    let browsers: BrowserPolicy?
    /// Whether the library leaves it to us to find malformed lines.
    let checksInPlace: Bool
    /// Where the `Audit-Id`s of all connections begin.
    let auditSeed = RandomSource().next()
    private let nextID = Atomic<UInt64>(0)
    private let closing = Atomic<Bool>(false)

    init(
        responder: any RequestResponder,
        limits: HTTPLimits,
        logger: Logger,
        fanOut: FanOut,
        browsers: BrowserPolicy?,
        checksInPlace: Bool
    ) {
        self.browsers = browsers
        self.responder = responder
        self.limits = limits
        self.logger = logger
        self.fanOut = fanOut
        connections = ConnectionTable(limits: limits, fanOut: fanOut)
        self.checksInPlace = checksInPlace
    }

    /// Whether the server is shutting down, so that every answer is the last of its connection.
    var isClosing: Bool { closing.load(ordering: .relaxed) }

    func beginClosing() { closing.store(true, ordering: .relaxed) }

    /// A connection was accepted.
    func makeConnection(descriptor: Int32, peer: String) -> Connection {
        let watch = ConnectionWatch(
            id: nextID.wrappingAdd(1, ordering: .relaxed).newValue,
            descriptor: descriptor
        )
        connections.insert(watch)
        return Connection(context: self, watch: watch, peer: peer)
    }

    /// The library's own words; most are about what clients do.
    func log(_ line: String) {
        let text = line.hasSuffix("\n") ? String(line.dropLast()) : line
        logger.debug("libmicrohttpd", metadata: ["text": "\(text)"])
    }
}
