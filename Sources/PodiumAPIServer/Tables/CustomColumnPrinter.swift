// SPDX-License-Identifier: Apache-2.0
// The cells of custom resources, found by the paths that their definition declares.

import OrderedCollections
import PodiumCodec
import PodiumMachinery

/// Makes the cell of one declared column.
// Kubernetes: apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go
struct CustomColumnPrinter: Sendable {
    private let type: String
    private let path: ColumnPath?

    init(_ column: AdditionalPrinterColumn) {
        type = column.type
        path = ColumnPath(column.jsonPath)
    }

    /// The value at the path in the column's type; null when there is none of that type.
    func cell(of row: TableCells) -> JSONValue {
        guard let value = path?.first(in: row.object), !value.isNull else { return .null }
        switch (type, value) {
        case ("string", .string): return value
        case ("string", _): return .string(value.jsonText)
        case ("integer", .integer), ("number", .integer), ("number", .number), ("boolean", .bool): return value
        case ("integer", .number(let number)):
            return Int64(exactly: number.double.rounded(.towardZero)).map(JSONValue.integer) ?? .null
        case ("date", .string(let text)):
            if text.isEmpty { return "<unknown>" }
            guard let time = Timestamp(rfc3339: text) else { return "<invalid>" }
            return .string(HumanDuration.text(row.now - time))
        default: return .null
        }
    }
}

/// A simple path of kubectl's path language: `.spec.a['b.c'][0].conditions[?(@.type=="Ready")].status`.
// Kubernetes: client-go/util/jsonpath
struct ColumnPath: Sendable {
    private enum Step: Sendable {
        case member(String)
        /// Counted from the end when below 0.
        case element(Int)
        case all
        /// Elements whose member is (or is not) a value.
        case filter(path: [String], equals: Bool, value: JSONValue)
    }

    private var steps: [Step] = []

    /// Reads a path; nil when it is not of the simple form.
    init?(_ text: String) {
        var rest = text[...]
        while let first = rest.first {
            switch first {
            case ".":
                rest = rest.dropFirst()
                let name = Self.takeName(&rest)
                if name == "*" { steps.append(.all) } else if !name.isEmpty { steps.append(.member(name)) }
            case "[":
                guard let end = Self.endOfBracket(rest) else { return nil }
                let content = rest[rest.index(after: rest.startIndex)..<end]
                guard let step = Self.step(content) else { return nil }
                steps.append(step)
                rest = rest[rest.index(after: end)...]
            default: return nil
            }
        }
    }

    /// The first value that the path leads to; nil when there is none.
    func first(in value: JSONValue) -> JSONValue? {
        var values = [value]
        for step in steps {
            values = values.flatMap { Self.apply(step, to: $0) }
            if values.isEmpty { return nil }
        }
        return values.first
    }

    private static func apply(_ step: Step, to value: JSONValue) -> [JSONValue] {
        switch step {
        case .member(let name): return value[name].map { [$0] } ?? []
        case .element(let index):
            let elements = value.elements
            let position = index < 0 ? elements.count + index : index
            return elements.indices.contains(position) ? [elements[position]] : []
        case .all:
            if case .object(let members) = value { return Array(members.values) }
            return value.elements
        case .filter(let path, let equals, let wanted):
            return value.elements.filter { ($0.at(path) == wanted) == equals }
        }
    }

    // MARK: Reading

    /// Takes a member's name; a backslash takes the meaning from the dot behind it.
    private static func takeName(_ text: inout Substring) -> String {
        var name = ""
        while let character = text.first, character != ".", character != "[" {
            text = text.dropFirst()
            if character == "\\", let escaped = text.popFirst() { name.append(escaped) } else { name.append(character) }
        }
        return name
    }

    /// The bracket that closes the one at the start; brackets inside quotes do not count.
    private static func endOfBracket(_ text: Substring) -> Substring.Index? {
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "]" {
                return index
            }
        }
        return nil
    }

    private static func step(_ content: Substring) -> Step? {
        if content == "*" { return .all }
        if let index = Int(content) { return .element(index) }
        if let name = unquoted(content) { return .member(name) }
        guard content.hasPrefix("?(@."), content.hasSuffix(")") else { return nil }
        let condition = content.dropFirst(4).dropLast()
        for (sign, equals) in [("==", true), ("!=", false)] {
            let parts = condition.split(separator: sign, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let path = trimmed(parts[0]).split(separator: ".").map(String.init)
            guard let value = literal(trimmed(parts[1])) else { return nil }
            return .filter(path: path, equals: equals, value: value)
        }
        return nil
    }

    private static func literal(_ text: Substring) -> JSONValue? {
        if let text = unquoted(text) { return .string(text) }
        if let number = Int64(text) { return .integer(number) }
        return text == "true" ? true : text == "false" ? false : nil
    }

    private static func unquoted(_ text: Substring) -> String? {
        guard text.count >= 2, let quote = text.first, quote == "'" || quote == "\"", text.last == quote else {
            return nil
        }
        return String(text.dropFirst().dropLast())
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return text
    }
}
