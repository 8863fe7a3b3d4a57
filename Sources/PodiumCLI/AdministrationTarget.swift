// SPDX-License-Identifier: Apache-2.0
// The server and the cluster that an administration command is for.

import ArgumentParser

/// Where the server is.
struct AdministrationTarget: ParsableArguments {
    @Option(help: "The server: HOST:PORT, [IPv6]:PORT, unix:PATH or a URL.")
    var server = "127.0.0.1:8080"

    @Option(help: "The cluster, for a server that has several.")
    var cluster: String?

    /// Sends a request and prints the body of the answer.
    func send(_ method: String, _ path: String, body: String? = nil) throws {
        let server = try ServerArgument(server)
        if let cluster { try ServerArgument.checkClusterName(cluster) }
        let prefix = cluster.map { "/clusters/\($0)" } ?? server.path
        let answer = try HTTPClient(server.address).send(method, prefix + path, body: body)
        print(answer.body, terminator: "")
        if answer.status >= 300 { throw ExitCode.failure }
    }
}
