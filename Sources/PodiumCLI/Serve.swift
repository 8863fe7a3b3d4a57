// SPDX-License-Identifier: Apache-2.0
// `podium serve`: a server until a signal ends it in good order.

import ArgumentParser
import Glibc
import Podium

/// `podium serve`
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a cluster until SIGINT or SIGTERM.",
        discussion: """
            Without options: three Ready nodes (8 CPU, 32Gi, 110 pods each), real time, everything in memory, plain \
            HTTP for this machine only. What the cluster holds ends with the process.
            """
    )

    @OptionGroup
    var server: ServerOptions

    @Option(help: "How the line that says where the server is gets written: text, or json for programs.")
    var output = Announcement.Format.text

    func run() throws {
        let ending = Ending()
        let running = try RunningServer(server, listen: server.listen ?? ServerOptions.defaultListen)
        print(Announcement(running, server).line(output))
        fflush(nil)
        ending.wait()
        ending.limit(seconds: PodiumServer.shutdownSeconds + 2)
        running.stop()
    }
}
