// SPDX-License-Identifier: Apache-2.0
// A JSON tree whose lists and objects are cheap to change in any place, for as long as a JSON patch is applied.

import PodiumCodec

/// A value in a document that is being edited; what no path has led into is left as it was.
// Not Sendable: part of a `JSONPatchEditor`. A class, so that a value is moved without being copied.
final class JSONPatchNode {
    private enum Content {
        case value(JSONValue)
        case members(JSONPatchMembers)
        case elements(JSONPatchElements)
    }

    private var content: Content
    /// How deep it is at most.
    private(set) var height: Int

    /// A node that is `height` deep at most.
    init(_ value: JSONValue, height: Int) {
        content = .value(value)
        self.height = height
    }

    /// A node, whose depth is measured.
    convenience init(_ value: JSONValue) { self.init(value, height: Self.depth(of: value)) }

    private static func depth(of value: JSONValue) -> Int {
        switch value {
        case .object(let members): 1 + (members.values.lazy.map { depth(of: $0) }.max() ?? 0)
        case .array(let elements): 1 + (elements.lazy.map { depth(of: $0) }.max() ?? 0)
        default: 0
        }
    }

    /// Measures how deep it really is, since what was taken out still counts.
    func measure() { height = Self.depth(of: value) }

    /// Something that is `depth` deep has been put in.
    func raise(above depth: Int) { height = max(height, depth + 1) }

    /// The value with all changes.
    var value: JSONValue {
        switch content {
        case .value(let value): value
        case .members(let members): .object(members.object)
        case .elements(let elements): .array(elements.array)
        }
    }

    /// Whether it is `other`; costs no more than to read the smaller one.
    func isEqual(to other: JSONValue) -> Bool {
        switch (content, other) {
        case (.value(let value), _): value == other
        case (.members(let members), .object(let others)):
            members.count == others.count && others.allSatisfy { members[$0.key]?.isEqual(to: $0.value) ?? false }
        case (.elements(let elements), .array(let others)):
            elements.count == others.count && zip(elements.nodes, others).allSatisfy { $0.isEqual(to: $1) }
        default: false
        }
    }

    /// Lets `change` work on the members or the elements.
    func edit<Result>(
        _ members: (inout JSONPatchMembers) throws(PatchError) -> Result,
        _ elements: (inout JSONPatchElements) throws(PatchError) -> Result
    ) throws(PatchError) -> Result {
        if case .value(let value) = content { expand(value) }
        // Taken out while it is changed, so that it is not copied.
        switch content {
        case .value: throw .unprocessable
        case .members(var own):
            content = .value(.null)
            defer { content = .members(own) }
            return try members(&own)
        case .elements(var own):
            content = .value(.null)
            defer { content = .elements(own) }
            return try elements(&own)
        }
    }

    private func expand(_ value: JSONValue) {
        let below = max(0, height - 1)
        switch value {
        case .object(let members): content = .members(JSONPatchMembers(members, height: below))
        case .array(let elements): content = .elements(JSONPatchElements(elements, height: below))
        default: break
        }
    }
}

/// The members of an object, in their order.
struct JSONPatchMembers {
    private var slots: [(key: String, node: JSONPatchNode)?]
    private var places: [String: Int]

    init(_ members: JSONObject, height: Int) {
        slots = members.map { ($0.key, JSONPatchNode($0.value, height: height)) }
        places = Dictionary(uniqueKeysWithValues: members.keys.enumerated().map { ($1, $0) })
    }

    var count: Int { places.count }

    var object: JSONObject {
        JSONObject(uniqueKeysWithValues: slots.lazy.compactMap { $0 }.map { ($0.key, $0.node.value) })
    }

    subscript(key: String) -> JSONPatchNode? { places[key].flatMap { slots[$0]?.node } }

    /// Puts `node` in the place of the member called `key`, behind all others when there is none.
    mutating func set(_ key: String, _ node: JSONPatchNode) {
        if let place = places[key] {
            slots[place] = (key, node)
        } else {
            places[key] = slots.count
            slots.append((key, node))
        }
    }

    mutating func remove(_ key: String) -> JSONPatchNode? {
        guard let place = places.removeValue(forKey: key) else { return nil }
        defer { slots[place] = nil }
        return slots[place]?.node
    }
}

/// The elements of a list, in pieces, so that to put one in moves few others.
struct JSONPatchElements {
    /// How long a piece becomes before it is cut in two.
    private static let maximumPiece = 512

    private var pieces: [[JSONPatchNode]]
    private(set) var count: Int

    init(_ elements: [JSONValue], height: Int) {
        count = elements.count
        pieces = stride(from: 0, to: elements.count, by: Self.maximumPiece / 2).map { start in
            elements[start..<min(start + Self.maximumPiece / 2, elements.count)].map {
                JSONPatchNode($0, height: height)
            }
        }
    }

    var nodes: some Sequence<JSONPatchNode> { pieces.lazy.joined() }

    var array: [JSONValue] { pieces.flatMap { $0.map(\.value) } }

    private func place(_ index: Int) -> (piece: Int, offset: Int) {
        var rest = index
        for piece in pieces.indices {
            if rest < pieces[piece].count { return (piece, rest) }
            rest -= pieces[piece].count
        }
        return (pieces.count, rest)
    }

    /// The element at `index`, which there must be.
    subscript(index: Int) -> JSONPatchNode {
        get {
            let place = place(index)
            return pieces[place.piece][place.offset]
        }
        set {
            let place = place(index)
            pieces[place.piece][place.offset] = newValue
        }
    }

    /// Puts `node` before the element at `index`, or behind all.
    mutating func insert(_ node: JSONPatchNode, at index: Int) {
        count += 1
        var (piece, offset) = place(index)
        if piece == pieces.count {
            if pieces.isEmpty { pieces.append([]) }
            piece = pieces.count - 1
            offset = pieces[piece].count
        }
        pieces[piece].insert(node, at: offset)
        guard pieces[piece].count > Self.maximumPiece else { return }
        let tail = Array(pieces[piece][(Self.maximumPiece / 2)...])
        pieces[piece].removeLast(tail.count)
        pieces.insert(tail, at: piece + 1)
    }

    mutating func remove(at index: Int) -> JSONPatchNode {
        count -= 1
        let (piece, offset) = place(index)
        let node = pieces[piece].remove(at: offset)
        if pieces[piece].isEmpty { pieces.remove(at: piece) }
        return node
    }
}
