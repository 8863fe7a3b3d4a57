// SPDX-License-Identifier: Apache-2.0
// What grep looks for in lines, and what it shows of them.

import PodiumMachinery
import PodiumRuntime

/// A pattern of `grep`.
struct GrepExpression: Sendable {
    private let expression: RegularExpression
    /// The group that is what was found, when what stands around it only has to be there.
    private let group: Int?

    /// Reads a pattern; nil when it is faulty.
    init?(_ pattern: String, _ options: AppletOptions, isExtended: Bool, isFixed: Bool) {
        let isPlain = isFixed || options.has("F")
        var text = isPlain ? RegularExpression.escaped(pattern) : pattern
        var group: Int?
        if options.has("P"), !isPlain {
            guard let perl = PerlPattern(pattern) else { return nil }
            (text, group) = (perl.text, perl.group)
        }
        let extended = (isExtended && !options.has("G")) || isPlain || options.has("E") || options.has("P")
        if options.has("w") || options.has("x") {
            let open = extended ? "(" : "\\("
            let close = extended ? ")" : "\\)"
            text = options.has("x") ? "^\(open)\(text)\(close)$" : "\\b\(open)\(text)\(close)\\b"
            group = group.map { $0 + 1 }
        }
        let ignoresCase = (options.has("i") || options.has("y")) && !options.has("ν")
        guard let found = RegularExpression(text, isExtended: extended, ignoresCase: ignoresCase) else { return nil }
        expression = found
        self.group = group
    }

    func matches(_ line: [UInt8], _ meter: WorkMeter) -> Bool { expression.matches(line, meter) }

    /// The first range at or after `start`.
    func range(in line: [UInt8], from start: Int, _ meter: WorkMeter) -> Range<Int>? {
        guard let match = expression.firstMatch(in: line, from: start, meter) else { return nil }
        return group.map { match.groups[$0] ?? match.range } ?? match.range
    }
}

/// What can be said in an extended expression of one of Perl's.
struct PerlPattern {
    private(set) var text = ""
    /// The group that is what was found.
    private(set) var group: Int?

    /// Translates an expression; nil when it has something that there are no words for.
    init?(_ pattern: String) {
        var rest = Substring(pattern)
        var groups = 0
        // What stands before the match, or behind it, becomes a group of its own beside it.
        if rest.hasPrefix("(?<="), let end = rest.firstIndex(of: ")") {
            text = "(" + rest[rest.index(rest.startIndex, offsetBy: 4)..<end] + ")("
            (groups, group) = (2, 2)
            rest = rest[rest.index(after: end)...]
        }
        while let letter = rest.popFirst() {
            switch letter {
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                switch next {
                case "d": text += "[0-9]"
                case "D": text += "[^0-9]"
                case "h": text += "[[:blank:]]"
                case "A": text += "^"
                case "z", "Z": text += "$"
                case "K":
                    // Groups before it would have other numbers.
                    guard group == nil, groups == 0 else { return nil }
                    text = "(" + text + ")("
                    (groups, group) = (2, 2)
                case "Q", "E", "R", "p", "P", "x", "G", "X", "N": return nil
                default: text += "\\\(next)"
                }
            case "[":
                guard let set = Self.set(&rest) else { return nil }
                text += set
            case "(" where rest.hasPrefix("?:"):
                rest = rest.dropFirst(2)
                groups += 1
                text += "("
            case "(" where rest.hasPrefix("?="):
                // Only what stands behind everything else can be looked at like that.
                guard rest.hasSuffix(")"), !rest.dropLast().contains(")"), !rest.contains("(") else { return nil }
                let head = group == nil ? "(\(text))" : text + ")"
                group = group ?? 1
                text = head + "(" + rest.dropFirst(2)
                return
            case "(" where rest.hasPrefix("?"): return nil
            case "(":
                groups += 1
                text += "("
            case "*", "+", "?", "}":
                guard rest.first == "?" else {
                    if rest.first == "+" { return nil }
                    text.append(letter)
                    continue
                }
                guard letter == "*" || letter == "+", let shorter = Self.lazy(text, rest.dropFirst()) else {
                    return nil
                }
                rest = rest.dropFirst()
                text = shorter + String(letter)
            default: text.append(letter)
            }
        }
        if group != nil { text += ")" }
    }

