// SPDX-License-Identifier: Apache-2.0
// Blanks, comments, reserved words, simple commands, redirections and here-documents.

import PodiumCodec
import PodiumRuntime

extension ShellParser {
    static func isMetacharacter(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "|"), UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "("), UInt8(ascii: ")"), 0x20, 0x09, 0x0A:
            true
        default: false
        }
    }

    /// Whether a text can name a variable.
    static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, !first.isDigit else { return false }
        return text.utf8.allSatisfy(\.isNameUnit)
    }

    /// Whether the text goes on like this.
    func peek(_ text: String) -> Bool {
        var cursor = index
        for unit in text.utf8 {
            guard cursor < units.count, units[cursor] == unit else { return false }
            cursor += 1
        }
        return true
    }

    /// Skips blanks, comments and continued lines.
    mutating func skipBlanks() throws(ShellSyntaxError) { skipSpace() }

    private mutating func skipSpace() {
        while index < units.count {
            if units[index] == 0x20 || units[index] == 0x09 || units[index] == 0x0D {
                index += 1
            } else if peek("\\\n") {
                index += 2
                line += 1
            } else if units[index] == UInt8(ascii: "#"), isAtWordStart {
                while index < units.count, units[index] != UInt8(ascii: "\n") { index += 1 }
            } else {
                break
            }
        }
    }

    private var isAtWordStart: Bool { index == 0 || Self.isMetacharacter(units[index - 1]) }

    mutating func skipNewlines() throws(ShellSyntaxError) {
        while true {
            skipSpace()
            guard index < units.count, units[index] == UInt8(ascii: "\n") else { return }
            passNewline()
        }
    }

    /// Skips everything between commands.
    mutating func skipSeparators() {
        while true {
            skipSpace()
            guard index < units.count, units[index] == UInt8(ascii: "\n") else { return }
            passNewline()
        }
    }

    /// The reserved word at the cursor, which stays where it is.
    func reservedWord() -> String? {
        var end = index
        while end < units.count, !Self.isMetacharacter(units[end]) {
            guard units[end].isLower || "{}!".utf8.contains(units[end]) else { return nil }
            end += 1
        }
        let word = units[index..<end].text
        return flavour.reservedWords.contains(word) ? word : nil
    }

    /// Puts the text of an alias in place of the word at the cursor, and so on with its own first word.
    mutating func expandAliases() {
        guard !aliases.isEmpty else { return }
        openAliases.removeAll { units.count - index <= $0.left }
        while openAliases.count < Self.maximumDepth {
            let end = units[index...].firstIndex { Self.isMetacharacter($0) } ?? units.count
            let name = units[index..<end].text
            guard let text = aliases[name], !openAliases.contains(where: { $0.name == name }) else { return }
            openAliases.append((name, units.count - end))
            let inserted = Array(text.utf8)
            units.replaceSubrange(index..<end, with: inserted)
            if let old = resumption { resumption = old + inserted.count - name.utf8.count }
        }
    }

    mutating func expectWord(_ word: String) throws(ShellSyntaxError) {
        try skipNewlines()
        if index >= units.count { throw unexpectedEnd(word) }
        guard reservedWord() == word else { throw unexpected(expecting: word) }
        index += word.utf8.count
    }

    mutating func expect(_ text: String) throws(ShellSyntaxError) {
        try skipNewlines()
        if index >= units.count { throw unexpectedEnd(text) }
        guard peek(text) else { throw unexpected(expecting: text) }
        index += text.utf8.count
    }

    // Simple commands

    mutating func simple() throws(ShellSyntaxError) -> SimpleCommand {
        var command = SimpleCommand(line: line)
        var isTest = false
        while true {
            try skipBlanks()
            guard index < units.count else { break }
            if let redirection = try redirection() {
                command.redirections.append(redirection)
                continue
            }
            if command.words.last?.bareText == "]]" { isTest = false }
            if isTest, let mark = ["&&", "||"].first(where: { peek($0) }) {
                // busybox takes `[[` for a command, whose `&&` and `||` are those of `[`.
                command.words.append(.quoted(mark == "&&" ? "-a" : "-o"))
                index += 2
                continue
            }
            if Self.isMetacharacter(units[index]), !beginsProcess { break }
            if command.words.isEmpty, let assignment = try assignment() {
                command.assignments.append(assignment)
            } else if let first = command.words.first?.bareText, Self.declarations.contains(first),
                let assignment = try assignment()
            {
                command.words += assignment.asWords
                if assignment.elements != nil { command.arrays.append(assignment) }
            } else {
                command.words.append(try nextWord())
                if command.words.count == 1, command.words[0].bareText == "[[" {
                    if flavour == .bash { try doubleBracket(&command) }
                    isTest = flavour == .ash
                }
            }
        }
        if command.words.isEmpty, command.assignments.isEmpty, command.redirections.isEmpty { throw unexpected() }
        return command
    }

    /// Commands whose arguments are assignments, so that these are not split.
    private static let declarations: Set<String> = ["export", "local", "readonly", "declare", "typeset"]

    /// The words of `[[ … ]]`, in which `<`, `&&` and parentheses are ordinary.
    private mutating func doubleBracket(_ command: inout SimpleCommand) throws(ShellSyntaxError) {
        while true {
            try skipNewlines()
            guard index < units.count else { throw unexpectedEnd("]]") }
            if peek("]]") {
                index += 2
                command.words.append(.quoted("]]"))
                return
            }
            if let mark = ["&&", "||", "(", ")", "<", ">", "!"].first(where: { peek($0) }), mark != "!" || peek("! ") {
                index += mark.utf8.count
                command.words.append(ShellWord(parts: [.literal(mark)]))
            } else if command.words.last?.bareText == "=~" {
                command.words.append(try expressionWord())
            } else {
                command.words.append(try nextWord())
            }
        }
    }

    /// `name=value` and its kin at the cursor; nil, and no move, when there is none.
    private mutating func assignment() throws(ShellSyntaxError) -> Assignment? {
        let start = index
        var end = index
        while end < units.count, units[end].isNameUnit { end += 1 }
        guard end > start, !units[start].isDigit, end < units.count else { return nil }
        var assignment = Assignment(name: units[start..<end].text, value: ShellWord())
        index = end
        if flavour.hasArrays, units[index] == UInt8(ascii: "["),
            let close = units[index...].firstIndex(of: UInt8(ascii: "]"))
        {
            assignment.index = try quotedText(Array(units[(index + 1)..<close]))
            index = close + 1
        }
        if flavour.hasArrays, peek("+=") {
            assignment.appends = true
            index += 1
        }
        guard peek("=") else {
            index = start
            return nil
        }
        index += 1
        if flavour.hasArrays, peek("(") {
            index += 1
            assignment.elements = try elements()
        } else if index < units.count, !Self.isMetacharacter(units[index]) {
            assignment.value = try nextWord(startsWithHome: true)
        }
        return assignment
    }

    private mutating func elements() throws(ShellSyntaxError) -> [ShellWord] {
        var words: [ShellWord] = []
        while true {
            try skipNewlines()
            guard index < units.count else { throw unexpectedEnd(")") }
            if peek(")") { break }
            words.append(try nextWord())
        }
        index += 1
        return words
    }

    // Redirections

    mutating func redirection() throws(ShellSyntaxError) -> Redirection? {
        try skipBlanks()
        let start = index
        var cursor = index
        while cursor < units.count, units[cursor].isDigit { cursor += 1 }
        let number = Int(units[start..<cursor].text)
        index = cursor
        guard let (mark, kind) = Self.marks.first(where: { peek($0.0) && takes($0.0) }),
            number == nil || !mark.hasPrefix("&"), !peek("<("), !peek(">(")
        else {
            index = start
            return nil
        }
        index += mark.utf8.count
        let isInput = mark.hasPrefix("<")
        if kind == .hereDocument { return try hereDocument(number ?? 0, stripsTabs: mark == "<<-") }
        try skipBlanks()
        guard index < units.count, !Self.isMetacharacter(units[index]) || beginsProcess else { throw unexpected() }
        let target = try nextWord()
        if kind == .duplicate, let text = target.bareText, text != "-", Int(text) == nil {
            guard flavour.hasKornWords, !isInput, number == nil else { throw error("Bad fd number") }
            return Redirection(descriptor: 1, kind: .both, target: target)
        }
        return Redirection(descriptor: number ?? (isInput ? 0 : 1), kind: kind, target: target)
    }

    private func takes(_ mark: String) -> Bool {
        switch mark {
        case "&>": flavour.hasKornWords
        case "&>>", "<<<": flavour.hasArrays
        default: true
        }
    }

    /// Longest first.
    private static let marks: [(String, Redirection.Kind)] = [
        ("&>>", .bothAppend), ("&>", .both), ("<<<", .hereString), ("<<-", .hereDocument), ("<<", .hereDocument),
        ("<&", .duplicate), ("<>", .readWrite), ("<", .input), (">>", .append), (">&", .duplicate), (">|", .clobber),
        (">", .output),
    ]

    private mutating func hereDocument(_ descriptor: Int, stripsTabs: Bool) throws(ShellSyntaxError) -> Redirection {
        try skipBlanks()
        let start = index
        let word = try nextWord()
        let isQuoted = units[start..<index].contains { "'\"\\".utf8.contains($0) }
        var delimiter = ""
        for part in word.parts {
            switch part {
            case .literal(let text), .quoted(let text): delimiter += text
            default: break
            }
        }
        let text = try documentText(delimiter: Array(delimiter.utf8), stripsTabs: stripsTabs)
        let body = isQuoted ? ShellWord.quoted(text.text) : try quotedText(text, isDocument: true)
        return Redirection(descriptor: descriptor, kind: .hereDocument, target: body)
    }

    /// Passes a newline and the here-documents after it.
    mutating func passNewline() {
        guard index < units.count else { return }
        let next = resumption ?? index + 1
        line += units[index..<next].reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
        index = next
        resumption = nil
    }

    /// The lines after the present one up to the delimiter, or up to the end when it is missing.
    ///
    /// - Throws: where more of the text may come and the delimiter with it.
    private mutating func documentText(delimiter: [UInt8], stripsTabs: Bool) throws(ShellSyntaxError) -> [UInt8] {
        var text: [UInt8] = []
        var cursor = resumption ?? endOfLine + 1
        while cursor < units.count {
            let end = units[cursor...].firstIndex(of: UInt8(ascii: "\n")) ?? units.count
            var content = units[cursor..<end]
            if stripsTabs { content = content.drop { $0 == 0x09 } }
            cursor = end + 1
            if Array(content) == delimiter {
                resumption = min(cursor, units.count)
                return text
            }
            text += content
            text.append(UInt8(ascii: "\n"))
        }
        if mayGrow { throw unexpectedEnd() }
        resumption = min(cursor, units.count)
        return text
    }

    /// The newline that ends the present line outside of quotes.
    private var endOfLine: Int {
        var cursor = index
        var quote: UInt8?
        while cursor < units.count {
            let unit = units[cursor]
            if unit == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
                cursor += 1
            } else if let open = quote {
                if unit == open { quote = nil }
            } else if unit == UInt8(ascii: "'") || unit == UInt8(ascii: "\"") {
                quote = unit
            } else if unit == UInt8(ascii: "\n") {
                break
            }
            cursor += 1
        }
        return min(cursor, units.count)
    }

    // Errors

    func error(_ detail: String, isIncomplete: Bool = false) -> ShellSyntaxError {
        ShellSyntaxError(detail: detail, isIncomplete: isIncomplete, line: line)
    }

    func unexpectedEnd(_ expected: String? = nil) -> ShellSyntaxError {
        let tail = expected.map { " (expecting \"\($0)\")" } ?? ""
        return error("unexpected end of file" + tail, isIncomplete: true)
    }

    /// The token at the cursor does not belong there.
    func unexpected(expecting expected: String? = nil) -> ShellSyntaxError {
        guard index < units.count else { return unexpectedEnd(expected) }
        let tail = expected.map { " (expecting \"\($0)\")" } ?? ""
        if units[index] == UInt8(ascii: "\n") { return error("unexpected newline" + tail) }
        let token =
            [";;", "&&", "||", ";", "&", "|", "(", ")", "<", ">"].first { peek($0) }
            ?? units[index...].prefix { !Self.isMetacharacter($0) }.text
        if let word = reservedWord() ?? (Self.isMetacharacter(units[index]) ? token : nil) {
            return error("unexpected \"\(word)\"" + tail)
        }
        var failure = error("unexpected word" + tail)
        failure.word = token
        return failure
    }
}

extension Assignment {
    /// The assignment as arguments of `export` and its kin.
    var asWords: [ShellWord] {
        if elements != nil { return [.quoted(name)] }
        return [ShellWord(parts: [.quoted(name + (appends ? "+=" : "="))] + value.parts.map(\.unsplit))]
    }
}

extension WordPart {
    /// The part as it is in an assignment: neither split nor matched with file names.
    var unsplit: WordPart {
        switch self {
        case .literal(let text): .quoted(text)
        case .parameter(let expansion, _): .parameter(expansion, isQuoted: true)
        case .substitution(let script, _): .substitution(script, isQuoted: true)
        case .arithmetic(let word, _): .arithmetic(word, isQuoted: true)
        default: self
        }
    }
}
