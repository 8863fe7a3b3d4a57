// SPDX-License-Identifier: Apache-2.0
// xargs: cuts what it reads into words, and runs a command as soon as it has enough of them.

import PodiumCodec
import PodiumRuntime

/// How `xargs` tells one word from the next.
private struct ArgumentCutter: Sendable {
    /// What ends a word.
    enum Kind: Hashable, Sendable {
        /// Blanks and the ends of lines.
        case blanks
        /// The ends of lines only; blanks before a word are left out.
        case lines
        /// A byte of its own, which nothing protects.
        case byte(UInt8)
    }

    /// What came of a byte.
    enum Outcome {
        case nothing
        case word(String)
        case unmatched(quote: UInt8)
    }

    let kind: Kind
    /// Whether quotes and backslashes protect what stands behind them.
    let hasQuotes: Bool
    /// Whether quotes with nothing between them are a word, as GNU's has it.
    let keepsEmpty: Bool
    private var word: [UInt8] = []
    /// Whether the present line ends in a blank, so far.
    private(set) var endsInBlank = false
    private var isInWord = false
    private var quote: UInt8?
    private var isEscaped = false

    init(_ request: ArgumentsRequest) {
        kind = request.kind
        hasQuotes = request.hasQuotes
        keepsEmpty = request.isGNU
    }

    var heldBytes: Int { word.count }

    mutating func take(_ unit: UInt8) -> Outcome {
        if unit != 0x0A { endsInBlank = unit == 0x20 || unit == 0x09 }
        if case .byte(let end) = kind {
            if unit == end { return .word(cut()) }
            add(unit)
            return .nothing
        }
        if isEscaped {
            isEscaped = false
            add(unit)
        } else if let open = quote {
            if unit == 0x0A { return .unmatched(quote: open) }
            if unit == open { quote = nil } else { add(unit) }
        } else if hasQuotes, unit == UInt8(ascii: "'") || unit == UInt8(ascii: "\"") {
            quote = unit
            isInWord = isInWord || keepsEmpty
        } else if hasQuotes, unit == UInt8(ascii: "\\") {
            isEscaped = true
        } else if unit == 0x0A || kind == .blanks && unit.isBlank {
            return isInWord ? .word(cut()) : .nothing
        } else if isInWord || !unit.isBlank {
            add(unit)
        }
        return .nothing
    }

    /// The input ended.
    mutating func finish() -> Outcome {
        if let quote { return .unmatched(quote: quote) }
        return isInWord ? .word(cut()) : .nothing
    }

    private mutating func add(_ unit: UInt8) {
        word.append(unit)
        isInWord = true
    }

    private mutating func cut() -> String {
        defer {
            word = []
            isInWord = false
        }
        return word.text
    }
}

/// What `xargs` is asked for.
private struct ArgumentsRequest: Sendable {
    /// The bytes of the words of one command.
    // busybox: findutils/xargs.c; GNU's takes four times as much.
    private static let busyboxBytes = 30 << 10
    private static let gnuBytes = 128 << 10
    /// The commands that run at a time, when as many as possible are asked for.
    private static let maximumCommands = 64

    let isGNU: Bool
    var command: [String]
    var kind = ArgumentCutter.Kind.blanks
    var hasQuotes = true
    /// The word that is replaced in the command by what is read, a line at a time.
    var mark: String?
    /// The word that ends the input.
    var end: String?
    var maximumWords = Int.max
    var maximumLines = Int.max
    private var maximumBytes: Int
    var commandsAtATime = 1
    var isToldOf = false
    /// `-p`: whether it asks before each command.
    var asks = false
    /// `-x`: whether words that do not fit into one command end it.
    var endsWhenTooLong = false
    /// `-o`: whether commands read from the terminal.
    var opensTerminal = false
    var needsWords = false

    /// The bytes of the words that stand behind those of the command.
    var roomForWords: Int { maximumBytes - command.reduce(0) { $0 + $1.utf8.count + 1 } }

    init(_ options: AppletOptions, isGNU: Bool) {
        self.isGNU = isGNU
        command = options.words.isEmpty ? ["echo"] : options.words
        maximumBytes = isGNU ? Self.gnuBytes : Self.busyboxBytes
        mark = options["I"] ?? options["i"].map { $0.isEmpty ? "{}" : $0 }
        if options.has("0") {
            (kind, hasQuotes) = (.byte(0), false)
        } else if let delimiter = options["d"] {
            let escapes: [String: UInt8] = ["\\n": 0x0A, "\\t": 0x09, "\\0": 0]
            (kind, hasQuotes) = (.byte(escapes[delimiter] ?? delimiter.utf8.first ?? 0), false)
        } else if mark != nil {
            (kind, hasQuotes) = (.lines, isGNU)
        }
        if kind == .blanks { end = options["E"] ?? options["e"] }
        if let count = options["n"].flatMap({ Int($0) }) { maximumWords = count }
        if let count = (options["L"] ?? options["l"]).map({ Int($0) ?? 1 }) { maximumLines = count }
        if let bytes = options["s"].flatMap({ Int($0) }) { maximumBytes = min(bytes, maximumBytes) }
        let given = options["P"].flatMap { Int($0) } ?? 1
        commandsAtATime = given < 1 ? Self.maximumCommands : min(given, Self.maximumCommands)
        isToldOf = options.has("t") || options.has("p")
        asks = options.has("p")
        endsWhenTooLong = options.has("x") && isGNU
        opensTerminal = options.has("o")
        needsWords = options.has("r") || mark != nil
    }

