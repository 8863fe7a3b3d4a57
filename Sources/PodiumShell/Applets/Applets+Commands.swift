// SPDX-License-Identifier: Apache-2.0
// Applets that run other programs: env, nohup, xargs and the like.

import PodiumRuntime

extension Applets {
    static let commandApplets: [String: WaitingApplet] = [
        "env": { EnvironmentProgram(words: $0) },
        "nohup": { PrefixProgram(words: $0, valued: "") },
        "stdbuf": { PrefixProgram(words: $0, valued: "ioe") },
        "unbuffer": { PrefixProgram(words: $0, valued: "") },
        "tini": { PrefixProgram(words: $0, valued: "") },
        "dumb-init": { PrefixProgram(words: $0, valued: "") },
        "find": { FindProgram(words: $0) },
        "flock": { FlockProgram(words: $0) },
        "xargs": { BeginningProgram(begin: ArgumentsProgram.begin, words: $0) },
    ]
}

/// A program that becomes the one named behind its own options.
struct PrefixProgram: Program {
    let words: [String]
    let valued: String
    /// The words before the command, such as a user.
    var skips = 0

    mutating func run(_ machine: inout Machine) -> Progress {
        let command = Array(AppletOptions(words, valued: valued, stops: true).words.dropFirst(skips))
        if command.isEmpty { return .exited(Applets.usage(&machine, words.first ?? "")) }
        return machine.become(command, as: words.first ?? "")
    }
}

/// `flock`: nobody else ever holds the lock for longer than the command takes.
struct FlockProgram: Program {
    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(words, valued: "wE", stops: true)
        guard let path = options.words.first else { return .exited(Applets.usage(&machine, "flock")) }
        var command = Array(options.words.dropFirst())
        // A descriptor that is open already is locked without a command.
        if command.isEmpty { return .exited(Int(path).map { machine.process.files[$0] == nil ? 1 : 0 } ?? 1) }
        if machine.node(path) == nil {
            do { try machine.replace(path, with: []) } catch {
                return .exited(Applets.fail(&machine, "flock", path, error))
            }
        }
        if command[0] == "-c" { command = ["sh"] + command }
        return machine.become(command, as: "flock")
    }
}

/// `env`.
struct EnvironmentProgram: Program {
    private static let tables = OptionTables(
        "env",
        busybox: OptionTable(
            letters: "i0u:",
            long: ["ignore-environment": "i", "null": "0", "unset": "u"],
            stops: true
        ),
        gnu: OptionTable(
            letters: "i0u:C:v",
            long: ["ignore-environment": "i", "null": "0", "unset": "u", "chdir": "C", "debug": "v"],
            stops: true
        ),
        code: 125
    )

    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        do throws(OptionRefusal) {
            return begin(try Self.tables.read(&machine, split(words)), &machine)
        } catch {
            return .exited(error.code)
        }
    }

    /// The words with those of `-S` in its place.
    private func split(_ words: [String]) -> [String] {
        guard words.count > 1, let mark = ["-S", "--split-string="].first(where: { words[1].hasPrefix($0) }) else {
            return words
        }
        let isApart = words[1] == "-S" && words.count > 2
        let text = isApart ? words[2] : String(words[1].dropFirst(mark.count))
        return words.prefix(1) + text.split(separator: " ").map(String.init) + words.dropFirst(isApart ? 3 : 2)
    }

    private func begin(_ options: AppletOptions, _ machine: inout Machine) -> Progress {
        var rest = options.words[...]
        let isBare = rest.first == "-"
        if isBare { rest = rest.dropFirst() }
        if isBare || options.has("i") { machine.process.environment = [] }
        for name in options.lists["u"] ?? [] { machine.process.environment.removeAll { $0.name == name } }
        while let word = rest.first, let equals = word.firstIndex(of: "=") {
            rest = rest.dropFirst()
            let name = String(word[..<equals])
            machine.process.environment.removeAll { $0.name == name }
            machine.process.environment.append(EnvironmentVariable(name, String(word[word.index(after: equals)...])))
        }
        if let path = options["C"] {
            do throws(Errno) {
                machine.process.directory = try machine.canonicalDirectory(path)
            } catch {
                return .exited(Applets.fail(&machine, "env", "cannot change directory to '\(path)'", error) + 124)
            }
        }
        guard !rest.isEmpty else {
            let end = options.has("0") ? "\0" : "\n"
            for item in machine.process.environment { machine.print("\(item.name)=\(item.value)\(end)") }
            return .exited(0)
        }
        if machine.isGNU, case .failure(let failure) = machine.program(for: Array(rest), path: machine.searchPath) {
            machine.complain("env: '\(failure.command)': \(failure.errno.text)")
            return .exited(failure.code)
        }
        return machine.become(Array(rest), as: "env")
    }
}

extension Machine {
    /// The running process becomes another program, or fails in the name of the present one.
    mutating func become(_ command: [String], as name: String) -> Progress {
        guard !command.isEmpty else { return .exited(0) }
        switch program(for: command, path: searchPath) {
        case .program(let program):
            process.arguments = command
            return .replaced(program)
        case .failure(let failure):
            complain("\(name): can't execute '\(failure.command)': \(failure.errno.text)")
            return .exited(failure.code)
        }
    }
}
