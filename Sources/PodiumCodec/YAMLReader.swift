// SPDX-License-Identifier: Apache-2.0
// Reads YAML into the same tree as JSON, with the rules of Kubernetes' YAML library (YAML 1.1).

/// Why a text is not YAML.
package struct YAMLError: Error, Equatable, CustomStringConvertible {
    /// The sentence that reaches the client.
    package let message: String

    package init(message: String) { self.message = message }

    package var description: String { message }
}

/// The limits of the reader; a text cannot nest deeper than JSON may.
package enum YAMLLimits {
    /// How many nodes all aliases of a text may stand for together; a text with more is refused.
    package static let maximumAliasedNodes = 100_000
}

extension JSONDocument {
    /// Reads the first document of a YAML text. An empty text is `null`.
    ///
    /// Of members with the same name the last one stands; `repetitions` says which stood more than once.
    package init(yaml bytes: [UInt8]) throws(YAMLError) {
        // The reader of the C library must not see anything but UTF-8.
        let text = Array(String(decoding: bytes, as: UTF8.self).utf8)
        let result: Result<JSONDocument, YAMLError> = text.withUnsafeBufferPointer { buffer in
            var composer = YAMLComposer(YAMLEvents(buffer))
            do throws(YAMLError) {
                let value = try composer.document()
                return .success(JSONDocument(value: value, repetitions: composer.repetitions))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }
}

/// Makes a JSON tree of YAML events.
// Kubernetes: sigs.k8s.io/yaml, goyaml.v2 decode.go
struct YAMLComposer {
    /// A value with the number of nodes in it.
    private struct Node {
        let value: JSONValue
        let count: Int
    }

    private let events: YAMLEvents
    private var anchors: [String: Node] = [:]
    private var aliasedNodes = 0
    /// Members that stand more than once, in the words of a strict reader.
    private(set) var repetitions: [String] = []

    init(_ events: YAMLEvents) { self.events = events }

    /// The first document.
    mutating func document() throws(YAMLError) -> JSONValue {
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamStart, .documentStart: continue
            case .streamEnd, .documentEnd: return .null
            default: return try node(event, depth: 0).value
            }
        }
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> Node {
        if depth > JSONLimits.maximumDepth { throw YAMLError(message: "yaml: exceeded max depth") }
        switch event.kind {
        case .scalar(let scalar): return keep(Node(value: YAMLScalar.resolve(scalar), count: 1), scalar.anchor)
        case .alias(let name): return try alias(name)
        case .sequenceStart(let anchor): return keep(try sequence(depth: depth), anchor)
        case .mappingStart(let anchor): return keep(try mapping(depth: depth), anchor)
        default: throw YAMLError(message: "yaml: unknown problem parsing YAML content")
        }
    }

    private mutating func keep(_ node: Node, _ anchor: String?) -> Node {
        if let anchor { anchors[anchor] = node }
        return node
    }

    /// An alias shares the tree of its anchor, but what it stands for is counted: a few lines can stand for billions.
    private mutating func alias(_ name: String) throws(YAMLError) -> Node {
        guard let node = anchors[name] else { throw YAMLError(message: "yaml: unknown anchor '\(name)' referenced") }
        aliasedNodes += node.count
        if aliasedNodes > YAMLLimits.maximumAliasedNodes {
            throw YAMLError(message: "yaml: document contains excessive aliasing")
        }
        return node
    }

    private mutating func sequence(depth: Int) throws(YAMLError) -> Node {
        var elements: [JSONValue] = []
        var count = 1
        while true {
            let event = try events.next()
            if event.kind == .sequenceEnd { return Node(value: .array(elements), count: count) }
            let element = try node(event, depth: depth + 1)
            elements.append(element.value)
            count += element.count
        }
    }

    private mutating func mapping(depth: Int) throws(YAMLError) -> Node {
        var members: JSONObject = [:]
        var count = 1
        while true {
            let event = try events.next()
            if event.kind == .mappingEnd { return Node(value: .object(members), count: count) }
            let isMerge = event.isMerge
            let key = try node(event, depth: depth + 1).value
            let next = try events.next()
            let member = try node(next, depth: depth + 1)
            count += member.count + 1
            if isMerge {
                try merge(member.value, into: &members)
                continue
            }
            let name = try Self.memberName(key)
            if members.updateValue(member.value, forKey: name) != nil {
                let printed = key.string == nil ? name : Self.quoted(name)
                repetitions.append("line \(next.line): key \(printed) already set in map")
            }
        }
    }

    /// `<<: *defaults`: the members of another mapping, or of several.
    private func merge(_ value: JSONValue, into members: inout JSONObject) throws(YAMLError) {
        switch value {
        case .object(let others): members.merge(others, uniquingKeysWith: { $1 })
        case .array(let elements) where elements.allSatisfy({ $0.object != nil }):
            // The first one of several has the last word.
            for element in elements.reversed() { members.merge(element.object ?? [:], uniquingKeysWith: { $1 }) }
        default: throw YAMLError(message: "yaml: map merge requires map or sequence of maps as the value")
        }
    }

    private static func memberName(_ key: JSONValue) throws(YAMLError) -> String {
        switch key {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .number(let number): return number.text
        case .bool(let flag): return flag ? "true" : "false"
        case .null, .array, .object:
            throw YAMLError(message: "error converting YAML to JSON: unsupported map key")
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
