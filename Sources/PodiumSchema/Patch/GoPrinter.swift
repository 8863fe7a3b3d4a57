// SPDX-License-Identifier: Apache-2.0
// Prints JSON trees as Go's fmt prints maps and slices, which shows in some error texts.

import OrderedCollections
import PodiumCodec

/// Go's `%v` of decoded JSON.
enum GoPrinter {
    /// `map[a:1 b:[x y] c:<nil>]`, with the members sorted by name.
    static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "<nil>"
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): text(number.double)
        case .string(let text): text
        case .array(let elements): "[\(elements.map { text($0) }.joined(separator: " "))]"
        case .object(let members):
            "map[\(members.sorted { $0.key < $1.key }.map { "\($0.key):\(text($0.value))" }.joined(separator: " "))]"
        }
    }

    /// The Go type of decoded JSON.
    static func typeName(_ value: JSONValue) -> String {
        switch value {
        case .null: "<nil>"
        case .bool: "bool"
        case .integer: "int64"
        case .number: "float64"
        case .string: "string"
        case .array: "[]interface {}"
        case .object: "map[string]interface {}"
        }
    }

    /// The kind of the Go type of decoded JSON.
    static func kindName(_ value: JSONValue) -> String {
        switch value {
        case .array: "slice"
        case .object: "map"
        default: typeName(value)
        }
    }

    /// The shortest digits, with an exponent of two digits at least where the number is very large or small.
    private static func text(_ number: Double) -> String {
        let magnitude = abs(number)
        if number == number.rounded(), magnitude < 1e15 { return String(Int64(number)) }
        let text = "\(number)"
        guard let mark = text.firstIndex(of: "e") else { return text }
        let sign = text[text.index(after: mark)] == "-" ? "-" : "+"
        let digits = text[text.index(after: mark)...].drop { $0 == "-" || $0 == "+" }
        var mantissa = text[..<mark]
        if mantissa.hasSuffix(".0") { mantissa = mantissa.dropLast(2) }
        return "\(mantissa)e\(sign)\(digits.count < 2 ? "0" : "")\(digits)"
    }
}
