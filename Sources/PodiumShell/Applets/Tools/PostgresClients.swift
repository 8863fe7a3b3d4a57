// SPDX-License-Identifier: Apache-2.0
// psql and pg_isready: which servers they look for, as libpq reads words, URIs and variables.

import PodiumRuntime

/// Where a client of PostgreSQL goes.
private struct PostgresTarget {
    private static let usualDirectory = "/var/run/postgresql"
    private static let usualPort = "5432"

    /// The hosts as they were given, with commas between several.
    private(set) var host: String
    private(set) var port: String

    /// Options are `-h` and `-p`; what the name of the database says of host and port goes before them.
    init(_ options: AppletOptions, _ database: String?, _ machine: Machine) {
        let named = database.flatMap { Self.settings(in: $0) } ?? [:]
        func setting(_ name: String, _ option: String, _ variable: String) -> String? {
            [named[name], options[option], Applets.variable(variable, machine)].compactMap { $0 }.first { !$0.isEmpty }
        }
        host = setting("host", "h", "PGHOST") ?? Self.usualDirectory
        port = setting("port", "p", "PGPORT") ?? Self.usualPort
    }

    /// The settings in a URI or in `name=value` pairs; nil for a plain name.
    private static func settings(in database: String) -> [String: String]? {
        for scheme in ["postgres://", "postgresql://"] where database.hasPrefix(scheme) {
            return settings(ofURI: database.dropFirst(scheme.count))
        }
        guard database.contains("=") else { return nil }
        let pairs = database.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1].filter { $0 != "'" }) }) { $1 }
    }

    private static func settings(ofURI text: Substring) -> [String: String] {
        let authority = text.prefix { !"/?".contains($0) }
        let start = authority.lastIndex(of: "@").map(authority.index(after:)) ?? authority.startIndex
        var hosts: [String] = []
        var ports: [String] = []
        for member in authority[start...].split(separator: ",", omittingEmptySubsequences: false) {
            // An address of IPv6 stands in brackets.
            let end = member.lastIndex(of: "]") ?? member.startIndex
            let colon = member[end...].lastIndex(of: ":") ?? member.endIndex
            hosts.append(member[..<colon].filter { $0 != "[" && $0 != "]" })
            ports.append(String(member[colon...].dropFirst()))
        }
        var settings: [String: String] = [:]
        if hosts.contains(where: { !$0.isEmpty }) { settings["host"] = hosts.joined(separator: ",") }
        if ports.contains(where: { !$0.isEmpty }) { settings["port"] = ports.joined(separator: ",") }
        guard let mark = text.firstIndex(of: "?") else { return settings }
        for pair in text[mark...].dropFirst().split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0] == "host" || parts[0] == "port" else { continue }
            settings[parts[0]] = parts[1].replacing("%2F", with: "/").replacing("%2f", with: "/")
        }
        return settings
    }

    /// Why the ports are none; nil when they are ports.
    var fault: String? {
        let ports = port.split(separator: ",", omittingEmptySubsequences: false)
        let hosts = host.split(separator: ",", omittingEmptySubsequences: false)
        if ports.count > 1, ports.count != hosts.count {
            return "could not match \(ports.count) port numbers to \(hosts.count) hosts"
        }
        for text in ports where !text.isEmpty {
            guard let number = Int(text) else {
                return "invalid integer value \"\(text)\" for connection option \"port\""
            }
            if !(1...65_535).contains(number) { return "invalid port number: \"\(text)\"" }
        }
        return nil
    }

    /// Why each of the hosts is not reached, in their order; empty as soon as one is.
    func failures(_ machine: Machine) -> [String] {
        let ports = port.split(separator: ",", omittingEmptySubsequences: false)
        var failures: [String] = []
        for (index, name) in host.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let text = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
            let host = name.isEmpty ? Self.usualDirectory : String(name)
            guard let failure = Self.failure(host, Int(text.isEmpty ? Self.usualPort[...] : text) ?? 0, machine) else {
                return []
            }
            failures.append(failure)
        }
        return failures
    }

    private static func failure(_ host: String, _ port: Int, _ machine: Machine) -> String? {
        if host.hasPrefix("/") {
            // The server's socket stands in its usual directory, and nowhere else.
            let directory = host.hasSuffix("/") ? String(host.dropLast()) : host
            if [usualDirectory, "/run/postgresql"].contains(directory),
                case .connected = Applets.contact("127.0.0.1", port, machine)
            {
                return nil
            }
            return "connection to server on socket \"\(host)/.s.PGSQL.\(port)\" failed: No such file or directory\n"
                + "\tIs the server running locally and accepting connections on that socket?"
        }
        switch Applets.contact(host, port, machine) {
        case .connected: return nil
        case .unknown: return "could not translate host name \"\(host)\" to address: Name or service not known"
        case .refused(let address):
            let place = address == host ? "\"\(address)\"" : "\"\(host)\" (\(address))"
            return "connection to server at \(place), port \(port) failed: Connection refused\n"
                + "\tIs the server running on that host and accepting TCP/IP connections?"
        }
    }
}

