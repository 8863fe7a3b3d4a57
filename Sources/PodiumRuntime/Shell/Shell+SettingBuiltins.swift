// SPDX-License-Identifier: Apache-2.0
// Builtins for what a shell remembers: traps, options, aliases, the mask of new files.

extension Shell {
    static let settingBuiltins: [String: ShellBuiltin] = [
        "trap": { shell, machine, words in shell.trap(words, &machine) },
        "set": { shell, machine, words in shell.set(words, &machine) },
        "umask": { shell, machine, words in shell.changeMask(words, &machine) },
        "ulimit": { shell, machine, words in shell.limit(words, &machine) },
        "times": { _, machine, _ in
            machine.print("0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n")
            return .status(0)
        },
        "hash": { shell, machine, words in
            for name in words.dropFirst() where !name.hasPrefix("-") {
                let isKnown = shell.builtin(named: name) != nil || shell.functions[name] != nil
                guard isKnown || machine.pathOfProgram(name, path: shell.variables["PATH"] ?? "") != nil else {
                    machine.complain(shell.complaint("hash: \(name): not found"))
                    return .status(1)
                }
            }
            return .status(0)
        },
        "alias": { shell, machine, words in shell.alias(words, &machine) },
        "unalias": { shell, machine, words in
            var code = 0
            for name in words.dropFirst() {
                if name == "-a" {
                    shell.aliases = [:]
                } else if shell.aliases.removeValue(forKey: name) == nil {
                    machine.complain(shell.complaint("unalias: \(name): not found"))
                    code = 1
                }
            }
            return .status(code)
        },
        "shopt": { shell, machine, words in shell.changeBashOption(words, &machine) },
    ]

    private mutating func alias(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        func show(_ name: String, _ text: String) {
            let quoted = "\(name)='\(text.replacing("'", with: "'\\''"))'\n"
            machine.print(flavour == .bash ? "alias " + quoted : quoted)
        }
        if words.count == 1 { for (name, text) in aliases.sorted(by: { $0.key < $1.key }) { show(name, text) } }
        var code = 0
        for word in words.dropFirst() where word != "-p" {
            if let equals = word.dropFirst().firstIndex(of: "=") {
                aliases[String(word[..<equals])] = String(word[word.index(after: equals)...])
            } else if let text = aliases[word] {
                show(word, text)
            } else {
                machine.complain(complaint("alias: \(word): not found"))
                code = 1
            }
        }
        return .status(code)
    }

    /// `shopt` of bash: what changes the meaning of a script and is not simulated fails aloud.
    private mutating func changeBashOption(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        let harmless: Set<String> = [
            "checkhash", "checkwinsize", "cmdhist", "expand_aliases", "histappend", "hostcomplete", "huponexit",
            "interactive_comments", "login_shell", "mailwarn", "no_empty_cmd_completion", "progcomp", "promptvars",
            "sourcepath", "inherit_errexit", "lastpipe", "xpg_echo", "extquote", "force_fignore", "compat50",
        ]
        if words.contains("nullglob") { options.dropsUnmatched = words.contains("-s") }
        guard words.contains("-s") else { return .status(0) }
        var code = 0
        for name in words.dropFirst()
        where !name.hasPrefix("-") && name != "nullglob" && !harmless.contains(name) {
            machine.complain(complaint("shopt: \(name): not simulated"))
            machine.note("The option \(name) of bash is not simulated")
            code = 1
        }
        return .status(code)
    }

    // The mask of new files and limits

    private mutating func changeMask(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        guard let word = words.dropFirst().first else {
            machine.print(Self.octal(machine.process.mask) + "\n")
            return .status(0)
        }
        if word == "-S" {
            func letters(_ bits: Int) -> String {
                (bits & 4 == 0 ? "r" : "") + (bits & 2 == 0 ? "w" : "") + (bits & 1 == 0 ? "x" : "")
            }
            let mask = machine.process.mask
            machine.print("u=\(letters(mask >> 6)),g=\(letters(mask >> 3)),o=\(letters(mask))\n")
            return .status(0)
        }
        var mask = Int(word, radix: 8)
        if mask == nil, word.contains(where: { "+-=".contains($0) }), word.allSatisfy({ "ugoa+-=rwxX,".contains($0) }) {
            let rights = 0o777 & ~machine.process.mask
            mask = ModeChange(word).map { 0o777 & ~$0.applied(to: rights, isDirectory: false, mask: 0) }
        }
        guard let mask, (0...0o777).contains(mask) else {
            machine.complain(complaint("umask: illegal mode: \(word)"))
            return .refused(1)
        }
        machine.process.mask = mask
        return .status(0)
    }

