// SPDX-License-Identifier: Apache-2.0
// Reads a JSON tree as a type of the API, and gives back what Kubernetes would write of it.

import OrderedCollections
package import PodiumCodec

/// Why a tree cannot be read as a type, worded as Go's JSON reader words it.
package struct DecodingError: Error, Equatable {
    package let message: String

    package init(message: String) { self.message = message }
}

/// What came of reading a tree as a type.
package struct DecodedObject: Sendable {
    /// The tree in the order of the schema, without unknown fields, with canonical scalars and Go's zero values.
    package var value: JSONValue
    /// `unknown field "spec.foo"` and `duplicate field "metadata.name"`, in the order of the text.
    package var strictErrors: [String]
}

/// The limits of the decoder.
package enum DecodingLimits {
    /// How many unknown and duplicate fields are reported of one object; further ones are left out.
    package static let maximumStrictErrors = 100
}

/// Reads JSON trees as types of the API.
///
/// The result is what Go would write after having read the tree into its struct: unknown fields are gone, fields stand
/// in the order of the type, quantities and times are canonical, null is absent, and empty values are dropped or kept
/// as the field's emission says. A value of the wrong type is an error; the first one in the text is reported, unless
/// a type that reads itself (quantity, time) fails, which ends the reading at once.
// Kubernetes: sigs.k8s.io/json (encoding/json with case-sensitive names and strict errors)
package struct SchemaDecoder {
    /// A step from the root to the value being read.
    enum Step {
        case field(String)
        case index(Int)
        case key(String)
    }

    let registry: SchemaRegistry
    private var duplicates: Set<String>
    private var strictErrors: OrderedSet<String> = []
    private var firstTypeError: DecodingError?
    /// The struct whose field is being read; none at the root.
    private var owner: Schema?
    private var path: [Step] = []
    /// Above zero inside of values that read themselves, where strict errors are not noticed.
    private var lenientDepth = 0

    /// Whether values come from a tree that upstream converts by reflection, which words its errors differently.
    let isConversion: Bool

    init(registry: SchemaRegistry, duplicates: [String], isConversion: Bool) {
        self.registry = registry
        self.duplicates = Set(duplicates)
        self.isConversion = isConversion
    }

    /// Reads `document` as `schema`.
    package static func decode(_ document: JSONDocument, as schema: Schema) throws(DecodingError) -> DecodedObject {
        try decode(document.value, duplicates: document.duplicates, as: schema)
    }

    /// Reads a tree as `schema`; `duplicates` are the paths of members that stood more than once in its text.
    package static func decode(
        _ value: JSONValue,
        duplicates: [String] = [],
        as schema: Schema
    ) throws(DecodingError) -> DecodedObject {
        var decoder = SchemaDecoder(registry: schema.registry, duplicates: duplicates, isConversion: false)
        let value = try decoder.decodeObject(value, schema)
        if let error = decoder.firstTypeError { throw error }
        return DecodedObject(value: value, strictErrors: decoder.strictErrors.elements)
    }

    /// Reads the tree that came of a strategic merge patch as `schema`.
    // Kubernetes: apimachinery/pkg/runtime/converter.go
    package static func convert(_ value: JSONValue, to schema: Schema) throws(DecodingError) -> DecodedObject {
        var decoder = SchemaDecoder(registry: schema.registry, duplicates: [], isConversion: true)
        do throws(DecodingError) {
            let value = try decoder.decodeObject(value, schema)
            if let error = decoder.firstTypeError { throw error }
            return DecodedObject(value: value, strictErrors: decoder.strictErrors.elements)
        } catch {
            throw decoder.firstTypeError ?? error
        }
    }

    /// Reads an object; null is the zero value, and so is what has the wrong type.
    private mutating func decodeObject(_ value: JSONValue, _ schema: Schema) throws(DecodingError) -> JSONValue {
        guard case .object(let members) = value else {
            if !value.isNull { mismatch(value, schema.goName, in: .object) }
            return zero(schema)
        }
        var slots = [JSONValue?](repeating: nil, count: schema.fields.count)
        let outerOwner = owner
        var next = 0
        for (name, member) in members {
            guard let position = schema.names.place(of: name, from: &next) else {
                reportStrict("unknown", name)
                continue
            }
            owner = schema
            path.append(.field(name))
            reportDuplicate()
            slots[position] = try decodeField(member, schema.fields[position])
            path.removeLast()
            owner = outerOwner
        }
        return write(slots, schema)
    }

    private mutating func decodeField(_ value: JSONValue, _ field: SchemaField) throws(DecodingError) -> JSONValue? {
        if value.isNull { return nil }
        switch field.container {
        case .single: return try decodeElement(value, field)
        case .list: return try decodeList(value, field, goType: field.goType)
        case .map, .mapOfLists:
            guard case .object(let members) = value else {
                mismatch(value, field.goType, in: .map)
                return nil
            }
            var result = JSONObject(minimumCapacity: members.count)
            for (key, member) in members {
                path.append(.key(key))
                reportDuplicate()
                result.append(try decodeMapElement(member, field), forNewKey: key)
                path.removeLast()
            }
            return .object(result)
        }
    }

    private mutating func decodeMapElement(_ value: JSONValue, _ field: SchemaField) throws(DecodingError) -> JSONValue
    {
        guard field.container == .mapOfLists else { return try decodeElement(value, field) ?? zeroElement(field) }
        if value.isNull { return .null }
        return try decodeList(value, field, goType: field.goElementType) ?? .null
    }

    private mutating func decodeList(
        _ value: JSONValue,
        _ field: SchemaField,
        goType: String
    ) throws(DecodingError) -> JSONValue? {
        guard case .array(let elements) = value else {
            mismatch(value, goType, in: .list)
            return nil
        }
        var result: [JSONValue] = []
        result.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            path.append(.index(index))
            result.append(try decodeElement(element, field) ?? zeroElement(field))
            path.removeLast()
        }
        return .array(result)
    }

    /// Reads one value of the field's type; nil for null, and for what has the wrong type.
    private mutating func decodeElement(_ value: JSONValue, _ field: SchemaField) throws(DecodingError) -> JSONValue? {
        if value.isNull { return nil }
        if case .object(let index) = field.type {
            guard let schema = registry.schema(at: index) else { return value }
            return try decodeObject(value, schema)
        }
        return try decodeScalar(value, field)
    }

    /// Reads a JSON schema, a list of them or of strings, or a truth value: types that read themselves.
    mutating func decodeSchemaOr(_ value: JSONValue, _ type: SchemaType) throws(DecodingError) -> JSONValue? {
        lenientDepth += 1
        defer { lenientDepth -= 1 }
        let name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
        guard let schema = registry.schema(named: name) else { return value }
        switch (value, type) {
        case (.object, _): return try decodeObject(value, schema)
        case (.bool, .schemaOrBool): return value
        case (_, .schemaOrBool): throw DecodingError(message: "boolean or JSON schema expected")
        case (.array(let elements), .schemaOrArray):
            var result: [JSONValue] = []
            for element in elements { result.append(try decodeObject(element, schema)) }
            return .array(result)
        case (.array(let elements), .schemaOrStringArray):
            for element in elements where element.string == nil { mismatch(element, "string") }
            return value
        default: return nil
        }
    }
}

