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
        "xargs": { ArgumentsProgram(words: $0) },
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

/// `xargs`.
struct ArgumentsProgram: Program {
    /// The arguments of one command, when not told otherwise.
    private static let maximumArguments = 1000

    let words: [String]
    private var input: [UInt8] = []
    private var batches: [[String]]?
    private var child: Int?
    private var code = 0

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(words, valued: "nILPdsE", stops: true)
        while batches == nil {
            switch machine.read(0) {
            case .bytes(let bytes): input += bytes
            case .wait(let wait): return .blocked(wait)
            case .end, .failed: batches = split(options)
            }
        }
        if let child {
            guard let ended = machine.process.endedChildren.removeValue(forKey: child) else { return .blocked(.child) }
            self.child = nil
            if ended == 255 {
                machine.complain("xargs: \(options.words.first ?? "echo"): exited with status 255; aborting")
                return .exited(124)
            }
            if ended != 0 { code = 123 }
        }
        guard let command = batches?.first else { return .exited(code) }
        if machine.mustYield { return .ready }
        batches?.removeFirst()
        if options.has("t") { machine.complain(command.joined(separator: " ")) }
        switch machine.program(for: command, path: machine.searchPath) {
        case .failure(let failure):
            _ = Applets.fail(&machine, "xargs", failure.command, failure.errno)
            return .exited(failure.code)
        case .program(let program):
            child = machine.fork(program, arguments: command)
            return child == nil ? .exited(1) : .blocked(.child)
        }
    }

    private func split(_ options: AppletOptions) -> [[String]] {
        let command = options.words.isEmpty ? ["echo"] : options.words
        var items: [String]
        if options.has("0") {
            items = input.split(separator: 0).map { $0.text }
        } else if options["I"] != nil || options["d"] == "\\n" {
            items = input.split(separator: 0x0A).map { $0.text }
        } else {
            items = Self.quotedWords(input)
        }
        items.removeAll { $0.isEmpty }
        if let mark = options["I"] {
            return items.map { item in command.map { $0.replacing(mark, with: item) } }
        }
        if items.isEmpty { return options.has("r") ? [] : [command] }
        let count = max(1, (options["n"] ?? options["L"]).flatMap { Int($0) } ?? Self.maximumArguments)
        return stride(from: 0, to: items.count, by: count).map { command + items[$0..<min($0 + count, items.count)] }
    }

    private static func quotedWords(_ bytes: [UInt8]) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var quote: UInt8?
        var isEscaped = false
        for unit in bytes {
            if isEscaped {
                word.append(unit)
                isEscaped = false
            } else if let open = quote {
                if unit == open { quote = nil } else { word.append(unit) }
            } else if unit == UInt8(ascii: "'") || unit == UInt8(ascii: "\"") {
                quote = unit
            } else if unit == UInt8(ascii: "\\") {
                isEscaped = true
            } else if unit.isBlank {
                if !word.isEmpty { words.append(word.text) }
                word = []
            } else {
                word.append(unit)
            }
        }
        return word.isEmpty ? words : words + [word.text]
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
