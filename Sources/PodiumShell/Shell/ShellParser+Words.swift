// SPDX-License-Identifier: Apache-2.0
// Words: quotes, parameters, substitutions and arithmetic.

import PodiumCodec
import PodiumRuntime

extension ShellParser {
    /// The word at the cursor.
    mutating func nextWord(startsWithHome: Bool = false) throws(ShellSyntaxError) -> ShellWord {
        guard index < units.count, !Self.isMetacharacter(units[index]) || beginsProcess else { throw unexpected() }
        var word = ShellWord()
        if units[index] == UInt8(ascii: "~") { word.parts += homePart() }
        while index < units.count, !Self.isMetacharacter(units[index]) || beginsProcess {
            let isColon = startsWithHome && units[index] == UInt8(ascii: ":")
            try appendPart(to: &word)
            if isColon, index < units.count, units[index] == UInt8(ascii: "~") { word.parts += homePart() }
        }
        return word
    }

    /// The expression after `=~`, in which parentheses and bars are ordinary.
    mutating func expressionWord() throws(ShellSyntaxError) -> ShellWord {
        var word = ShellWord()
        while index < units.count, units[index] != 0x20, units[index] != 0x0A, units[index] != 0x09 {
            if "()|<>;&".utf8.contains(units[index]) {
                word.append(.literal(String(UnicodeScalar(units[index]))))
                index += 1
            } else {
                try appendPart(to: &word)
            }
        }
        return word
    }

    /// Whether `<(` or `>(` stands here, in a shell that knows it.
    var beginsProcess: Bool { flavour.hasKornWords && (peek("<(") || peek(">(")) }

    private mutating func homePart() -> [WordPart] {
        var end = index + 1
        while end < units.count, units[end].isNameUnit || units[end] == UInt8(ascii: "-") { end += 1 }
        guard end == units.count || "/:}".utf8.contains(units[end]) || Self.isMetacharacter(units[end]) else {
            return []
        }
        let name = units[(index + 1)..<end].text
        index = end
        return [.home(name)]
    }

    /// One piece outside of quotes.
    private mutating func appendPart(to word: inout ShellWord) throws(ShellSyntaxError) {
        switch units[index] {
        case UInt8(ascii: "<"), UInt8(ascii: ">"):
            let isInput = units[index] == UInt8(ascii: "<")
            index += 1
            guard case .substitution(let script, _) = try substitution(isQuoted: true) else { return }
            word.append(.process(script, isInput: isInput))
        case UInt8(ascii: "\\"):
            index += 1
            guard index < units.count else { return word.append(.literal("\\")) }
            guard units[index] == 0x0A else {
                word.append(.quoted(character()))
                return
            }
            line += 1
            index += 1
        case UInt8(ascii: "'"): word.append(.quoted(try singleQuoted()))
        case UInt8(ascii: "\""):
            index += 1
            try doubleQuoted(into: &word)
        case UInt8(ascii: "$"):
            if flavour.hasKornWords, peek("$'") {
                index += 1
                word.append(.quoted(EscapedText.resolve(try ansiQuoted(), .shellQuote).bytes.text))
            } else if flavour.hasArrays, peek("$\"") {
                index += 1
            } else {
                word.append(try dollar(isQuoted: false))
            }
        case UInt8(ascii: "`"): word.append(try backticks(isQuoted: false))
        default: word.append(.literal(character()))
        }
    }

    /// The character at the cursor, with all its bytes.
    mutating func character() -> String {
        let start = index
        index += 1
        while index < units.count, units[index] & 0xC0 == 0x80 { index += 1 }
        return units[start..<index].text
    }

    private mutating func singleQuoted() throws(ShellSyntaxError) -> String {
        let start = index + 1
        guard let end = units[start...].firstIndex(of: UInt8(ascii: "'")) else {
            throw error("unterminated quoted string", isIncomplete: true)
        }
        line += units[start..<end].reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
        index = end + 1
        return units[start..<end].text
    }

