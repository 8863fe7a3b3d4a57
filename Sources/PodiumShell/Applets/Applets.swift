// SPDX-License-Identifier: Apache-2.0
// The programs that are simulated, by name.

package import PodiumRuntime

/// An applet that never waits: it is given its words, the first being its name, and returns its code.
typealias ImmediateApplet = @Sendable (inout Machine, [String]) -> Int

/// An applet that may wait, made from its words.
typealias WaitingApplet = @Sendable ([String]) -> any Program

/// All applets.
package enum Applets {
    /// The tables of applets that end at once. A name stands in one table only, of these or the others.
    private static let immediateTables: [[String: ImmediateApplet]] = [
        textApplets, listingApplets, fileApplets, linkApplets, systemApplets, networkApplets, accountApplets,
        nodeApplets, processApplets, tableApplets, clientApplets, postgresApplets, packageApplets,
    ]

    /// The tables of applets that read input, sleep or serve.
    private static let waitingTables: [[String: WaitingApplet]] = [
        filterApplets, lineApplets, smallApplets, DigestProgram.applets, filePrograms, timeApplets, serverApplets,
        commandApplets, entryPointApplets, accountPrograms, processPrograms, toolPrograms, RedisClient.applets,
    ]

    /// Applets that end at once.
    static let immediate: [String: ImmediateApplet] = merged(immediateTables)

    /// Applets that read input, sleep or serve.
    static let waiting: [String: WaitingApplet] = merged(waitingTables)

    private static func merged<Applet>(_ tables: [[String: Applet]]) -> [String: Applet] {
        tables.reduce(into: [:]) { all, table in all.merge(table) { first, _ in first } }
    }

    /// The names that stand in more than one table, of which all but one are never asked; there are none.
    package static var ambiguousNames: [String] {
        let names = immediateTables.flatMap { Array($0.keys) } + waitingTables.flatMap { Array($0.keys) }
        return Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
    }

    /// The shell and all applets, for the machine that runs them.
    package static let library = ProgramLibrary(names: names) { program($0, $1, $2, $3) }

    private static let shells: Set<String> = ["sh", "ash", "bash", "dash", "hush"]

    /// The names that are simulated.
    static let names: [String] = (Array(immediate.keys) + Array(waiting.keys) + Array(shells) + ["busybox"]).sorted()

    /// The program of a name; nil when it is not simulated.
    static func program(
        _ name: String,
        _ words: [String],
        _ environment: [EnvironmentVariable],
        _ machine: Machine
    ) -> (any Program)? {
        if shells.contains(name) { return Shell(words, environment, machine) }
        if name == "busybox", words.count > 1 {
            return program(words[1], Array(words.dropFirst()), environment, machine)
        }
        if words.count == 2, words[1] == "--help", hasUsage(name) {
            return ImmediateProgram(applet: showUsage, words: words)
        }
        // Other images may have one of their own.
        if name == "healthcheck.sh", machine.container?.specification.image.contains("mariadb") == true {
            return ImmediateProgram(applet: mariaHealth, words: words)
        }
        if let applet = immediate[name] { return ImmediateProgram(applet: applet, words: words) }
        return waiting[name]?(words)
    }

    /// Whether a program says how it is used when it is asked for `--help`, and then ends.
    private static func hasUsage(_ name: String) -> Bool {
        let isSilent = ["echo", "test", "[", "[[", "true", "false", "printf", ":", "pause"].contains(name)
        if serverApplets[name] != nil { return ["httpd", "nc", "ping", "ping6", "telnet"].contains(name) }
        return !isSilent && entryPointApplets[name] == nil && (immediate[name] != nil || waiting[name] != nil)
    }

    private static func showUsage(_ machine: inout Machine, _ words: [String]) -> Int {
        let name = words.first?.split(separator: "/").last.map(String.init) ?? ""
        if machine.hasBusybox {
            machine.complain("BusyBox v1.36.1 multi-call binary.\n\nUsage: \(name) [OPTIONS] [ARGS]")
        } else {
            machine.print("Usage: \(name) [OPTION]... [ARG]...\n")
        }
        return 0
    }

    /// The usage text of an applet that got wrong words, in short. GNU's tell what is wrong instead.
    static func usage(_ machine: inout Machine, _ name: String, _ gnu: String = "missing operand") -> Int {
        if machine.isGNU { return hint(&machine, name, gnu) }
        machine.complain("Usage: \(name) [OPTIONS] [ARGS]")
        return 1
    }

    /// Tells what is wrong with the words of one of GNU's programs, and where help is.
    static func hint(_ machine: inout Machine, _ name: String, _ text: String) -> Int {
        machine.complain("\(name): \(text)\nTry '\(name) --help' for more information.")
        return 1
    }

    /// Tells a failure, `rm: can't remove 'x': No such file or directory`.
    static func fail(_ machine: inout Machine, _ name: String, _ text: String, _ errno: Errno? = nil) -> Int {
        machine.complain("\(name): \(text)\(errno.map { ": " + $0.text } ?? "")")
        return 1
    }
}

/// A process that runs an immediate applet.
struct ImmediateProgram: Program {
    let applet: ImmediateApplet
    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        machine.spend(4)
        return .exited(applet(&machine, words) & 0xFF)
    }
}

/// The options before and between the words of an applet.
struct AppletOptions {
    /// Letters without a value.
    private(set) var flags: Set<Character> = []
    /// Letters with a value, the last one winning, and long options by name.
    private(set) var values: [String: String] = [:]
    /// Every value of each letter.
    private(set) var lists: [String: [String]] = [:]
    /// What is no option.
    private(set) var words: [String] = []

