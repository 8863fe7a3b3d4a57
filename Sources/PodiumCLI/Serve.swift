// SPDX-License-Identifier: Apache-2.0
// `podium serve`: arguments into a configuration, and signals into an orderly end.

import ArgumentParser
import CPodiumProcess
import Glibc
import Logging
import Podium

/// `podium serve`
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a cluster until SIGINT or SIGTERM.",
        discussion: """
            Without options: three Ready nodes (8 CPU, 32Gi, 110 pods each), real time, everything in memory, plain \
            HTTP for this machine only. What the cluster holds ends with the process.
            """
    )

    @Option(help: "Where to listen: HOST:PORT (port 0: any free one), [IPv6]:PORT, or unix:PATH.")
    var listen = "127.0.0.1:8080"

    @Option(help: "How many nodes the cluster makes itself: node-1, node-2, …")
    var nodes = 3

    @Option(help: "How time passes: real, virtual (only by 'podium clock advance'), or a factor such as 60x.")
    var clock = "real"

    @Option(help: "Where randomness begins. On a virtual clock the same seed and requests give the same history.")
    var seed: UInt64?

    @Flag(help: "Serve further, isolated clusters below /clusters/NAME, each made at its first use.")
    var clusters = false

    @Option(help: "Which controllers run: '*' for all, or nothing (--controllers=) for the API alone.")
    var controllers = "*"

    @Option(help: "Admission plugins to leave out, separated by commas.")
    var disableAdmissionPlugins = ""

    @Option(
        help: """
            A file of lines token,user,uid,"group1,group2". Without it everybody is the administrator, who may act as \
            others (--as). Mind that kubectl sends no tokens over plain HTTP; other clients do.
            """
    )
    var tokenAuthFile: String?

    @Option(help: "Who may do what: \(Self.authorizationModes).")
    var authorizationMode = "AlwaysAllow"

    @Option(help: "How long Events are kept, such as 1h or 90m; 0s for ever.")
    var eventTtl = "1h"

    @Option(help: "Threads that answer requests; 0 for one a core.")
    var threads = 0

    @Flag(help: "Allow other machines to reach a server that neither encrypts nor asks who they are.")
    var insecure = false

    @Option(help: "What to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "warning"

    func validate() throws {
        guard (0...5000).contains(nodes) else { throw ValidationError("--nodes must be between 0 and 5000") }
        guard (0...256).contains(threads) else { throw ValidationError("--threads must be between 0 and 256") }
        guard controllers.isEmpty || controllers == "*" else {
            throw ValidationError("--controllers takes '*' or nothing; '\(controllers)' is neither")
        }
        guard AuthorizationMode(rawValue: authorizationMode) != nil else {
            throw ValidationError("--authorization-mode is \(Self.authorizationModes), not '\(authorizationMode)'")
        }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError(
                "--log-level is one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        _ = try clockChoice()
        _ = try eventTTL()
        let address = try ListenArgument.parse(listen)
        if !address.isLoopback, !insecure {
            throw ValidationError(
                "\(address) can be reached by other machines, and nothing asks them who they are. Say --insecure if you "
                    + "mean that."
            )
        }
    }

    func run() throws {
        shareMemory()
        let ending = Ending()
        var configuration = ServerConfiguration()
        configuration.address = try ListenArgument.parse(listen)
        configuration.threads = threads
        configuration.servesManyClusters = clusters
        configuration.logger.logLevel = Logger.Level(rawValue: logLevel) ?? .warning
        configuration.cluster.nodes = nodes
        configuration.cluster.clock = try clockChoice()
        configuration.cluster.seed = seed
        configuration.cluster.eventTTL = try eventTTL()
        configuration.cluster.runsControllers = !controllers.isEmpty
        configuration.cluster.disabledAdmissionPlugins = Set(
            disableAdmissionPlugins.split(separator: ",").map(String.init)
        )
        configuration.cluster.tokens = try tokenAuthFile.map(readTokens)
        configuration.cluster.authorization = AuthorizationMode(rawValue: authorizationMode) ?? .alwaysAllow
        // A client that goes away must not end the process.
        signal(SIGPIPE, SIG_IGN)
        let server = PodiumServer(configuration)
        let address = try server.start()
        print(banner(address))
        fflush(nil)
        ending.wait()
        ending.limit(seconds: PodiumServer.shutdownSeconds + 2)
        server.stop()
    }

    /// Has all threads share as many heaps as there are cores.
    ///
    /// By default each of Dispatch's threads, which come and go, may get a heap of its own. What lives long, such as
    /// the history of watches, then spreads over all of them, and what is freed in one is of no use in another: a
    /// server of 120 MiB grew by 1 MiB a minute.
    private func shareMemory() {
        _ = podium_process_limit_arenas(Int32(clamping: sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    private static let authorizationModes = AuthorizationMode.allCases.map(\.rawValue).joined(separator: ", ")

    private func readTokens(_ path: String) throws -> TokenFile {
        let text = try TextFile.read(path)
        do {
            return try TokenFile(text)
        } catch {
            throw ValidationError("\(path), \(error)")
        }
    }

    private func banner(_ address: ServerAddress) -> String {
        let nodes = nodes == 1 ? "1 node" : "\(nodes) nodes"
        let place = address.url ?? address.description
        let hint: String
        switch address {
        case .tcp(_, 8080) where address.isLoopback: hint = "kubectl finds it by itself"
        case .tcp: hint = "kubectl --server \(place)"
        case .unix(let path): hint = "curl --unix-socket \(path) http://podium/version"
        }
        return "podium \(PodiumServer.version) serves Kubernetes \(PodiumServer.kubernetesVersion) at \(place) "
            + "(\(nodes), \(clock) clock): \(hint)"
    }

    // Kubernetes: kube-apiserver --event-ttl
    private func eventTTL() throws -> Duration {
        do throws(ConfigurationError) {
            return try ClusterConfiguration.duration(eventTtl)
        } catch {
            throw ValidationError("--event-ttl: \(error)")
        }
    }

    private func clockChoice() throws -> ClockChoice {
        switch clock {
        case "real": return .real
        case "virtual": return .virtual
        default:
            guard clock.hasSuffix("x"), let rate = Double(clock.dropLast()), rate > 0, rate <= 100_000 else {
                throw ValidationError("--clock is real, virtual, or a factor above 0 such as 60x, not '\(clock)'")
            }
            return .scaled(rate: rate)
        }
    }
}

/// Waits for SIGINT or SIGTERM.
///
/// It must be made before the first thread: threads inherit that the signals are blocked, so that one which comes at
/// any moment from then on waits until it is asked for.
private struct Ending {
    private var signals = sigset_t()

    init() {
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Returns at the first of the signals; a second one ends the process at once.
    func wait() {
        var signals = signals
        var received: Int32 = 0
        sigwait(&signals, &received)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Ends the process after so many seconds, whatever then still keeps its threads: what was asked to end must not
    /// need to be killed.
    func limit(seconds: Int) {
        signal(SIGALRM) { _ in _exit(EXIT_SUCCESS) }
        alarm(UInt32(seconds))
    }
}
