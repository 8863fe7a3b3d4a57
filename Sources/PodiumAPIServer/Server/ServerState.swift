// SPDX-License-Identifier: Apache-2.0
// What the API servers of a process know of the process: where it listens, since when, and whether it ends.

import PodiumHost
package import PodiumMachinery
import Synchronization

/// The state of the process that all its clusters share.
// State   | guarded by | why separate
// address | mutex      | set once, when the server listens; read by discovery
// ending  | atomic     | set once, when the server shuts down; read by health checks
package final class ServerState: Sendable {
    /// When the process began, in the machine's time.
    package let startedAt = MachineTime.wall
    private let listener = Mutex("")
    private let ending = Atomic<Bool>(false)

    /// The options of the command line by their names, as `/flagz` shows them.
    package let flags: [String: String]

    /// Of a server that does not listen yet.
    package init(flags: [String: String] = [:]) { self.flags = flags }

    /// `host:port` where clients reach the server; empty before it listens.
    package var address: String { listener.withLock { $0 } }

    /// The server listens at `address`.
    package func listens(at address: String) { listener.withLock { $0 = address } }

    /// Whether the server shuts down.
    package var isEnding: Bool { ending.load(ordering: .relaxed) }

    /// The server begins to shut down.
    package func end() { ending.store(true, ordering: .relaxed) }
}
