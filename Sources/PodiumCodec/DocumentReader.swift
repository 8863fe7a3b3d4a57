// SPDX-License-Identifier: Apache-2.0
// What reads documents knows of them: a view that does not say how they are held.

/// What a node of a document is.
public enum DocumentKind: Sendable {
    case null
    case bool
    /// A number without fraction or exponent that fits 64 bits.
    case integer
    /// Any other number.
    case number
    case string
    case array
    case object
}

/// A node of a JSON document, for reading.
///
/// Who walks documents by this protocol (field sets, merges, printers) works on whatever holds them. To look at a node
/// costs nothing worth saving; members and elements are reached by place as well as by name.
public protocol DocumentReader: Sendable {
    var kind: DocumentKind { get }
    /// The text, when this is a string.
    var string: String? { get }
    /// The number, when this is a 64-bit integer.
    var integer: Int64? { get }
    /// The number, when this is another one.
    var number: JSONNumber? { get }
    /// The truth value, when this is one.
    var bool: Bool? { get }
    /// How many members or elements this has; 0 for scalars.
    var count: Int { get }

    /// The element of an array, or the value of a member of an object, at a place below `count`.
    func element(at index: Int) -> Self
    /// The name of the member of an object at a place below `count`.
    func name(at index: Int) -> String
    /// The member `name` of an object; nil for anything else.
    func member(_ name: String) -> Self?

    /// Whether this and `other` are known to say the same without a look into them: parts of a document that were not
    /// changed in a copy of it may know it.
    func isIdentical(to other: Self) -> Bool
}

/// A document of which new ones can be made.
public protocol DocumentBuilder: DocumentReader {
    /// Nothing.
    static var null: Self { get }

    /// An array of `elements`.
    static func array(of elements: [Self]) -> Self
    /// An object of members with different names, in their order.
    static func object(of members: [(name: String, value: Self)]) -> Self
}

extension DocumentReader {
    /// Whether this is `null`.
    @inlinable public var isNull: Bool { kind == .null }

    /// Whether both say the same, whatever the order of members and the way in which numbers are written.
    @inlinable public func isEqual(to other: Self) -> Bool {
        if isIdentical(to: other) { return true }
        return switch (kind, other.kind) {
        case (.null, .null): true
        case (.bool, .bool): bool == other.bool
        case (.string, .string): string == other.string
        case (.integer, .integer): integer == other.integer
        case (.integer, .number), (.number, .integer), (.number, .number): double == other.double
        case (.array, .array):
            count == other.count && (0..<count).allSatisfy { element(at: $0).isEqual(to: other.element(at: $0)) }
        case (.object, .object):
            count == other.count
                && (0..<count).allSatisfy { index in
                    other.member(name(at: index), near: index).map { element(at: index).isEqual(to: $0) } ?? false
                }
        default: false
        }
    }

    /// The nearest double of a number.
    @usableFromInline var double: Double? { integer.map(Double.init) ?? number?.double }

    /// The member `name`, looked for first at `index`, where it stands in an object that was written in the same order.
    @inlinable public func member(_ name: String, near index: Int) -> Self? {
        if kind == .object, index < count, self.name(at: index) == name { return element(at: index) }
        return member(name)
    }
}

extension JSONValue: DocumentBuilder {
    /// What this is.
    @inlinable public var kind: DocumentKind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .integer: .integer
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// The number, when this is no 64-bit integer.
    @inlinable public var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }

    /// How many members or elements this has; 0 for scalars.
    @inlinable public var count: Int {
        switch self {
        case .array(let elements): elements.count
        case .object(let members): members.count
        default: 0
        }
    }

    /// The element of an array, or the value of a member of an object.
    @inlinable public func element(at index: Int) -> JSONValue {
        switch self {
        case .array(let elements): elements[index]
        case .object(let members): members[index].value
        default: preconditionFailure("a scalar has no elements")
        }
    }

    /// The name of a member of an object.
    @inlinable public func name(at index: Int) -> String {
        guard case .object(let members) = self else { preconditionFailure("only objects have names") }
        return members[index].key
    }

    /// The member of an object; nil for anything else.
    @inlinable public func member(_ name: String) -> JSONValue? { self[name] }

    /// An array.
    @inlinable public static func array(of elements: [JSONValue]) -> JSONValue { .array(elements) }

    /// An object.
    public static func object(of members: [(name: String, value: JSONValue)]) -> JSONValue {
        .object(JSONObject(uniqueKeysWithValues: members.lazy.map { ($0.name, $0.value) }))
    }
}