    /// A set in brackets, whose escapes are Perl's.
    private static func set(_ rest: inout Substring) -> String? {
        var text = "["
        if rest.first == "^" { text.append(rest.removeFirst()) }
        if rest.first == "]" { text.append(rest.removeFirst()) }
        while let letter = rest.popFirst() {
            if letter == "]" { return text + "]" }
            guard letter == "\\", let next = rest.popFirst() else {
                if letter == "[", rest.first == ":", let end = rest.firstRange(of: ":]") {
                    text += "[" + rest[..<end.upperBound]
                    rest = rest[end.upperBound...]
                } else {
                    text.append(letter)
                }
                continue
            }
            switch next {
            case "d": text += "0-9"
            case "w": text += "[:alnum:]_"
            case "s": text += "[:space:]"
            case "n": text += "\n"
            case "t": text += "\t"
            case "]": text = text == "[" || text == "[^" ? text + "]" : text + "[.].]"
            case "-": text += "[.-.]"
            case "D", "W", "S": return nil
            default: text.append(next)
            }
        }
        return nil
    }

    /// `.` before `*?x` as everything but `x`; nil where that does not say the same.
    private static func lazy(_ text: String, _ rest: Substring) -> String? {
        guard text.hasSuffix("."), !text.hasSuffix("\\."), var next = rest.first else { return nil }
        if next == ")" { next = rest.dropFirst().first ?? ")" }
        guard next.isLetter || next.isNumber || " \"'<>,;:=/@#%&!~`-_".contains(next) else { return nil }
        return text.dropLast() + "[^\(next)]"
    }
}

/// What `grep` does with lines.
struct GrepLines: LineProcessor {
    /// As much of a file says whether it is one of text.
    private static let inspectedBytes = 32 << 10
    /// What a line before a match costs beside its bytes.
    private static let bytesPerLine = 64

    private struct Line: Sendable {
        var number: Int
        var offset: Int
        var bytes: [UInt8]
    }

    private let expressions: [GrepExpression]
    private let options: AppletOptions
    private let showsNames: Bool
    private let before: Int
    private let after: Int
    private let limit: Int
    private let end: UInt8
    private let separator: [UInt8]?
    private let isGNU: Bool
    private let looksForBinary: Bool
    private let skipsBinary: Bool
    private var name = "-"
    private var number = 0
    private var offset = 0
    private var found = 0
    private var foundAnywhere = false
    private var listed = false
    private var isBinary = false
    private var pending = 0
    /// The lines before the present one, of which those before `first` are gone.
    private var earlier: [Line] = []
    private var first = 0
    private var earlierBytes = 0
    /// The line that was shown last; nothing yet is 0.
    private var lastShown = 0
    private var hasShown = false

    init(
        _ expressions: [GrepExpression],
        _ options: AppletOptions,
        _ tables: OptionTables,
        showsNames: Bool,
        _ machine: inout Machine
    ) throws(OptionRefusal) {
        self.expressions = expressions
        self.options = options
        self.showsNames = showsNames
        func context(_ letter: String) throws(OptionRefusal) -> Int? {
            try tables.count(&machine, options[letter], "%: invalid context length argument")
        }
        let around = try context("C") ?? 0
        before = try context("B") ?? around
        after = try context("A") ?? around
        limit = try tables.count(&machine, options["m"], "invalid max count") ?? .max
        end = options.has("z") ? 0 : 0x0A
        let hasContext = ["A", "B", "C"].contains { options[$0] != nil }
        let isSeparated = machine.isGNU ? hasContext : before > 0 || after > 0
        separator = isSeparated && !options.has("X") ? Array((options["ζ"] ?? "--").utf8) : nil
        isGNU = machine.isGNU
        let kind = options["β"] ?? (options.has("a") ? "text" : options.has("I") ? "without-match" : "binary")
        looksForBinary = isGNU && kind != "text" && !options.has("z")
        skipsBinary = kind == "without-match"
    }

    /// A file that cannot be read is not told with `-s`.
    var openFault: String { options.has("s") ? "" : "%" }

    var heldBytes: Int { earlierBytes }

    mutating func begin(_ name: String, _ machine: inout Machine) {
        self.name = name == "-" ? options["λ"] ?? "(standard input)" : name
        (number, offset, found, pending, lastShown) = (0, 0, 0, 0, 0)
        forget()
        isBinary = false
        if looksForBinary, name != "-", let node = machine.node(name), node.kind == .file {
            isBinary = node.content.read(at: 0, count: Self.inspectedBytes).contains(0)
        }
    }

