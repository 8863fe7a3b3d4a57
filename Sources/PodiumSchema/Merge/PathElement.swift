// SPDX-License-Identifier: Apache-2.0
// One step from a document into a part of it, as field ownership names parts.

import Glibc
package import PodiumCodec
import PodiumMachinery

/// A scalar that tells elements of a list apart.
package enum PathScalar: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(JSONNumber)
    case string(String)

    /// The scalar that `document` is; nil for arrays and objects.
    package init?(_ document: some DocumentReader) {
        switch document.kind {
        case .null: self = .null
        case .bool: self = .bool(document.bool ?? false)
        case .integer: self = .integer(document.integer ?? 0)
        case .number: self = .number(document.number ?? JSONNumber(text: "0"))
        case .string: self = .string(document.string ?? "")
        case .array, .object: return nil
        }
    }

    /// As it stands in paths of messages: texts with quotes.
    // Kubernetes: structured-merge-diff/value/value.go ToString
    package var text: String {
        switch self {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let number): number.text
        case .string(let text): FieldError.quoted(text)
        }
    }

    /// Its place among the kinds of scalars, in the order in which they are sorted.
    private var rank: Int {
        switch self {
        case .integer, .number: 0
        case .string: 1
        case .bool: 2
        case .null: 3
        }
    }

    private var double: Double {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number.double
        default: 0
        }
    }
}

extension PathScalar: Comparable {
    package static func < (left: PathScalar, right: PathScalar) -> Bool {
        switch (left, right) {
        case (.integer(let a), .integer(let b)): a < b
        case (.string(let a), .string(let b)): a.precedesByBytes(b)
        case (.bool(let a), .bool(let b)): !a && b
        default: left.rank == right.rank ? left.double < right.double : left.rank < right.rank
        }
    }
}

/// One of the members that tell an element of a list apart, with its value.
package struct PathKey: Hashable, Sendable {
    package let name: String
    package let value: PathScalar

    package init(name: String, value: PathScalar) {
        self.name = name
        self.value = value
    }
}

extension PathKey: Comparable {
    package static func < (left: PathKey, right: PathKey) -> Bool {
        left.name == right.name ? left.value < right.value : left.name.precedesByBytes(right.name)
    }
}

/// One step from a document into a part of it.
// Kubernetes: structured-merge-diff/fieldpath/element.go PathElement
package enum PathElement: Hashable, Sendable {
    /// A member of an object.
    case field(String)
    /// The element of a list whose members have these values; sorted by name.
    case key([PathKey])
    /// The element of a set.
    case value(PathScalar)
    /// The element of a list at this place.
    case index(Int)

    /// As it stands in paths of messages: `.name`, `[name="c"]`, `[="x"]`, `[0]`.
    package var text: String {
        switch self {
        case .field(let name): ".\(name)"
        case .key(let keys): "[\(keys.map { "\($0.name)=\($0.value.text)" }.joined(separator: ","))]"
        case .value(let value): "[=\(value.text)]"
        case .index(let index): "[\(index)]"
        }
    }

    private var rank: Int {
        switch self {
        case .field: 0
        case .key: 1
        case .value: 2
        case .index: 3
        }
    }
}

extension PathElement: Comparable {
    package static func < (left: PathElement, right: PathElement) -> Bool {
        switch (left, right) {
        case (.field(let a), .field(let b)): a.precedesByBytes(b)
        case (.key(let a), .key(let b)): a.lexicographicallyPrecedes(b)
        case (.value(let a), .value(let b)): a < b
        case (.index(let a), .index(let b)): a < b
        default: left.rank < right.rank
        }
    }
}

extension String {
    /// Whether the bytes of this text come before those of `other`, which is how Go sorts texts.
    func precedesByBytes(_ other: String) -> Bool {
        let precedes = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                guard let a = left.baseAddress, let b = right.baseAddress else { return left.count < right.count }
                let order = memcmp(a, b, min(left.count, right.count))
                return order == 0 ? left.count < right.count : order < 0
            }
        }
        return (precedes ?? nil) ?? utf8.lexicographicallyPrecedes(other.utf8)
    }
}
