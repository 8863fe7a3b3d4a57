// SPDX-License-Identifier: Apache-2.0
// Reads the query syntax of label selectors: `a=b,c!=d,e in (f,g),!h,i`.

extension LabelSelector {
    /// Reads a `labelSelector` query value; empty takes everything.
    package init(query: String) throws(SelectorError) {
        var parser = LabelSelectorParser(query)
        let requirements = try parser.parse()
        self.init(requirements.sorted { $0.key < $1.key })
    }
}

/// A recursive-descent parser over the tokens of a selector.
private struct LabelSelectorParser {
    private enum Token: Equatable {
        case end
        case word
        case symbol
    }

    /// The tokens; the last one is `end`.
    private let tokens: [(kind: Token, text: String)]
    private var position = 0

    private static let operators = "in, notin, =, ==, !=, gt, lt"

    init(_ query: String) {
        var tokens: [(kind: Token, text: String)] = []
        let units = Array(query.utf8)
        var position = 0
        while position < units.count, units[position] != 0 {
            let unit = units[position]
            if Self.isSpace(unit) {
                position += 1
            } else if Self.isSymbol(unit) {
                let isPair =
                    (unit == UInt8(ascii: "=") || unit == UInt8(ascii: "!"))
                    && position + 1 < units.count && units[position + 1] == UInt8(ascii: "=")
                let end = position + (isPair ? 2 : 1)
                tokens.append((.symbol, String(decoding: units[position..<end], as: UTF8.self)))
                position = end
            } else {
                let start = position
                while position < units.count, units[position] != 0, !Self.isSpace(units[position]),
                    !Self.isSymbol(units[position])
                {
                    position += 1
                }
                tokens.append((.word, String(decoding: units[start..<position], as: UTF8.self)))
            }
        }
        self.tokens = tokens + [(.end, "")]
    }

    private static func isSpace(_ unit: UInt8) -> Bool { unit == 0x20 || unit == 0x09 || unit == 0x0D || unit == 0x0A }

    private static func isSymbol(_ unit: UInt8) -> Bool { "=!(),><".utf8.contains(unit) }

    private var next: (kind: Token, text: String) { tokens[min(position, tokens.count - 1)] }

    private mutating func consume() -> (kind: Token, text: String) {
        defer { position += 1 }
        return next
    }

    private func isNext(_ symbol: String) -> Bool { next.kind == .symbol && next.text == symbol }

    private var beginsRequirement: Bool { next.kind == .word || isNext("!") }

    mutating func parse() throws(SelectorError) -> [LabelSelector.Requirement] {
        var requirements: [LabelSelector.Requirement] = []
        while next.kind != .end {
            guard beginsRequirement else {
                throw SelectorError("found '\(next.text)', expected: !, identifier, or 'end of string'")
            }
            do throws(SelectorError) {
                requirements.append(try parseRequirement())
            } catch {
                throw SelectorError("unable to parse requirement: \(error.message)")
            }
            if next.kind == .end { break }
            guard isNext(",") else {
                throw SelectorError("found '\(next.text)', expected: ',' or 'end of string'")
            }
            position += 1
            guard beginsRequirement else {
                throw SelectorError("found '\(next.text)', expected: identifier after ','")
            }
        }
        return requirements
    }

    private mutating func parseRequirement() throws(SelectorError) -> LabelSelector.Requirement {
        let isNegated = isNext("!")
        if isNegated { position += 1 }
        let (kind, key) = consume()
        guard kind == .word else { throw SelectorError("found '\(key)', expected: identifier") }
        let errors = NameValidation.qualifiedName(key)
        if !errors.isEmpty {
            let detail = errors.joined(separator: "; ")
            throw SelectorError("<nil>: Invalid value: \(FieldError.quoted(key)): \(detail)")
        }
        if isNegated { return LabelSelector.Requirement(key, .doesNotExist) }
        if next.kind == .end || isNext(",") { return LabelSelector.Requirement(key, .exists) }
        let `operator` = try parseOperator()
        let values = `operator` == .in || `operator` == .notIn ? try parseValues() : [try parseValue()]
        try check(key, `operator`, values)
        return LabelSelector.Requirement(key, `operator`, values)
    }

    private mutating func parseOperator() throws(SelectorError) -> LabelSelector.Operator {
        let (kind, text) = consume()
        switch (kind, text) {
        case (.word, "in"): return .in
        case (.word, "notin"): return .notIn
        case (.symbol, "="): return .equals
        case (.symbol, "=="): return .doubleEquals
        case (.symbol, "!="): return .notEquals
        case (.symbol, ">"): return .greaterThan
        case (.symbol, "<"): return .lessThan
        default: throw SelectorError("found '\(text)', expected: \(Self.operators)")
        }
    }

    /// The one value behind `=` and the like; an absent one is the empty text.
    private mutating func parseValue() throws(SelectorError) -> String {
        if next.kind == .end || isNext(",") { return "" }
        let (kind, text) = consume()
        guard kind == .word else { throw SelectorError("found '\(text)', expected: identifier") }
        return text
    }

    /// The list behind `in`: `(a,b)`, where a missing element is the empty text.
    ///
    /// Sorted, without repetitions.
    private mutating func parseValues() throws(SelectorError) -> [String] {
        let opening = consume()
        guard opening.kind == .symbol, opening.text == "(" else {
            throw SelectorError("found '\(opening.text)' expected: '('")
        }
        if isNext(")") {
            position += 1
            return [""]
        }
        guard next.kind == .word || isNext(",") else {
            throw SelectorError("found '\(next.text)', expected: ',', ')' or identifier")
        }
        var values: Set<String> = []
        while true {
            let (kind, text) = consume()
            if kind == .word {
                values.insert(text)
                if isNext(",") { continue }
                guard isNext(")") else { throw SelectorError("found '\(next.text)', expected: ',' or ')'") }
                break
            }
            guard kind == .symbol, text == "," else {
                throw SelectorError("found '\(text)', expected: ',', or identifier")
            }
            if values.isEmpty || isNext(",") || isNext(")") { values.insert("") }
            if isNext(")") { break }
        }
        position += 1
        return values.sorted()
    }

    private func check(
        _ key: String,
        _ operator: LabelSelector.Operator,
        _ values: [String]
    ) throws(SelectorError) {
        var problems: [String] = []
        if `operator` == .greaterThan || `operator` == .lessThan {
            for (index, value) in values.enumerated() where Int64(value) == nil {
                problems.append(
                    "values[\(index)]: Invalid value: \(FieldError.quoted(value)): "
                        + "for 'Gt', 'Lt' operators, the value must be an integer"
                )
            }
        }
        for (index, value) in values.enumerated() {
            let errors = NameValidation.labelValue(value)
            guard !errors.isEmpty else { continue }
            let detail = errors.joined(separator: "; ")
            problems.append("values[\(index)][\(key)]: Invalid value: \(FieldError.quoted(value)): \(detail)")
        }
        guard !problems.isEmpty else { return }
        throw SelectorError(problems.count == 1 ? problems[0] : "[\(problems.joined(separator: ", "))]")
    }
}