    /// What is wrong with the numbers among the options; GNU's says where help is, but for a number that is too large.
    static func complaint(of options: AppletOptions, isGNU: Bool) -> (text: String, hasHint: Bool)? {
        for (letter, least) in [("n", 1), ("s", 1), ("P", 0), ("L", 1), ("l", 1)] {
            guard let text = options[letter], !(letter == "l" && text.isEmpty) else { continue }
            let number = Int(text)
            if isGNU {
                guard let number else { return ("invalid number \"\(text)\" for -\(letter) option", true) }
                if number < least { return ("value \(number) for -\(letter) option should be >= \(least)", true) }
            } else {
                guard let number, number >= 0 else { return ("invalid number '\(text)'", false) }
                if number < least { return ("number \(number) is not in \(least)..2147483647 range", false) }
            }
        }
        return nil
    }
}

/// `xargs`.
struct ArgumentsProgram: Program {
    /// The descriptor that a file with words is opened as.
    private static let descriptor = 63
    private static let busybox = OptionTable(letters: "0trpoxn:s:E:e::I:i::P:a:", stops: true)
    private static let gnu = OptionTable(
        letters: busybox.letters + "d:L:l::",
        long: [
            "null": "0", "verbose": "t", "no-run-if-empty": "r", "interactive": "p", "open-tty": "o", "exit": "x",
            "max-args": "n", "max-chars": "s", "eof": "e", "replace": "i", "max-procs": "P", "arg-file": "a",
            "delimiter": "d", "max-lines": "l",
        ],
        stops: true
    )

    private let request: ArgumentsRequest
    private let source: Int
    private var cutter: ArgumentCutter
    /// What was read and not yet cut.
    private var unread: ArraySlice<UInt8> = []
    private var isEnded = false
    /// Why the input ends before its end.
    private var fault: String?
    /// The words of the next command.
    private var items: [String] = []
    private var itemBytes = 0
    private var itemLines = 0
    /// Whether the present line has words.
    private var lineHasWords = false
    /// The word that did not fit any more; the next command begins with it.
    private var carried: String?
    private var hasRun = false
    private var children: Set<Int> = []
    private var code = 0

