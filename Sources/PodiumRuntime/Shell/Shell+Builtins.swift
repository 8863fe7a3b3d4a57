// SPDX-License-Identifier: Apache-2.0
// Builtins that change the shell: variables, options, traps, control.

extension Shell {
    /// All builtins by name.
    static let builtins: [String: ShellBuiltin] = controlBuiltins.merging(variableBuiltins) { first, _ in first }
        .merging(processBuiltins) { first, _ in first }
        .merging(appletBuiltins) { first, _ in first }

    private static let controlBuiltins: [String: ShellBuiltin] = [
        ":": { _, _, _ in .status(0) },
        "break": { shell, machine, words in shell.leave(words, continues: false, &machine) },
        "continue": { shell, machine, words in shell.leave(words, continues: true, &machine) },
        "return": { shell, machine, words in
            shell.status = words.count > 1 ? (Int(words[1]) ?? 2) & 0xFF : shell.status
            if shell.leaveFunction(&machine) { return .step(shell.finishCommand()) }
            return .step(shell.exit(shell.status))
        },
        "exit": { shell, _, words in .step(shell.exit(words.count > 1 ? Int(words[1]) ?? 2 : shell.status)) },
        "eval": { shell, _, words in
            shell.status = 0
            shell.frames.append(.script(ShellScript(text: words.dropFirst().joined(separator: " "))))
            return .step(.next)
        },
        ".": { shell, machine, words in shell.source(words, &machine) },
        "source": { shell, machine, words in shell.source(words, &machine) },
        "command": { shell, machine, words in shell.command(words, &machine) },
        "builtin": { shell, machine, words in
            guard words.count > 1, let builtin = builtins[words[1]] else { return .status(1) }
            return builtin(&shell, &machine, Array(words.dropFirst()))
        },
        "type": { shell, machine, words in shell.describe(words.dropFirst(), isVerbose: true, &machine) },
        "trap": { shell, machine, words in shell.trap(words, &machine) },
        "set": { shell, machine, words in shell.set(words, &machine) },
        "shift": { shell, _, words in
            let count = words.count > 1 ? Int(words[1]) ?? 1 : 1
            guard count >= 0, count <= shell.positional.count else { return .status(1) }
            shell.positional.removeFirst(count)
            return .status(0)
        },
        "getopts": { shell, machine, words in shell.getOption(words, &machine) },
        "let": { shell, machine, words in
            var value = 0
            for word in words.dropFirst() {
                guard let result = try? Arithmetic.evaluate(word, &shell.variables) else { return .status(1) }
                value = result
            }
            return .status(value == 0 ? 1 : 0)
        },
        "umask": { shell, machine, words in
            guard words.count > 1 else {
                machine.print(shell.mask + "\n")
                return .status(0)
            }
            guard let mask = Int(words[1], radix: 8), (0...0o777).contains(mask) else { return .status(1) }
            shell.mask = "0" + PrintFormatter.zeros(Int(String(mask, radix: 8)) ?? 0, 3)
            return .status(0)
        },
        "ulimit": { _, machine, _ in
            machine.print("unlimited\n")
            return .status(0)
        },
        "times": { _, machine, _ in
            machine.print("0m0.00s 0m0.00s\n0m0.00s 0m0.00s\n")
            return .status(0)
        },
        "hash": { _, _, _ in .status(0) },
        "alias": { _, _, _ in .status(0) },
        "unalias": { _, _, _ in .status(0) },
        "shopt": { _, _, _ in .status(0) },
    ]

    private mutating func leave(_ words: [String], continues: Bool, _ machine: inout Machine) -> BuiltinResult {
        status = 0
        leaveLoops(words.count > 1 ? Int(words[1]) ?? 1 : 1, continues: continues, &machine)
        return .step(.next)
    }

    private mutating func source(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        guard words.count > 1 else { return .status(2) }
        let path = words[1]
        var found = path
        if !path.contains("/"), machine.node(path) == nil || flavour != .bash {
            let directories = (variables["PATH"] ?? "").split(separator: ":")
            found = directories.map { "\($0)/\(path)" }.first { machine.node($0) != nil } ?? path
        }
        guard let text = try? machine.contents(found) else {
            let text = flavour == .ash ? "can't open '\(path)': No such file or directory" : "\(path): not found"
            machine.complain(complaint(text))
            return flavour == .bash ? .status(1) : .step(exit(2))
        }
        frames.append(.sourced(positional: words.count > 2 ? positional : nil))
        if words.count > 2 { positional = Array(words.dropFirst(2)) }
        status = 0
        frames.append(.script(ShellScript(text: text.text)))
        return .step(.next)
    }

