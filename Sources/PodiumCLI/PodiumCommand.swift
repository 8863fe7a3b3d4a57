// SPDX-License-Identifier: Apache-2.0
// The command `podium` and its subcommands.

import ArgumentParser
import Dispatch
import Podium

/// Where the process begins.
@main
enum Main {
    static func main() {
        StandardDescriptors.open()
        let words = CommandLine.arguments.dropFirst()
        let own = words.prefix { $0 != "--" }
        // An option may be given an empty value (`--controllers=`), which the parser takes only as two words.
        let arguments = own.flatMap { word in
            word.hasPrefix("--") && word.hasSuffix("=") ? [String(word.dropLast()), ""] : [word]
        }
        if let command = own.first, [Serve.configuration, Run.configuration].map(\.commandName).contains(command) {
            Ending.blockSignals()
            // The options take as long to be read.
            DispatchQueue.global().async { PodiumServer.prepare() }
        }
        PodiumCommand.main(arguments + words.dropFirst(own.count))
    }
}

/// `podium`
struct PodiumCommand: ParsableCommand {
    // Every command says its name: to derive one from its type takes the library a
    // fifth of a millisecond, and it does so for all of them at every start.
    static let configuration = CommandConfiguration(
        commandName: "podium",
        abstract: "A fake Kubernetes cluster for pods: the real API, simulated nodes, and time you can move.",
        discussion: """
            podium serve                     a cluster with three nodes at http://127.0.0.1:8080
            kubectl get nodes                needs no kubeconfig: that is where kubectl looks by itself
            podium serve --clock virtual     time stands still until you say otherwise
            podium clock advance 5m          five minutes pass at once
            podium run -- pytest             a command with a cluster of its own
            """,
        version: "podium \(PodiumServer.version) (Kubernetes \(PodiumServer.kubernetesVersion))",
        subcommands: [Serve.self, Run.self, Kubeconfig.self, Clock.self, Images.self, Version.self]
    )
}

/// `podium version`
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the versions of Podium and of the API it serves."
    )

    func run() {
        print("podium \(PodiumServer.version)")
        print("kubernetes \(PodiumServer.kubernetesVersion)")
    }
}
