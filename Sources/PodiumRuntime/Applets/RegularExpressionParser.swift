// SPDX-License-Identifier: Apache-2.0
// Reads regular expressions.

/// A cursor over the text of an expression.
struct RegularExpressionParser {
    /// Groups within groups.
    private static let maximumDepth = 30

    private let units: [UInt8]
    private let isExtended: Bool
    private var index = 0
    private var depth = 0
    /// The groups opened so far.
    private(set) var groups = 0

    init(_ units: [UInt8], isExtended: Bool) {
        self.units = units
        self.isExtended = isExtended
    }

    /// The whole expression; nil when it is faulty.
    mutating func parse() -> RegularExpression.Node? {
        guard let node = choice(), index == units.count else { return nil }
        return node
    }

    private func peek(_ text: String) -> Bool { units[index...].starts(with: text.utf8) }

    /// Takes a mark that is plain in extended and escaped in basic expressions.
    private mutating func take(_ mark: String) -> Bool {
        let text = isExtended ? mark : "\\" + mark
        guard peek(text) else { return false }
        index += text.utf8.count
        return true
    }

    private func isAt(_ mark: String) -> Bool { peek(isExtended ? mark : "\\" + mark) }

    private mutating func choice() -> RegularExpression.Node? {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { return nil }
        guard let first = sequence() else { return nil }
        var nodes = [first]
        while take("|") {
            guard let next = sequence() else { return nil }
            nodes.append(next)
        }
        return nodes.count == 1 ? first : .choice(nodes)
    }

    private mutating func sequence() -> RegularExpression.Node? {
        var nodes: [RegularExpression.Node] = []
        while index < units.count, !isAt("|"), depth == 1 || !isAt(")") {
            guard let atom = atom(isFirst: nodes.isEmpty) else { return nil }
            guard let repeated = suffixes(atom) else { return nil }
            nodes.append(repeated)
        }
        return .sequence(nodes)
    }

    private mutating func suffixes(_ atom: RegularExpression.Node) -> RegularExpression.Node? {
        var node = atom
        // A star right behind the beginning is plain in basic expressions.
        if case .start = atom, !isExtended { return atom }
        var count = 0
        while index < units.count {
            count += 1
            if count > Self.maximumDepth { return nil }
            if peek("*") {
                index += 1
                node = .repeated(node, from: 0, to: .max)
            } else if take("+") {
                node = .repeated(node, from: 1, to: .max)
            } else if take("?") {
                node = .repeated(node, from: 0, to: 1)
            } else if isAt("{"), let bounds = bounds() {
                node = .repeated(node, from: bounds.0, to: bounds.1)
            } else {
                return node
            }
        }
        return node
    }

    /// `{n}`, `{n,}`, `{n,m}`; nil, and no move, when it is none.
    private mutating func bounds() -> (Int, Int)? {
        let start = index
        _ = take("{")
        let text = units[index...].prefix { $0.isDigit || $0 == UInt8(ascii: ",") }.text
        index += text.utf8.count
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard take("}"), parts.count <= 2, let from = Int(parts[0].isEmpty ? "0" : parts[0]),
            let to = parts.count == 1 ? from : parts[1].isEmpty ? .max : Int(parts[1]),
            from <= RegularExpression.maximumRepeats, to >= from
        else {
            index = start
            return nil
        }
        return (from, to)
    }

    private mutating func atom(isFirst: Bool) -> RegularExpression.Node? {
        if take("(") {
            groups += 1
            let number = groups
            guard let inner = choice(), take(")") else { return nil }
            return .group(inner, number)
        }
        let unit = units[index]
        index += 1
        switch unit {
        case UInt8(ascii: "."): return .any
        case UInt8(ascii: "["): return set()
        case UInt8(ascii: "^") where isExtended || isFirst: return .start
        case UInt8(ascii: "$") where isExtended || index == units.count || isAt(")") || isAt("|"): return .end
        case UInt8(ascii: "*") where isFirst && isExtended, UInt8(ascii: "+") where isFirst && isExtended,
            UInt8(ascii: "?") where isFirst && isExtended:
            // There is nothing to repeat.
            return index < units.count && !isAt("|") && !isAt(")") ? self.atom(isFirst: false) : .sequence([])
        case UInt8(ascii: "\\"): return escape()
        default: return .unit(unit)
        }
    }

    private mutating func escape() -> RegularExpression.Node? {
        guard index < units.count else { return nil }
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
        case UInt8(ascii: "n"): return .unit(0x0A)
        case UInt8(ascii: "t"): return .unit(0x09)
        case 0x31...0x39: return .reference(Int(unit - 0x30))
        default: return .unit(unit)
        }
    }

    private mutating func set() -> RegularExpression.Node? {
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
            guard let low = element() else { return nil }
            if index + 1 < units.count, units[index] == UInt8(ascii: "-"), units[index + 1] != UInt8(ascii: "]") {
                index += 1
                guard let high = element(), high >= low else { return nil }
                found.formUnion(ByteSet([low...high]))
            } else {
                found.insert(low)
            }
        }
        return nil
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
