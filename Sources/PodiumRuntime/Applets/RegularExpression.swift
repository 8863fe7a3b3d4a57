// SPDX-License-Identifier: Apache-2.0
// Basic and extended regular expressions of POSIX, for grep, sed, awk, expr and `[[ =~ ]]`.

/// A regular expression over bytes.
struct RegularExpression: Sendable {
    /// Steps of one search; a search that needs more finds nothing.
    static let maximumSteps = 200_000
    /// Nodes that are matched within one another; a search that goes deeper finds nothing.
    static let maximumDepth = 400
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

    private let root: Node
    private let ignoresCase: Bool
    /// The number of groups.
    let groups: Int

    /// Reads an expression; nil when it is faulty.
    init?(_ text: String, isExtended: Bool, ignoresCase: Bool = false) {
        var parser = RegularExpressionParser(text, isExtended: isExtended)
        guard let root = parser.parse() else { return nil }
        self.root = root
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
        var search = Search(text: text, ignoresCase: ignoresCase, captures: Array(repeating: nil, count: groups + 1))
        var begin = start
        while begin <= text.count {
            var end: Int?
            let isFound = search.match(root, begin) { _, index in
                end = index
                return true
            }
            if isFound, let end { return Match(range: begin..<end, groups: search.captures) }
            if search.steps > Self.maximumSteps { return nil }
            search.captures = Array(repeating: nil, count: groups + 1)
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

/// A search under way: backtracking, with what is still to match as a continuation.
private struct Search {
    let text: [UInt8]
    let ignoresCase: Bool
    var captures: [Range<Int>?]
    var steps = 0
    var depth = 0

    mutating func match(_ node: RegularExpression.Node, _ index: Int, _ next: (inout Search, Int) -> Bool) -> Bool {
        steps += 1
        depth += 1
        defer { depth -= 1 }
        if steps > RegularExpression.maximumSteps { return false }
        if depth > RegularExpression.maximumDepth {
            // Deeper recursion could exhaust the stack of the thread.
            steps = RegularExpression.maximumSteps
            return false
        }
        switch node {
        case .unit, .any, .set: return takes(node, index) && next(&self, index + 1)
        case .start: return index == 0 && next(&self, index)
        case .end: return index == text.count && next(&self, index)
        case .wordEdge:
            let before = index > 0 && text[index - 1].isNameUnit
            let after = index < text.count && text[index].isNameUnit
            return before != after && next(&self, index)
        case .group(let inner, let number):
            let old = captures[number]
            let isMatched = match(inner, index) { search, end in
                let previous = search.captures[number]
                search.captures[number] = index..<end
                if next(&search, end) { return true }
                search.captures[number] = previous
                return false
            }
            if !isMatched { captures[number] = old }
            return isMatched
        case .choice(let nodes):
            for node in nodes where match(node, index, next) { return true }
            return false
        case .sequence(let nodes): return match(nodes[...], index, next)
        case .repeated(let inner, let from, let to): return matchRepeated(inner, from, to, index, next)
        case .reference(let number):
            guard captures.indices.contains(number), let range = captures[number] else { return next(&self, index) }
            guard text[index...].starts(with: text[range]) else { return false }
            return next(&self, index + range.count)
        }
    }

    private mutating func match(
        _ nodes: ArraySlice<RegularExpression.Node>,
        _ index: Int,
        _ next: (inout Search, Int) -> Bool
    ) -> Bool {
        var nodes = nodes
        var index = index
        // Single units need no recursion, however long the expression is.
        while let first = nodes.first, first.isUnit {
            guard takes(first, index) else { return false }
            steps += 1
            index += 1
            nodes = nodes.dropFirst()
        }
        guard let first = nodes.first else { return next(&self, index) }
        let rest = nodes.dropFirst()
        return match(first, index) { search, end in search.match(rest, end, next) }
    }

    private mutating func matchRepeated(
        _ inner: RegularExpression.Node,
        _ from: Int,
        _ to: Int,
        _ index: Int,
        _ next: (inout Search, Int) -> Bool
    ) -> Bool {
        // Single units need no recursion, however long the text is.
        if inner.isUnit {
            var end = index
            while end - index < to, takes(inner, end) { end += 1 }
            steps += end - index
            while end - index >= from {
                if next(&self, end) { return true }
                end -= 1
            }
            return false
        }
        return matchGroup(inner, from, to, index, next)
    }

    private mutating func matchGroup(
        _ inner: RegularExpression.Node,
        _ from: Int,
        _ to: Int,
        _ index: Int,
        _ next: (inout Search, Int) -> Bool
    ) -> Bool {
        if to > 0 {
            let isMatched = match(inner, index) { search, end in
                // A turn that took nothing would go on for ever.
                if end == index, from <= 0 { return false }
                return search.matchGroup(inner, max(0, from - 1), to - 1, end, next)
            }
            if isMatched { return true }
        }
        return from <= 0 && next(&self, index)
    }

    private func takes(_ node: RegularExpression.Node, _ index: Int) -> Bool {
        guard index < text.count else { return false }
        let unit = text[index]
        switch node {
        case .any: return true
        case .unit(let wanted): return unit == wanted || ignoresCase && unit.lowercased == wanted.lowercased
        case .set(let ranges, let isNegated):
            let isIn = ranges.contains { range in
                range.contains(unit) || ignoresCase && (range.contains(unit.lowercased) || range.contains(unit.uppercased))
            }
            return isIn != isNegated
        default: return false
        }
    }
}

extension RegularExpression.Node {
    /// Whether it always takes exactly one unit.
    fileprivate var isUnit: Bool {
        switch self {
        case .unit, .any, .set: true
        default: false
        }
    }
}
