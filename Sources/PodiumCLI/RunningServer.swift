// SPDX-License-Identifier: Apache-2.0
// A server that this process runs, from its options to its end, and what it says of itself.

import ArgumentParser
import CPodiumProcess
import Glibc
import Podium

/// A server that answers requests, with the kubeconfig that it has written.
struct RunningServer {
    let server: PodiumServer
    let address: ServerAddress
    /// Where its kubeconfig is; nil when nobody asked for one.
    let kubeconfig: String?

    /// Starts the server that `options` describe at `listen`.
    ///
    /// The threads that it makes leave signals to the caller, who has blocked them by then.
    init(_ options: ServerOptions, listen: String, kubeconfig: String? = nil) throws {
        let path = kubeconfig ?? options.kubeconfig
        if let path { try KubeconfigFile.check(path) }
        Self.shareMemory()
        // A client that goes away must not end the process.
        signal(SIGPIPE, SIG_IGN)
        if options.exitWithParent {
            let problem = podium_process_end_with_parent()
            if problem != 0 { throw ValidationError("--exit-with-parent: \(String(cString: strerror(problem)))") }
        }
        var configuration = try options.serverConfiguration()
        configuration.address = try ListenArgument.parse(listen)
        let token = configuration.cluster.tokens?.firstToken
        server = PodiumServer(configuration)
        address = try server.start()
        self.kubeconfig = path
        guard let path, let url = address.url else { return }
        do {
            try KubeconfigFile(url: url, token: token).write(to: path)
        } catch {
            server.stop()
            throw error
        }
    }

    /// Ends the server and takes its kubeconfig away.
    func stop() {
        if let kubeconfig { KubeconfigFile.remove(kubeconfig) }
        server.stop()
    }

    /// Has all threads share as many heaps as there are cores.
    ///
    /// By default each of Dispatch's threads, which come and go, may get a heap of its own. What lives long, such as
    /// the history of watches, then spreads over all of them, and what is freed in one is of no use in another: a
    /// server of 120 MiB grew by 1 MiB a minute.
    private static func shareMemory() {
        _ = podium_process_limit_arenas(Int32(clamping: sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }
}

/// The line by which a server says that it is ready, and where.
struct Announcement {
    /// What the line is written in.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    private let address: ServerAddress
    private let nodes: Int
    private let clock: String
    private let kubeconfig: String?

    init(_ running: RunningServer, _ options: ServerOptions) {
        address = running.address
        nodes = options.nodes
        clock = options.clock
        kubeconfig = running.kubeconfig
    }

    func line(_ format: Format) -> String {
        switch format {
        case .text: text
        case .json: json
        }
    }

    private var text: String {
        let nodes = nodes == 1 ? "1 node" : "\(nodes) nodes"
        let place = address.url ?? address.description
        let hint: String
        switch address {
        case .tcp("127.0.0.1", 8080), .tcp("localhost", 8080): hint = "kubectl finds it by itself"
        case .tcp: hint = "kubectl --server \(place)"
        case .unix(let path): hint = "curl --unix-socket \(path) http://podium/version"
        }
        return "podium \(PodiumServer.version) serves Kubernetes \(PodiumServer.kubernetesVersion) at \(place) "
            + "(\(nodes), \(clock) clock): \(hint)"
    }

    /// One object on one line; `url` and `kubeconfig` are null where there is none.
    private var json: String {
        let members = [
            ("podium", JSONText.quoted(PodiumServer.version)),
            ("kubernetes", JSONText.quoted(PodiumServer.kubernetesVersion)),
            ("url", address.url.map(JSONText.quoted) ?? "null"),
            ("listen", JSONText.quoted(address.description)),
            ("kubeconfig", kubeconfig.map(JSONText.quoted) ?? "null"),
            ("nodes", String(nodes)),
            ("clock", JSONText.quoted(clock)),
            ("pid", String(getpid())),
        ]
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }
}
