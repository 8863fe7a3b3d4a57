// SPDX-License-Identifier: Apache-2.0
// Builtins for what a shell remembers: traps, options, aliases, the mask of new files.

import PodiumCodec
import PodiumRuntime

extension Shell {
    static let settingBuiltins: [String: ShellBuiltin] = [
        "trap": { shell, machine, words in shell.trap(words, &machine) },
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
            if words.count == 1, shell.flavour == .bash {
                machine.complain("unalias: usage: unalias [-a] name [name ...]")
                return .status(2)
            }
            var code = 0
            for name in words.dropFirst() {
                if name == "-a" {
                    shell.aliases = [:]
                } else if shell.aliases.removeValue(forKey: name) == nil {
                    shell.complainOfAlias("unalias", name, &machine)
                    code = 1
                }
            }
            return .status(code)
        },
    ]

    private func complainOfAlias(_ builtin: String, _ name: String, _ machine: inout Machine) {
        machine.complain(
            flavour == .bash ? complaint("\(builtin): \(name): not found") : "\(builtin): \(name) not found"
        )
    }

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
                complainOfAlias("alias", word, &machine)
                code = 1
            }
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
            let isNumber = word.utf8.allSatisfy(\.isDigit)
            switch flavour {
            case .ash: machine.complain(complaint("umask: illegal mode: \(word)"))
            case .dash: machine.complain(complaint("umask: Illegal \(isNumber ? "number" : "mode"): \(word)"))
            case .bash where isNumber: machine.complain(complaint("umask: \(word): octal number out of range"))
            case .bash: machine.complain(complaint("umask: `\(word.prefix(1))': invalid symbolic mode operator"))
            }
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
                let text = "trap: \(name): invalid signal specification"
                machine.complain(flavour == .dash ? "trap: \(name): bad trap" : complaint(text))
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
}
