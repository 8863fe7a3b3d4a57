// SPDX-License-Identifier: Apache-2.0
// The options of a shell: what `set` and `shopt` change, and how they are told.

import PodiumRuntime

/// The options of `set`.
struct ShellOptions: Sendable {
    var exitsOnError = false
    var traces = false
    var refusesUnset = false
    var skipsPatterns = false
    var refusesClobber = false
    var failsPipelines = false
    /// `-n`: commands are read, and not run.
    var skipsCommands = false
    var isInteractive = false
    /// `-c` or `-s`: where the shell has its commands from, unless it is a file.
    var source: Character?
    /// What `shopt` of bash turned on.
    var ofBash: Set<String> = []
    /// The further options of `set` that are on, which are only told.
    var others: Set<String> = []

    /// `nullglob` of bash: a pattern that matches nothing is no word at all.
    var dropsUnmatched: Bool { ofBash.contains("nullglob") }

    /// Whether an option of a shell is on; what exports all variables is kept by those.
    func isOn(_ name: String, exportsAll: Bool) -> Bool {
        switch name {
        case "errexit": exitsOnError
        case "xtrace": traces
        case "nounset": refusesUnset
        case "noglob": skipsPatterns
        case "noclobber": refusesClobber
        case "pipefail": failsPipelines
        case "noexec": skipsCommands
        case "interactive": isInteractive
        case "stdin": source == "s"
        case "allexport": exportsAll
        // What bash begins with is on unless it was turned off.
        case "braceexpand", "hashall", "interactive-comments": !others.contains(name)
        default: others.contains(name)
        }
    }
}

extension ShellFlavour {
    /// The names of the options of `set`, in the order in which they are shown.
    var optionNames: [String] {
        switch self {
        case .ash: Self.namesOfAsh
        case .dash: Self.namesOfDash
        case .bash: Self.namesOfBash
        }
    }

    private static let namesOfAsh = [
        "errexit", "noglob", "ignoreeof", "monitor", "noexec", "xtrace", "verbose", "noclobber", "allexport", "notify",
        "nounset", "errtrace", "vi", "pipefail",
    ]
    private static let namesOfDash = [
        "errexit", "noglob", "ignoreeof", "interactive", "monitor", "noexec", "stdin", "xtrace", "verbose", "vi",
        "emacs", "noclobber", "allexport", "notify", "nounset", "privileged", "nolog", "debug",
    ]
    private static let namesOfBash = [
        "allexport", "braceexpand", "emacs", "errexit", "errtrace", "functrace", "hashall", "histexpand", "history",
        "ignoreeof", "interactive-comments", "keyword", "monitor", "noclobber", "noexec", "noglob", "nolog", "notify",
        "nounset", "onecmd", "physical", "pipefail", "posix", "privileged", "verbose", "vi", "xtrace",
    ]

    /// The letters of options and their names, in the order of `$-`.
    var optionLetters: [(letter: Character, name: String)] {
        switch self {
        case .ash: Self.lettersOfAsh
        case .dash: Self.lettersOfDash
        case .bash: Self.lettersOfBash
        }
    }

    private static let lettersOfAsh: [(Character, String)] = [
        ("E", "errtrace"), ("u", "nounset"), ("b", "notify"), ("a", "allexport"), ("C", "noclobber"), ("v", "verbose"),
        ("x", "xtrace"), ("c", "command"), ("s", "stdin"), ("n", "noexec"), ("m", "monitor"), ("i", "interactive"),
        ("I", "ignoreeof"), ("f", "noglob"), ("e", "errexit"),
    ]
    private static let lettersOfDash: [(Character, String)] = [
        ("p", "privileged"), ("u", "nounset"), ("b", "notify"), ("a", "allexport"), ("C", "noclobber"), ("E", "emacs"),
        ("V", "vi"), ("v", "verbose"), ("x", "xtrace"), ("s", "stdin"), ("n", "noexec"), ("m", "monitor"),
        ("i", "interactive"), ("I", "ignoreeof"), ("f", "noglob"), ("e", "errexit"),
    ]
    private static let lettersOfBash: [(Character, String)] = [
        ("a", "allexport"), ("b", "notify"), ("e", "errexit"), ("f", "noglob"), ("h", "hashall"), ("i", "interactive"),
        ("k", "keyword"), ("m", "monitor"), ("n", "noexec"), ("p", "privileged"), ("t", "onecmd"), ("u", "nounset"),
        ("v", "verbose"), ("x", "xtrace"), ("B", "braceexpand"), ("C", "noclobber"), ("E", "errtrace"),
        ("H", "histexpand"), ("P", "physical"), ("T", "functrace"), ("c", "command"), ("s", "stdin"),
    ]
}

