// SPDX-License-Identifier: Apache-2.0
// Reads regular expressions.

import PodiumCodec
import PodiumRuntime

/// A cursor over the text of an expression.
struct RegularExpressionParser {
    /// Groups within groups.
    private static let maximumDepth = 30

    private let units: [UInt8]
    private let isExtended: Bool
    private let isStrict: Bool
    private let isMultiline: Bool
    private var index = 0
    private var depth = 0
    /// The groups opened so far.
    private(set) var groups = 0
    /// The highest group that is referred to.
    private var referred = 0

    init(_ units: [UInt8], isExtended: Bool, isStrict: Bool = false, isMultiline: Bool = false) {
        self.isStrict = isStrict
        self.units = units
        self.isExtended = isExtended
        self.isMultiline = isMultiline
    }

    /// The whole expression.
    mutating func parse() throws(RegularFault) -> RegularExpression.Node {
        let node = try choice()
        if index < units.count { throw .closedGroup }
        if referred > groups { throw .reference }
        return node
    }

    private func peek(_ text: String) -> Bool { peek(text, at: index) }

    private func peek(_ text: String, at index: Int) -> Bool { units[index...].starts(with: text.utf8) }

    /// Takes a mark that is plain in extended and escaped in basic expressions.
    private mutating func take(_ mark: String) -> Bool {
        let text = isExtended ? mark : "\\" + mark
        guard peek(text) else { return false }
        index += text.utf8.count
        return true
    }

    private func isAt(_ mark: String) -> Bool { peek(isExtended ? mark : "\\" + mark) }

