// SPDX-License-Identifier: Apache-2.0
// `podium kubeconfig`: a kubeconfig that points at a server.

import ArgumentParser
import Podium

/// `podium kubeconfig`
struct Kubeconfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeconfig",
        abstract: "Print a kubeconfig for a running server.",
        discussion: "podium kubeconfig > podium.yaml && kubectl --kubeconfig podium.yaml get nodes"
    )

    @Option(help: "The server: HOST:PORT, [IPv6]:PORT, or a URL such as http://127.0.0.1:8080/clusters/one.")
    var server = "127.0.0.1:8080"

    @Option(help: "The cluster, for a server that has several.")
    var cluster: String?

    @Option(help: "The token to send; without a token file any will do.")
    var token: String?

    func validate() throws {
        _ = try ServerArgument(server)
        if let cluster { try ServerArgument.checkClusterName(cluster) }
        if let token, token.isEmpty || token.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            throw ValidationError("--token: a token is not empty and has no blanks")
        }
    }

    func run() throws {
        let server = try ServerArgument(server)
        if server.path != "", cluster != nil {
            throw ValidationError("--server names a cluster already: leave --cluster out")
        }
        guard let url = server.url else { throw ValidationError("kubectl does not speak over Unix sockets") }
        print(KubeconfigFile(url: url, cluster: cluster, token: token).text, terminator: "")
    }
}
