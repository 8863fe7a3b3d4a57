// SPDX-License-Identifier: Apache-2.0
// Sets of fields as JSON, which is how objects carry them: {"f:metadata":{"f:labels":{".":{},"f:app":{}}}}.

import OrderedCollections
package import PodiumCodec

/// A text that is no set of fields.
package struct FieldSetError: Error, Equatable {
    package let text: String
}

extension FieldSet {
    /// The limits of what is read.
    package enum Limits {
        /// How many steps a path may have; objects are not nested any deeper.
        package static let maximumDepth = 128
    }

    /// Reads a set of fields.
    /// - Throws: what is wrong, as upstream puts it.
    // Kubernetes: structured-merge-diff/fieldpath/serialize.go
    package init(fieldsV1 document: some DocumentReader, depth: Int = 0) throws(FieldSetError) {
        guard document.kind == .object else { throw FieldSetError(text: "expected object, got \(document.kind)") }
        if depth >= Limits.maximumDepth { throw FieldSetError(text: "exceeded max depth") }
        var set = FieldSet()
        for index in 0..<document.count {
            let name = document.name(at: index)
            // Says of the step that led here that it is a member, which its own set knows.
            if name == "." { continue }
            let element = try PathElement(fieldsV1: name)
            let below = document.element(at: index)
            guard below.kind == .object else { throw FieldSetError(text: "expected object, got \(below.kind)") }
            if below.count == 0 || below.member(".") != nil { set.append(element) }
            set.append(try FieldSet(fieldsV1: below, depth: depth + 1), below: element)
        }
        set.sort()
        self = set
    }

    /// This set as JSON.
    package func fieldsV1<Document: DocumentBuilder>(_ type: Document.Type = Document.self) -> Document {
        fieldsV1(isMember: false)
    }

    private func fieldsV1<Document: DocumentBuilder>(isMember: Bool) -> Document {
        var entries: [(name: String, value: Document)] = []
        entries.reserveCapacity(members.count + children.count + 1)
        let nothing = Document.object(of: [])
        if isMember { entries.append((".", nothing)) }
        var (i, j) = (0, 0)
        while i < members.count || j < children.count {
            if j == children.count || (i < members.count && members[i] < children[j].element) {
                entries.append((members[i].fieldsV1, nothing))
                i += 1
            } else {
                let isMember = i < members.count && members[i] == children[j].element
                entries.append((children[j].element.fieldsV1, children[j].set.fieldsV1(isMember: isMember)))
                if isMember { i += 1 }
                j += 1
            }
        }
        return .object(of: entries)
    }
}

extension PathElement {
    /// The name of this step in the JSON form of a set: `f:name`, `k:{"name":"c"}`, `v:"x"`, `i:0`.
    // Kubernetes: structured-merge-diff/fieldpath/serialize-pe.go
    package var fieldsV1: String {
        switch self {
        case .field(let name): return "f:\(name)"
        case .index(let index): return "i:\(index)"
        case .value(let value):
            var writer = JSONWriter(capacity: 32)
            writer.raw("v:")
            value.write(to: &writer)
            return String(decoding: writer.bytes, as: UTF8.self)
        case .key(let keys):
            var writer = JSONWriter(capacity: 64)
            writer.raw("k:{")
            for (index, key) in keys.enumerated() {
                if index > 0 { writer.raw(",") }
                writer.write(key.name)
                writer.raw(":")
                key.value.write(to: &writer)
            }
            writer.raw("}")
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    /// Reads the name of a step.
    package init(fieldsV1 name: String) throws(FieldSetError) {
        let rest = name.dropFirst(2)
        switch name.prefix(2) {
        case "f:": self = .field(String(rest))
        case "i:":
            guard let index = Int(rest) else { throw FieldSetError(text: "invalid index: \(rest)") }
            self = .index(index)
        case "v:":
            guard let value = PathScalar(try Self.parsed(rest)) else {
                throw FieldSetError(text: "invalid value: \(rest)")
            }
            self = .value(value)
        case "k:":
            let document = try Self.parsed(rest)
            guard document.kind == .object else { throw FieldSetError(text: "invalid key: \(rest)") }
            var keys: [PathKey] = []
            for index in 0..<document.count {
                guard let value = PathScalar(document.element(at: index)) else {
                    throw FieldSetError(text: "invalid key: \(rest)")
                }
                keys.append(PathKey(name: document.name(at: index), value: value))
            }
            self = .key(keys.sorted())
        default:
            throw FieldSetError(
                text: name.utf8.count < 2 || !name.contains(":")
                    ? "key must be 2 characters long:" : "unsupported path element type: \(name)"
            )
        }
    }

    private static func parsed(_ text: Substring) throws(FieldSetError) -> some DocumentReader {
        do throws(JSONError) {
            return try JSONValue(json: String(text))
        } catch {
            throw FieldSetError(text: "parsing value: \(error.message)")
        }
    }
}

extension PathScalar {
    /// Writes this as JSON.
    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.raw("null")
        case .bool(let flag): writer.raw(flag ? "true" : "false")
        case .integer(let number): writer.write(number)
        case .number(let number): writer.write(.number(number))
        case .string(let text): writer.write(text)
        }
    }
}
