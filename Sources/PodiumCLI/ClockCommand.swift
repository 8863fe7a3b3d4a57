// SPDX-License-Identifier: Apache-2.0
// `podium clock`: the clock API of a running server, for people and scripts.

import ArgumentParser

/// `podium clock`
struct Clock: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock",
        abstract: "Read and move the clock of a running server.",
        subcommands: [Show.self, Advance.self, Set.self],
        defaultSubcommand: Show.self
    )

    /// `podium clock show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Print the mode, the time and the next timer."
        )

        @OptionGroup var target: AdministrationTarget

        func run() throws { try target.send("GET", "/podium/v1/clock") }
    }

    /// `podium clock advance`
    struct Advance: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "advance",
            abstract: "Let time pass on a virtual clock.",
            discussion: "Durations are written as 90s, 5m or 1h2m3.5s; a number alone is refused."
        )

        @OptionGroup var target: AdministrationTarget

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
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Change how time passes: real, virtual, or 60x."
        )

        @OptionGroup var target: AdministrationTarget

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