    private init(_ request: ArgumentsRequest, source: Int) {
        self.request = request
        self.source = source
        cutter = ArgumentCutter(request)
    }

    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        guard let options = AppletOptions.read(&machine, words, machine.isGNU ? gnu : busybox) else { return .code(1) }
        if let complaint = ArgumentsRequest.complaint(of: options, isGNU: machine.isGNU) {
            let hint = complaint.hasHint ? "\nTry 'xargs --help' for more information." : ""
            return .code(Applets.fail(&machine, "xargs", complaint.text + hint))
        }
        let request = ArgumentsRequest(options, isGNU: machine.isGNU)
        if request.roomForWords <= 0 {
            // Nothing is read, and nothing runs.
            let text =
                machine.isGNU ? "argument line too long" : "can't fit single argument within argument list size limit"
            return .code(Applets.fail(&machine, "xargs", text))
        }
        guard let path = options["a"], path != "-" else { return .program(Self(request, source: 0)) }
        do {
            machine.attach(try machine.open(path, .read), as: descriptor)
        } catch {
            let text = machine.isGNU ? "Cannot open input file '\(path)'" : "can't open '\(path)'"
            return .code(Applets.fail(&machine, "xargs", text, error))
        }
        return .program(Self(request, source: descriptor))
    }

    var heldBytes: Int { unread.count + cutter.heldBytes + itemBytes }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            if let aborted = collect(&machine) { return .exited(aborted) }
            if children.count >= request.commandsAtATime { return .blocked(.child) }
            if machine.mustYield { return .ready }
            machine.spend()
            if let command = nextCommand(&machine) {
                if let failed = start(command, &machine) { return .exited(failed) }
            } else if isEnded {
                guard children.isEmpty else { return .blocked(.child) }
                return .exited(fault.map { Applets.fail(&machine, "xargs", $0) } ?? code)
            } else {
                switch machine.read(source) {
                case .bytes(let bytes): unread = bytes[...]
                case .wait(let wait): return .blocked(wait)
                case .end, .failed: isEnded = true
                }
            }
        }
    }

    // Commands

    /// Looks which commands have ended; the code when nothing more is to be run.
    private mutating func collect(_ machine: inout Machine) -> Int? {
        for child in children {
            guard let ended = machine.process.endedChildren.removeValue(forKey: child) else { continue }
            children.remove(child)
            let name = request.command[0]
            if ended == 255 {
                machine.complain("xargs: \(name): exited with status 255; aborting")
                return 124
            }
            if ended > 128, let signal = Signal(number: ended - 128) {
                let shown = machine.isGNU ? "\(name):" : "'\(name)'"
                machine.complain("xargs: \(shown) terminated by signal \(signal.number)")
                return 125
            }
            if ended != 0 { code = 123 }
        }
        return nil
    }

    private mutating func start(_ command: [String], _ machine: inout Machine) -> Int? {
        hasRun = true
        if request.isToldOf {
            let text = command.map { machine.isGNU ? Self.quoted($0) : $0 }.joined(separator: " ")
            if request.asks { return refuseToAsk(text, &machine) }
            machine.complain(text)
        }
        if request.opensTerminal { return Applets.fail(&machine, "xargs", Self.terminalFault(isGNU: machine.isGNU)) }
        switch machine.program(for: command, path: machine.searchPath) {
        case .failure(let failure):
            _ = Applets.fail(&machine, "xargs", failure.command, failure.errno)
            return failure.code
        case .program(let program):
            guard let child = machine.fork(program, arguments: command) else { return 1 }
            children.insert(child)
            return nil
        }
    }

    /// `-p` asks at a terminal, of which a container has none; the words of a machine without one.
    private func refuseToAsk(_ command: String, _ machine: inout Machine) -> Int {
        let text = machine.isGNU ? "failed to open /dev/tty for reading" : "can't open '/dev/tty'"
        machine.write(Array(command.utf8), to: 2)
        return Applets.fail(&machine, "xargs", "\(text): No such device or address")
    }

    private static func terminalFault(isGNU: Bool) -> String {
        "\(isGNU ? "‘/dev/tty’" : "can't open '/dev/tty'"): No such device or address"
    }

    /// A word as GNU's shows it, in quotes where a shell would read another one.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { $0.isAlphanumeric || "_-./:@%+,]".utf8.contains($0) || $0 > 0x7F }
        if isPlain, !word.isEmpty { return word }
        if !word.contains("'") { return "'" + word + "'" }
        if !word.utf8.contains(where: { "\"$`\\!".utf8.contains($0) }) { return "\"" + word + "\"" }
        return "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// The next command, as far as what was read is enough for one.
    private mutating func nextCommand(_ machine: inout Machine) -> [String]? {
        let start = unread.startIndex
        defer { machine.charge(bytes: 8 * (unread.startIndex - start)) }
        while let unit = unread.first {
            guard accept(cutter.take(unit), isGNU: machine.isGNU) else { return stop(machine) }
            unread = unread.dropFirst()
            // A line that ends in a blank goes on in the next one, and an empty one is none.
            if unit == 0x0A, !cutter.endsInBlank { endLine() }
            if isFull { return makeCommand() }
        }
        guard isEnded else { return nil }
        guard accept(cutter.finish(), isGNU: machine.isGNU) else { return stop(machine) }
        if !items.isEmpty || !hasRun && !request.needsWords { return makeCommand() }
        return nil
    }

    /// Takes the next word; whether the input goes on behind it.
    private mutating func accept(_ outcome: ArgumentCutter.Outcome, isGNU: Bool) -> Bool {
        switch outcome {
        case .nothing:
            guard cutter.heldBytes > request.roomForWords else { return true }
            fault = "argument line too long"
            return false
        case .unmatched(let quote):
            let name = quote == UInt8(ascii: "'") ? "single" : "double"
            let hint = "; by default quotes are special to xargs unless you use the -0 option"
            fault = "unmatched \(name) quote\(isGNU ? hint : "")"
            return false
        case .word(let word):
            if word == request.end { return false }
            if word.isEmpty, request.mark != nil { return true }
            if !items.isEmpty, itemBytes + word.utf8.count + 1 > request.roomForWords {
                if request.endsWhenTooLong {
                    items = []
                    fault = "argument list too long"
                    return false
                }
                carried = word
            } else {
                add(word)
            }
            return true
        }
    }

    /// Nothing more is read; GNU's runs what it has before it tells a fault.
    private mutating func stop(_ machine: Machine) -> [String]? {
        isEnded = true
        unread = []
        cutter = ArgumentCutter(request)
        if fault != nil {
            hasRun = true
            if !machine.isGNU { items = [] }
        }
        return items.isEmpty ? nil : makeCommand()
    }

    /// Counts a line that has words.
    private mutating func endLine() {
        if lineHasWords { itemLines += 1 }
        lineHasWords = false
    }

    private mutating func add(_ word: String) {
        lineHasWords = true
        items.append(word)
        itemBytes += word.utf8.count + 1
    }

    private var isFull: Bool {
        guard !items.isEmpty else { return false }
        return carried != nil || request.mark != nil || items.count >= request.maximumWords
            || itemLines >= request.maximumLines
    }

    private mutating func makeCommand() -> [String] {
        defer {
            items = []
            itemBytes = 0
            itemLines = 0
            if let word = carried {
                carried = nil
                add(word)
            }
        }
        guard let mark = request.mark else { return request.command + items }
        return request.command.map { $0.replacing(mark, with: items[0]) }
    }
}
