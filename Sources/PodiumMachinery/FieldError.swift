// SPDX-License-Identifier: Apache-2.0
// What is wrong with one field of an object; validators collect these.

package import PodiumCodec

/// One problem with one field.
// Kubernetes: apimachinery/pkg/util/validation/field/errors.go
package struct FieldError: Equatable, Sendable {
    /// The limits of an error.
    package enum Limits {
        /// Of a longer value the end is left out. Upstream prints it all.
        package static let maximumValueBytes = 4096
    }

    /// The kind of problem, with the `reason` of its cause in a `Status`.
    package enum Kind: String, Sendable {
        case required = "FieldValueRequired"
        case invalid = "FieldValueInvalid"
        case duplicate = "FieldValueDuplicate"
        case notFound = "FieldValueNotFound"
        case notSupported = "FieldValueNotSupported"
        case forbidden = "FieldValueForbidden"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case internalError = "InternalError"
    }

    package let kind: Kind
    package let path: FieldPath
    /// What stands before and behind the value: `Invalid value`, `must be …`.
    private let head: String
    private let value: JSONValue?
    private let detail: String

    /// The text behind the path: `Invalid value: "x": must be …`.
    ///
    /// Put together only when it is read: of many errors only the first are told.
    package var body: String {
        Self.join(value.map { "\(head): \(Self.print($0))" } ?? head, detail)
    }

    /// `spec.containers[0].name: Required value`.
    package var message: String { "\(path): \(body)" }

    private init(_ kind: Kind, _ path: FieldPath, _ head: String, _ value: JSONValue? = nil, _ detail: String = "") {
        self.kind = kind
        self.path = path
        self.head = head
        self.value = value
        self.detail = detail
    }

    package static func == (left: FieldError, right: FieldError) -> Bool {
        left.kind == right.kind && left.path == right.path && left.body == right.body
    }

    /// `Required value[: detail]`
    package static func required(_ path: FieldPath, _ detail: String = "") -> FieldError {
        FieldError(.required, path, "Required value", nil, detail)
    }

    /// `Invalid value: value: detail`; strings are quoted, objects and lists printed as JSON.
    package static func invalid(_ path: FieldPath, _ value: JSONValue, _ detail: String) -> FieldError {
        FieldError(.invalid, path, "Invalid value", value, detail)
    }

    /// `Invalid value: detail`, of what is too large to be shown.
    package static func invalid(_ path: FieldPath, _ detail: String) -> FieldError {
        FieldError(.invalid, path, "Invalid value", nil, detail)
    }

    /// `Duplicate value: value`
    package static func duplicate(_ path: FieldPath, _ value: JSONValue, detail: String = "") -> FieldError {
        FieldError(.duplicate, path, "Duplicate value", value, detail)
    }

    /// `Not found: value[: detail]`
    package static func notFound(_ path: FieldPath, _ value: JSONValue, _ detail: String = "") -> FieldError {
        FieldError(.notFound, path, "Not found", value, detail)
    }

    /// `Unsupported value: value: supported values: "A", "B"`; the values are printed in the order given.
    package static func notSupported(_ path: FieldPath, _ value: JSONValue, _ supported: [String]) -> FieldError {
        let list = supported.map { quoted($0) }.joined(separator: ", ")
        let detail = supported.isEmpty ? "" : "supported values: \(list)"
        return FieldError(.notSupported, path, "Unsupported value", value, detail)
    }

    /// `Forbidden: detail`
    package static func forbidden(_ path: FieldPath, _ detail: String) -> FieldError {
        FieldError(.forbidden, path, "Forbidden", nil, detail)
    }

    /// `Too long: may not be more than N bytes`
    package static func tooLong(_ path: FieldPath, maximum: Int) -> FieldError {
        FieldError(.tooLong, path, "Too long: may not be more than \(maximum) bytes")
    }

    /// `Too many: actual: must have at most N items`
    package static func tooMany(_ path: FieldPath, actual: Int, maximum: Int) -> FieldError {
        let items = maximum == 1 ? "item" : "items"
        return FieldError(.tooMany, path, "Too many: \(actual): must have at most \(maximum) \(items)")
    }

    /// `Internal error: detail`
    package static func internalError(_ path: FieldPath, _ detail: String) -> FieldError {
        FieldError(.internalError, path, "Internal error", nil, detail)
    }

    private static func join(_ head: String, _ detail: String) -> String {
        detail.isEmpty ? head : "\(head): \(detail)"
    }

    private static func print(_ value: JSONValue) -> String {
        if case .string(let text) = value { return quoted(text.shortened(to: Limits.maximumValueBytes)) }
        var room = Limits.maximumValueBytes
        let text = beginning(of: value, &room).jsonText
        return text.utf8.count <= Limits.maximumValueBytes
            ? text : text.beginning(Limits.maximumValueBytes) + "..."
    }

    /// `value` without what does not fit into `room` bytes of text, so that a long list which many errors show is not
    /// written out for each of them. Where something is left out, the text of the rest is still longer than `room`.
    private static func beginning(of value: JSONValue, _ room: inout Int) -> JSONValue {
        switch value {
        case .string(let text):
            // A cut in the middle of a character takes up to seven bytes more.
            let shown = text.beginning(max(room, 0) + 8)
            room -= shown.utf8.count + 2
            return .string(shown)
        case .array(let elements):
            var shown: [JSONValue] = []
            room -= 2
            for element in elements {
                if room < 0 { break }
                if !shown.isEmpty { room -= 1 }
                shown.append(beginning(of: element, &room))
            }
            return .array(shown)
        case .object(let members):
            var shown: JSONObject = [:]
            room -= 2
            for (key, member) in members {
                if room < 0 { break }
                room -= key.utf8.count + (shown.isEmpty ? 3 : 4)
                shown[key] = beginning(of: member, &room)
            }
            return .object(shown)
        case .null, .bool, .integer, .number:
            room -= 1
            return value
        }
    }

    /// Text in quotes as Go's `%q` writes it.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{7}": result += "\\a"
            case "\u{8}": result += "\\b"
            case "\u{B}": result += "\\v"
            case "\u{C}": result += "\\f"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count == 1 ? "0" : "") + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
