// SPDX-License-Identifier: Apache-2.0
// `podium kubeconfig`: a kubeconfig that points at a server.

import ArgumentParser
import Podium

/// `podium kubeconfig`
struct Kubeconfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a kubeconfig for a running server.",
        discussion: "podium kubeconfig > podium.yaml && kubectl --kubeconfig podium.yaml get nodes"
    )

    @Option(help: "The server: HOST:PORT or [IPv6]:PORT.")
    var server = "127.0.0.1:8080"

    @Option(help: "The cluster, for a server that has several.")
    var cluster: String?

    @Option(help: "The token to send.")
    var token: String?

    func run() throws {
        guard let url = try ListenArgument.parse(server).url else {
            throw ValidationError("kubectl does not speak over Unix sockets")
        }
        let path = cluster.map { "/clusters/\($0)" } ?? ""
        let name = cluster.map { "podium-\($0)" } ?? "podium"
        print(
            """
            apiVersion: v1
            kind: Config
            clusters:
            - name: \(name)
              cluster: {server: "\(url)\(path)"}
            users:
            - name: \(name)
              user: \(token.map { "{token: \"\($0)\"}" } ?? "{}")
            contexts:
            - name: \(name)
              context: {cluster: \(name), user: \(name)}
            current-context: \(name)
            """
        )
    }
}
