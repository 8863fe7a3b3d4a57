// SPDX-License-Identifier: Apache-2.0
// Basic and extended regular expressions of POSIX, for grep, sed, awk, expr and `[[ =~ ]]`.

/// A regular expression over bytes.
struct RegularExpression: Sendable {
    /// Steps of one search; a search that needs more finds nothing.
    static let maximumSteps = 500_000
    /// The copies that `{n,m}` may ask for.
    static let maximumRepeats = 255

    indirect enum Node: Sendable {
        case unit(UInt8)
        case any
        case set([ClosedRange<UInt8>], isNegated: Bool)
        case start, end
        /// `\b`, `\<`, `\>`.
        case wordEdge
        case group(Node, Int)
        case choice([Node])
        case sequence([Node])
        case repeated(Node, from: Int, to: Int)
        case reference(Int)
    }

    private let program: RegularProgram
    private let ignoresCase: Bool
    /// The number of groups.
    let groups: Int

    /// Reads an expression; nil when it is faulty.
    init?(_ text: String, isExtended: Bool, ignoresCase: Bool = false) {
        var parser = RegularExpressionParser(text, isExtended: isExtended)
        guard let root = parser.parse(), let program = RegularProgram(root, groups: parser.groups) else { return nil }
        self.program = program
        self.ignoresCase = ignoresCase
        groups = parser.groups
    }

    /// A match: its range, and those of its groups, nil for groups that took no part.
    struct Match: Sendable {
        var range: Range<Int>
        var groups: [Range<Int>?]
    }

    /// The first match at or after `start`.
    func firstMatch(in text: [UInt8], from start: Int = 0) -> Match? {
        var search = RegularSearch(program, text, ignoresCase: ignoresCase)
        var begin = start
        while begin <= text.count {
            if program.canBegin(at: begin, in: text, ignoresCase: ignoresCase), let match = search.match(at: begin) {
                return match
            }
            if search.steps > Self.maximumSteps { return nil }
            begin += 1
        }
        return nil
    }

    /// Whether there is a match anywhere.
    func matches(_ text: [UInt8]) -> Bool { firstMatch(in: text) != nil }

    /// The expression behind `=~`, in which quoted text stands for itself.
    static func escapingQuoted(_ word: ShellWord, _ expansion: inout Expansion) throws(ExpansionStop) -> String {
        var result = ""
        for part in word.parts {
            let text = try expansion.text(ShellWord(parts: [part]))
            if case .quoted = part { result += escaped(text) } else { result += text }
        }
        return result
    }

    /// The text with everything special escaped.
    static func escaped(_ text: String) -> String {
        var units: [UInt8] = []
        for unit in text.utf8 {
            if ".[]{}()*+?^$|\\".utf8.contains(unit) { units.append(UInt8(ascii: "\\")) }
            units.append(unit)
        }
        return units.text
    }
}
