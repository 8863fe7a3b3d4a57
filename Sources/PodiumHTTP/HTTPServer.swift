// SPDX-License-Identifier: Apache-2.0
// Starts and stops one HTTP server: sockets and threads on one side, a responder on the other.

import CMicroHTTPD
import Glibc
package import Logging
package import PodiumExchange
import Synchronization

/// An HTTP/1.1 server over libmicrohttpd.
///
/// A process may have several; they share nothing. The responder is called on the library's threads, one for each
/// core, and must answer without waiting.
// State     | guarded by | why separate
// lifecycle | lifecycle  | start and shutdown may be called from any thread, also at once
package final class HTTPServer: Sendable {
    /// How to serve.
    package struct Configuration: Sendable {
        package var listen: ListenAddress
        /// Whether other machines may be let in; otherwise an address that they reach is refused.
        package var isOpenToOthers: Bool
        /// Which requests of browsers are answered; nil for all.
        package var browsers: BrowserPolicy?
        /// Threads that read, answer and write; 0 for one a core.
        package var threads: Int
        package var limits: HTTPLimits
        package var logger: Logger

        package init(
            listen: ListenAddress,
            isOpenToOthers: Bool = true,
            browsers: BrowserPolicy? = nil,
            threads: Int = 0,
            limits: HTTPLimits = HTTPLimits(),
            logger: Logger = Logger(label: "podium.http")
        ) {
            self.listen = listen
            self.isOpenToOthers = isOpenToOthers
            self.browsers = browsers
            self.threads = threads
            self.limits = limits
            self.logger = logger
        }
    }

    private struct Running: Sendable {
        let address: ListenAddress
        let daemon: Daemon
        let context: ServerContext
        let thread: ServerThread
    }

    private enum Lifecycle: Sendable {
        case idle
        case running(Running)
        case ended
    }

    private let configuration: Configuration
    private let responder: any RequestResponder
    private let lifecycle = Mutex(Lifecycle.idle)

    /// Makes a server that does nothing yet.
    package init(configuration: Configuration, responder: any RequestResponder) {
        self.configuration = configuration
        self.responder = responder
    }

    deinit { shutdown() }

    /// Listens and serves until `shutdown`; returns where it really listens, with the port that the system chose.
    package func start() throws(HTTPServerError) -> ListenAddress {
        let isFirst = lifecycle.withLock { state in
            guard case .idle = state else { return false }
            state = .ended
            return true
        }
        guard isFirst else { throw .alreadyStarted }
        let running = try makeRunning()
        lifecycle.withLock { $0 = .running(running) }
        return running.address
    }

    /// Accepts nothing more, ends the streams with their last chunk, lets requests in flight finish, then closes.
    ///
    /// Returns when that is done, at the latest some moments after the shutdown deadline. Safe to call more than once
    /// and from any thread that is not the server's own; so not from the responder or a stream.
    /// - Returns: whether it is done; false when the responder is still at a request, whose connection is closed as
    ///   soon as it returns.
    @discardableResult
    package func shutdown() -> Bool {
        let running: Running? = lifecycle.withLock { state in
            guard case .running(let running) = state else { return nil }
            state = .ended
            return running
        }
        guard let running else { return true }
        return stop(running)
    }

    private func makeRunning() throws(HTTPServerError) -> Running {
        let limits = configuration.limits
        try limits.validate()
        let socket = try ListenSocket(
            configuration.listen,
            backlog: limits.backlog,
            isOpenToOthers: configuration.isOpenToOthers
        )
        do throws(HTTPServerError) {
            let fanOut = try FanOut(interval: limits.sweepInterval)
            let context = ServerContext(
                responder: responder,
                limits: limits,
                logger: configuration.logger,
                fanOut: fanOut,
                browsers: configuration.browsers?.applied(to: socket.address, isLoopback: socket.isLoopback),
                checksInPlace: Daemon.checksInPlace
            )
            let daemon = try Daemon(threads: threadCount, context: context)
            do throws(HTTPServerError) {
                let thread = try ServerThread(socket: socket, daemon: daemon, context: context)
                return Running(address: socket.address, daemon: daemon, context: context, thread: thread)
            } catch {
                daemon.stop()
                throw error
            }
        } catch {
            socket.close()
            throw error
        }
    }

    private var threadCount: Int {
        let cores = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return max(1, configuration.threads > 0 ? configuration.threads : cores)
    }

    // MARK: Stopping

    /// How often it is looked whether requests and streams have ended.
    private static let drainInterval: Int32 = 5
    /// How often, that long apart, it is looked whether the library has closed what it may close: half a second.
    private static let closingLooks = 100

    private func stop(_ running: Running) -> Bool {
        let context = running.context
        context.beginClosing()
        context.fanOut.end(.gently)
        let looks = max(1, Int(configuration.limits.shutdownDeadline / .milliseconds(Int(Self.drainInterval))))
        for _ in 0..<looks {
            if context.fanOut.liveCount == 0, context.connections.busyCount == 0 { break }
            poll(nil, 0, Self.drainInterval)
        }
        // The library forbids to stop while a connection is parked, or to add one afterwards.
        context.fanOut.end(.now)
        while context.fanOut.liveCount > 0 { poll(nil, 0, 1) }
        running.thread.end()
        let end = DaemonEnd(of: running.daemon)
        for _ in 0..<Self.closingLooks {
            if end.isDone { return true }
            poll(nil, 0, Self.drainInterval)
        }
        return end.isDone
    }
}