    /// The text of `$'…'` with its escapes.
    private mutating func ansiQuoted() throws(ShellSyntaxError) -> [UInt8] {
        index += 1
        let start = index
        while index < units.count, units[index] != UInt8(ascii: "'") {
            index += units[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard index < units.count else { throw error("unterminated quoted string", isIncomplete: true) }
        index += 1
        return Array(units[start..<(index - 1)])
    }

    /// The pieces up to the closing double quote; an empty piece marks that there was a quote at all.
    private mutating func doubleQuoted(into word: inout ShellWord) throws(ShellSyntaxError) {
        word.append(.quoted(""))
        while true {
            guard index < units.count else { throw error("unterminated quoted string", isIncomplete: true) }
            if units[index] == UInt8(ascii: "\"") { break }
            try appendQuotedPart(to: &word, escapes: "$`\"\\\n")
        }
        index += 1
    }

    /// One piece inside of double quotes or of a here-document.
    mutating func appendQuotedPart(to word: inout ShellWord, escapes: String) throws(ShellSyntaxError) {
        switch units[index] {
        case UInt8(ascii: "\\"):
            guard index + 1 < units.count, escapes.utf8.contains(units[index + 1]) else {
                index += 1
                return word.append(.quoted("\\"))
            }
            index += 1
            if units[index] == 0x0A {
                index += 1
                line += 1
            } else {
                word.append(.quoted(character()))
            }
        case UInt8(ascii: "$"): word.append(try dollar(isQuoted: true))
        case UInt8(ascii: "`"): word.append(try backticks(isQuoted: true))
        default:
            if units[index] == 0x0A { line += 1 }
            word.append(.quoted(character()))
        }
    }

    /// A text as if it stood in double quotes, in which double quotes themselves are ordinary.
    func quotedText(_ text: [UInt8], isDocument: Bool = false) throws(ShellSyntaxError) -> ShellWord {
        if depth >= 2 * Self.maximumDepth { throw error("nesting too deep") }
        var parser = ShellParser(text, flavour)
        parser.line = line
        parser.depth = depth + 1
        var word = ShellWord(parts: [.quoted("")])
        while parser.index < parser.units.count {
            try parser.appendQuotedPart(to: &word, escapes: isDocument ? "$`\\\n" : "$`\"\\\n")
        }
        return word
    }

    // Expansions

    private mutating func dollar(isQuoted: Bool) throws(ShellSyntaxError) -> WordPart {
        index += 1
        guard index < units.count else { return .quoted("$") }
        if peek("((") {
            let start = self
            index += 2
            if let text = try? balancedText(closing: "))") {
                return .arithmetic(try quotedText(text), isQuoted: isQuoted)
            }
            self = start
        }
        let unit = units[index]
        if unit == UInt8(ascii: "(") { return try substitution(isQuoted: isQuoted) }
        if unit == UInt8(ascii: "{") { return try braces(isQuoted: isQuoted) }
        if let name = parameterName(isBraced: false) {
            return .parameter(ParameterExpansion(name: name), isQuoted: isQuoted)
        }
        return isQuoted ? .quoted("$") : .literal("$")
    }

    private mutating func parameterName(isBraced: Bool) -> String? {
        guard index < units.count else { return nil }
        let start = index
        if units[index].isDigit {
            index += 1
            while isBraced, index < units.count, units[index].isDigit { index += 1 }
        } else if units[index].isNameUnit {
            while index < units.count, units[index].isNameUnit { index += 1 }
        } else if "@*#?$!-".utf8.contains(units[index]) {
            index += 1
        } else {
            return nil
        }
        return units[start..<index].text
    }

    private mutating func substitution(isQuoted: Bool) throws(ShellSyntaxError) -> WordPart {
        let start = index + 1
        index += 1
        let command = try list(until: [], allowsNone: true)
        try expect(")")
        return .substitution(ParsedScript(source: units[start..<index].text, command: command), isQuoted: isQuoted)
    }

    private mutating func backticks(isQuoted: Bool) throws(ShellSyntaxError) -> WordPart {
        index += 1
        var text: [UInt8] = []
        while true {
            guard index < units.count else { throw error("EOF in backquote substitution", isIncomplete: true) }
            let unit = units[index]
            index += 1
            if unit == UInt8(ascii: "`") { break }
            if unit == UInt8(ascii: "\\"), index < units.count, "`\\$".utf8.contains(units[index]) {
                text.append(units[index])
                index += 1
            } else {
                text.append(unit)
            }
        }
        var parser = ShellParser(text, flavour)
        parser.line = line
        parser.depth = depth
        parser.aliases = aliases
        let command = try parser.list(until: [], allowsNone: true)
        return .substitution(ParsedScript(source: text.text, command: command), isQuoted: isQuoted)
    }

    /// The text up to the closing mark, in which parentheses are balanced; the cursor ends after the mark.
    mutating func balancedText(closing mark: String) throws(ShellSyntaxError) -> [UInt8] {
        let start = index
        var open = 0
        while index < units.count {
            if open == 0, peek(mark) {
                let text = Array(units[start..<index])
                index += mark.utf8.count
                return text
            }
            switch units[index] {
            case UInt8(ascii: "("): open += 1
            case UInt8(ascii: ")"):
                open -= 1
                if open < 0 { throw unexpected() }
            case UInt8(ascii: "\\"): index += 1
            default: break
            }
            index += 1
        }
        throw unexpectedEnd(mark)
    }

    /// `${…}`. One with an operation that the shell does not have is an error only where it is expanded.
    private mutating func braces(isQuoted: Bool) throws(ShellSyntaxError) -> WordPart {
        let start = self
        do {
            return try knownBraces(isQuoted: isQuoted)
        } catch {
            if error.isIncomplete || error.detail != Self.badSubstitution { throw error }
            self = start
            index += 1
            try passBraces()
            return .parameter(ParameterExpansion(name: "", operation: .unknown), isQuoted: isQuoted)
        }
    }

    private static let badSubstitution = "bad substitution"

    /// Passes everything up to the brace that closes the one before the cursor.
    private mutating func passBraces() throws(ShellSyntaxError) {
        var open = 1
        while open > 0 {
            guard index < units.count else { throw unexpectedEnd("}") }
            switch units[index] {
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "'"):
                _ = try singleQuoted()
                continue
            case UInt8(ascii: "{"): open += 1
            case UInt8(ascii: "}"): open -= 1
            default: break
            }
            index += 1
        }
    }

    private mutating func knownBraces(isQuoted: Bool) throws(ShellSyntaxError) -> WordPart {
        index += 1
        var expansion = ParameterExpansion(name: "")
        if peek("#"), !peek("#}"), !peek("#:"), !peek("#-"), !peek("##") || peek("##}") {
            index += 1
            expansion.operation = .length
        } else if flavour.hasArrays, peek("!"), !peek("!}"), index + 1 < units.count, units[index + 1].isNameUnit {
            index += 1
            expansion.operation = .indirect
        }
        guard let name = parameterName(isBraced: true) else { throw error(Self.badSubstitution) }
        expansion.name = name
        if flavour.hasArrays, peek("[") {
            index += 1
            expansion.index = try quotedUntil("]")
            if expansion.operation == .indirect { expansion.operation = .keys }
        }
        if peek("}") {
            index += 1
        } else if expansion.operation == .value {
            expansion.operation = try operation(isQuoted: isQuoted)
        } else {
            throw error(Self.badSubstitution)
        }
        return .parameter(expansion, isQuoted: isQuoted)
    }

    private mutating func operation(isQuoted: Bool) throws(ShellSyntaxError) -> ParameterOperation {
        guard index < units.count else { throw unexpectedEnd("}") }
        let orEmpty = peek(":")
        if orEmpty { index += 1 }
        let mark = index < units.count ? units[index] : 0
        switch mark {
        case UInt8(ascii: "-"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "+"):
            index += 1
            let word = try operand(isQuoted: isQuoted, until: "}")
            index += 1
            return switch mark {
            case UInt8(ascii: "-"): .fallback(word, orEmpty: orEmpty)
            case UInt8(ascii: "="): .assign(word, orEmpty: orEmpty)
            case UInt8(ascii: "?"): .complain(word, orEmpty: orEmpty)
            default: .alternative(word, orEmpty: orEmpty)
            }
        default:
            guard orEmpty else { return try textOperation(mark) }
            guard flavour.hasKornWords else { throw error(Self.badSubstitution) }
            return try substring()
        }
    }

    private mutating func textOperation(_ mark: UInt8) throws(ShellSyntaxError) -> ParameterOperation {
        let text = String(UnicodeScalar(mark))
        index += 1
        let isDouble = index < units.count && units[index] == mark
        if isDouble { index += 1 }
        switch text {
        case "#", "%":
            let pattern = try operand(isQuoted: false, until: "}")
            index += 1
            return text == "#"
                ? .removePrefix(pattern, longest: isDouble) : .removeSuffix(pattern, longest: isDouble)
        case "/" where flavour.hasKornWords: return try replacement(anchor: isDouble ? "/" : "")
        case "^" where flavour.hasArrays, "," where flavour.hasArrays:
            guard peek("}") else { throw error(Self.badSubstitution) }
            index += 1
            return .changeCase(isDouble ? text + text : text)
        default: throw error(Self.badSubstitution)
        }
    }

    private mutating func replacement(anchor: String) throws(ShellSyntaxError) -> ParameterOperation {
        var anchor = anchor
        if anchor.isEmpty, peek("#") || peek("%") {
            anchor = String(UnicodeScalar(units[index]))
            index += 1
        }
        let pattern = try operand(isQuoted: false, until: "/}")
        var with = ShellWord()
        if peek("/") {
            index += 1
            with = try operand(isQuoted: false, until: "}")
        }
        index += 1
        return .replace(pattern: pattern, with: with, anchor: anchor)
    }

    private mutating func substring() throws(ShellSyntaxError) -> ParameterOperation {
        let offset = try operand(isQuoted: true, until: ":}")
        var length: ShellWord?
        if peek(":") {
            index += 1
            length = try operand(isQuoted: true, until: "}")
        }
        index += 1
        return .substring(offset: offset, length: length)
    }

    private mutating func quotedUntil(_ mark: String) throws(ShellSyntaxError) -> ShellWord {
        let word = try operand(isQuoted: true, until: mark)
        index += 1
        return word
    }

    /// The word up to one of the closing units, at which the cursor stays.
    private mutating func operand(isQuoted: Bool, until closing: String) throws(ShellSyntaxError) -> ShellWord {
        depth += 1
        defer { depth -= 1 }
        if depth > 2 * Self.maximumDepth { throw error("nesting too deep") }
        var word = ShellWord()
        if !isQuoted, peek("~") { word.parts += homePart() }
        while true {
            guard index < units.count else { throw unexpectedEnd("}") }
            if closing.utf8.contains(units[index]) { return word }
            if isQuoted {
                if units[index] == UInt8(ascii: "\"") {
                    index += 1
                    try doubleQuoted(into: &word)
                } else {
                    try appendQuotedPart(to: &word, escapes: "$`\"\\}\n")
                }
            } else if units[index] == 0x20 || units[index] == 0x09 || units[index] == 0x0A {
                if units[index] == 0x0A { line += 1 }
                word.append(.literal(character()))
            } else {
                try appendPart(to: &word)
            }
        }
    }
}

extension ShellWord {
    /// Adds a part, joined with the one before when both are of one kind.
    mutating func append(_ part: WordPart) {
        switch (parts.last, part) {
        case (.literal(let old)?, .literal(let new)): parts[parts.count - 1] = .literal(old + new)
        case (.quoted(let old)?, .quoted(let new)): parts[parts.count - 1] = .quoted(old + new)
        default: parts.append(part)
        }
    }
}
