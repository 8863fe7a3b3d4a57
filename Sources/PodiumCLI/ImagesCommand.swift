// SPDX-License-Identifier: Apache-2.0
// `podium images`: the image table of a running server, for people and scripts.

import ArgumentParser

/// `podium images`
struct Images: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "images",
        abstract: "Read and replace the images that the nodes of a running server can pull.",
        discussion: """
            echo '{"rules": [{"match": "acme/api:2", "pull": "notFound"}]}' | podium images set -
            podium images list --standard    what is known of well-known images
            """,
        subcommands: [List.self, Set.self],
        defaultSubcommand: List.self
    )

    /// `podium images list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Print the rules of the cluster."
        )

        @OptionGroup var target: AdministrationTarget

        @Flag(help: "The rules that stand behind the cluster's own.")
        var standard = false

        func run() throws { try target.send("GET", "/podium/v1/images" + (standard ? "/standard" : "")) }
    }

    /// `podium images set`
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Put the rules of a file in the place of the cluster's own."
        )

        @OptionGroup var target: AdministrationTarget

        @Argument(help: "A JSON file, or - for standard input.")
        var file: String

        func run() throws {
            let bytes = try InputFile.read(file == "-" ? "/dev/stdin" : file)
            try target.send("PUT", "/podium/v1/images", body: String(decoding: bytes, as: UTF8.self))
        }
    }
}