extension ExpansionScope {
    /// `$-`.
    func flags(exportsAll: Bool) -> String {
        var flags = ""
        for (letter, name) in flavour.optionLetters {
            let isOn = name == "command" ? options.source == "c" : options.isOn(name, exportsAll: exportsAll)
            if isOn { flags.append(letter) }
        }
        return flags
    }

    /// `$SHELLOPTS` of bash.
    func optionNames(exportsAll: Bool) -> String {
        flavour.optionNames.filter { options.isOn($0, exportsAll: exportsAll) }.joined(separator: ":")
    }
}

extension Shell {
    static let optionBuiltins: [String: ShellBuiltin] = [
        "set": { shell, machine, words in shell.set(words, &machine) },
        "shopt": { shell, machine, words in shell.changeBashOption(words, &machine) },
    ]

    private mutating func set(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        if words.count == 1 {
            for (name, value) in variables.all { machine.print("\(name)='\(value)'\n") }
            return .status(0)
        }
        if words.count == 2, words[1] == "-o" || words[1] == "+o" {
            showOptions(asCommands: words[1] == "+o", &machine)
            return .status(0)
        }
        guard let refused = setOptions(Array(words.dropFirst()), keepsPositional: true) else { return .status(0) }
        let name = refused.dropFirst(3)
        switch flavour {
        case .ash:
            machine.complain(complaint("set: illegal option \(refused)"))
            // It is lenient with names only.
            if !name.isEmpty { return .status(1) }
        case .dash:
            machine.complain(complaint("set: Illegal option \(name.isEmpty ? "-\(refused.dropFirst())" : refused)"))
        case .bash where name.isEmpty:
            machine.complain(complaint("set: \(refused): invalid option"))
            machine.complain("set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]")
        case .bash: machine.complain(complaint("set: \(name): invalid option name"))
        }
        return .refused(2)
    }

    /// `set -o`, and `set +o` as commands that make the options what they are.
    private func showOptions(asCommands: Bool, _ machine: inout Machine) {
        if !asCommands, flavour == .dash { machine.print("Current option settings\n") }
        for name in flavour.optionNames {
            showOption(name, options.isOn(name, exportsAll: variables.exportsAll), asCommands: asCommands, &machine)
        }
    }

    private func showOption(_ name: String, _ isOn: Bool, asCommands: Bool, _ machine: inout Machine) {
        let width = flavour == .bash ? 15 : 16
        let blanks = String(repeating: " ", count: max(0, width - name.utf8.count)) + (flavour == .bash ? "\t" : "")
        machine.print(asCommands ? "set \(isOn ? "-" : "+")o \(name)\n" : "\(name)\(blanks)\(isOn ? "on" : "off")\n")
    }

    /// Reads `-eux`, `-o pipefail`, `--` and positional parameters; the option that is unknown, such as `-Z` and
    /// `-o nosuch`.
    mutating func setOptions(_ words: [String], keepsPositional: Bool) -> String? {
        var rest = words[...]
        while let word = rest.first, word.count > 1, word.hasPrefix("-") || word.hasPrefix("+") {
            rest = rest.dropFirst()
            if word == "--" {
                setPositional(rest)
                return nil
            }
            let isOn = word.hasPrefix("-")
            for letter in word.dropFirst() {
                if letter == "o" {
                    guard let name = rest.popFirst() else { return nil }
                    guard setOption(named: name, isOn) else { return "\(word.prefix(1))o \(name)" }
                } else if !setOption(letter, isOn) {
                    return "\(word.prefix(1))\(letter)"
                }
            }
        }
        if !rest.isEmpty || !keepsPositional { setPositional(rest) }
        return nil
    }

    private mutating func setPositional(_ words: ArraySlice<String>) {
        positional = WordList(words)
        if flavour != .bash { beginOptions() }
    }

    private mutating func setOption(_ letter: Character, _ isOn: Bool) -> Bool {
        if "isIV".contains(letter) { return letter != "V" || flavour != .bash }
        guard let known = flavour.optionLetters.first(where: { $0.letter == letter }), known.name != "command" else {
            return false
        }
        change(known.name, isOn)
        return true
    }

    private mutating func setOption(named name: String, _ isOn: Bool) -> Bool {
        guard flavour.optionNames.contains(name) else { return false }
        change(name, isOn)
        return true
    }

