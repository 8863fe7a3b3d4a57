// SPDX-License-Identifier: Apache-2.0
// The public face: a process-wide server of one or many clusters.

public import Logging
import PodiumAPIServer
import PodiumHTTP
import PodiumMachinery

/// Where a server listens.
public enum ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// A TCP port of an address of this machine; port 0 lets the system choose one.
    case tcp(host: String, port: Int)
    /// A Unix socket.
    case unix(path: String)

    /// `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/podium.sock`.
    public var description: String { listenAddress.description }

    /// The URL under which clients reach it; nil for a Unix socket.
    public var url: String? {
        if case .unix = self { return nil }
        return "http://\(reachable)"
    }

    /// Where clients of this machine reach it, also when it listens at all addresses.
    var reachable: String {
        guard case .tcp(let host, let port) = self else { return description }
        let isEverywhere = host.isEmpty || host == "0.0.0.0" || host == "::"
        return ServerAddress.tcp(host: isEverywhere ? "127.0.0.1" : host, port: port).description
    }

    /// Whether only this machine can reach it, by the address that the host resolves to now.
    public var isLoopback: Bool { listenAddress.isLoopback }

    var listenAddress: ListenAddress {
        switch self {
        case .tcp(let host, let port): .tcp(host: host, port: port)
        case .unix(let path): .unix(path: path)
        }
    }

    init(_ address: ListenAddress) {
        switch address {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .unix(let path): self = .unix(path: path)
        }
    }
}

/// What can be chosen about a server.
public struct ServerConfiguration: Sendable {
    /// Where to listen. Default `127.0.0.1:8080`, where kubectl looks when nobody told it otherwise.
    public var address = ServerAddress.tcp(host: "127.0.0.1", port: 8080)
    /// Whether other machines may reach a server that neither encrypts nor asks who they are. Otherwise it does not
    /// start at an address that they reach.
    public var isOpenToOthers = false
    /// Names and addresses, without a port, by which a server on a loopback address is called beside those that every
    /// such server has.
    public var allowedHosts: Set<String> = []
    /// Origins (`https://console.example.com`) whose pages may use the server and read its answers.
    public var allowedOrigins: Set<String> = []
    /// Threads that answer requests; 0 for one a core.
    public var threads = 0
    /// Whether further clusters live below `/clusters/NAME`, each made at its first use.
    public var servesManyClusters = false
    /// What every cluster is like.
    public var cluster = ClusterConfiguration()
    /// What `/flagz` shows: the options that it was started with, by name. No secrets.
    public var flags: [String: String] = [:]
    /// Where the server writes what it has to say.
    public var logger = Logger(label: "podium")

    /// The defaults.
    public init() {}

    /// Checks that a further cluster can be called `name`: a DNS label, as namespaces are.
    /// - Throws: when it cannot.
    public static func checkClusterName(_ name: String) throws(ConfigurationError) {
        if let problem = NameValidation.dns1123Label(name).first { throw ConfigurationError(description: problem) }
    }
}

/// Why a server did not start.
public struct ServerError: Error, CustomStringConvertible {
    /// A sentence for the person who started it.
    public let description: String
}

/// A running Podium.
///
/// ```swift
/// var configuration = ServerConfiguration()
/// configuration.address = .tcp(host: "127.0.0.1", port: 0)
/// let server = PodiumServer(configuration)
/// let address = try server.start()   // 127.0.0.1:41233
/// …
/// server.stop()
/// ```
public final class PodiumServer: Sendable {
    private let clusters: ClusterHost
    private let http: HTTPServer
    private let state: ServerState
    private let logger: Logger

    /// The version of Podium.
    public static let version = "0.1.0"
    /// The version of Kubernetes whose API is served.
    public static let kubernetesVersion = "v1.36.2"
    /// How long `stop` waits for what is in flight.
    public static let shutdownSeconds = Int(HTTPLimits().shutdownDeadline.components.seconds)

    /// Reads the tables that all servers of a process share, which the first server does otherwise: another thread can
    /// call this while the first is still being configured.
    public static func prepare() { StandardDefinitions.read() }

    /// Makes the first cluster; nothing listens yet.
    public init(_ configuration: ServerConfiguration) {
        logger = configuration.logger
        state = ServerState(flags: configuration.flags)
        clusters = ClusterHost(
            configuration.cluster,
            servesMany: configuration.servesManyClusters,
            server: state,
            logger: configuration.logger
        )
        http = HTTPServer(
            configuration: HTTPServer.Configuration(
                listen: configuration.address.listenAddress,
                isOpenToOthers: configuration.isOpenToOthers,
                browsers: BrowserPolicy(hosts: configuration.allowedHosts, origins: configuration.allowedOrigins),
                threads: configuration.threads,
                logger: configuration.logger
            ),
            responder: clusters
        )
    }

    /// Begins to serve and returns where.
    public func start() throws(ServerError) -> ServerAddress {
        do throws(HTTPServerError) {
            let address = ServerAddress(try http.start())
            state.listens(at: address.reachable)
            return address
        } catch {
            throw ServerError(description: error.description)
        }
    }

    /// Ends watches cleanly, finishes what is in flight, then ends all clusters. Returns when that is done, or some
    /// moments after ``shutdownSeconds``: what a request still keeps busy then is left to end by itself.
    public func stop() {
        state.end()
        if http.shutdown() {
            clusters.stop()
        } else {
            logger.warning("a request was still being answered after \(Self.shutdownSeconds) s; it is left alone")
        }
    }
}