    /// Reads the words after the name. `valued` are the letters that take a value; with `stops` options end at the
    /// first
    /// other word. `long` are the long names of letters; those that take a value may have it as the next word.
    init(_ all: [String], valued: String = "", stops: Bool = false, long: [String: Character] = [:]) {
        var rest = all.dropFirst()
        while let word = rest.popFirst() {
            if word == "--" {
                words += rest
                return
            }
            guard word.hasPrefix("-"), word.count > 1 else {
                words.append(word)
                if stops {
                    words += rest
                    return
                }
                continue
            }
            if word.hasPrefix("--") { readLong(word, &rest, valued, long) } else { readLetters(word, &rest, valued) }
        }
    }

    private mutating func readLong(
        _ word: String,
        _ rest: inout ArraySlice<String>,
        _ valued: String,
        _ long: [String: Character]
    ) {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if let letter = long[String(parts[0])] {
            guard valued.contains(letter) else {
                flags.insert(letter)
                return
            }
            let value = parts.count > 1 ? String(parts[1]) : rest.popFirst() ?? ""
            values[String(letter)] = value
            lists[String(letter), default: []].append(value)
            return
        }
        values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }

    private mutating func readLetters(_ word: String, _ rest: inout ArraySlice<String>, _ valued: String) {
        var letters = Array(word.dropFirst())[...]
        while let letter = letters.popFirst() {
            guard valued.contains(letter) else {
                flags.insert(letter)
                continue
            }
            let value = letters.isEmpty ? rest.popFirst() ?? "" : String(letters)
            values[String(letter)] = value
            lists[String(letter), default: []].append(value)
            return
        }
    }

    /// Whether a letter was given.
    func has(_ letter: Character) -> Bool { flags.contains(letter) }

    /// The value of a letter or of a long option.
    subscript(name: String) -> String? { values[name] }
}

extension Shell {
    /// A shell as its command line asks for: `-c text`, a script, or standard input.
    init(_ words: [String], _ environment: [EnvironmentVariable], _ machine: Machine) {
        let called = words.first ?? "sh"
        self.init(
            name: called.split(separator: "/").last.map(String.init) ?? called,
            environment: environment,
            machine: machine
        )
        if called.hasSuffix("bash") { flavour = .bash }
        if called.hasSuffix("dash") { flavour = .dash }
        if called.hasSuffix("ash"), !called.hasSuffix("bash"), !called.hasSuffix("dash") { flavour = .ash }
        countLevel()
        var rest = words.dropFirst()
        var isCommand = false
        var readsInput = false
        while let word = rest.first, word.count > 1, word.hasPrefix("-") || word.hasPrefix("+") {
            rest = rest.dropFirst()
            if word == "--" { break }
            if word.hasPrefix("--") { continue }
            var letters = String(word.dropFirst())
            if letters.contains("c") { isCommand = true }
            if letters.contains("s") { readsInput = true }
            if letters.contains("i") { options.isInteractive = true }
            letters.removeAll { "cils".contains($0) }
            if letters.isEmpty { continue }
            let value = letters.hasSuffix("o") ? [rest.popFirst() ?? ""] : []
            if setOptions([String(word.prefix(1)) + letters] + value, keepsPositional: true) != nil {
                refuse("\(flavour == .bash ? "" : "Illegal option ")\(word)", code: 2)
                return
            }
        }
        if isCommand, rest.first == "--" { rest = rest.dropFirst() }
        if isCommand {
            guard let text = rest.popFirst() else {
                refuse("-c\(flavour == .bash ? ": option" : "") requires an argument", code: 2)
                return
            }
            if let zero = rest.popFirst() { (name, isNamed) = (zero, true) }
            positional = WordList(rest)
            isCommandString = true
            options.source = "c"
            var script = ShellScript(text: text, flavour)
            // busybox counts the lines of such a text from 0.
            if flavour == .ash { script.parser.line = 0 }
            frames = [.script(script)]
        } else if !readsInput, let path = rest.popFirst() {
            positional = WordList(rest)
            guard let text = try? machine.contents(path).text else {
                let reason = flavour == .dash ? "cannot open \(path)" : "can't open '\(path)'"
                let named = flavour == .bash ? path : reason
                refuse("\(named): No such file or directory", code: flavour == .bash ? 127 : 2)
                return
            }
            name = path
            isNamed = true
            if flavour == .bash { variables.set("BASH_SOURCE", elements: [0: path]) }
            frames = [.script(ShellScript(text: text, flavour))]
        } else {
            positional = WordList(rest)
            options.isInteractive = options.isInteractive || machine.isTerminal(0)
            options.source = "s"
            frames = [.script(.input(flavour))]
        }
    }

    /// Makes the shell one that says why it does not start, and ends.
    private mutating func refuse(_ text: String, code: Int) {
        let message = complaint(text).replacing("'", with: "'\\''")
        frames = [.exit(code), .script(ShellScript(text: "echo '\(message)' >&2", flavour))]
    }
}

extension Machine {
    /// The path of a program as `which` finds it.
    func pathOfProgram(_ name: String, path: String) -> String? {
        let isBrought = container?.image.brings(name) == true
        if name.contains("/") { return node(name) != nil || isBrought ? name : nil }
        let found = path.split(separator: ":").map { "\($0)/\(name)" }.first { node($0)?.kind == .file }
        return found ?? (isBrought ? "/usr/bin/\(name)" : nil)
    }
}
