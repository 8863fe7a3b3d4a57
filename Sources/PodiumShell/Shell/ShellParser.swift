// SPDX-License-Identifier: Apache-2.0
// Reads a script, command by command: lists, pipelines and compound commands.

import PodiumCodec
import PodiumRuntime

/// Why a script cannot be read.
struct ShellSyntaxError: Error, Hashable, Sendable {
    /// `unexpected "done"`, `unterminated quoted string`, `unexpected end of file`.
    var detail: String
    /// Whether more text could mend it.
    var isIncomplete: Bool
    var line: Int
    /// The word that does not belong there, which only bash tells.
    var word: String?
}

/// A cursor over the text of a script.
struct ShellParser: Sendable {
    /// Compound commands and substitutions within one another.
    static let maximumDepth = 20
    /// Pipelines joined by `&&` and `||` in one command.
    static let maximumChain = 1000

    var units: [UInt8]
    var index = 0
    var line = 1
    var depth = 0
    /// Where the text goes on after the present line, when here-documents follow it.
    var resumption: Int?
    /// Whether more of the text may come.
    var mayGrow = false
    /// The shell that reads the text.
    let flavour: ShellFlavour
    /// What stands for the first word of a command, by that word.
    var aliases: [String: String] = [:]
    /// The aliases within whose text the cursor is, with what is left behind their end.
    var openAliases: [(name: String, left: Int)] = []

    /// A parser over a text.
    init(_ units: [UInt8], _ flavour: ShellFlavour) {
        self.units = units
        self.flavour = flavour
    }

    /// The next complete command line; nil at the end of the text.
    mutating func nextLine() throws(ShellSyntaxError) -> ShellCommand? {
        skipSeparators()
        guard index < units.count else { return nil }
        let command = try list(until: [], stopsAtNewline: true)
        try skipBlanks()
        if index < units.count, units[index] != UInt8(ascii: "\n") { throw unexpected() }
        passNewline()
        return command
    }

    /// Whether only blanks and comments are left.
    var isAtEnd: Bool {
        var copy = self
        copy.skipSeparators()
        return copy.index >= copy.units.count
    }

    // Lists

    /// Commands up to one of the reserved words or `)`, `;;`, the end, or with `stopsAtNewline` the end of the line.
    mutating func list(
        until words: Set<String>,
        stopsAtNewline: Bool = false,
        allowsNone: Bool = false
    ) throws(ShellSyntaxError) -> ShellCommand {
        depth += 1
        defer { depth -= 1 }
        if depth > 2 * Self.maximumDepth { throw error("nesting too deep") }
        var commands: [ShellCommand] = []
        while true {
            if stopsAtNewline { try skipBlanks() } else { try skipNewlines() }
            if try isListEnd(words) { break }
            var command = try andOr()
            try skipBlanks()
            if peek("&"), !peek("&&") {
                index += 1
                command = .background(command)
            } else if peek(";"), !peek(";;"), !(flavour.hasArrays && peek(";&")) {
                index += 1
            } else if index < units.count, units[index] == UInt8(ascii: "\n") {
                commands.append(command)
                if stopsAtNewline { break }
                passNewline()
                continue
            } else {
                commands.append(command)
                break
            }
            commands.append(command)
        }
        if commands.isEmpty, !allowsNone {
            if index >= units.count, words.count == 1, let word = words.first { throw unexpectedEnd(word) }
            throw unexpected()
        }
        return commands.count == 1 ? commands[0] : .sequence(commands)
    }

    private mutating func isListEnd(_ words: Set<String>) throws(ShellSyntaxError) -> Bool {
        guard index < units.count else { return true }
        let unit = units[index]
        if unit == UInt8(ascii: "\n") || unit == UInt8(ascii: ")") || peek(";;") { return true }
        if flavour.hasArrays, peek(";&") { return true }
        guard let word = reservedWord() else { return false }
        return words.contains(word)
    }

    private mutating func andOr() throws(ShellSyntaxError) -> ShellCommand {
        var left = try pipeline()
        var length = 1
        while true {
            length += 1
            if length > Self.maximumChain { throw error("list too long") }
            try skipBlanks()
            if peek("&&") {
                index += 2
                try skipNewlines()
                left = .and(left, try pipeline())
            } else if peek("||") {
                index += 2
                try skipNewlines()
                left = .or(left, try pipeline())
            } else {
                return left
            }
        }
    }

