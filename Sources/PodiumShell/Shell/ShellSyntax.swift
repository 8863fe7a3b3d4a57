// SPDX-License-Identifier: Apache-2.0
// The syntax tree of a script.

import PodiumRuntime

/// A command of a script.
indirect enum ShellCommand: Sendable {
    case simple(SimpleCommand)
    /// `a | b | c`; `isNegated` with a leading `!`.
    case pipeline([ShellCommand], isNegated: Bool)
    case and(ShellCommand, ShellCommand)
    case or(ShellCommand, ShellCommand)
    /// Commands one after the other.
    case sequence([ShellCommand])
    /// `command &`.
    case background(ShellCommand)
    /// `( … )`.
    case subshell(ShellCommand)
    case condition([ConditionalClause], otherwise: ShellCommand?)
    /// `while` and, with `isUntil`, `until`.
    case loop(condition: ShellCommand, body: ShellCommand, isUntil: Bool)
    /// `for name in words`; without `in` over the positional parameters.
    case forEach(name: String, words: [ShellWord]?, body: ShellCommand)
    /// `for ((start; test; step))`.
    case forCount(start: ShellWord, test: ShellWord, step: ShellWord, body: ShellCommand)
    case selection(ShellWord, [SelectionClause])
    case function(name: String, ShellFunction)
    /// A compound command with redirections.
    case redirected(ShellCommand, [Redirection])
    /// `(( … ))`.
    case arithmetic(ShellWord)
}

/// The body of a function.
struct ShellFunction: Sendable {
    /// What a body takes whatever it does, and for each byte of its text.
    private static let ownBytes = 1 << 10
    private static let bytesOfByte = 8

    var body: ShellCommand
    /// What it takes.
    let byteCount: Int

    init(_ body: ShellCommand, textBytes: Int) {
        self.body = body
        byteCount = Self.ownBytes + textBytes * Self.bytesOfByte
    }
}

/// `if` or `elif` with its `then`.
struct ConditionalClause: Sendable {
    var condition: ShellCommand
    var body: ShellCommand
}

/// One arm of a `case`.
struct SelectionClause: Sendable {
    /// What follows an arm.
    enum Continuation: Sendable {
        /// `;;`: nothing.
        case none
        /// `;&`: the next arm, whatever its pattern.
        case body
        /// `;;&`: the further arms, where they match.
        case further
    }

    var patterns: [ShellWord]
    var body: ShellCommand
    var next: Continuation
}

/// Assignments, a command with its arguments, and redirections.
struct SimpleCommand: Sendable {
    var assignments: [Assignment] = []
    var words: [ShellWord] = []
    var redirections: [Redirection] = []
    /// Arrays behind `declare` and its kin, whose words are only their names.
    var arrays: [Assignment] = []
    var line: Int
}

/// `name=value`, `name+=value`, `name=(values)`, `name[index]=value`.
struct Assignment: Sendable {
    var name: String
    var value: ShellWord
    var appends = false
    var index: ShellWord?
    var elements: [ShellWord]?
}

/// A redirection of one descriptor.
struct Redirection: Sendable {
    enum Kind: Hashable, Sendable {
        case input, output, append, clobber, readWrite
        /// `<&`, `>&`: another descriptor, or `-` to close.
        case duplicate
        /// `&>`, `&>>`: both standard streams.
        case both, bothAppend
        /// `<<`: the target is the text itself.
        case hereDocument
        /// `<<<`: the target is the text without its last newline.
        case hereString
    }

    var descriptor: Int
    var kind: Kind
    var target: ShellWord
}

/// A word before expansion.
struct ShellWord: Hashable, Sendable {
    var parts: [WordPart] = []

    /// The text of a word without quotes and expansions; nil when it has some. Only such a word can be reserved.
    var bareText: String? {
        if parts.count == 1, case .literal(let text) = parts[0] { return text }
        return nil
    }

    /// A word that expands to itself.
    static func quoted(_ text: String) -> ShellWord { ShellWord(parts: [.quoted(text)]) }
}

/// A piece of a word.
enum WordPart: Hashable, Sendable {
    /// Unquoted text; `*`, `?` and `[` are patterns.
    case literal(String)
    /// Quoted text.
    case quoted(String)
    case parameter(ParameterExpansion, isQuoted: Bool)
    /// `$( … )` or backticks.
    case substitution(ParsedScript, isQuoted: Bool)
    case arithmetic(ShellWord, isQuoted: Bool)
    /// `<( … )` or `>( … )`: the path of a pipe from or to a process.
    case process(ParsedScript, isInput: Bool)
    /// `~` or `~name` at the start of a word.
    case home(String)
}

/// The body of a command substitution. Equal only when it is the same text.
struct ParsedScript: Hashable, Sendable {
    var source: String
    var command: ShellCommand

    static func == (left: ParsedScript, right: ParsedScript) -> Bool { left.source == right.source }
    func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

/// `$name` or `${name…}`.
struct ParameterExpansion: Hashable, Sendable {
    var name: String
    /// `${name[index]}`; `@` and `*` stand for all elements.
    var index: ShellWord?
    var operation: ParameterOperation = .value
}

/// What is done with the value of a parameter.
indirect enum ParameterOperation: Hashable, Sendable {
    case value
    /// `${#name}`.
    case length
    /// `-` and `:-`; with `orEmpty` an empty value counts as unset, here and below.
    case fallback(ShellWord, orEmpty: Bool)
    case assign(ShellWord, orEmpty: Bool)
    case complain(ShellWord, orEmpty: Bool)
    case alternative(ShellWord, orEmpty: Bool)
    case removePrefix(ShellWord, longest: Bool)
    case removeSuffix(ShellWord, longest: Bool)
    /// `${name/pattern/replacement}`; `anchor` is `#` for the start, `%` for the end, `/` for all, or empty.
    case replace(pattern: ShellWord, with: ShellWord, anchor: String)
    case substring(offset: ShellWord, length: ShellWord?)
    /// `${!name}`.
    case indirect
    /// `${!name[@]}`.
    case keys
    /// `^^`, `,,`, `^`, `,`.
    case changeCase(String)
    /// What this shell does not have; told when it is expanded, not when it is read.
    case unknown
}
