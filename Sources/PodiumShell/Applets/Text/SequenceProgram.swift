// SPDX-License-Identifier: Apache-2.0
// seq: numbers in a row, however many.

import PodiumCodec
import PodiumRuntime

/// `seq`. Its numbers are written as they come, so that a sequence without end costs time only.
struct SequenceProgram: Program {
    /// The bytes that are put together before they are written.
    private static let pieceBytes = 8 << 10
    /// What a number costs, in bytes that are only read.
    private static let weight = 64
    /// Below this a number without digits behind the point is exact.
    private static let exactBelow = 9e15

    private static let busybox = OptionTable(letters: "ws:", stops: true)
    private static let gnu = OptionTable(
        letters: "ws:f:",
        long: ["equal-width": "w", "separator": "s", "format": "f"],
        stops: true
    )

    private let first: Double
    private let step: Double
    /// How many numbers come behind the first one; below zero when not even that one comes.
    private let count: Double
    private let digits: Int
    private let separator: String
    private let format: String?
    /// What numbers are filled up to with zeros.
    private let width: Int
    private var index = 0.0
    private var output = PendingOutput()

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        let (isGNU, hasBusybox) = (machine.isGNU, machine.hasBusybox)
        let checked = hasBusybox ? words : withEndOfOptions(words)
        guard let options = AppletOptions.read(&machine, checked, hasBusybox ? busybox : gnu) else { return .code(1) }
        // Blanks may stand before a number, and nothing behind it.
        let numbers = options.words.map { Double(String($0.drop(while: \.isWhitespace))) }
        if isGNU, numbers.count > 3 {
            return .code(Applets.hint(&machine, "seq", "extra operand '\(options.words[3])'"))
        }
        guard (1...3).contains(numbers.count) else { return .code(Applets.usage(&machine, "seq")) }
        if let index = numbers.firstIndex(where: { $0?.isNaN ?? true }) {
            let kind = numbers[index] == nil ? "floating point" : "'not-a-number'"
            let text = "invalid \(kind) argument: '\(options.words[index])'"
            if isGNU { return .code(Applets.hint(&machine, "seq", text)) }
            return .code(Applets.fail(&machine, "seq", "invalid number '\(options.words[index])'"))
        }
        let known = numbers.compactMap { $0 }
        if !hasBusybox, known.count == 3, known[1] == 0 {
            let text = "invalid Zero increment value: '\(options.words[1])'"
            return .code(Applets.hint(&machine, "seq", text))
        }
        if let format = options["f"] {
            if let fault = fault(in: format) {
                return .code(Applets.fail(&machine, "seq", "format '\(format)' \(fault)"))
            }
            if options.has("w") {
                let text = "format string may not be specified when printing equal width strings"
                return .code(Applets.hint(&machine, "seq", text))
            }
        }
        return .program(SequenceProgram(known, options, isGenerous: !hasBusybox))
    }

    /// Why a format cannot show a number; nil when it can.
    // coreutils: src/seq.c long_double_format
    private static func fault(in format: String) -> String? {
        var rest = format.replacing("%%", with: "")[...]
        guard let mark = rest.firstIndex(of: "%") else { return "has no % directive" }
        rest = rest[rest.index(after: mark)...].drop { "-+#0 '".contains($0) }
        rest = rest.drop { $0.isNumber }
        if rest.first == "." { rest = rest.dropFirst().drop { $0.isNumber } }
        if rest.first == "L" { rest = rest.dropFirst() }
        guard let letter = rest.popFirst() else { return "ends in %" }
        if !"efgaEFGA".contains(letter) { return "has unknown %\(letter) directive" }
        return rest.contains("%") ? "has too many % directives" : nil
    }

    /// The words with a `--` before the first negative number, which is no option but in busybox.
    private static func withEndOfOptions(_ words: [String]) -> [String] {
        var index = 1
        while index < words.count, words[index].hasPrefix("-"), words[index] != "--" {
            let next = words[index].utf8.dropFirst().first
            if next.map({ $0.isDigit || $0 == UInt8(ascii: ".") }) ?? true {
                return words[..<index] + ["--"] + words[index...]
            }
            index += words[index] == "-s" || words[index] == "-f" ? 2 : 1
        }
        return words
    }

    private init(_ numbers: [Double], _ options: AppletOptions, isGenerous: Bool) {
        first = numbers.count > 1 ? numbers[0] : 1
        step = numbers.count > 2 ? numbers[1] : 1
        let last = numbers[numbers.count - 1]
        // What is not quite reached for want of digits is reached, with GNU's.
        let range = step == 0 ? (last < first ? -1 : .infinity) : (last - first) / step + (isGenerous ? 1e-9 : 0)
        count = step == 0 || range >= 0 ? range.rounded(.down) : -1
        digits = options.words.dropLast().map { Self.fraction($0) }.max() ?? 0
        separator = options["s"] ?? "\n"
        format = options["f"]
        let digits = digits
        let ends = [first, last].filter(\.isFinite).map { PrintFormatter.fixed($0, digits: digits).utf8.count }
        width = options.has("w") ? ends.max() ?? 0 : 0
    }

    /// The digits behind the point.
    private static func fraction(_ word: String) -> Int {
        word.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.utf8.count ?? 0
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            guard index <= count else { return .exited(0) }
            var text = ""
            while index <= count, text.utf8.count < Self.pieceBytes {
                let shown = index > 0 ? separator + number(first + index * step) : number(first)
                text += shown
                index += 1
                machine.charge(bytes: Self.weight + shown.utf8.count)
            }
            if index > count { text += "\n" }
            output.add(Array(text.utf8))
        }
    }

    private func number(_ value: Double) -> String {
        let isShort = digits == 0 && value.magnitude < Self.exactBelow && value == value.rounded()
        let text = isShort ? String(Int(value)) : PrintFormatter.fixed(value, digits: digits)
        if let format {
            var formatter = PrintFormatter(format, [text], flavour: .bash)
            return formatter.format().text
        }
        let zeros = String(repeating: "0", count: max(0, width - text.utf8.count))
        return text.hasPrefix("-") ? "-" + zeros + text.dropFirst() : zeros + text
    }
}