    private mutating func forget() { (earlier, first, earlierBytes) = ([], 0, 0) }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        number += 1
        let place = offset
        offset += line.count + 1
        if looksForBinary, !isBinary, line.contains(0) { isBinary = true }
        guard found < limit || pending > 0, !(isBinary && (skipsBinary || found > 0 && !options.has("c"))) else {
            return nil
        }
        let meter = machine.meter
        let isMatch = found < limit && expressions.contains { $0.matches(line, meter) } != options.has("v")
        if isMatch {
            found += 1
            foundAnywhere = true
            if options.has("q") { return 0 }
            if options.has("c") || options.has("l") || options.has("L") { return nil }
            if isBinary {
                machine.complain("grep: \(name): binary file matches")
                return nil
            }
            separate(before: number - (earlier.count - first), &machine)
            for line in earlier[first...] { show(line.bytes, line, mark: "-", &machine) }
            forget()
            pending = after
            let own = Line(number: number, offset: place, bytes: line)
            if options.has("o") { showParts(own, &machine) } else { show(line, own, mark: ":", &machine) }
        } else if pending > 0 {
            pending -= 1
            show(line, Line(number: number, offset: place, bytes: line), mark: "-", &machine)
        } else if before > 0 {
            keep(Line(number: number, offset: place, bytes: line))
        }
        return nil
    }

    /// Keeps a line for the case that a match follows.
    private mutating func keep(_ line: Line) {
        earlier.append(line)
        earlierBytes += line.bytes.count + Self.bytesPerLine
        guard earlier.count - first > before else { return }
        earlierBytes -= earlier[first].bytes.count + Self.bytesPerLine
        earlier[first].bytes = []
        first += 1
        // Moving the others once for as many as have gone costs little for each.
        if first > before {
            earlier.removeFirst(first)
            first = 0
        }
    }

    /// Groups of lines that do not touch are told apart.
    private func separate(before number: Int, _ machine: inout Machine) {
        guard let separator, hasShown, number > lastShown + 1 || lastShown == 0 else { return }
        machine.write(separator + [0x0A], to: 1)
    }

    private mutating func show(_ bytes: [UInt8], _ line: Line, mark: String, _ machine: inout Machine) {
        lastShown = line.number
        hasShown = true
        if options.has("o"), mark == "-" { return }
        var prefix = showsNames ? name + (options.has("Z") ? "\0" : mark) : ""
        if options.has("n") { prefix += "\(line.number)\(mark)" }
        if options.has("b") { prefix += "\(line.offset)\(mark)" }
        if options.has("T"), !prefix.isEmpty { prefix += "\t" }
        machine.write(Array(prefix.utf8) + bytes + [end], to: 1)
    }

    private mutating func showParts(_ line: Line, _ machine: inout Machine) {
        lastShown = line.number
        hasShown = true
        guard !options.has("v") else { return }
        let meter = machine.meter
        let bytes = line.bytes
        var start = 0
        while start <= bytes.count {
            let ranges = expressions.compactMap { $0.range(in: bytes, from: start, meter) }
            let first = ranges.min { left, right in
                (left.lowerBound, -left.count) < (right.lowerBound, -right.count)
            }
            guard let first else { return }
            if !first.isEmpty {
                let place = Line(number: line.number, offset: line.offset + first.lowerBound, bytes: [])
                show(Array(bytes[first]), place, mark: ":", &machine)
            }
            start = max(first.upperBound, first.lowerBound + 1, start + 1)
            if !first.isEmpty { start = max(first.upperBound, first.lowerBound + 1) }
        }
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        let mark = options.has("Z") ? "\0" : ":"
        if options.has("l") || options.has("L") {
            if options.has("l") ? found > 0 : found == 0 {
                machine.print(self.name + (options.has("Z") ? "\0" : "\n"))
                listed = true
            }
        } else if options.has("c") {
            machine.print((showsNames ? self.name + mark : "") + "\(found)\n")
        }
        return nil
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        if code != 0 { return code }
        // busybox's ends well when it has listed something, GNU's when a line was found.
        return (options.has("L") && !isGNU ? listed : foundAnywhere) ? 0 : 1
    }
}