// MARK: Errors

extension SchemaDecoder {
    /// What a value was to be.
    enum Expectation {
        case object
        case map
        case list
        case scalar
    }

    /// Notes that `value` is not of the Go type `goType`; only the first such error is kept.
    mutating func mismatch(
        _ value: JSONValue,
        _ goType: String,
        in expectation: Expectation = .scalar,
        describedAs description: String? = nil
    ) {
        guard firstTypeError == nil else { return }
        firstTypeError =
            isConversion
            ? Self.conversionError(value, goType, expectation)
            : typeError(description ?? Self.description(of: value), goType)
    }

    private static func conversionError(
        _ value: JSONValue,
        _ goType: String,
        _ expectation: Expectation
    ) -> DecodingError {
        let kind = GoPrinter.kindName(value)
        switch expectation {
        case .object: return DecodingError(message: "cannot restore struct from: \(kind)")
        case .map: return DecodingError(message: "cannot restore map from \(kind)")
        case .list: return DecodingError(message: "cannot restore slice from \(kind)")
        case .scalar:
            // Go converts integers to strings and numbers to one another, but this converter does not let it.
            let isNumber = goType.hasPrefix("int") || goType.hasPrefix("float")
            switch value {
            case .integer where goType != "bool", .number where isNumber:
                return DecodingError(message: "cannot convert \(kind) to \(goType)")
            default:
                let wanted = isNumber || goType == "bool" ? goType : "string"
                return DecodingError(message: "unrecognized type: \(wanted)")
            }
        }
    }

    /// Notes an error that names no field; only the first one of all is kept.
    mutating func note(_ error: DecodingError) {
        if firstTypeError == nil { firstTypeError = error }
    }

    /// The error of a value of another kind than `goType` at the place being read.
    func typeError(_ description: String, _ goType: String) -> DecodingError {
        guard let owner, !isConversion else {
            return DecodingError(message: "json: cannot unmarshal \(description) into Go value of type \(goType)")
        }
        var names = [owner.goShortName]
        for case .field(let name) in path { names.append(name) }
        let place = names.joined(separator: ".")
        return DecodingError(
            message: "json: cannot unmarshal \(description) into Go struct field \(place) of type \(goType)"
        )
    }

    /// What Go calls the kind of `value`.
    package static func description(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "bool"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    private mutating func reportStrict(_ problem: String, _ name: String) {
        guard lenientDepth == 0, strictErrors.count < DecodingLimits.maximumStrictErrors else { return }
        let place = pathText
        strictErrors.append("\(problem) field \"\(place.isEmpty ? name : "\(place).\(name)")\"")
    }

    /// Reports the member being read when it stood more than once.
    private mutating func reportDuplicate() {
        guard !duplicates.isEmpty, lenientDepth == 0, strictErrors.count < DecodingLimits.maximumStrictErrors else {
            return
        }
        let place = pathText
        if duplicates.contains(place) { strictErrors.append("duplicate field \"\(place)\"") }
    }

    private var pathText: String {
        var text = ""
        for step in path {
            switch step {
            case .field(let name), .key(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }
}
