// SPDX-License-Identifier: Apache-2.0
// Changes a JSON tree by the operations of a JSON patch.

import PodiumCodec

/// A document while the operations of a JSON patch are applied to it.
///
/// After an error it is of no use.
struct JSONPatchEditor {
    private var root: JSONPatchNode
    private var copiedBytes = 0

    init(document: JSONValue) { root = JSONPatchNode(document) }

    /// What has become of the document.
    var document: JSONValue { root.value }

    /// Applies one operation.
    mutating func apply(_ operation: JSONPatchOperation) throws(PatchError) {
        guard operation.hasPath else { throw .unprocessable }
        switch operation.name {
        case "add": try add(JSONPatchNode(operation.value), at: operation.path)
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
        let value = try read(operation.from)?.value ?? .null
        // Copies of copies grow exponentially.
        copiedBytes += value.encoded().count
        if copiedBytes > PatchLimits.maximumCopiedBytes { throw .unprocessable }
        try add(JSONPatchNode(value), at: operation.path)
    }

    private func add(_ node: JSONPatchNode, at path: String) throws(PatchError) {
        try put(node, at: path) { elements, key throws(PatchError) in
            elements.insert(node, at: try Self.insertionIndex(key, elements.count))
        }
    }

    private mutating func replace(with value: JSONValue, at path: String) throws(PatchError) {
        if path.isEmpty {
            guard value.object != nil || value.array != nil else { throw .unprocessable }
            root = JSONPatchNode(value)
            return
        }
        let node = JSONPatchNode(value)
        try put(node, at: path) { elements, key throws(PatchError) in
            elements[try Self.index(key, elements.count)] = node
        }
    }

    /// Puts `node` where `path` leads: as a member, or, in a list, as `place` does.
    private func put(
        _ node: JSONPatchNode,
        at path: String,
        _ place: (inout JSONPatchElements, String) throws(PatchError) -> Void
    ) throws(PatchError) {
        let (parents, key) = try parents(of: path)
        // Refuses to nest deeper than a text could have been.
        if parents.count + node.height > JSONLimits.maximumDepth {
            node.measure()
            if parents.count + node.height > JSONLimits.maximumDepth { throw .unprocessable }
        }
        guard let parent = parents.last else { throw .unprocessable }
        try parent.edit(
            { members throws(PatchError) in members.set(key, node) },
            { elements throws(PatchError) in try place(&elements, key) }
        )
        var depth = node.height
        for parent in parents.reversed() {
            parent.raise(above: depth)
            depth = parent.height
        }
    }

    private func remove(at path: String) throws(PatchError) -> JSONPatchNode {
        let (parents, key) = try parents(of: path)
        guard let parent = parents.last else { throw .unprocessable }
        return try parent.edit(
            { members throws(PatchError) in
                guard let node = members.remove(key) else { throw .unprocessable }
                return node
            },
            { elements throws(PatchError) in elements.remove(at: try Self.index(key, elements.count)) }
        )
    }

    private func test(_ value: JSONValue, at path: String) throws(PatchError) {
        let found: JSONPatchNode?
        if path.isEmpty { found = root } else { found = try read(path) }
        let isEqual = found?.isEqual(to: value) ?? value.isNull
        if !isEqual { throw .unprocessable }
    }

    /// What stands at `path`; nil for a member that is missing, while a missing element is an error.
    private func read(_ path: String) throws(PatchError) -> JSONPatchNode? {
        let (parents, key) = try parents(of: path)
        guard let parent = parents.last else { throw .unprocessable }
        return try parent.edit(
            { members throws(PatchError) in members[key] },
            { elements throws(PatchError) in elements[try Self.index(key, elements.count)] }
        )
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

    /// The objects and lists that hold the end of `path`, from the root on, and its last name.
    private func parents(of path: String) throws(PatchError) -> (nodes: [JSONPatchNode], key: String) {
        let parts = Self.parts(path)
        guard let key = parts.last, parts.count <= JSONLimits.maximumDepth else { throw .unprocessable }
        var nodes = [root]
        var node = root
        for part in parts.dropLast() {
            node = try node.edit(
                { members throws(PatchError) in
                    guard let child = members[part] else { throw .unprocessable }
                    return child
                },
                { elements throws(PatchError) in elements[try Self.index(part, elements.count)] }
            )
            nodes.append(node)
        }
        return (nodes, key)
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
}