    private mutating func command(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var rest = words.dropFirst()
        var isQuestion = false
        var isVerbose = false
        while let option = rest.first, option.hasPrefix("-") {
            rest = rest.dropFirst()
            if option == "-v" { isQuestion = true }
            if option == "-V" { (isQuestion, isVerbose) = (true, true) }
        }
        if isQuestion { return describe(rest, isVerbose: isVerbose, &machine) }
        guard let name = rest.first else { return .status(0) }
        if let builtin = Self.builtins[name] { return builtin(&self, &machine, Array(rest)) }
        let expanded = ExpandedCommand(fields: [], redirections: [], assigned: [], trace: [])
        return .step(start(Array(rest), expanded, &machine))
    }

    private func describe(
        _ names: ArraySlice<String>,
        isVerbose: Bool,
        _ machine: inout Machine
    ) -> BuiltinResult {
        var code = 0
        for name in names {
            if functions[name] != nil {
                machine.print(isVerbose ? "\(name) is a function\n" : "\(name)\n")
            } else if Self.builtins[name] != nil {
                machine.print(isVerbose ? "\(name) is a shell builtin\n" : "\(name)\n")
            } else if let path = machine.pathOfProgram(name, path: variables["PATH"] ?? "") {
                machine.print(isVerbose ? "\(name) is \(path)\n" : "\(path)\n")
            } else {
                if isVerbose {
                    machine.complain(flavour == .ash ? "\(name): not found" : complaint("\(name): not found"))
                }
                code = flavour == .bash ? 1 : 127
            }
        }
        return .status(code)
    }

    // Traps and options

    private mutating func trap(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var rest = words.dropFirst()
        if rest.first == "--" { rest = rest.dropFirst() }
        guard let action = rest.first else {
            for (name, action) in traps.sorted(by: { $0.key < $1.key }) {
                machine.print("trap -- '\(action)' \(name)\n")
            }
            return .status(0)
        }
        if action == "-l" || action == "-p" { return .status(0) }
        // A number alone, or a single name, resets.
        let isReset = action == "-" || rest.count == 1 || Int(action) != nil
        let names = isReset && action != "-" ? rest : rest.dropFirst()
        var code = 0
        for name in names {
            guard let key = Self.trapName(name) else {
                machine.complain(complaint("trap: \(name): invalid signal specification"))
                code = 1
                continue
            }
            traps[key] = isReset ? nil : action
            guard let signal = Signal(name: key) else { continue }
            machine.process.ignored.remove(signal)
            machine.process.handled.remove(signal)
            if !isReset, action.isEmpty { machine.process.ignored.insert(signal) }
            if !isReset, !action.isEmpty { machine.process.handled.insert(signal) }
        }
        return .status(code)
    }

    private static func trapName(_ name: String) -> String? {
        if name == "0" || name.uppercased() == "EXIT" { return "EXIT" }
        if ["ERR", "DEBUG", "RETURN"].contains(name.uppercased()) { return name.uppercased() }
        return Signal(name: name)?.name
    }

    private mutating func set(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        if words.count == 1 {
            for (name, value) in variables.all { machine.print("\(name)='\(value)'\n") }
            return .status(0)
        }
        return .status(setOptions(Array(words.dropFirst()), keepsPositional: true))
    }

    /// Reads `-eux`, `-o pipefail`, `--` and positional parameters; the code is 2 for what is unknown.
    mutating func setOptions(_ words: [String], keepsPositional: Bool) -> Int {
        var rest = words[...]
        while let word = rest.first, word.count > 1, word.hasPrefix("-") || word.hasPrefix("+") {
            rest = rest.dropFirst()
            if word == "--" {
                positional = Array(rest)
                return 0
            }
            let isOn = word.hasPrefix("-")
            for letter in word.dropFirst() {
                if letter == "o" {
                    guard let name = rest.popFirst() else { return 0 }
                    guard setOption(named: name, isOn) else { return 2 }
                } else if !setOption(letter, isOn) {
                    return 2
                }
            }
        }
        if !rest.isEmpty || !keepsPositional { positional = Array(rest) }
        return 0
    }

    private mutating func setOption(_ letter: Character, _ isOn: Bool) -> Bool {
        switch letter {
        case "e": options.exitsOnError = isOn
        case "x": options.traces = isOn
        case "u": options.refusesUnset = isOn
        case "f": options.skipsPatterns = isOn
        case "C": options.refusesClobber = isOn
        case "a", "b", "h", "m", "n", "v", "l", "i", "E", "T", "B", "H", "p": break
        default: return false
        }
        return true
    }

    private mutating func setOption(named name: String, _ isOn: Bool) -> Bool {
        switch name {
        case "errexit": options.exitsOnError = isOn
        case "xtrace": options.traces = isOn
        case "nounset": options.refusesUnset = isOn
        case "noglob": options.skipsPatterns = isOn
        case "noclobber": options.refusesClobber = isOn
        case "pipefail": options.failsPipelines = isOn
        default: return ["allexport", "posix", "errtrace", "monitor", "verbose", "vi", "emacs"].contains(name)
        }
        return true
    }
}
