// SPDX-License-Identifier: Apache-2.0
// The words of an awk program.

import PodiumCodec
import PodiumRuntime

/// Why a program cannot be used.
struct AwkFault: Error {
    var text: String
    var line: Int
}

/// A word of a program.
enum AwkToken: Hashable, Sendable {
    case number(Double)
    case text([UInt8])
    case name(String)
    /// A name with a parenthesis right behind it.
    case call(String)
    case builtin(AwkBuiltin)
    case keyword(AwkKeyword)
    /// An operator or a bracket.
    case symbol(String)
    case newline
    case end
}

/// Words with a meaning of their own.
enum AwkKeyword: String, Sendable {
    case begin = "BEGIN"
    case end = "END"
    case function, `func`, `if`, `else`, `while`, `for`, `do`, `break`, `continue`, next, nextfile, exit
    case `return`, delete, `in`, getline, print, printf
}

/// The functions that the language has.
enum AwkBuiltin: String, Sendable {
    case and, atan2, close, compl, cos, exp, fflush, gensub, gsub, index, int, length, log, lshift, match, mktime, or
    case rand, rshift, sin, split, sprintf, sqrt, srand, strftime, sub, substr, system, systime, tolower, toupper, xor

    /// Whether a second argument is a mistake.
    var takesOneArgument: Bool {
        switch self {
        case .close, .cos, .exp, .fflush, .int, .length, .log, .rand, .sin, .sqrt, .srand, .system, .systime: true
        default: false
        }
    }
}

/// A cursor over the text of a program.
struct AwkLexer {
    private let units: [UInt8]
    private var index = 0
    /// Where the word that was read last begins.
    private var start = 0
    /// The line of the word that was read last.
    private(set) var line = 1

    init(_ units: [UInt8]) { self.units = units }

    /// Operators and brackets by their first byte, the longest first.
    private static let symbols = Dictionary(
        grouping: [
            "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "==", "<=", ">=", "!=", ">>", "!~",
            "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "|", "?", ":", "~",
            "$",
            "=",
        ].map { Array($0.utf8) }
    ) { $0[0] }

    private func fault(_ text: String) -> AwkFault { AwkFault(text: text, line: line) }

    /// The next word.
    mutating func next() throws(AwkFault) -> AwkToken {
        skipBlanks()
        start = index
        guard index < units.count else { return .end }
        let unit = units[index]
        if unit == 0x0A {
            index += 1
            line += 1
            return .newline
        }
        if unit == UInt8(ascii: "\"") { return .text(try text()) }
        if unit.isDigit || unit == UInt8(ascii: ".") && index + 1 < units.count && units[index + 1].isDigit {
            let (value, length) = AwkNumber.prefix(of: units[index...])
            index += max(1, length)
            return .number(value)
        }
        if unit.isNameUnit { return word() }
        for symbol in Self.symbols[unit] ?? [] where units[index...].starts(with: symbol) {
            index += symbol.count
            return .symbol(symbol.text)
        }
        throw fault("Unexpected token")
    }

    private mutating func skipBlanks() {
        while index < units.count {
            let unit = units[index]
            if unit == UInt8(ascii: "\\"), index + 1 < units.count, units[index + 1] == 0x0A {
                index += 2
                line += 1
            } else if unit == UInt8(ascii: "#") {
                while index < units.count, units[index] != 0x0A { index += 1 }
            } else if unit == 0x20 || unit == 0x09 || unit == 0x0D {
                index += 1
            } else {
                return
            }
        }
    }

    private mutating func word() -> AwkToken {
        let name = units[index...].prefix(while: \.isNameUnit)
        index += name.count
        let text = name.text
        if let keyword = AwkKeyword(rawValue: text) { return .keyword(keyword) }
        if let builtin = AwkBuiltin(rawValue: text) { return .builtin(builtin) }
        return index < units.count && units[index] == UInt8(ascii: "(") ? .call(text) : .name(text)
    }

    private mutating func text() throws(AwkFault) -> [UInt8] {
        index += 1
        var raw: [UInt8] = []
        while index < units.count, units[index] != UInt8(ascii: "\"") {
            if units[index] == 0x0A { break }
            if units[index] == UInt8(ascii: "\\"), index + 1 < units.count {
                // A line that goes on leaves nothing behind.
                if units[index + 1] == 0x0A { line += 1 } else { raw += units[index...(index + 1)] }
                index += 2
                continue
            }
            raw.append(units[index])
            index += 1
        }
        guard index < units.count, units[index] != 0x0A else { throw fault("Unexpected end of string") }
        index += 1
        return Self.unescaped(raw)
    }

    /// The regular expression that begins with the word read last, which looked like a division.
    mutating func pattern() throws(AwkFault) -> [UInt8] {
        index = start + 1
        var raw: [UInt8] = []
        while index < units.count, units[index] != UInt8(ascii: "/"), units[index] != 0x0A {
            if units[index] == UInt8(ascii: "\\"), index + 1 < units.count {
                let next = units[index + 1]
                if next == UInt8(ascii: "/") { raw.append(next) } else { raw += [units[index], next] }
                index += 2
                continue
            }
            raw.append(units[index])
            index += 1
        }
        guard index < units.count, units[index] == UInt8(ascii: "/") else { throw fault("Unexpected end of string") }
        index += 1
        return Self.unescaped(raw, keepsBackslashes: true)
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
        UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\""): 0x22,
        UInt8(ascii: "/"): 0x2F, UInt8(ascii: "e"): 0x1B,
    ]

    /// Text with its escapes resolved. Of those that are unknown the backslash goes, except in regular expressions.
    static func unescaped(_ raw: [UInt8], keepsBackslashes: Bool = false) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < raw.count {
            guard raw[index] == UInt8(ascii: "\\"), index + 1 < raw.count else {
                result.append(raw[index])
                index += 1
                continue
            }
            let mark = raw[index + 1]
            index += 2
            if let unit = escapes[mark] {
                result.append(unit)
            } else if mark == UInt8(ascii: "\\") {
                result.append(mark)
                if keepsBackslashes { result.append(mark) }
            } else if (0x30...0x37).contains(mark) {
                let digits = raw[(index - 1)...].prefix(3).prefix { (0x30...0x37).contains($0) }
                result.append(UInt8(truncatingIfNeeded: Int(digits.text, radix: 8) ?? 0))
                index += digits.count - 1
            } else if mark == UInt8(ascii: "x"), index < raw.count, raw[index].isHexDigit {
                let digits = raw[index...].prefix(2).prefix(while: \.isHexDigit)
                result.append(UInt8(truncatingIfNeeded: Int(digits.text, radix: 16) ?? 0))
                index += digits.count
            } else {
                result += keepsBackslashes ? [UInt8(ascii: "\\"), mark] : [mark]
            }
        }
        return result
    }
}
