// SPDX-License-Identifier: Apache-2.0
// The JSON tree: what is built where a document is merged, defaulted, validated or made.

// Public, like `JSONObject`, to be inlined in other modules.
/// A JSON document or a part of one.
///
/// Objects keep the order of their members, but two objects are equal when they have the same members in any order.
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number, exactly as it was written.
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// An object without members.
    package static var emptyObject: JSONValue { .object([:]) }
}

/// The text of a JSON number that is not a 64-bit integer (`1.5`, `1e3`, `18446744073709551615`).
public struct JSONNumber: Hashable, Sendable {
    /// The number as written; always of JSON's number grammar.
    public let text: String

    /// Wraps `text`, which must be of JSON's number grammar.
    package init(text: String) { self.text = text }

    /// The nearest double.
    package var double: Double { Double(text) ?? .nan }
}

extension JSONValue: Hashable {
    /// Whether both are the same document; the order of members does not matter.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a == b
        default: false
        }
    }

    /// Feeds what equal documents have alike.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let value): hasher.combine(value)
        case .array(let values): hasher.combine(values)
        case .object(let members): hasher.combine(members)
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByStringInterpolation
{
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of members of one name the last stands.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements, uniquingKeysWith: { $1 }))
    }
}