extension Applets {
    static let postgresApplets: [String: ImmediateApplet] = ["pg_isready": isPostgresReady, "psql": psql]

    /// What is said of the first option that a client does not have; nil when it has them all. `letters` are as getopt
    /// reads them, `flags` the long names without letters.
    private static func unknownOption(
        _ words: [String],
        letters: String,
        long: [String: Character],
        flags: Set<String>
    ) -> String? {
        var rest = words.dropFirst()
        while let word = rest.popFirst(), word != "--" {
            guard word.hasPrefix("-"), word.count > 1 else { continue }
            if word.hasPrefix("--") {
                let name = String(word.dropFirst(2).prefix { $0 != "=" })
                let isKnown = (Array(long.keys) + Array(flags)).contains { $0.hasPrefix(name) }
                if !isKnown { return "unrecognized option '\(word)'" }
                if let letter = long[name], letters.contains("\(letter):"), !word.contains("=") {
                    rest = rest.dropFirst()
                }
                continue
            }
            var given = word.dropFirst()
            while let letter = given.popFirst() {
                guard letters.contains(letter), letter != ":" else { return "invalid option -- '\(letter)'" }
                guard letters.contains("\(letter):") else { continue }
                if given.isEmpty { rest = rest.dropFirst() }
                break
            }
        }
        return nil
    }

    private static func refuse(_ machine: inout Machine, _ name: String, _ text: String, code: Int) -> Int {
        machine.complain("\(name): \(text)\n\(name): hint: Try \"\(name) --help\" for more information.")
        return code
    }

    private static func isPostgresReady(_ machine: inout Machine, _ words: [String]) -> Int {
        let long: [String: Character] = [
            "host": "h", "port": "p", "dbname": "d", "username": "U", "timeout": "t", "quiet": "q", "version": "V",
        ]
        if let fault = unknownOption(words, letters: "d:h:p:t:U:qV?", long: long, flags: ["help"]) {
            return refuse(&machine, "pg_isready", fault, code: 3)
        }
        let options = AppletOptions(words, valued: "dhptU", long: long)
        if options.has("V") { return show(&machine, "pg_isready (PostgreSQL) 16.3\n") }
        if let word = options.words.first {
            let text = "error: too many command-line arguments (first is \"\(word)\")"
            return refuse(&machine, "pg_isready", text, code: 3)
        }
        let target = PostgresTarget(options, options["d"], machine)
        let isPossible = target.fault == nil
        let isUp = isPossible && target.failures(machine).isEmpty
        if !options.has("q") {
            let state = isUp ? "accepting connections" : isPossible ? "no response" : "no attempt"
            machine.print("\(target.host):\(target.port) - \(state)\n")
        }
        return isUp ? 0 : isPossible ? 2 : 3
    }

    private static let psqlFlags: Set<String> = [
        "list", "no-psqlrc", "single-transaction", "echo-all", "echo-errors", "echo-queries", "echo-hidden", "quiet",
        "single-step", "single-line", "no-align", "csv", "html", "tuples-only", "expanded", "field-separator-zero",
        "record-separator-zero", "no-password", "password", "no-readline", "help",
    ]

    private static func psql(_ machine: inout Machine, _ words: [String]) -> Int {
        let long: [String: Character] = [
            "command": "c", "dbname": "d", "file": "f", "field-separator": "F", "host": "h", "log-file": "L",
            "output": "o", "port": "p", "pset": "P", "record-separator": "R", "table-attr": "T", "username": "U",
            "set": "v", "variable": "v", "version": "V",
        ]
        let letters = "aAbc:d:eEf:F:h:HlL:no:p:P:qR:sStT:U:v:VwWxXz01?"
        if let fault = unknownOption(words, letters: letters, long: long, flags: psqlFlags) {
            return refuse(&machine, "psql", fault, code: 1)
        }
        let options = AppletOptions(words, valued: "cdfFhLopPRTUv", long: long)
        if options.has("V") { return show(&machine, "psql (PostgreSQL) 16.3\n") }
        for word in options.words.dropFirst(options["d"] == nil ? 2 : 1) {
            machine.complain("psql: warning: extra command-line argument \"\(word)\" ignored")
        }
        let target = PostgresTarget(options, options["d"] ?? options.words.first, machine)
        let failures = target.fault.map { [$0] } ?? target.failures(machine)
        if failures.isEmpty {
            noteQuestions("psql", &machine)
            return 0
        }
        machine.complain("psql: error: " + failures.joined(separator: "\n"))
        return 2
    }
}
