// SPDX-License-Identifier: Apache-2.0
// Stops a daemon on a thread of its own: the library waits for its threads, however long a request keeps them.

import Glibc
import Synchronization

/// A daemon that is being stopped.
// State  | guarded by | why separate
// done   | atomic     | set by the thread that waits for the library, read by who waits for it only so long
final class DaemonEnd: Sendable {
    private let daemon: Daemon
    private let done = Atomic<Bool>(false)

    /// Begins to stop `daemon`.
    init(of daemon: Daemon) {
        self.daemon = daemon
        let work = Unmanaged.passRetained(self)
        var handle = pthread_t()
        if pthread_create(&handle, nil, stopDaemon, work.toOpaque()) == 0 {
            pthread_detach(handle)
        } else {
            // Without a thread for it, it takes as long as it takes.
            work.release()
            stop()
        }
    }

    /// Whether all of the daemon's threads have ended.
    var isDone: Bool { done.load(ordering: .acquiring) }

    fileprivate func stop() {
        daemon.stop()
        done.store(true, ordering: .releasing)
    }
}

private let stopDaemon: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { pointer in
    if let pointer { Unmanaged<DaemonEnd>.fromOpaque(pointer).takeRetainedValue().stop() }
    return nil
}
