// SPDX-License-Identifier: Apache-2.0
// The commands of a sed script and how they are read.

/// Which lines a command is for.
enum SedAddress: Sendable {
    case line(Int)
    case last
    case pattern(RegularExpression)
    /// The empty pattern, which stands for the one used last.
    case lastPattern
    /// `first~step`.
    case every(first: Int, step: Int)
    /// `+n` after the first address.
    case following(Int)
}

/// `s/…/…/`.
struct SedSubstitution: Sendable {
    /// Nil for the pattern used last.
    var pattern: RegularExpression?
    var replacement: [SedReplacementPart]
    var isGlobal = false
    var prints = false
    /// The match that is replaced first.
    var occurrence = 1
    var file: String?
}

/// A piece of what a match is replaced by.
enum SedReplacementPart: Sendable {
    case text([UInt8])
    case group(Int)
    case caseChange(SedCase)
}

/// How the text that follows is written: `\U`, `\L`, `\u`, `\l`, `\E`.
enum SedCase: Sendable {
    case upper, lower, upperNext, lowerNext, none
}

/// What a command does.
enum SedAction: Sendable {
    /// `{`, with the index behind its `}`.
    case begin(end: Int)
    case nothing
    case substitute(SedSubstitution)
    case transliterate([UInt8: UInt8])
    case append([UInt8])
    case insert([UInt8])
    case change([UInt8])
    case readFile(String)
    case writeFile(String)
    case branch(String)
    case branchIfReplaced(String)
    case branchUnlessReplaced(String)
    case quit(Int, prints: Bool)
    /// One of `p P d D n N g G h H x = l`.
    case simple(UInt8)
}

/// A command with its addresses.
struct SedCommand: Sendable {
    var from: SedAddress?
    var to: SedAddress?
    var isNegated = false
    var action: SedAction
}

/// Why a script cannot be used.
struct SedFault: Error {
    var text: String
}

/// A script as a flat list of commands.
struct SedScript: Sendable {
    var commands: [SedCommand] = []
    /// Places of labels.
    var labels: [String: Int] = [:]
    /// The files that are written to, in the order of the script.
    var writtenFiles: [String] {
        commands.compactMap { command in
            switch command.action {
            case .writeFile(let path): path
            case .substitute(let substitution): substitution.file
            default: nil
            }
        }
    }
    /// Whether some address asks for the last line.
    var asksForLast: Bool {
        commands.contains { command in
            if case .last? = command.from { return true }
            if case .last? = command.to { return true }
            return false
        }
    }
}

/// A cursor over the text of a script.
struct SedParser {
    /// Commands of one script.
    private static let maximumCommands = 10_000
    /// Numbers are cut to this, which no input has lines of, so that sums of them are numbers too.
    private static let maximumNumber = 1 << 40

    private let units: [UInt8]
    private let isExtended: Bool
    private var index = 0
    private var script = SedScript()
    private var open: [Int] = []

    init(_ text: String, isExtended: Bool) {
        units = Array(text.utf8)
        self.isExtended = isExtended
    }

    private var unit: UInt8? { index < units.count ? units[index] : nil }

