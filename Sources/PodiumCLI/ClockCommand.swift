// SPDX-License-Identifier: Apache-2.0
// `podium clock`: the clock API of a running server, for people and scripts.

import ArgumentParser

/// `podium clock`
struct Clock: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read and move the clock of a running server.",
        subcommands: [Show.self, Advance.self, Set.self],
        defaultSubcommand: Show.self
    )

    /// Where the server is.
    struct Target: ParsableArguments {
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

    /// `podium clock show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the mode, the time and the next timer.")

        @OptionGroup var target: Target

        func run() throws { try target.send("GET", "/podium/v1/clock") }
    }

    /// `podium clock advance`
    struct Advance: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let time pass on a virtual clock.",
            discussion: "Durations are written as 90s, 5m or 1h2m3.5s; a number alone is refused."
        )

        @OptionGroup var target: Target

        @Argument(help: "How long: 90s, 5m, 1h30m. 'idle' runs until no timer is left.")
        var duration: String

        @Option(help: "With 'idle': no further than this.")
        var limit: String?

        func run() throws {
            let body: String
            if duration == "idle" {
                let limit = limit.map { ",\"limit\":\(JSONText.quoted($0))" } ?? ""
                body = "{\"until\":\"idle\"\(limit)}"
            } else {
                body = "{\"by\":\(JSONText.quoted(duration))}"
            }
            try target.send("POST", "/podium/v1/clock/advance", body: body)
        }
    }

    /// `podium clock set`
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change how time passes: real, virtual, or 60x.")

        @OptionGroup var target: Target

        @Argument(help: "real, virtual, or a factor such as 60x.")
        var mode: String

        func run() throws {
            let body =
                mode.hasSuffix("x")
                ? "{\"mode\":\"scaled\",\"rate\":\(mode.dropLast())}" : "{\"mode\":\(JSONText.quoted(mode))}"
            try target.send("PUT", "/podium/v1/clock", body: body)
        }
    }
}
