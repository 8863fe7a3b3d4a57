// SPDX-License-Identifier: Apache-2.0
// Applets that run other programs: env, nohup, xargs and the like.

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
    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        var rest = words.dropFirst()
        while let option = rest.first, option.hasPrefix("-") {
            rest = rest.dropFirst()
            switch option {
            case "-i", "-": machine.process.environment = []
            case "-u":
                let name = rest.popFirst()
                machine.process.environment.removeAll { $0.name == name }
            case "-S": rest = (rest.popFirst() ?? "").split(separator: " ").map(String.init)[...] + rest
            default: break
            }
        }
        while let word = rest.first, let equals = word.firstIndex(of: "=") {
            rest = rest.dropFirst()
            let name = String(word[..<equals])
            machine.process.environment.removeAll { $0.name == name }
            machine.process.environment.append(EnvironmentVariable(name, String(word[word.index(after: equals)...])))
        }
        guard !rest.isEmpty else {
            for item in machine.process.environment { machine.print("\(item.name)=\(item.value)\n") }
            return .exited(0)
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
