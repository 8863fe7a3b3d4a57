// SPDX-License-Identifier: Apache-2.0
// Where a server listens.

/// A place to listen at.
package enum ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// A TCP port. `host` is an IPv4 or IPv6 address (with or without brackets) or a name; empty means every address
    /// of the machine, of both families. Port 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// A Unix socket.
    case unix(path: String)

    /// `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/podium.sock`.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether only this machine can reach it, by the address that the host resolves to now.
    package var isLoopback: Bool { ListenSocket.isLoopback(self) }
}

/// Why a server did not start.
package enum HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A limit of the configuration is not positive, or contradicts another.
    case invalidLimit(String)
    /// The socket could not be made, bound or listened on.
    case cannotListen(on: String, reason: String)
    /// Other machines reach the address, and were not to be let in.
    case openToOthers(String)
    /// The machine gave no thread, no memory or no descriptor.
    case cannotStart(reason: String)
    /// `start` was called before.
    case alreadyStarted

    package var description: String {
        switch self {
        case .invalidLimit(let name): "limit \(name) is out of range"
        case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
        case .openToOthers(let address): "\(address) can be reached by other machines"
        case .cannotStart(let reason): "cannot start the HTTP server: \(reason)"
        case .alreadyStarted: "the HTTP server was already started"
        }
    }
}
