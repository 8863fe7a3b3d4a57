// SPDX-License-Identifier: Apache-2.0
// The texts in sed scripts: patterns, replacements, lines that are added, names.

import PodiumCodec
import PodiumRuntime

extension SedParser {
    // Names

    /// A label, which ends at a blank or `;`, and for GNU's at `}` too.
    mutating func label() -> String {
        skipBlanks()
        let endsAtBrace = isGNU
        let text = units[index...].prefix {
            !$0.isBlank && $0 != UInt8(ascii: ";") && !(endsAtBrace && $0 == UInt8(ascii: "}"))
        }
        index += text.count
        return text.text
    }

    mutating func restOfLine() -> String {
        let text = units[index...].prefix { $0 != 0x0A }
        index += text.count
        return text.text
    }

    mutating func fileName() throws(SedFault) -> String {
        try checkSandbox()
        let start = index
        skipBlanks()
        let name = restOfLine()
        guard name.isEmpty else { return name }
        index = start
        throw fault(gnu: "missing filename in r/R/w/W commands", busybox: "empty filename")
    }

    // Escapes

    /// The byte that stands behind a backslash in other words, and how long these are; nil when it stands for itself.
    private func escape(_ text: ArraySlice<UInt8>) -> (unit: UInt8, length: Int)? {
        guard let mark = text.first else { return nil }
        switch mark {
        case UInt8(ascii: "n"): return (0x0A, 1)
        case UInt8(ascii: "t"): return (0x09, 1)
        case UInt8(ascii: "r"): return (0x0D, 1)
        case UInt8(ascii: "a") where isGNU: return (0x07, 1)
        case UInt8(ascii: "f") where isGNU: return (0x0C, 1)
        case UInt8(ascii: "v") where isGNU: return (0x0B, 1)
        case UInt8(ascii: "c") where isGNU:
            guard let control = text.dropFirst().first else { return nil }
            return (control.uppercased ^ 0x40, control == UInt8(ascii: "\\") ? 3 : 2)
        case UInt8(ascii: "d") where isGNU: return Self.numeric(text.dropFirst().prefix(3).prefix(while: \.isDigit), 10)
        case UInt8(ascii: "o") where isGNU:
            return Self.numeric(text.dropFirst().prefix(3).prefix { (0x30...0x37).contains($0) }, 8)
        case UInt8(ascii: "x") where isGNU:
            return Self.numeric(text.dropFirst().prefix(2).prefix(while: \.isHexDigit), 16)
        default: return nil
        }
    }

    private static func numeric(_ digits: ArraySlice<UInt8>, _ radix: Int) -> (unit: UInt8, length: Int)? {
        guard let value = Int(digits.text, radix: radix) else { return nil }
        return (UInt8(truncatingIfNeeded: value), digits.count + 1)
    }

    /// Goes through a text and hands on its bytes, and what stands behind backslashes: as a byte for which other words
    /// stood, or as the mark itself.
    private func read(_ text: [UInt8], _ take: (UInt8, SedMark) -> Void) {
        var rest = text[...]
        while let unit = rest.popFirst() {
            guard unit == UInt8(ascii: "\\"), let mark = rest.first else {
                take(unit, .plain)
                continue
            }
            if let found = escape(rest) {
                rest = rest.dropFirst(found.length)
                take(found.unit, .named)
            } else {
                rest = rest.dropFirst()
                take(mark, .escaped)
            }
        }
    }

    /// How a byte of a text was written.
    private enum SedMark {
        case plain
        /// By other words, `\t`.
        case named
        /// Itself behind a backslash.
        case escaped
    }

    // Patterns

    /// Takes text up to a delimiter, which a backslash before it makes plain; nil when there is none.
    mutating func delimited(by delimiter: UInt8, isPattern: Bool) -> [UInt8]? {
        var text: [UInt8] = []
        while let unit {
            if unit == 0x0A { return nil }
            index += 1
            if unit == delimiter { return text }
            if unit == UInt8(ascii: "["), isPattern {
                text.append(unit)
                takeSet(&text)
            } else if unit == UInt8(ascii: "\\"), let next = self.unit {
                index += 1
                if next == delimiter { text += plain(delimiter, isPattern: isPattern) } else { text += [unit, next] }
            } else {
                text.append(unit)
            }
        }
        return nil
    }

