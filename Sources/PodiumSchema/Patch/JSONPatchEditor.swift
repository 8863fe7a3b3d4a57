// SPDX-License-Identifier: Apache-2.0
// Changes a JSON tree by the operations of a JSON patch.

import OrderedCollections
import PodiumCodec

/// A document while the operations of a JSON patch are applied to it.
///
/// After an error it is of no use.
struct JSONPatchEditor {
    private(set) var document: JSONValue
    private var copiedBytes = 0

    init(document: JSONValue) { self.document = document }

    /// Applies one operation.
    mutating func apply(_ operation: JSONPatchOperation) throws(PatchError) {
        guard operation.hasPath else { throw .unprocessable }
        switch operation.name {
        case "add": try add(operation.value, at: operation.path)
        case "remove": _ = try remove(at: operation.path)
        case "replace": try replace(with: operation.value, at: operation.path)
        case "test": try test(operation.value, at: operation.path)
        case "move":
            guard operation.hasFrom else { throw .unprocessable }
            try add(try remove(at: operation.from), at: operation.path)
        case "copy": try copy(from: operation)
        default: throw .unprocessable
        }
    }

    private mutating func copy(from operation: JSONPatchOperation) throws(PatchError) {
        guard operation.hasFrom else { throw .unprocessable }
        let value = try container(of: operation.from) { container, key throws(PatchError) in
            try Self.read(container, key)
        }
        // Copies of copies grow exponentially.
        copiedBytes += value.encoded().count
        if copiedBytes > PatchLimits.maximumCopiedBytes { throw .unprocessable }
        try add(value, at: operation.path)
    }

    private mutating func add(_ value: JSONValue, at path: String) throws(PatchError) {
        try guardDepth(of: value, at: path)
        try container(of: path) { container, key throws(PatchError) in
            switch container {
            case .object(var members):
                container = .null
                members[key] = value
                container = .object(members)
            case .array(var elements):
                container = .null
                elements.insert(value, at: try Self.insertionIndex(key, elements.count))
                container = .array(elements)
            default: throw .unprocessable
            }
        }
    }

    private mutating func replace(with value: JSONValue, at path: String) throws(PatchError) {
        if path.isEmpty {
            guard value.object != nil || value.array != nil else { throw .unprocessable }
            document = value
            return
        }
        try guardDepth(of: value, at: path)
        try container(of: path) { container, key throws(PatchError) in
            switch container {
            case .object(var members):
                container = .null
                members[key] = value
                container = .object(members)
            case .array(var elements):
                container = .null
                elements[try Self.index(key, elements.count)] = value
                container = .array(elements)
            default: throw .unprocessable
            }
        }
    }

    private mutating func remove(at path: String) throws(PatchError) -> JSONValue {
        try container(of: path) { container, key throws(PatchError) in
            switch container {
            case .object(var members):
                container = .null
                guard let value = members.removeValue(forKey: key) else { throw .unprocessable }
                container = .object(members)
                return value
            case .array(var elements):
                container = .null
                let value = elements.remove(at: try Self.index(key, elements.count))
                container = .array(elements)
                return value
            default: throw .unprocessable
            }
        }
    }

    private mutating func test(_ value: JSONValue, at path: String) throws(PatchError) {
        let found: JSONValue
        if path.isEmpty {
            found = document
        } else {
            found = try container(of: path) { container, key throws(PatchError) in try Self.read(container, key) }
        }
        guard found == value else { throw .unprocessable }
    }
}

// MARK: Paths

extension JSONPatchEditor {
    /// The names along a path; what stands before its first `/` is none of them.
    private static func parts(_ path: String) -> [String] {
        path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { unescape(String($0)) }
    }

    /// `~1` is `/` and `~0` is `~`; any other `~` stands for itself.
    private static func unescape(_ part: String) -> String {
        part.contains("~") ? part.replacing("~1", with: "/").replacing("~0", with: "~") : part
    }

    /// Lets `change` work on the object or array that holds the end of `path`.
    private mutating func container<Result>(
        of path: String,
        _ change: (inout JSONValue, String) throws(PatchError) -> Result
    ) throws(PatchError) -> Result {
        let parts = Self.parts(path)
        if parts.isEmpty || parts.count > JSONLimits.maximumDepth { throw .unprocessable }
        return try Self.descend(&document, parts[...], change)
    }

    private static func descend<Result>(
        _ value: inout JSONValue,
        _ parts: ArraySlice<String>,
        _ change: (inout JSONValue, String) throws(PatchError) -> Result
    ) throws(PatchError) -> Result {
        guard let part = parts.first else { throw .unprocessable }
        if parts.count == 1 { return try change(&value, part) }
        // The child is taken out while it is changed, so that it is not copied.
        switch value {
        case .object(var members):
            value = .null
            guard var child = members[part] else { throw .unprocessable }
            members[part] = .null
            let result = try descend(&child, parts.dropFirst(), change)
            members[part] = child
            value = .object(members)
            return result
        case .array(var elements):
            value = .null
            let index = try Self.index(part, elements.count)
            var child = elements[index]
            elements[index] = .null
            let result = try descend(&child, parts.dropFirst(), change)
            elements[index] = child
            value = .array(elements)
            return result
        default: throw .unprocessable
        }
    }

    /// The value of `key`; a missing member is null, a missing element an error.
    private static func read(_ container: JSONValue, _ key: String) throws(PatchError) -> JSONValue {
        switch container {
        case .object(let members): return members[key] ?? .null
        case .array(let elements): return elements[try index(key, elements.count)]
        default: throw .unprocessable
        }
    }

    /// The place of an element; negative numbers count from the end.
    private static func index(_ key: String, _ count: Int) throws(PatchError) -> Int {
        guard let number = Int(key), number < count, number >= -count else { throw .unprocessable }
        return number < 0 ? number + count : number
    }

    /// The place where an element is put: one more than there are elements, with `-` for the end.
    private static func insertionIndex(_ key: String, _ count: Int) throws(PatchError) -> Int {
        key == "-" ? count : try index(key, count + 1)
    }

    /// Refuses to nest deeper than a text could have been.
    private func guardDepth(of value: JSONValue, at path: String) throws(PatchError) {
        let above = path.utf8.count { $0 == UInt8(ascii: "/") }
        if above + Self.depth(of: value) > JSONLimits.maximumDepth { throw .unprocessable }
    }

    private static func depth(of value: JSONValue) -> Int {
        switch value {
        case .object(let members): 1 + (members.values.lazy.map { depth(of: $0) }.max() ?? 0)
        case .array(let elements): 1 + (elements.lazy.map { depth(of: $0) }.max() ?? 0)
        default: 0
        }
    }
}
