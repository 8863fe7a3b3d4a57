// SPDX-License-Identifier: Apache-2.0
// Sets of fields as JSON, which is how objects carry them: {"f:metadata":{"f:labels":{".":{},"f:app":{}}}}.

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

    /// Reads a set of fields from JSON text.
    /// - Throws: what is wrong.
    package init(json text: BytesSlice) throws(FieldSetError) {
        self = try FieldSet(fieldsV1: try Self.parsed(text))
    }

    private static func parsed(_ text: BytesSlice) throws(FieldSetError) -> some DocumentReader {
        do throws(JSONError) {
            return try JSONValue(json: text)
        } catch {
            throw FieldSetError(text: "parsing fields: \(error.message)")
        }
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

    /// Writes this set as JSON.
    package func write(to writer: inout JSONWriter) { write(to: &writer, isMember: false) }

    /// - Parameter isMember: whether the step that led here is a member itself.
    private func write(to writer: inout JSONWriter, isMember: Bool) {
        writer.raw(isMember ? "{\".\":{}" : "{")
        var isFirst = !isMember
        var (i, j) = (0, 0)
        while i < members.count || j < children.count {
            if !isFirst { writer.raw(",") }
            isFirst = false
            if j == children.count || (i < members.count && members[i] < children[j].element) {
                members[i].write(to: &writer)
                writer.raw(":{}")
                i += 1
            } else {
                let isMember = i < members.count && members[i] == children[j].element
                children[j].element.write(to: &writer)
                writer.raw(":")
                children[j].set.write(to: &writer, isMember: isMember)
                if isMember { i += 1 }
                j += 1
            }
        }
        writer.raw("}")
    }
}

extension PathElement {
    /// Writes the name of this step in the JSON form of a set: `"f:name"`, `"k:{\"name\":\"c\"}"`, `"v:\"x\""`, `"i:0"`.
    // Kubernetes: structured-merge-diff/fieldpath/serialize-pe.go
    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .field(let name): writer.write(name, prefix: "f:")
        case .index(let index): writer.write(String(index), prefix: "i:")
        case .value(let value):
            var inner = JSONWriter(capacity: 32)
            value.write(to: &inner)
            writer.write(inner.text, prefix: "v:")
        case .key(let keys):
            var inner = JSONWriter(capacity: 64)
            inner.raw("{")
            for (index, key) in keys.enumerated() {
                if index > 0 { inner.raw(",") }
                inner.write(key.name)
                inner.raw(":")
                key.value.write(to: &inner)
            }
            inner.raw("}")
            writer.write(inner.text, prefix: "k:")
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