    private static func octal(_ mode: Int) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    private func limit(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        let options = words.dropFirst().prefix { $0.hasPrefix("-") }.joined()
        let values = words.dropFirst().drop { $0.hasPrefix("-") }
        guard values.isEmpty else { return .status(0) }
        if options.contains("n") {
            machine.print("1048576\n")
        } else if options.contains("c") {
            machine.print("0\n")
        } else {
            machine.print("unlimited\n")
        }
        return .status(0)
    }

    // Traps and options

    private mutating func trap(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        var rest = words.dropFirst()
        if rest.first == "--" { rest = rest.dropFirst() }
        guard let action = rest.first else {
            for (name, action) in traps.sorted(by: { $0.key < $1.key }) {
                let signal = flavour == .bash && name != "EXIT" && Signal(name: name) != nil ? "SIG" + name : name
                machine.print("trap -- '\(action.replacing("'", with: "'\\''"))' \(signal)\n")
            }
            return .status(0)
        }
        if action == "-l" || action == "-p" { return .status(0) }
        // A number alone, or a single name, resets.
        let isReset = action == "-" || rest.count == 1 || Int(action) != nil
        let names = isReset && action != "-" ? rest : rest.dropFirst()
        if flavour == .bash, rest.count == 1, action != "-", Self.trapName(action) == nil {
            machine.complain("trap: usage: trap [-lp] [[arg] signal_spec ...]")
            return .status(2)
        }
        var code = 0
        for name in names {
            guard let key = Self.trapName(name), key != "ERR" || flavour != .dash else {
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
        let code = setOptions(Array(words.dropFirst()), keepsPositional: true)
        if code == 0 { return .status(0) }
        let shown = words.dropFirst().first ?? ""
        machine.complain(complaint("set: illegal option \(shown)"))
        // ash is lenient with names only.
        return flavour == .ash && shown.dropFirst().hasSuffix("o") ? .status(1) : .refused(code)
    }

    /// Reads `-eux`, `-o pipefail`, `--` and positional parameters; the code is 2 for what is unknown.
    mutating func setOptions(_ words: [String], keepsPositional: Bool) -> Int {
        var rest = words[...]
        while let word = rest.first, word.count > 1, word.hasPrefix("-") || word.hasPrefix("+") {
            rest = rest.dropFirst()
            if word == "--" {
                setPositional(rest)
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
        if !rest.isEmpty || !keepsPositional { setPositional(rest) }
        return 0
    }

    private mutating func setPositional(_ words: ArraySlice<String>) {
        positional = WordList(words)
        if flavour != .bash { beginOptions() }
    }

    private mutating func setOption(_ letter: Character, _ isOn: Bool) -> Bool {
        switch letter {
        case "e": options.exitsOnError = isOn
        case "x": options.traces = isOn
        case "u": options.refusesUnset = isOn
        case "f": options.skipsPatterns = isOn
        case "C": options.refusesClobber = isOn
        case "a": variables.exportsAll = isOn
        case "n": options.skipsCommands = isOn && !options.isInteractive
        case "b", "m", "v", "i", "I", "s": break
        case "V": return flavour != .bash
        case "E": return true
        case "h", "k", "p", "t", "B", "H", "P", "T": return flavour == .bash
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
        case "allexport": variables.exportsAll = isOn
        case "noexec": options.skipsCommands = isOn && !options.isInteractive
        case "pipefail" where flavour != .dash: options.failsPipelines = isOn
        case "errtrace": return flavour != .dash
        case "posix", "braceexpand", "functrace", "hashall", "histexpand", "history", "keyword", "onecmd", "physical",
            "privileged", "interactive-comments":
            return flavour == .bash
        default:
            return ["monitor", "verbose", "vi", "emacs", "ignoreeof", "notify", "nolog", "debug"].contains(name)
        }
        return true
    }
}
