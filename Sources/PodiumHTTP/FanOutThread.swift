// SPDX-License-Identifier: Apache-2.0
// The operating system's thread under the fan-out: it waits in epoll, which would hold up a Dispatch queue's pool.

import CMicroHTTPD
import Glibc

/// A running fan-out.
struct FanOutThread: Sendable {
    private let fanOut: FanOut
    private let handle: pthread_t

    /// Starts the thread.
    init(fanOut: FanOut, connections: ConnectionTable, limits: HTTPLimits) throws(HTTPServerError) {
        self.fanOut = fanOut
        let work = Unmanaged.passRetained(Work(fanOut: fanOut, connections: connections, limits: limits))
        var handle = pthread_t()
        let failure = pthread_create(&handle, nil, runWork, work.toOpaque())
        if failure != 0 {
            work.release()
            throw .cannotStart(reason: String(cString: strerror(failure)))
        }
        self.handle = handle
    }

    /// Ends the thread and waits for it.
    func end() {
        fanOut.end(.thread)
        pthread_join(handle, nil)
    }

    fileprivate final class Work: Sendable {
        let fanOut: FanOut
        let connections: ConnectionTable
        let limits: HTTPLimits

        init(fanOut: FanOut, connections: ConnectionTable, limits: HTTPLimits) {
            self.fanOut = fanOut
            self.connections = connections
            self.limits = limits
        }
    }
}

private let runWork: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { pointer in
    guard let pointer else { return nil }
    podium_http_name_thread("podium-streams")
    let work = Unmanaged<FanOutThread.Work>.fromOpaque(pointer).takeRetainedValue()
    var loop = FanOutLoop(fanOut: work.fanOut, connections: work.connections, limits: work.limits)
    loop.run()
    return nil
}
