// SPDX-License-Identifier: Apache-2.0
// Reading and changing parts of a JSON tree.

extension JSONValue {
    /// Whether this and `other` are known to be the same without a look into them.
    public func isIdentical(to other: JSONValue) -> Bool {
        switch (self, other) {
        case (.array(let a), .array(let b)):
            a.count == b.count
                && a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { a.baseAddress == $0.baseAddress } }
        case (.object(let a), .object(let b)): a.isIdentical(to: b)
        default: false
        }
    }

    /// The text, when this is a string.
    @inlinable public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The number, when this is a 64-bit integer.
    @inlinable public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

    /// The number as `Int`, when this is a 64-bit integer.
    @inlinable public var int: Int? { integer.map { Int($0) } }

    /// The truth value, when this is one.
    @inlinable public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The elements, when this is an array.
    @inlinable public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

    /// The members, when this is an object.
    @inlinable public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// Whether this is `null`.
    @inlinable public var isNull: Bool { if case .null = self { true } else { false } }

    /// The elements of an array, or none for anything else.
    @inlinable public var elements: [JSONValue] { array ?? [] }

    /// The members of an object whose values are strings, or none for anything else.
    package var stringMap: [String: String] {
        guard case .object(let members) = self else { return [:] }
        var map: [String: String] = [:]
        map.reserveCapacity(members.count)
        for (key, value) in members { if case .string(let text) = value { map[key] = text } }
        return map
    }

    /// The member `key` of an object; nil for anything else.
    ///
    /// Setting a member of something that is not an object makes it one; setting nil removes the member.
    public subscript(key: String) -> JSONValue? {
        @inlinable get { if case .object(let members) = self { members[key] } else { nil } }
        _modify {
            var members: JSONObject = [:]
            if case .object(let current) = self { members = current }
            self = .null
            defer { self = .object(members) }
            yield &members[key]
        }
    }

    /// The value at the end of a chain of members; nil where one is missing.
    package subscript(path first: String, rest: String...) -> JSONValue? {
        get {
            var value = self[first]
            for key in rest { value = value?[key] }
            return value
        }
        set { set(newValue, at: ArraySlice([first] + rest)) }
    }

    /// The same for the chains that are looked up most, without an array for the rest of them.
    package subscript(path first: String, second: String) -> JSONValue? {
        get {
            guard case .object(let members) = self, case .object(let inner)? = members[first] else { return nil }
            return inner[second]
        }
        set { set(newValue, at: [first, second]) }
    }

    private mutating func set(_ newValue: JSONValue?, at path: ArraySlice<String>) {
        guard let key = path.first else { return }
        let rest = path.dropFirst()
        guard !rest.isEmpty else {
            if newValue != nil || object != nil { self[key] = newValue }
            return
        }
        guard newValue != nil || self[key] != nil else { return }
        updateObject { $0[key, default: .emptyObject].set(newValue, at: rest) }
    }

    /// Changes the members in place, making this an object first if it is none.
    @inlinable public mutating func updateObject<Result>(
        _ change: (inout JSONObject) throws -> Result
    ) rethrows -> Result {
        var members: JSONObject = [:]
        if case .object(let current) = self { members = current }
        self = .null
        defer { self = .object(members) }
        return try change(&members)
    }

    /// Changes the elements in place, making this an array first if it is none.
    @inlinable public mutating func updateArray<Result>(
        _ change: (inout [JSONValue]) throws -> Result
    ) rethrows -> Result {
        var elements: [JSONValue] = []
        if case .array(let current) = self { elements = current }
        self = .null
        defer { self = .array(elements) }
        return try change(&elements)
    }
}