    private mutating func choice() throws(RegularFault) -> RegularExpression.Node {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw .tooLarge }
        let first = try sequence()
        var nodes = [first]
        while take("|") { nodes.append(try sequence()) }
        return nodes.count == 1 ? first : .choice(nodes)
    }

    private mutating func sequence() throws(RegularFault) -> RegularExpression.Node {
        var nodes: [RegularExpression.Node] = []
        while index < units.count, !isAt("|"), depth == 1 || !isAt(")") {
            nodes.append(try suffixes(try atom(isFirst: nodes.isEmpty)))
        }
        return .sequence(nodes)
    }

    private mutating func suffixes(_ atom: RegularExpression.Node) throws(RegularFault) -> RegularExpression.Node {
        var node = atom
        // A star right behind the beginning is plain in basic expressions.
        if !isExtended, isStart(atom) { return atom }
        var count = 0
        while index < units.count {
            count += 1
            if count > Self.maximumDepth { throw .tooLarge }
            if peek("*") {
                index += 1
                node = .repeated(node, from: 0, to: .max)
            } else if take("+") {
                node = .repeated(node, from: 1, to: .max)
            } else if take("?") {
                node = .repeated(node, from: 0, to: 1)
            } else if isAt("{"), let bounds = try bounds() {
                node = .repeated(node, from: bounds.0, to: bounds.1)
            } else {
                return node
            }
        }
        return node
    }

    private func isStart(_ node: RegularExpression.Node) -> Bool {
        switch node {
        case .start, .lineStart: true
        default: false
        }
    }

    /// `{n}`, `{n,}`, `{n,m}`; nil, and no move, when it is none and the brace is plain.
    private mutating func bounds() throws(RegularFault) -> (Int, Int)? {
        let start = index
        _ = take("{")
        let text = units[index...].prefix { $0.isDigit || $0 == UInt8(ascii: ",") }.text
        index += text.utf8.count
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard take("}"), parts.count <= 2, let from = Int(parts[0].isEmpty ? "0" : parts[0]),
            let to = parts.count == 1 ? from : parts[1].isEmpty ? .max : Int(parts[1]), to >= from
        else {
            // In a basic expression the brace is not plain, or it would not have been escaped.
            let isClosed = units[start...].indices.contains { peek(isExtended ? "}" : "\\}", at: $0) }
            if !isExtended || isStrict { throw isClosed ? RegularFault.bounds : RegularFault.openBounds }
            index = start
            return nil
        }
        if from > RegularExpression.maximumRepeats { throw .tooLarge }
        return (from, to)
    }

    private mutating func atom(isFirst: Bool) throws(RegularFault) -> RegularExpression.Node {
        if take("(") {
            groups += 1
            let number = groups
            let inner = try choice()
            guard take(")") else { throw .openGroup }
            return .group(inner, number)
        }
        if !isExtended, isAt(")") { throw .closedGroup }
        let unit = units[index]
        index += 1
        switch unit {
        case UInt8(ascii: "."): return .any
        case UInt8(ascii: "["): return try set()
        case UInt8(ascii: "^") where isExtended || isFirst: return isMultiline ? .lineStart : .start
        case UInt8(ascii: "$") where isExtended || index == units.count || isAt(")") || isAt("|"):
            return isMultiline ? .lineEnd : .end
        case UInt8(ascii: "*") where isFirst && isExtended, UInt8(ascii: "+") where isFirst && isExtended,
            UInt8(ascii: "?") where isFirst && isExtended:
            // There is nothing to repeat.
            if isStrict { throw .preceding }
            return index < units.count && !isAt("|") && !isAt(")") ? try self.atom(isFirst: false) : .sequence([])
        case UInt8(ascii: "\\"): return try escape()
        default: return .unit(unit)
        }
    }

    private mutating func escape() throws(RegularFault) -> RegularExpression.Node {
        guard index < units.count else { throw .backslash }
        let unit = units[index]
        index += 1
        let word = ByteSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
        let space = ByteSet([0x09...0x0D, 0x20...0x20])
        switch unit {
        case UInt8(ascii: "w"): return .set(word)
        case UInt8(ascii: "W"): return .set(word.complement)
        case UInt8(ascii: "s"): return .set(space)
        case UInt8(ascii: "S"): return .set(space.complement)
        case UInt8(ascii: "b"): return .edge(.any)
        case UInt8(ascii: "B"): return .edge(.none)
        case UInt8(ascii: "<"): return .edge(.start)
        case UInt8(ascii: ">"): return .edge(.end)
        case UInt8(ascii: "`"): return .start
        case UInt8(ascii: "'"): return .end
        case 0x31...0x39:
            referred = max(referred, Int(unit - 0x30))
            return .reference(Int(unit - 0x30))
        default: return .unit(unit)
        }
    }

    private mutating func set() throws(RegularFault) -> RegularExpression.Node {
        var found = ByteSet()
        let isNegated = peek("^")
        if isNegated { index += 1 }
        var isFirst = true
        while index < units.count {
            let unit = units[index]
            if unit == UInt8(ascii: "]"), !isFirst {
                index += 1
                return .set(isNegated ? found.complement : found)
            }
            isFirst = false
            var cursor = units[(index + 1)...]
            if unit == UInt8(ascii: "["), peek("[:"), let named = ShellPattern.namedClass(&cursor) {
                found.formUnion(ByteSet(named))
                index = cursor.startIndex
                continue
            }
            if peek("[:") {
                let name = units[(index + 2)...].prefix(while: \.isLetter)
                if peek(":]", at: name.endIndex) { throw .className }
            }
            guard let low = element() else { throw .openSet }
            if index + 1 < units.count, units[index] == UInt8(ascii: "-"), units[index + 1] != UInt8(ascii: "]") {
                index += 1
                guard let high = element() else { throw .openSet }
                guard high >= low else { throw .range }
                found.formUnion(ByteSet([low...high]))
            } else {
                found.insert(low)
            }
        }
        throw .openSet
    }

    /// A unit of a set, also as `[.x.]` or `[=x=]`.
    private mutating func element() -> UInt8? {
        guard index < units.count else { return nil }
        let unit = units[index]
        if unit == UInt8(ascii: "["), index + 4 < units.count, units[index + 4] == UInt8(ascii: "]"),
            units[index + 1] == units[index + 3], peek("[.") || peek("[=")
        {
            index += 5
            return units[index - 3]
        }
        index += 1
        return unit
    }
}