    /// What a delimiter behind a backslash stands for. In patterns busybox's leaves the backslash to the expression.
    private func plain(_ delimiter: UInt8, isPattern: Bool) -> [UInt8] {
        let escaped = [UInt8(ascii: "\\"), delimiter]
        if !isPattern { return delimiter == UInt8(ascii: "&") ? escaped : [delimiter] }
        if isGNU { return [delimiter] }
        return delimiter == UInt8(ascii: "n") ? [0x0A] : escaped
    }

    /// The name of a class and its end are looked for in so many bytes.
    private static var maximumClassBytes: Int { 32 }

    /// Takes the rest of a bracket, in which the delimiter is plain.
    private mutating func takeSet(_ text: inout [UInt8]) {
        var isFirst = true
        if take(UInt8(ascii: "^")) { text.append(UInt8(ascii: "^")) }
        while let unit, unit != 0x0A {
            text.append(unit)
            index += 1
            if unit == UInt8(ascii: "]"), !isFirst { return }
            isFirst = false
            // `[:space:]` and its kin, whose end is not that of the set; busybox's does not look so closely.
            guard isGNU, unit == UInt8(ascii: "["), let kind = self.unit, ":.=".utf8.contains(kind) else { continue }
            let rest = units[(index + 1)...].prefix(Self.maximumClassBytes).prefix { $0 != 0x0A }
            guard let end = rest.indices.first(where: { rest[$0] == kind && rest[$0...].dropFirst().first == 0x5D })
            else { continue }
            text += units[index...(end + 1)]
            index = end + 2
        }
    }

    /// An expression whose escapes are those of sed.
    mutating func expression(
        _ text: [UInt8],
        ignoresCase: Bool,
        isMultiline: Bool
    ) throws(SedFault) -> RegularExpression {
        var units: [UInt8] = []
        read(text) { unit, mark in
            if mark == .escaped { units.append(UInt8(ascii: "\\")) }
            units.append(unit)
        }
        let found: RegularExpression
        do throws(RegularFault) {
            found = try RegularExpression(
                checking: units,
                isExtended: reading.isExtended,
                isStrict: true,
                ignoresCase: ignoresCase,
                // Lines that end with another byte than a newline have no lines in them.
                isMultiline: isMultiline && reading.lineEnd == 0x0A
            )
        } catch {
            throw fault(gnu: error.text, busybox: "bad regex '\(text.text)': \(error.text)")
        }
        try count(found)
        return found
    }

    // Commands with texts

    /// The text of `a`, `i` and `c`: the rest of the line, going on behind a backslash at its end.
    mutating func text() throws(SedFault) -> [UInt8] {
        skipBlanks()
        guard let first = unit, first != 0x0A else {
            if isGNU { throw fault(gnu: "expected \\ after `a', `c' or `i'", busybox: "") }
            return [0x0A]
        }
        if take(UInt8(ascii: "\\")) {
            // Blanks before the end of the line are none of the text, those before other text are.
            let start = index
            skipBlanks()
            if !take(0x0A) { index = start }
            if unit == nil { return isGNU ? [] : [0x0A] }
        }
        var text: [UInt8] = []
        while let unit, unit != 0x0A {
            text.append(unit)
            index += 1
            guard unit == UInt8(ascii: "\\"), let next = self.unit else { continue }
            text.append(next)
            index += 1
        }
        var result: [UInt8] = []
        read(text) { unit, _ in result.append(unit) }
        return result + [0x0A]
    }

    mutating func transliteration() throws(SedFault) -> [UInt8] {
        guard let delimiter = takeDelimiter(), let one = delimited(by: delimiter, isPattern: false),
            let other = delimited(by: delimiter, isPattern: false)
        else { throw fault(gnu: "unterminated `y' command", busybox: "unmatched '/'") }
        let (from, to) = (transliterated(one), transliterated(other))
        if isGNU, from.count != to.count {
            throw fault(gnu: "strings for `y' command are different lengths", busybox: "")
        }
        try end()
        var table = (0...255).map { UInt8($0) }
        // Of a byte that is given twice the first counts.
        for (unit, new) in zip(from, to).reversed() { table[Int(unit)] = new }
        return table
    }

    private func transliterated(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        read(text) { unit, mark in
            if mark == .escaped, !isGNU, unit != UInt8(ascii: "\\") { result.append(UInt8(ascii: "\\")) }
            result.append(unit)
        }
        return result
    }

    private mutating func takeDelimiter() -> UInt8? {
        guard let delimiter = unit, delimiter != 0x0A, delimiter != UInt8(ascii: "\\") else { return nil }
        index += 1
        return delimiter
    }

    // Substitution