    private mutating func take(_ wanted: UInt8) -> Bool {
        guard unit == wanted else { return false }
        index += 1
        return true
    }

    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while let unit, isSkipped(unit) { index += 1 }
    }

    /// The whole script.
    mutating func parse() throws(SedFault) -> SedScript {
        while true {
            skip { $0.isBlank || $0 == UInt8(ascii: ";") }
            guard unit != nil else { break }
            if script.commands.count >= Self.maximumCommands { throw SedFault(text: "too many commands") }
            try command()
        }
        if !open.isEmpty { throw SedFault(text: "unmatched '{'") }
        return script
    }

    private mutating func command() throws(SedFault) {
        var command = SedCommand(action: .nothing)
        command.from = try address()
        skip(\.isBlank)
        if command.from != nil, take(UInt8(ascii: ",")) {
            skip(\.isBlank)
            guard let to = try address() else { throw SedFault(text: "unexpected ','") }
            command.to = to
            skip(\.isBlank)
        }
        while take(UInt8(ascii: "!")) || take(UInt8(ascii: " ")) { command.isNegated = true }
        guard let name = unit else { throw SedFault(text: "missing command") }
        index += 1
        switch name {
        case UInt8(ascii: "#"): skip { $0 != 0x0A }
        case UInt8(ascii: ":"):
            script.labels[label()] = script.commands.count
        case UInt8(ascii: "{"):
            open.append(script.commands.count)
            script.commands.append(command)
        case UInt8(ascii: "}"):
            guard let start = open.popLast() else { throw SedFault(text: "unexpected '}'") }
            script.commands[start].action = .begin(end: script.commands.count)
        default:
            command.action = try action(name)
            script.commands.append(command)
        }
    }

    private mutating func action(_ name: UInt8) throws(SedFault) -> SedAction {
        switch name {
        case UInt8(ascii: "s"): return .substitute(try substitution())
        case UInt8(ascii: "y"): return .transliterate(try transliteration())
        case UInt8(ascii: "a"): return .append(text())
        case UInt8(ascii: "i"): return .insert(text())
        case UInt8(ascii: "c"): return .change(text())
        case UInt8(ascii: "r"): return .readFile(fileName())
        case UInt8(ascii: "w"): return .writeFile(fileName())
        case UInt8(ascii: "b"): return .branch(label())
        case UInt8(ascii: "t"): return .branchIfReplaced(label())
        case UInt8(ascii: "T"): return .branchUnlessReplaced(label())
        case UInt8(ascii: "q"), UInt8(ascii: "Q"):
            skip { $0 == 0x20 }
            return .quit(number() ?? 0, prints: name == UInt8(ascii: "q"))
        case _ where "pPdDnNgGhHx=lF".utf8.contains(name): return .simple(name)
        default: throw SedFault(text: "unsupported command \([name].text)")
        }
    }

    // Addresses

    private mutating func number() -> Int? {
        let digits = units[index...].prefix { $0.isDigit }
        index += digits.count
        return digits.isEmpty ? nil : min(Int(digits.text) ?? Self.maximumNumber, Self.maximumNumber)
    }

    private mutating func address() throws(SedFault) -> SedAddress? {
        guard let first = unit else { return nil }
        if first.isDigit {
            let line = number() ?? 0
            if take(UInt8(ascii: "~")) { return .every(first: line, step: number() ?? 0) }
            return .line(line)
        }
        switch first {
        case UInt8(ascii: "$"):
            index += 1
            return .last
        case UInt8(ascii: "+"):
            index += 1
            return .following(number() ?? 0)
        case UInt8(ascii: "/"), UInt8(ascii: "\\"):
            index += first == UInt8(ascii: "/") ? 1 : 2
            guard index > 0, index <= units.count else { throw SedFault(text: "unterminated address regex") }
            let text = try delimited(by: units[index - 1], isPattern: true)
            let ignoresCase = take(UInt8(ascii: "I"))
            if text.isEmpty { return .lastPattern }
            return .pattern(try expression(text, ignoresCase: ignoresCase))
        default: return nil
        }
    }

    private func expression(_ text: [UInt8], ignoresCase: Bool) throws(SedFault) -> RegularExpression {
        guard let found = RegularExpression(text.text, isExtended: isExtended, ignoresCase: ignoresCase) else {
            throw SedFault(text: "bad regex '\(text.text)'")
        }
        return found
    }

    /// Takes text up to a delimiter, which `\` before it makes plain.
    private mutating func delimited(by delimiter: UInt8, isPattern: Bool) throws(SedFault) -> [UInt8] {
        var text: [UInt8] = []
        var isInSet = false
        while let unit {
            index += 1
            if unit == delimiter, !isInSet { return text }
            if unit == UInt8(ascii: "\\"), let next = self.unit {
                index += 1
                if next == delimiter { text.append(next) } else { text += [unit, next] }
                continue
            }
            if isPattern {
                if unit == UInt8(ascii: "["), !isInSet {
                    isInSet = true
                    text.append(unit)
                    // A bracket right after the opening one is plain.
                    if self.unit == UInt8(ascii: "^") { text.append(units[index]); index += 1 }
                    if self.unit == UInt8(ascii: "]") { text.append(units[index]); index += 1 }
                    continue
                }
                if unit == UInt8(ascii: "]") { isInSet = false }
            }
            text.append(unit)
        }
        throw SedFault(text: "unterminated command")
    }

    // Commands with text

    private mutating func label() -> String {
        skip { $0 == 0x20 }
        let text = units[index...].prefix { $0 != 0x0A && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "}") }
        index += text.count
        return text.text.split(separator: " ").first.map(String.init) ?? ""
    }

    private mutating func fileName() -> String {
        skip { $0 == 0x20 }
        let text = units[index...].prefix { $0 != 0x0A }
        index += text.count
        return text.text
    }

    /// The text of `a`, `i` and `c`: the rest of the line, going on behind `\` at its end.
    private mutating func text() -> [UInt8] {
        skip { $0 == 0x20 || $0 == 0x09 }
        if unit == UInt8(ascii: "\\") {
            index += 1
            skip { $0 == 0x20 || $0 == 0x09 }
            _ = take(0x0A)
        }
        var text: [UInt8] = []
        while let unit, unit != 0x0A {
            index += 1
            if unit == UInt8(ascii: "\\"), let next = self.unit {
                index += 1
                text.append(next)
            } else {
                text.append(unit)
            }
        }
        return text + [0x0A]
    }

    private mutating func transliteration() throws(SedFault) -> [UInt8: UInt8] {
        guard let delimiter = unit else { throw SedFault(text: "bad 'y' command") }
        index += 1
        let from = Self.unescaped(try delimited(by: delimiter, isPattern: false))
        let to = Self.unescaped(try delimited(by: delimiter, isPattern: false))
        guard from.count == to.count else { throw SedFault(text: "strings for 'y' command are different lengths") }
        return Dictionary(zip(from, to)) { first, _ in first }
    }

    private static func unescaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while let unit = rest.popFirst() {
            guard unit == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                result.append(unit)
                continue
            }
            result.append(next == UInt8(ascii: "n") ? 0x0A : next == UInt8(ascii: "t") ? 0x09 : next)
        }
        return result
    }

    private mutating func substitution() throws(SedFault) -> SedSubstitution {
        guard let delimiter = unit else { throw SedFault(text: "bad 's' command") }
        index += 1
        let pattern = try delimited(by: delimiter, isPattern: true)
        let replacement = try delimited(by: delimiter, isPattern: false)
        var made = SedSubstitution(pattern: nil, replacement: Self.parts(of: replacement))
        var ignoresCase = false
        flags: while let flag = unit {
            switch flag {
            case UInt8(ascii: "g"): made.isGlobal = true
            case UInt8(ascii: "p"): made.prints = true
            case UInt8(ascii: "i"), UInt8(ascii: "I"): ignoresCase = true
            case UInt8(ascii: "w"):
                index += 1
                made.file = fileName()
                break flags
            case _ where flag.isDigit:
                made.occurrence = max(1, number() ?? 1)
                continue flags
            case 0x0A, UInt8(ascii: ";"), UInt8(ascii: "}"), UInt8(ascii: " "), UInt8(ascii: "#"): break flags
            default: throw SedFault(text: "unknown option to 's'")
            }
            index += 1
        }
        if !pattern.isEmpty { made.pattern = try expression(pattern, ignoresCase: ignoresCase) }
        return made
    }

    private static func parts(of text: [UInt8]) -> [SedReplacementPart] {
        var parts: [SedReplacementPart] = []
        var plain: [UInt8] = []
        func flush() {
            if !plain.isEmpty { parts.append(.text(plain)) }
            plain = []
        }
        var rest = text[...]
        while let unit = rest.popFirst() {
            if unit == UInt8(ascii: "&") {
                flush()
                parts.append(.group(0))
                continue
            }
            guard unit == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                plain.append(unit)
                continue
            }
            if next.isDigit {
                flush()
                parts.append(.group(Int(next - 0x30)))
            } else if let change = cases[next] {
                flush()
                parts.append(.caseChange(change))
            } else {
                plain.append(next == UInt8(ascii: "n") ? 0x0A : next == UInt8(ascii: "t") ? 0x09 : next)
            }
        }
        flush()
        return parts
    }

    private static let cases: [UInt8: SedCase] = [
        UInt8(ascii: "U"): .upper, UInt8(ascii: "L"): .lower, UInt8(ascii: "u"): .upperNext,
        UInt8(ascii: "l"): .lowerNext, UInt8(ascii: "E"): .none,
    ]
}
