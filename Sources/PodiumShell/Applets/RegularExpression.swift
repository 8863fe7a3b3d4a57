// SPDX-License-Identifier: Apache-2.0
// Basic and extended regular expressions of POSIX, for grep, sed, awk, expr and `[[ =~ ]]`.

import PodiumRuntime

/// Why an expression cannot be used, in the words of the C library.
struct RegularFault: Error, Hashable {
    let text: String

    static let invalid = Self(text: "Invalid regular expression")
    static let tooLarge = Self(text: "Regular expression too big")
    static let openGroup = Self(text: "Unmatched ( or \\(")
    static let closedGroup = Self(text: "Unmatched ) or \\)")
    static let openSet = Self(text: "Unmatched [, [^, [:, [., or [=")
    static let openBounds = Self(text: "Unmatched \\{")
    static let bounds = Self(text: "Invalid content of \\{\\}")
    static let range = Self(text: "Invalid range end")
    static let className = Self(text: "Invalid character class name")
    static let backslash = Self(text: "Trailing backslash")
    static let preceding = Self(text: "Invalid preceding regular expression")
    static let reference = Self(text: "Invalid back reference")
}

/// A regular expression over bytes.
struct RegularExpression: Sendable {
    /// Steps of one search; a search that needs more finds nothing.
    static let maximumSteps = 500_000
    /// The copies that `{n,m}` may ask for.
    static let maximumRepeats = 255

    indirect enum Node: Sendable {
        case unit(UInt8)
        case any
        case set(ByteSet)
        case start, end
        /// The beginning and the end of a line within the text, newlines being its ends.
        case lineStart, lineEnd
        case edge(RegularProgram.WordEdge)
        case group(Node, Int)
        case choice([Node])
        case sequence([Node])
        case repeated(Node, from: Int, to: Int)
        case reference(Int)
    }

    private let program: RegularProgram
    /// What it takes of memory, about.
    var heldBytes: Int { program.instructions.count * MemoryLayout<RegularProgram.Instruction>.stride }
    /// The number of groups.
    let groups: Int

    /// Reads an expression; nil when it is faulty.
    init?(_ text: String, isExtended: Bool, ignoresCase: Bool = false) {
        self.init(Array(text.utf8), isExtended: isExtended, ignoresCase: ignoresCase)
    }

    /// Reads an expression; nil when it is faulty.
    init?(_ units: [UInt8], isExtended: Bool, ignoresCase: Bool = false) {
        let made = try? Self(checking: units, isExtended: isExtended, ignoresCase: ignoresCase)
        guard let made else { return nil }
        self = made
    }

    /// Reads an expression, or says what is wrong with it. With `isMultiline` the text that it is looked for in has
    /// lines, at whose ends `^` and `$` match. With `isStrict` an extended expression has no plain `{`, nor a star that
    /// has nothing to repeat.
    init(
        checking units: [UInt8],
        isExtended: Bool,
        isStrict: Bool = false,
        ignoresCase: Bool = false,
        isMultiline: Bool = false
    ) throws(RegularFault) {
        var parser = RegularExpressionParser(
            units,
            isExtended: isExtended,
            isStrict: isStrict,
            isMultiline: isMultiline
        )
        let root = try parser.parse()
        guard let program = RegularProgram(root, groups: parser.groups, ignoresCase: ignoresCase) else {
            throw .tooLarge
        }
        self.program = program
        groups = parser.groups
    }

    /// A match: its range, and those of its groups, nil for groups that took no part.
    struct Match: Sendable {
        var range: Range<Int>
        var groups: [Range<Int>?]
    }

    /// The first match at or after `start`, and of those that begin there the longest; the search is counted as work.
    /// With `isMiddle` the text is the rest of a line, at whose beginning `^` does not match.
    func firstMatch(in text: [UInt8], from start: Int = 0, isMiddle: Bool = false, _ meter: WorkMeter) -> Match? {
        var search = RegularSearch(program, text, isMiddle: isMiddle)
        var begin = start
        // A step of a search costs as much as some bytes.
        defer { meter.charge(bytes: begin - start + 4 * search.steps + search.bytes) }
        while begin <= text.count {
            guard let next = program.firstPossible(in: text, from: begin) else { return nil }
            if let match = search.match(at: next) { return match }
            if search.steps > Self.maximumSteps || program.isAnchored { return nil }
            begin = next + 1
        }
        return nil
    }

    /// Whether there is a match anywhere.
    func matches(_ text: [UInt8], _ meter: WorkMeter) -> Bool { firstMatch(in: text, meter) != nil }

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