    private mutating func pipeline() throws(ShellSyntaxError) -> ShellCommand {
        var isNegated = false
        try skipBlanks()
        while reservedWord() == "!" {
            if isNegated, !flavour.hasArrays { throw unexpected() }
            index += 1
            isNegated.toggle()
            try skipBlanks()
        }
        var commands = [try command()]
        while true {
            try skipBlanks()
            guard peek("|"), !peek("||") else { break }
            if flavour.hasArrays, peek("|&") {
                index += 1
                let both = Redirection(descriptor: 2, kind: .duplicate, target: .quoted("1"))
                commands.append(.redirected(commands.removeLast(), [both]))
            }
            index += 1
            try skipNewlines()
            commands.append(try command())
        }
        return commands.count == 1 && !isNegated ? commands[0] : .pipeline(commands, isNegated: isNegated)
    }

    // Commands

    private mutating func command() throws(ShellSyntaxError) -> ShellCommand {
        depth += 1
        defer { depth -= 1 }
        if depth > 2 * Self.maximumDepth { throw error("nesting too deep") }
        try skipBlanks()
        guard index < units.count else { throw unexpectedEnd() }
        expandAliases()
        let start = index
        if flavour.hasArrays, peek("((") {
            if let command = try arithmeticCommand() { return try redirected(command) }
            index = start
        }
        if units[index] == UInt8(ascii: "(") {
            index += 1
            let body = try list(until: [])
            try expect(")")
            return try redirected(.subshell(body))
        }
        if let word = reservedWord(), let compound = try compound(word) { return try redirected(compound) }
        if let name = try functionName() {
            if name.contains("-"), !flavour.hasArrays { throw error("bad function name") }
            return .function(name: name, try functionBody())
        }
        return .simple(try simple())
    }

    private mutating func functionBody() throws(ShellSyntaxError) -> ShellFunction {
        try skipNewlines()
        let start = index
        if flavour == .bash, index < units.count, !peek("("), !peek("[[ ") {
            guard let word = reservedWord(), ["{", "if", "while", "until", "for", "case"].contains(word) else {
                throw unexpected()
            }
        }
        let body = try command()
        return ShellFunction(body, textBytes: index - start)
    }

    private mutating func compound(_ word: String) throws(ShellSyntaxError) -> ShellCommand? {
        switch word {
        case "if": return try condition()
        case "while", "until":
            index += 5
            let condition = try list(until: ["do"])
            return .loop(condition: condition, body: try doneBody(), isUntil: word == "until")
        case "for": return try forLoop()
        case "select": throw error("select is not simulated")
        case "case": return try selection()
        case "{":
            index += 1
            let body = try list(until: ["}"])
            try expectWord("}")
            return body.grouped
        case "function":
            index += 8
            try skipBlanks()
            let name = try nextWord().bareText ?? ""
            try skipBlanks()
            if peek("()") { index += 2 }
            return .function(name: name, try functionBody())
        case "then", "else", "elif", "fi", "do", "done", "esac", "}": throw unexpected()
        default: return nil
        }
    }

    private mutating func condition() throws(ShellSyntaxError) -> ShellCommand {
        var clauses: [ConditionalClause] = []
        index += 2
        while true {
            let condition = try list(until: ["then"])
            try expectWord("then")
            let body = try list(until: ["elif", "else", "fi"])
            clauses.append(ConditionalClause(condition: condition, body: body))
            switch reservedWord() {
            case "elif": index += 4
            case "else":
                index += 4
                let otherwise = try list(until: ["fi"])
                try expectWord("fi")
                return .condition(clauses, otherwise: otherwise)
            default:
                try expectWord("fi")
                return .condition(clauses, otherwise: nil)
            }
        }
    }

    private mutating func doneBody() throws(ShellSyntaxError) -> ShellCommand {
        try expectWord("do")
        let body = try list(until: ["done"])
        try expectWord("done")
        return body
    }

