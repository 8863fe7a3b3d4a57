// SPDX-License-Identifier: Apache-2.0
// Accepts connections and hands them to libmicrohttpd's threads.

import CMicroHTTPD
import Glibc
import Synchronization

/// The number of open connections, and whether somebody waits for it to fall.
// State     | guarded by | why separate
// open      | atomic     | raised by the server's thread, lowered by the library's threads
// isAwaited | atomic     | set by the server's thread when it is full, taken by the first connection to close
final class ConnectionCount: Sendable {
    private let open = Atomic<Int>(0)
    private let isAwaited = Atomic<Bool>(false)

    var value: Int { open.load(ordering: .acquiring) }

    func add() { open.wrappingAdd(1, ordering: .relaxed) }

    /// A connection has closed; true when that should be said aloud.
    func remove() -> Bool {
        open.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        return isAwaited.exchange(false, ordering: .sequentiallyConsistent)
    }

    /// Whether there are fewer than `limit`.
    ///
    /// If not, the next `remove` will say so.
    func isBelow(_ limit: Int) -> Bool {
        if value < limit { return true }
        isAwaited.store(true, ordering: .sequentiallyConsistent)
        // One may have closed just before the flag was up.
        return open.load(ordering: .sequentiallyConsistent) < limit
    }
}

/// Accepts connections, up to a limit.
///
/// libmicrohttpd 0.9.75 can accept by itself, but not stop doing so: `MHD_quiesce_daemon` takes the socket out of the
/// threads' epolls while they may be doing the same, and whoever comes second aborts the process.
struct Acceptor {
    /// Connections accepted in one go before streams are looked at again.
    private static let burst = 32

    private let socket: ListenSocket
    private let daemon: Daemon
    private let count: ConnectionCount
    private let limit: Int
    private let poll: EventPoll
    private var isListening = false
    private var isClosed = false

    init(socket: ListenSocket, daemon: Daemon, count: ConnectionCount, limit: Int, poll: EventPoll) {
        self.socket = socket
        self.daemon = daemon
        self.count = count
        self.limit = limit
        self.poll = poll
    }

    /// Takes what waits; stops listening when the limit is reached or the machine has no descriptor left.
    mutating func accept() {
        for _ in 0..<Self.burst {
            guard count.isBelow(limit) else { return pause() }
            var address = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let connection = withUnsafeMutableBytes(of: &address) { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) {
                    podium_http_accept(socket.descriptor, $0.baseAddress, &length)
                }
            }
            if connection >= 0 {
                count.add()
                if !daemon.add(connection, address: &address, length: length) { _ = count.remove() }
            } else if errno == EAGAIN {
                return
            } else if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM {
                // The connection stays in the backlog and would be reported again at once; the next sweep looks again.
                return pause()
            }
        }
    }

    /// Listens, if there is room.
    mutating func resume() {
        if isListening || isClosed || !count.isBelow(limit) { return }
        isListening = poll.listen(socket.descriptor)
    }

    private mutating func pause() {
        poll.forget(socket.descriptor)
        isListening = false
    }

    /// Refuses connections from now on.
    mutating func close() {
        if isClosed { return }
        isClosed = true
        pause()
        socket.close()
    }
}