    private mutating func change(_ name: String, _ isOn: Bool) {
        switch name {
        case "errexit": options.exitsOnError = isOn
        case "xtrace": options.traces = isOn
        case "nounset": options.refusesUnset = isOn
        case "noglob": options.skipsPatterns = isOn
        case "noclobber": options.refusesClobber = isOn
        case "allexport": variables.exportsAll = isOn
        case "noexec": options.skipsCommands = isOn && !options.isInteractive
        case "pipefail": options.failsPipelines = isOn
        case "interactive", "stdin": break
        default:
            let isUsual = ["braceexpand", "hashall", "interactive-comments"].contains(name)
            if isOn != isUsual { options.others.insert(name) } else { options.others.remove(name) }
        }
    }

    // shopt of bash

    /// Options of `shopt` that are not simulated and change nothing that a script would notice.
    private static let harmlessOptions: Set<String> = [
        "checkhash", "checkwinsize", "cmdhist", "expand_aliases", "histappend", "hostcomplete", "huponexit",
        "interactive_comments", "login_shell", "mailwarn", "no_empty_cmd_completion", "progcomp", "promptvars",
        "sourcepath", "inherit_errexit", "lastpipe", "xpg_echo", "extquote", "force_fignore", "compat50",
    ]
    /// Options that change the meaning of a script.
    private static let otherOptions: Set<String> = [
        "nullglob", "extglob", "globstar", "failglob", "dotglob", "nocaseglob", "nocasematch", "autocd", "cdspell",
        "cdable_vars", "checkjobs", "dirspell", "execfail", "extdebug", "gnu_errfmt", "histreedit", "histverify",
        "lithist", "localvar_inherit", "localvar_unset", "globasciiranges", "globskipdots", "direxpand",
        "shift_verbose",
        "assoc_expand_once", "patsub_replacement", "complete_fullquote", "progcomp_alias", "restricted_shell",
        "varredir_close", "noexpand_translation", "compat31", "compat32", "compat40", "compat41", "compat42",
        "compat43",
        "compat44",
    ]

    /// `shopt` of bash: what changes the meaning of a script and is not simulated fails aloud.
    private mutating func changeBashOption(_ words: [String], _ machine: inout Machine) -> BuiltinResult {
        let letters = words.dropFirst().prefix { $0.hasPrefix("-") }.joined().filter { $0 != "-" }
        let names = words.dropFirst().drop { $0.hasPrefix("-") }
        if let unknown = letters.first(where: { !"suqpo".contains($0) }) {
            machine.complain(complaint("shopt: -\(unknown): invalid option"))
            machine.complain("shopt: usage: shopt [-pqsu] [-o] [optname ...]")
            return .status(2)
        }
        let isOfSet = letters.contains("o")
        if names.isEmpty, isOfSet {
            if !letters.contains("q") { showOptions(asCommands: letters.contains("p"), &machine) }
            return .status(0)
        }
        var code = 0
        for name in names {
            let isKnown =
                isOfSet
                ? flavour.optionNames.contains(name)
                : Self.harmlessOptions.contains(name) || Self.otherOptions.contains(name)
            if !isKnown {
                machine.complain(complaint("shopt: \(name): invalid \(isOfSet ? "" : "shell ")option name"))
                code = 1
            } else if letters.contains("s") || letters.contains("u") {
                if isOfSet { change(name, letters.contains("s")) } else { code = turn(name, letters, &machine) ?? code }
            } else {
                let isOn =
                    isOfSet
                    ? options.isOn(name, exportsAll: variables.exportsAll) : options.ofBash.contains(name)
                if !isOn { code = 1 }
                if letters.contains("q") { continue }
                if isOfSet || !letters.contains("p") {
                    showOption(name, isOn, asCommands: letters.contains("p"), &machine)
                } else {
                    machine.print("shopt -\(isOn ? "s" : "u") \(name)\n")
                }
            }
        }
        return .status(code)
    }

    /// Turns an option on or off; the code when that is not simulated.
    private mutating func turn(_ name: String, _ letters: String, _ machine: inout Machine) -> Int? {
        guard letters.contains("s") else {
            options.ofBash.remove(name)
            return nil
        }
        guard name == "nullglob" || Self.harmlessOptions.contains(name) else {
            machine.complain(complaint("shopt: \(name): not simulated"))
            machine.note("The option \(name) of bash is not simulated")
            return 1
        }
        options.ofBash.insert(name)
        return nil
    }
}
