// SPDX-License-Identifier: Apache-2.0
// Builtins that change the shell: variables, options, traps, control.

import PodiumRuntime

extension Shell {
    /// All builtins by name.
    static let builtins: [String: ShellBuiltin] = controlBuiltins.merging(variableBuiltins) { first, _ in first }
        .merging(processBuiltins) { first, _ in first }
        .merging(appletBuiltins) { first, _ in first }
        .merging(settingBuiltins) { first, _ in first }
        .merging(declaringBuiltins) { first, _ in first }
        .merging(optionBuiltins) { first, _ in first }
        .merging(missingBuiltins) { first, _ in first }

    private static let controlBuiltins: [String: ShellBuiltin] = [
        ":": { _, _, _ in .status(0) },
        "break": { shell, machine, words in shell.leave(words, continues: false, &machine) },
        "continue": { shell, machine, words in shell.leave(words, continues: true, &machine) },
        "return": { shell, machine, words in shell.leaveFunction(words, &machine) },
        "exit": { shell, machine, words in
            guard words.count > 1 else { return .step(shell.exit(shell.status)) }
            if let code = Int(words[1]), code >= 0 || shell.flavour == .bash { return .step(shell.exit(code)) }
            shell.complainOfNumber("exit", words[1], &machine)
            return shell.flavour == .bash ? .step(shell.exit(2)) : .refused(2)
        },
        "eval": { shell, _, words in
            shell.status = 0
            let script = ShellScript(text: words.dropFirst().joined(separator: " "), shell.flavour)
            // dash counts the lines of the text alone.
            var nested = script.nested(at: shell.flavour == .dash ? 1 : shell.line)
            nested.reader = "eval"
            shell.frames.append(.script(nested))
            return .step(.next)
        },
        ".": { shell, machine, words in shell.source(words, &machine) },
        "source": { shell, machine, words in shell.source(words, &machine) },
        "command": { shell, machine, words in shell.command(words, &machine) },
        "builtin": { shell, machine, words in
            guard words.count > 1, let builtin = builtins[words[1]] else {
                machine.complain(shell.complaint("builtin: \(words.last ?? ""): not a shell builtin"))
                return .status(1)
            }
            return builtin(&shell, &machine, Array(words.dropFirst()))
        },
        "type": { shell, machine, words in
            guard shell.flavour == .bash, let option = words.dropFirst().first, option.hasPrefix("-") else {
                return shell.describe(words.dropFirst(), isVerbose: true, &machine)
            }
            if option == "-t" { return shell.printKinds(words.dropFirst(2), &machine) }
            return shell.describe(words.dropFirst(2), isVerbose: option == "-a", &machine)
        },
        "shift": { shell, machine, words in
            let count = words.count > 1 ? Int(words[1]) : 1
            guard let count, count >= 0 else {
                shell.complainOfNumber("shift", words[1], &machine)
                return .refused(1)
            }
            guard count <= shell.positional.count else {
                guard shell.flavour == .dash else { return .status(1) }
                machine.complain(shell.complaint("shift: can't shift that many"))
                return .refused(1)
            }
            shell.positional.shift(count)
            return .status(0)
        },
        "getopts": { shell, machine, words in shell.getOption(words, &machine) },
        "let": { shell, machine, words in
            var value = 0
            for word in words.dropFirst() {
                do throws(ArithmeticError) {
                    value = try Arithmetic.evaluate(word, &shell.variables, machine.meter)
                } catch {
                    machine.complain(shell.complaint("let: \(error.text(word, shell.flavour))"))
                    return .refused(1)
                }
            }
            return .status(value == 0 ? 1 : 0)
        },
    ]

    /// Tells that a builtin wants a number.
    func complainOfNumber(_ builtin: String, _ word: String, _ machine: inout Machine) {
        switch flavour {
        case .ash: machine.complain(complaint("\(builtin): Illegal number: \(word)"))
        case .dash: machine.complain(complaint("\(builtin): Illegal number: \(word)"))
        case .bash: machine.complain(complaint("\(builtin): \(word): numeric argument required"))
        }
    }

    private mutating func leaveFunction(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var code = status
        if words.count > 1 {
            let number = Int(words[1])
            let isRefused = number.map { $0 < 0 } ?? true
            if isRefused, flavour != .bash || number == nil { complainOfNumber("return", words[1], &machine) }
            if isRefused, flavour != .bash { return .refused(2) }
            // dash keeps what no exit code can be.
            code = flavour == .dash ? number ?? 2 : (number ?? 2) & 0xFF
        }
        status = code
        if leaveFunction(&machine) { return .step(finishCommand()) }
        guard flavour == .bash else { return .step(exit(code)) }
        machine.complain(complaint("return: can only `return' from a function or sourced script"))
        return .status(2)
    }

