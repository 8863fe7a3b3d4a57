// SPDX-License-Identifier: Apache-2.0
// The thread under the server's loop: it waits in epoll, which would hold up a thread of Dispatch.

import CMicroHTTPD
import Glibc

/// A running server loop.
struct ServerThread: Sendable {
    private let fanOut: FanOut
    private let handle: pthread_t

    /// Starts the thread.
    init(socket: ListenSocket, daemon: Daemon, context: ServerContext) throws(HTTPServerError) {
        fanOut = context.fanOut
        let work = Unmanaged.passRetained(Work(socket: socket, daemon: daemon, context: context))
        var handle = pthread_t()
        let failure = pthread_create(&handle, nil, runWork, work.toOpaque())
        if failure != 0 {
            work.release()
            throw .cannotStart(reason: String(cString: strerror(failure)))
        }
        self.handle = handle
    }

    /// Ends the thread and waits for it.
    ///
    /// Afterwards the socket is closed.
    func end() {
        fanOut.end(.thread)
        pthread_join(handle, nil)
    }

    fileprivate final class Work: Sendable {
        let socket: ListenSocket
        let daemon: Daemon
        let context: ServerContext

        init(socket: ListenSocket, daemon: Daemon, context: ServerContext) {
            self.socket = socket
            self.daemon = daemon
            self.context = context
        }

        func run() {
            let acceptor = Acceptor(
                socket: socket,
                daemon: daemon,
                count: context.connections.count,
                limit: min(context.limits.connections, DescriptorLimit.connections),
                poll: context.fanOut.poll
            )
            var loop = ServerLoop(
                fanOut: context.fanOut,
                connections: context.connections,
                acceptor: acceptor,
                limits: context.limits
            )
            loop.run()
        }
    }
}

private let runWork: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { pointer in
    guard let pointer else { return nil }
    podium_http_name_thread("podium-http")
    Unmanaged<ServerThread.Work>.fromOpaque(pointer).takeRetainedValue().run()
    return nil
}
