// SPDX-License-Identifier: Apache-2.0
// How the scripts of sed are read, busybox's and GNU's.

import PodiumCodec
import PodiumRuntime

/// A part of a script: the value of `-e` or the content of a file.
struct SedPiece: Sendable {
    /// The number of the expression; nil for a file.
    var expression: Int?
    /// The name of the file.
    var file = ""
    var text: [UInt8]
}

/// How a script is to be read.
struct SedReading: Sendable {
    var isExtended = false
    /// Whether it is GNU's sed, which knows more than busybox's and is stricter.
    var isGNU = true
    /// Whether commands that read, write or execute are refused.
    var isSandboxed = false
    /// What ends a line.
    var lineEnd: UInt8 = 0x0A
}

/// A cursor over the text of a script.
struct SedParser {
    /// Commands of one script.
    private static let maximumCommands = 10_000
    /// What the patterns of one script may take of memory; a short text can ask for much.
    private static let maximumPatternBytes = 8 << 20
    /// Numbers are cut to this, which no input has lines of, so that sums of them are numbers too.
    private static let maximumNumber = 1 << 40

    let reading: SedReading
    /// The pieces, each with a newline behind it.
    let units: [UInt8]
    private let pieces: [SedPiece]
    /// Where the pieces begin.
    private let starts: [Int]
    /// How much was taken.
    var index = 0
    private var script = SedScript()
    /// The blocks that have no end yet, and where in the text they began.
    private var open: [(command: Int, index: Int)] = []

    init(_ pieces: [SedPiece], _ reading: SedReading) {
        self.pieces = pieces
        self.reading = reading
        var units: [UInt8] = []
        var starts: [Int] = []
        for piece in pieces {
            if !starts.isEmpty { units.append(0x0A) }
            starts.append(units.count)
            units += piece.text
        }
        self.units = units
        self.starts = starts
    }

    var isGNU: Bool { reading.isGNU }

    var unit: UInt8? { index < units.count ? units[index] : nil }

    mutating func take(_ wanted: UInt8) -> Bool {
        guard unit == wanted else { return false }
        index += 1
        return true
    }

    mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while let unit, isSkipped(unit) { index += 1 }
    }

    /// Passes spaces and tabs.
    mutating func skipBlanks() { skip { $0 != 0x0A && $0.isBlank } }

    /// A fault at the place that was reached; each of the two programs has its own words.
    func fault(gnu: String, busybox: String) -> SedFault {
        isGNU ? SedFault(text: place(index) + gnu) : SedFault(text: busybox)
    }

    /// A fault at a byte that was not taken yet.
    mutating func faultAtUnit(gnu: String, busybox: String) -> SedFault {
        index = min(index + 1, units.count)
        return fault(gnu: gnu, busybox: busybox)
    }

    /// How GNU's sed says where something is; of an expression as a whole when `isWhole`.
    private func place(_ index: Int, isWhole: Bool = false) -> String {
        let number = starts.lastIndex { $0 < max(index, 1) } ?? 0
        guard pieces.indices.contains(number) else { return "" }
        let piece = pieces[number]
        let taken = min(index - starts[number], piece.text.count)
        if let expression = piece.expression { return "-e expression #\(expression), char \(isWhole ? 0 : taken): " }
        return "file \(piece.file) line \(1 + piece.text.prefix(max(0, taken - 1)).count { $0 == 0x0A }): "
    }

    /// The whole script.
    mutating func parse() throws(SedFault) -> SedScript {
        let first = pieces.first?.text ?? []
        script.isQuiet = first.starts(with: "#n".utf8)
        script.missingPattern =
            isGNU ? place(0, isWhole: true) + "no previous regular expression" : "no previous regexp"
        while true {
            skip { $0.isBlank || $0 == UInt8(ascii: ";") }
            guard unit != nil else { break }
            if script.commands.count >= Self.maximumCommands { throw SedFault(text: "too many commands") }
            try command()
        }
        if let last = open.last, isGNU { throw SedFault(text: place(last.index, isWhole: true) + "unmatched `{'") }
        for block in open { script.commands[block.command].action = .begin(end: script.commands.count) }
        if isGNU, let label = script.wantedLabels.first(where: { script.labels[$0] == nil }) {
            throw SedFault(text: "can't find label for jump to `\(label)'", code: InputFault.panic)
        }
        return script
    }

    private mutating func command() throws(SedFault) {
        var command = SedCommand(action: .nothing)
        command.from = try address(isFirst: true)
        if command.from != nil {
            if isGNU { skipBlanks() }
            if take(UInt8(ascii: ",")) {
                skipBlanks()
                guard let to = try address(isFirst: false) else {
                    throw faultAtUnit(gnu: "unexpected `,'", busybox: "no address after comma")
                }
                command.to = to
            }
        }
        skipBlanks()
        if take(UInt8(ascii: "!")) {
            command.isNegated = true
            skipBlanks()
            if isGNU, unit == UInt8(ascii: "!") { throw faultAtUnit(gnu: "multiple `!'s", busybox: "") }
        }
        guard let name = unit, name != 0x0A else { throw fault(gnu: "missing command", busybox: "missing command") }
        index += 1
        if case .line(0)? = command.from {
            if isGNU, !command.beginsActive { throw fault(gnu: "invalid usage of line address 0", busybox: "") }
            // busybox's sees no address in it, and in a range one that never comes.
            if !isGNU, command.to == nil { command.from = nil }
        }
        if !isGNU, name == UInt8(ascii: ","), command.from == nil { throw SedFault(text: "no address after comma") }
        try perform(name, command)
    }

    /// Adds a command of this name to the script.
    private mutating func perform(_ name: UInt8, _ command: SedCommand) throws(SedFault) {
        var command = command
        switch name {
        case UInt8(ascii: "#"):
            if command.from != nil {
                throw fault(gnu: "comments don't accept any addresses", busybox: "unsupported command #")
            }
            skip { $0 != 0x0A }
        case UInt8(ascii: ":"):
            if isGNU, command.from != nil { throw fault(gnu: ": doesn't want any addresses", busybox: "") }
            let label = label()
            if isGNU, label.isEmpty { throw fault(gnu: "\":\" lacks a label", busybox: "") }
            script.labels[label] = script.labels[label] ?? script.commands.count
        case UInt8(ascii: "{"):
            open.append((script.commands.count, index))
            script.commands.append(command)
        case UInt8(ascii: "}"):
            guard let start = open.popLast() else {
                if isGNU { throw fault(gnu: "unexpected `}'", busybox: "") }
                return
            }
            script.commands[start.command].action = .begin(end: script.commands.count)
            try end()
        default:
            command.action = try action(name, hasRange: command.to != nil)
            script.commands.append(command)
        }
    }

    private mutating func action(_ name: UInt8, hasRange: Bool) throws(SedFault) -> SedAction {
        switch name {
        case UInt8(ascii: "a"), UInt8(ascii: "i"), UInt8(ascii: "c"), UInt8(ascii: "r"):
            if !isGNU, hasRange, name != UInt8(ascii: "c") {
                throw SedFault(text: "command '\([name].text)' uses only one address")
            }
            if name == UInt8(ascii: "r") { return .readFile(try fileName()) }
            let text = try text()
            return name == UInt8(ascii: "a") ? .append(text) : name == UInt8(ascii: "i") ? .insert(text) : .change(text)
        case UInt8(ascii: "s"): return .substitute(try substitution())
        case UInt8(ascii: "y"): return .transliterate(try transliteration())
        case UInt8(ascii: "w"): return .writeFile(try fileName())
        case UInt8(ascii: "b"): return .branch(label())
        case UInt8(ascii: "t"): return .branchIfReplaced(label())
        case UInt8(ascii: "T"): return .branchUnlessReplaced(label())
        case UInt8(ascii: "q"): return try quit(prints: true, hasRange: hasRange)
        case _ where "pPdDnNgGhHx=".utf8.contains(name):
            try end()
            return .simple(name)
        // It is taken, and shows nothing.
        case UInt8(ascii: "l") where !isGNU: return .nothing
        case _ where isGNU: return try gnuAction(name, hasRange: hasRange)
        default: throw SedFault(text: "unsupported command \([name].text)")
        }
    }

    /// The commands that only GNU's sed has.
    private mutating func gnuAction(_ name: UInt8, hasRange: Bool) throws(SedFault) -> SedAction {
        switch name {
        case UInt8(ascii: "Q"): return try quit(prints: false, hasRange: hasRange)
        case UInt8(ascii: "R"): return .readLine(try fileName())
        case UInt8(ascii: "W"): return .writeFirstLine(try fileName())
        case UInt8(ascii: "z"), UInt8(ascii: "F"):
            try end()
            return .simple(name)
        case UInt8(ascii: "l"):
            skipBlanks()
            let length = number()
            try end()
            return .list(length)
        case UInt8(ascii: "e"):
            try checkSandbox()
            skipBlanks()
            let text = restOfLine()
            return .execute(text.isEmpty ? nil : text)
        case UInt8(ascii: "v"):
            let wanted = label().split(separator: ".").prefix(2).map { Int($0) ?? 0 } + [0, 0]
            if (wanted[0], wanted[1]) > (4, 9) { throw fault(gnu: "expected newer version of sed", busybox: "") }
            return .nothing
        default: throw fault(gnu: "unknown command: `\([name].text)'", busybox: "")
        }
    }

    private mutating func quit(prints: Bool, hasRange: Bool) throws(SedFault) -> SedAction {
        guard isGNU else { return .quit(0, prints: prints) }
        if hasRange { throw fault(gnu: "command only uses one address", busybox: "") }
        skipBlanks()
        let code = number() ?? 0
        try end()
        return .quit(code, prints: prints)
    }

    /// What may stand behind a command: the end of the line, another command after `;`, or the end of a block.
    mutating func end() throws(SedFault) {
        guard isGNU else { return }
        skipBlanks()
        guard let unit, unit != UInt8(ascii: "}"), unit != UInt8(ascii: "#") else { return }
        index += 1
        if unit != 0x0A, unit != UInt8(ascii: ";") {
            throw fault(gnu: "extra characters after command", busybox: "")
        }
    }

    func checkSandbox() throws(SedFault) {
        if reading.isSandboxed { throw fault(gnu: "e/r/w commands disabled in sandbox mode", busybox: "") }
    }

    /// Counts a pattern that was read.
    mutating func count(_ pattern: RegularExpression) throws(SedFault) {
        script.patternBytes += pattern.heldBytes
        guard script.patternBytes <= Self.maximumPatternBytes else {
            throw fault(gnu: RegularFault.tooLarge.text, busybox: RegularFault.tooLarge.text)
        }
    }

    // Addresses

    mutating func number() -> Int? {
        let digits = units[index...].prefix { $0.isDigit }
        index += digits.count
        return digits.isEmpty ? nil : min(Int(digits.text) ?? Self.maximumNumber, Self.maximumNumber)
    }

    private mutating func address(isFirst: Bool) throws(SedFault) -> SedAddress? {
        guard let first = unit else { return nil }
        if first.isDigit {
            let line = number() ?? 0
            guard isGNU, take(UInt8(ascii: "~")) else { return .line(line) }
            let step = number() ?? 0
            return step > 0 ? .every(first: line, step: step) : .line(line)
        }
        switch first {
        case UInt8(ascii: "$"):
            index += 1
            return .last
        case UInt8(ascii: "+") where isGNU || !isFirst, UInt8(ascii: "~") where isGNU:
            index += 1
            let count = number() ?? 0
            if isFirst { throw fault(gnu: "invalid usage of +N or ~N as first address", busybox: "") }
            return first == UInt8(ascii: "+") ? .following(count) : .multiple(count)
        case UInt8(ascii: "/"), UInt8(ascii: "\\"):
            index += first == UInt8(ascii: "/") ? 1 : 2
            guard index <= units.count else { throw unterminatedAddress(UInt8(ascii: "\\")) }
            let delimiter = units[index - 1]
            guard let text = delimited(by: delimiter, isPattern: true) else { throw unterminatedAddress(delimiter) }
            return try patternAddress(text)
        default: return nil
        }
    }

    private mutating func unterminatedAddress(_ delimiter: UInt8) -> SedFault {
        index = min(index, units.count)
        return fault(gnu: "unterminated address regex", busybox: "unmatched '\([delimiter].text)'")
    }

    private mutating func patternAddress(_ text: [UInt8]) throws(SedFault) -> SedAddress {
        var ignoresCase = false
        var isMultiline = false
        while isGNU {
            skipBlanks()
            if take(UInt8(ascii: "I")) {
                ignoresCase = true
            } else if take(UInt8(ascii: "M")) {
                isMultiline = true
            } else {
                break
            }
        }
        if text.isEmpty {
            if ignoresCase || isMultiline { throw modifierFault }
            if isGNU { return .lastPattern }
            // To busybox's it is the address that was read before, not the one that was used.
            guard let last = script.lastPattern else { throw SedFault(text: script.missingPattern) }
            return .pattern(last)
        }
        let found = try expression(text, ignoresCase: ignoresCase, isMultiline: isMultiline)
        if !isGNU { script.lastPattern = found }
        return .pattern(found)
    }

    /// What is said of flags behind a pattern that stands for another one.
    var modifierFault: SedFault { fault(gnu: "cannot specify modifiers on empty regexp", busybox: "") }
}