    private mutating func leave(_ words: [String], continues: Bool, _ machine: inout Machine) -> BuiltinResult {
        status = 0
        if flavour == .bash, loopDepth == 0 {
            machine.complain(complaint("\(words[0]): only meaningful in a `for', `while', or `until' loop"))
            return .status(0)
        }
        let level = words.count > 1 ? Int(words[1]) : 1
        guard let level, level > 0 || flavour == .bash else {
            complainOfNumber(words[0], words[1], &machine)
            return flavour == .bash ? .step(exit(128)) : .refused(2)
        }
        leaveLoops(level, continues: continues, &machine)
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
        let text: [UInt8]
        do throws(Errno) {
            text = try machine.contents(found)
        } catch {
            guard error == .isDirectory, flavour != .bash else {
                machine.complain(complaint(complaintOfFile(words, error)))
                return .refused(1)
            }
            // The other shells open it, and find nothing to read.
            text = []
        }
        let hasArguments = words.count > 2 && flavour != .dash
        frames.append(.sourced(path: found, positional: hasArguments ? positional : nil))
        if hasArguments { positional = WordList(words.dropFirst(2)) }
        status = 0
        frames.append(.script(ShellScript(text: text.text, flavour).nested(at: 1)))
        return .step(.next)
    }

    /// Why a file cannot be read by `.`.
    private func complaintOfFile(_ words: [String], _ error: Errno) -> String {
        let path = words[1]
        switch flavour {
        case .bash where error == .isDirectory: return "\(words[0]): \(path): is a directory"
        case .bash: return "\(path): \(error.text)"
        case .ash, .dash: break
        }
        if !path.contains("/") { return "\(words[0]): \(path): not found" }
        if flavour == .ash { return "\(words[0]): can't open '\(path)': \(error.text)" }
        return "\(words[0]): cannot open \(path): \(error == .noEntry ? "No such file" : error.text)"
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
        if isQuestion { return describe(flavour == .bash ? rest : rest.prefix(1), isVerbose: isVerbose, &machine) }
        guard let name = rest.first else { return .status(0) }
        if let builtin = builtin(named: name) {
            let result = builtin(&self, &machine, Array(rest))
            // No builtin is special behind `command`.
            if case .refused(let code) = result { return .status(flavour == .bash ? code : 2) }
            return result
        }
        let expanded = ExpandedCommand(fields: [], redirections: [], assigned: [], trace: [])
        return .step(start(Array(rest), expanded, &machine))
    }

    /// The builtin of a name, if this shell has it.
    func builtin(named name: String) -> ShellBuiltin? {
        flavour.foreignBuiltins.contains(name) ? nil : Self.builtins[name]
    }

    /// What a name is, in one word; nil when it is nothing.
    private func kind(of name: String, _ machine: Machine) -> String? {
        if aliases[name] != nil, flavour != .bash { return "alias" }
        if flavour.reservedWords.contains(name) || name == "[[" && flavour == .bash { return "keyword" }
        if functions[name] != nil { return "function" }
        if builtin(named: name) != nil { return "builtin" }
        return machine.pathOfProgram(name, path: variables["PATH"] ?? "").map { _ in "file" }
    }

    private func printKinds(_ names: ArraySlice<String>, _ machine: inout Machine) -> BuiltinResult {
        var code = 0
        for name in names {
            if let kind = kind(of: name, machine) { machine.print(kind + "\n") } else { code = 1 }
        }
        return .status(code)
    }

    private func describe(
        _ names: ArraySlice<String>,
        isVerbose: Bool,
        _ machine: inout Machine
    ) -> BuiltinResult {
        var code = 0
        for name in names {
            switch kind(of: name, machine) {
            case "alias":
                machine.print(
                    isVerbose
                        ? "\(name) is an alias for \(aliases[name] ?? "")\n"
                        : "alias \(name)='\(aliases[name] ?? "")'\n"
                )
            case "keyword": machine.print(isVerbose ? "\(name) is a shell keyword\n" : "\(name)\n")
            case "function": machine.print(isVerbose ? "\(name) is a function\n" : "\(name)\n")
            case "builtin":
                let isSpecial = flavour == .dash && flavour.specialBuiltins.contains(name)
                machine.print(isVerbose ? "\(name) is a \(isSpecial ? "special " : "")shell builtin\n" : "\(name)\n")
            case .some:
                let path = machine.pathOfProgram(name, path: variables["PATH"] ?? "") ?? name
                machine.print(isVerbose ? "\(name) is \(path)\n" : "\(path)\n")
            case nil:
                if isVerbose, flavour == .bash {
                    machine.complain(complaint("\(builtin ?? "type"): \(name): not found"))
                } else if isVerbose {
                    machine.print("\(name): not found\n")
                }
                code = flavour == .bash ? 1 : 127
            }
        }
        return .status(code)
    }
}
