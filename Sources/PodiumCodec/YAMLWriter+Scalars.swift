// SPDX-License-Identifier: Apache-2.0
// How a text is quoted and folded in YAML, so that every reader gets the same text back.

extension YAMLWriter {
    /// Behind this column a text is folded at its next space.
    private static let bestWidth = 80

    /// Writes a text in the simplest style that reads back as the same text.
    mutating func writeText(_ text: String, indent: Int, isKey: Bool) {
        let shape = YAMLTextShape(text)
        switch shape.style(isKey: isKey) {
        case .plain: writePlain(text, indent: indent, mayFold: !isKey)
        case .singleQuoted: writeSingleQuoted(text, indent: indent, mayFold: !isKey)
        case .doubleQuoted: writeDoubleQuoted(text, indent: indent, mayFold: !isKey)
        case .literal: writeLiteral(text, indent: indent)
        }
    }

    private mutating func writePlain(_ text: String, indent: Int, mayFold: Bool) {
        fold(text, indent: indent, mayFold: mayFold) { writer, scalar in writer.put(scalar) }
    }

    private mutating func writeSingleQuoted(_ text: String, indent: Int, mayFold: Bool) {
        put("'")
        fold(text, indent: indent, mayFold: mayFold) { writer, scalar in
            if scalar == "'" { writer.put("'") }
            writer.put(scalar)
        }
        put("'")
    }

    /// Writes the characters, replacing a single space behind the best width by a line end.
    private mutating func fold(
        _ text: String,
        indent: Int,
        mayFold: Bool,
        write: (inout YAMLWriter, Unicode.Scalar) -> Void
    ) {
        let scalars = Array(text.unicodeScalars)
        var sawSpace = false
        for (index, scalar) in scalars.enumerated() {
            let isInside = index > 0 && index < scalars.count - 1
            if scalar == " ", mayFold, !sawSpace, column > Self.bestWidth, isInside, scalars[index + 1] != " " {
                startLine(indent)
            } else {
                write(&self, scalar)
            }
            sawSpace = scalar == " "
        }
    }

    private mutating func writeDoubleQuoted(_ text: String, indent: Int, mayFold: Bool) {
        let scalars = Array(text.unicodeScalars)
        put("\"")
        var sawSpace = false
        for (index, scalar) in scalars.enumerated() {
            let isInside = index > 0 && index < scalars.count - 1
            if let escape = Self.escape(scalar) {
                put(escape)
                sawSpace = false
            } else if scalar == " " {
                if mayFold, !sawSpace, column > Self.bestWidth, isInside {
                    startLine(indent)
                    if scalars[index + 1] == " " { put("\\") }
                } else {
                    put(scalar)
                }
                sawSpace = true
            } else {
                put(scalar)
                sawSpace = false
            }
        }
        put("\"")
    }

    /// The escape of a character inside double quotes; nil when it stands for itself.
    private static func escape(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x00: "\\0"
        case 0x07: "\\a"
        case 0x08: "\\b"
        case 0x09: "\\t"
        case 0x0A: "\\n"
        case 0x0B: "\\v"
        case 0x0C: "\\f"
        case 0x0D: "\\r"
        case 0x1B: "\\e"
        case 0x22: "\\\""
        case 0x5C: "\\\\"
        case 0x85: "\\N"
        case 0xA0: "\\_"
        case 0x2028: "\\L"
        case 0x2029: "\\P"
        default:
            if YAMLTextShape.isPrintable(scalar) {
                nil
            } else if scalar.value <= 0xFF {
                "\\x" + hexadecimal(scalar.value, width: 2)
            } else if scalar.value <= 0xFFFF {
                "\\u" + hexadecimal(scalar.value, width: 4)
            } else {
                "\\U" + hexadecimal(scalar.value, width: 8)
            }
        }
    }

    private static func hexadecimal(_ value: UInt32, width: Int) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private mutating func writeLiteral(_ text: String, indent: Int) {
        put("|")
        if text.hasPrefix(" ") || text.hasPrefix("\n") { put("2") }
        if !text.hasSuffix("\n") {
            put("-")
        } else if text == "\n" || text.hasSuffix("\n\n") {
            put("+")
        }
        endLine()
        var startsLine = true
        for scalar in text.unicodeScalars {
            if scalar == "\n" {
                endLine()
                startsLine = true
            } else {
                if startsLine { while column < indent { put(" ") } }
                startsLine = false
                put(scalar)
            }
        }
        // The caller ends the line; a text that ends in a newline has done so.
        if text.hasSuffix("\n"), bytes.last == UInt8(ascii: "\n") { dropLineEnd() }
    }
}

/// What decides how a text may be written.
// goyaml.v2: emitterc.go yaml_emitter_analyze_scalar, encode.go stringv, resolve.go
struct YAMLTextShape {
    enum Style {
        case plain
        case singleQuoted
        case doubleQuoted
        case literal
    }

    private let isEmpty: Bool
    private let hasLineBreaks: Bool
    private var mayBePlain = true
    private var maySingleQuote = true
    private var mayBeLiteral = true
    private let readsAsText: Bool

    init(_ text: String) {
        isEmpty = text.isEmpty
        hasLineBreaks = text.utf8.contains(UInt8(ascii: "\n"))
        readsAsText = !YAMLImplicitType.isTaken(text)
        if isEmpty { mayBeLiteral = false }
        examineIndicators(text)
        examineSpaces(text)
    }

    func style(isKey: Bool) -> Style {
        if hasLineBreaks { return mayBeLiteral && !isKey ? .literal : .doubleQuoted }
        guard readsAsText else { return .doubleQuoted }
        if mayBePlain, !(isEmpty && isKey) { return .plain }
        return maySingleQuote ? .singleQuoted : .doubleQuoted
    }

    /// Characters that mean something to YAML where they stand.
    private mutating func examineIndicators(_ text: String) {
        let scalars = Array(text.unicodeScalars)
        if text.hasPrefix("---") || text.hasPrefix("...") { mayBePlain = false }
        var precededBySpace = true
        for (index, scalar) in scalars.enumerated() {
            let next = index + 1 < scalars.count ? scalars[index + 1] : nil
            let followedBySpace = next.map(Self.isBlank) ?? true
            if index == 0 {
                switch scalar {
                case "#", ",", "[", "]", "{", "}", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`": mayBePlain = false
                case "?", ":", "-": if followedBySpace { mayBePlain = false }
                default: break
                }
            } else {
                switch scalar {
                case ":": if followedBySpace { mayBePlain = false }
                case "#": if precededBySpace { mayBePlain = false }
                default: break
                }
            }
            if !Self.isPrintable(scalar), scalar != "\n" {
                mayBePlain = false
                maySingleQuote = false
                mayBeLiteral = false
            }
            precededBySpace = Self.isBlank(scalar)
        }
    }

    /// Spaces and line breaks that some styles would lose.
    private mutating func examineSpaces(_ text: String) {
        let units = Array(text.utf8)
        guard let first = units.first, let last = units.last else { return }
        let space = UInt8(ascii: " ")
        let lineBreak = UInt8(ascii: "\n")
        if hasLineBreaks || first == space || last == space { mayBePlain = false }
        if last == space { mayBeLiteral = false }
        for (unit, next) in zip(units, units.dropFirst()) {
            if unit == lineBreak, next == space { maySingleQuote = false }
            if unit == space, next == lineBreak {
                maySingleQuote = false
                mayBeLiteral = false
            }
        }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }

    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Line ends that readers would take for spaces.
        case 0x2028, 0x2029: false
        case 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFFFD: scalar.value != 0xFEFF
        default: false
        }
    }
}
