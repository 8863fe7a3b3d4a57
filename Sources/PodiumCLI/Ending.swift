// SPDX-License-Identifier: Apache-2.0
// How a process learns that it is to end.

import Glibc

/// Waits for SIGINT or SIGTERM.
///
/// It must be made before the first thread: threads inherit that the signals are blocked, so that one which comes at
/// any moment from then on waits until it is asked for.
struct Ending {
    private let signals = Self.blockSignals()

    /// Blocks the signals and returns them.
    @discardableResult
    static func blockSignals() -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGCHLD)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        return signals
    }

    /// Returns at the first signal that asks for the end; a second one ends the process at once.
    func wait() {
        while next() == SIGCHLD {}
        var signals = signals
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Returns how `child` ended. A signal that asks for the end is passed on to it: it is up to the command how it
    /// ends.
    func wait(for child: ChildProcess) -> Int32 {
        while true {
            if let status = child.status() { return status }
            switch next() {
            case SIGCHLD: break
            // A terminal has sent this to the command as well.
            case SIGINT where isatty(STDIN_FILENO) != 0: break
            case let signal: kill(child.process, signal)
            }
        }
    }

    /// Ends the process after so many seconds, whatever then still keeps its threads: what was asked to end
    /// must not need to be killed.
    func limit(seconds: Int) {
        signal(SIGALRM) { _ in _exit(EXIT_SUCCESS) }
        alarm(UInt32(seconds))
    }

    private func next() -> Int32 {
        var signals = signals
        var received: Int32 = 0
        sigwait(&signals, &received)
        return received
    }
}
