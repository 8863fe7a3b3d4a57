// SPDX-License-Identifier: Apache-2.0
// Prints documents as Go's fmt prints maps and slices, which shows in some error texts.

import PodiumCodec
import PodiumMachinery

/// Go's `%v` and the like of decoded JSON.
enum GoPrinter {
    /// `%v`: `map[a:1 b:[x y] c:<nil>]`, with the members sorted by name.
    static func text(_ document: some DocumentReader) -> String {
        switch document.kind {
        case .null: return "<nil>"
        case .bool: return document.bool == true ? "true" : "false"
        case .integer: return String(document.integer ?? 0)
        case .number: return text(document.number?.double ?? .nan)
        case .string: return document.string ?? ""
        case .array:
            return "[\((0..<document.count).map { text(document.element(at: $0)) }.joined(separator: " "))]"
        case .object:
            return "map[\(sortedMembers(document).map { "\($0.name):\(text($0.value))" }.joined(separator: " "))]"
        }
    }

    /// `%#v`: `map[string]interface {}{"a":1, "b":[]interface {}{"x", interface {}(nil)}}`.
    static func sourceText(_ document: some DocumentReader) -> String {
        switch document.kind {
        case .null: return "interface {}(nil)"
        case .string: return FieldError.quoted(document.string ?? "")
        case .array:
            let elements = (0..<document.count).map { sourceText(document.element(at: $0)) }
            return "[]interface {}{\(elements.joined(separator: ", "))}"
        case .object:
            let members = sortedMembers(document).map { "\(FieldError.quoted($0.name)):\(sourceText($0.value))" }
            return "map[string]interface {}{\(members.joined(separator: ", "))}"
        case .bool, .integer, .number: return text(document)
        }
    }

    private static func sortedMembers<Document: DocumentReader>(
        _ document: Document
    ) -> [(name: String, value: Document)] {
        (0..<document.count).map { (document.name(at: $0), document.element(at: $0)) }.sorted { $0.0 < $1.0 }
    }

    /// The Go type of decoded JSON.
    static func typeName(_ document: some DocumentReader) -> String {
        switch document.kind {
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
    static func kindName(_ document: some DocumentReader) -> String {
        switch document.kind {
        case .array: "slice"
        case .object: "map"
        default: typeName(document)
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