    private mutating func forLoop() throws(ShellSyntaxError) -> ShellCommand {
        index += 3
        try skipBlanks()
        if flavour.hasArrays, peek("((") { return try countingLoop() }
        guard let name = try nextWord().bareText, Self.isName(name) else { throw error("bad for loop variable") }
        try skipNewlines()
        var words: [ShellWord]?
        if reservedWord() == "in" {
            index += 2
            words = []
            while true {
                try skipBlanks()
                guard index < units.count, !Self.isMetacharacter(units[index]) || beginsProcess else { break }
                words?.append(try nextWord())
            }
        }
        try skipBlanks()
        if peek(";") { index += 1 }
        try skipNewlines()
        if flavour.hasArrays, reservedWord() == "{" {
            index += 1
            let body = try list(until: ["}"])
            try expectWord("}")
            return .forEach(name: name, words: words, body: body)
        }
        return .forEach(name: name, words: words, body: try doneBody())
    }

    private mutating func countingLoop() throws(ShellSyntaxError) -> ShellCommand {
        index += 2
        let text = try balancedText(closing: "))")
        let parts = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { Array($0) }
        guard parts.count == 3 else { throw error("bad for loop") }
        let words = try parts.map { part throws(ShellSyntaxError) in try quotedText(part) }
        try skipBlanks()
        if peek(";") { index += 1 }
        try skipNewlines()
        return .forCount(start: words[0], test: words[1], step: words[2], body: try doneBody())
    }

    private mutating func selection() throws(ShellSyntaxError) -> ShellCommand {
        index += 4
        try skipBlanks()
        let subject = try nextWord()
        try skipNewlines()
        try expectWord("in")
        var clauses: [SelectionClause] = []
        while true {
            try skipNewlines()
            if reservedWord() == "esac" { break }
            guard index < units.count else { throw unexpectedEnd("esac") }
            if peek("(") { index += 1 }
            clauses.append(try selectionClause())
        }
        try expectWord("esac")
        return .selection(subject, clauses)
    }

    private mutating func selectionClause() throws(ShellSyntaxError) -> SelectionClause {
        var patterns: [ShellWord] = []
        while true {
            try skipBlanks()
            patterns.append(try nextWord())
            try skipBlanks()
            guard peek("|") else { break }
            index += 1
        }
        try expect(")")
        let body = try list(until: ["esac"], allowsNone: true)
        var next = SelectionClause.Continuation.none
        if flavour.hasArrays, peek(";;&") {
            index += 3
            next = .further
        } else if peek(";;") {
            index += 2
        } else if flavour.hasArrays, peek(";&") {
            index += 2
            next = .body
        }
        return SelectionClause(patterns: patterns, body: body, next: next)
    }

    private mutating func arithmeticCommand() throws(ShellSyntaxError) -> ShellCommand? {
        index += 2
        guard let text = try? balancedText(closing: "))") else { return nil }
        return .arithmetic(try quotedText(text))
    }

    /// `name()`; the cursor does not move when there is none.
    private mutating func functionName() throws(ShellSyntaxError) -> String? {
        var cursor = index
        while cursor < units.count, units[cursor].isNameUnit || units[cursor] == UInt8(ascii: "-") { cursor += 1 }
        let name = units[index..<cursor].text
        guard !name.isEmpty else { return nil }
        while cursor < units.count, units[cursor] == 0x20 || units[cursor] == 0x09 { cursor += 1 }
        guard cursor < units.count, units[cursor] == UInt8(ascii: "(") else { return nil }
        cursor += 1
        while cursor < units.count, units[cursor] == 0x20 || units[cursor] == 0x09 { cursor += 1 }
        guard cursor < units.count, units[cursor] == UInt8(ascii: ")") else { return nil }
        index = cursor + 1
        return name
    }

    private mutating func redirected(_ command: ShellCommand) throws(ShellSyntaxError) -> ShellCommand {
        var redirections: [Redirection] = []
        while let redirection = try redirection() { redirections.append(redirection) }
        return redirections.isEmpty ? command : .redirected(command, redirections)
    }
}

extension ShellCommand {
    /// The command as one that takes redirections of its own.
    var grouped: ShellCommand {
        if case .simple = self { return .sequence([self]) }
        return self
    }
}