    mutating func substitution() throws(SedFault) -> SedSubstitution {
        guard let delimiter = takeDelimiter() else {
            throw fault(gnu: "unterminated `s' command", busybox: "bad format in substitution expression")
        }
        guard let pattern = delimited(by: delimiter, isPattern: true),
            let replacement = delimited(by: delimiter, isPattern: false)
        else { throw fault(gnu: "unterminated `s' command", busybox: "unmatched '\([delimiter].text)'") }
        var made = SedSubstitution(pattern: nil, replacement: parts(of: replacement))
        var flags = SedFlags()
        while let flag = unit, try take(flag, &flags, &made) {}
        if pattern.isEmpty {
            if isGNU, flags.ignoresCase || flags.isMultiline { throw modifierFault }
            return made
        }
        let expression = try expression(pattern, ignoresCase: flags.ignoresCase, isMultiline: flags.isMultiline)
        let last = made.replacement.compactMap { part in if case .group(let number) = part { number } else { nil } }
            .max()
        if isGNU, let last, last > expression.groups {
            throw fault(gnu: "invalid reference \\\(last) on `s' command's RHS", busybox: "")
        }
        made.pattern = expression
        return made
    }

    /// The flags of `s` that are not kept with it.
    private struct SedFlags {
        var ignoresCase = false
        var isMultiline = false
        var hasNumber = false
    }

    /// Takes a flag of `s`; false when it is none of them but the end.
    private mutating func take(
        _ flag: UInt8,
        _ flags: inout SedFlags,
        _ made: inout SedSubstitution
    ) throws(SedFault) -> Bool {
        switch flag {
        case UInt8(ascii: "}"), UInt8(ascii: "#"): return false
        case 0x0A, UInt8(ascii: ";"):
            index += 1
            return false
        case _ where flag.isBlank: break
        case UInt8(ascii: "g"):
            if isGNU, made.isGlobal { throw faultAtUnit(gnu: "multiple `g' options to `s' command", busybox: "") }
            made.isGlobal = true
            // To busybox's sed it is a number like others, of which the last one counts.
            if !isGNU { made.occurrence = 1 }
        case UInt8(ascii: "p"):
            if isGNU, made.prints { throw faultAtUnit(gnu: "multiple `p' options to `s' command", busybox: "") }
            made.prints = true
        case UInt8(ascii: "i"), UInt8(ascii: "I"): flags.ignoresCase = true
        case UInt8(ascii: "m") where isGNU, UInt8(ascii: "M") where isGNU: flags.isMultiline = true
        case UInt8(ascii: "e") where isGNU:
            index += 1
            try checkSandbox()
            made.executes = true
            return true
        case UInt8(ascii: "w"):
            index += 1
            made.file = try fileName()
            return false
        case _ where flag.isDigit:
            try takeOccurrence(&flags, &made)
            return true
        default: throw faultAtUnit(gnu: "unknown option to `s'", busybox: "bad option in substitution expression")
        }
        index += 1
        return true
    }

    private mutating func takeOccurrence(_ flags: inout SedFlags, _ made: inout SedSubstitution) throws(SedFault) {
        let number = number() ?? 0
        if isGNU, flags.hasNumber { throw fault(gnu: "multiple number options to `s' command", busybox: "") }
        if isGNU, number == 0 { throw fault(gnu: "number option to `s' command may not be zero", busybox: "") }
        flags.hasNumber = true
        made.occurrence = max(1, number)
        if !isGNU { made.isGlobal = number == 0 }
    }

    private func parts(of text: [UInt8]) -> [SedReplacementPart] {
        var parts: [SedReplacementPart] = []
        var plain: [UInt8] = []
        func add(_ part: SedReplacementPart) {
            if !plain.isEmpty { parts.append(.text(plain)) }
            plain = []
            parts.append(part)
        }
        read(text) { unit, mark in
            if mark == .plain, unit == UInt8(ascii: "&") {
                add(.group(0))
            } else if mark == .escaped, unit.isDigit {
                add(.group(Int(unit - 0x30)))
            } else if mark == .escaped, isGNU, let change = Self.cases[unit] {
                add(.caseChange(change))
            } else {
                plain.append(unit)
            }
        }
        if !plain.isEmpty { parts.append(.text(plain)) }
        return parts
    }

    private static let cases: [UInt8: SedCase] = [
        UInt8(ascii: "U"): .upper, UInt8(ascii: "L"): .lower, UInt8(ascii: "u"): .upperNext,
        UInt8(ascii: "l"): .lowerNext, UInt8(ascii: "E"): .none,
    ]
}
