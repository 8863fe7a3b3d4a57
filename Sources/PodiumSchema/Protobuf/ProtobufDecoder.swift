// SPDX-License-Identifier: Apache-2.0
// Turns the protobuf message of an API type into the tree that its JSON would be.

import PodiumCodec
import PodiumMachinery

/// Reads protobuf messages by the field numbers of a schema.
///
/// Unknown fields are skipped, as every protobuf reader does. Fields whose zero value Go writes although nobody gave
/// them (`""`, `0`) come out as such; `SchemaDecoder`, which reads the tree next, drops them as it does for JSON.
// Kubernetes: the generated.pb.go of each API group
struct ProtobufDecoder {
    let registry: SchemaRegistry

    /// The object in `message`.
    func object(_ message: ArraySlice<UInt8>, as schema: Schema) throws(ProtobufError) -> JSONValue {
        var members: JSONObject = [:]
        try read(message, of: schema, below: [], depth: 0, into: &members)
        return .object(members)
    }

    private func object(
        _ message: ArraySlice<UInt8>,
        as schema: Schema,
        depth: Int
    ) throws(ProtobufError) -> JSONValue {
        var members: JSONObject = [:]
        try read(message, of: schema, below: [], depth: depth, into: &members)
        return .object(members)
    }

    /// Reads the fields of a message, which is the object itself or, below `path`, a struct that it embeds.
    private func read(
        _ message: ArraySlice<UInt8>,
        of schema: Schema,
        below path: [Int],
        depth: Int,
        into members: inout JSONObject
    ) throws(ProtobufError) {
        if depth > JSONLimits.maximumDepth { throw .tooDeep }
        var fields = WireReader(message)
        while let (number, value) = try fields.next() {
            let place = path + [number]
            if let field = schema.fields.first(where: { $0.protobufPath == place }) {
                try read(value, of: field, depth: depth, into: &members)
            } else if schema.fields.contains(where: { $0.protobufPath.starts(with: place) }) {
                guard case .bytes(let inner) = value else { throw .wrongType(value, of: "\(schema.goName).\(number)") }
                try read(inner, of: schema, below: place, depth: depth + 1, into: &members)
            }
        }
    }

    private func read(
        _ value: WireValue,
        of field: SchemaField,
        depth: Int,
        into members: inout JSONObject
    ) throws(ProtobufError) {
        switch field.container {
        case .single:
            members[field.name] = try single(value, of: field, depth: depth)
        case .list:
            var elements = members[field.name]?.array ?? []
            if case .bytes(let packed) = value, field.type.isVarint {
                var reader = WireReader(packed)
                for element in try reader.packed() {
                    elements.append(try single(.varint(element), of: field, depth: depth))
                }
            } else {
                elements.append(try single(value, of: field, depth: depth))
            }
            members[field.name] = .array(elements)
        case .map, .mapOfLists:
            guard case .bytes(let entry) = value else { throw .wrongType(value, of: field.name) }
            var object = members[field.name]?.object ?? [:]
            try readEntry(entry, of: field, depth: depth, into: &object)
            members[field.name] = .object(object)
        }
    }

    /// Reads one entry of a map: a message of key and value, each of which may be left out when it is empty.
    private func readEntry(
        _ entry: ArraySlice<UInt8>,
        of field: SchemaField,
        depth: Int,
        into object: inout JSONObject
    ) throws(ProtobufError) {
        var key = ""
        var element: JSONValue?
        var parts = WireReader(entry)
        while let (number, value) = try parts.next() {
            if number == 1 { key = try text(value, field.name) }
            guard number == 2 else { continue }
            element = try member(value, of: field, depth: depth)
        }
        object[key] = if let element { element } else { try member(.bytes([]), of: field, depth: depth) }
    }

    private func member(_ value: WireValue, of field: SchemaField, depth: Int) throws(ProtobufError) -> JSONValue {
        if field.container == .mapOfLists { return try texts(value, field.name) }
        return try single(value, of: field, depth: depth)
    }

    /// A list of strings that is a message of its own, as the values of some maps are.
    private func texts(_ value: WireValue, _ name: String) throws(ProtobufError) -> JSONValue {
        guard case .bytes(let message) = value else { throw .wrongType(value, of: name) }
        var items: [JSONValue] = []
        var fields = WireReader(message)
        while let (number, item) = try fields.next() {
            if number == 1 { items.append(.string(try text(item, name))) }
        }
        return .array(items)
    }

    // MARK: Values

    private func single(_ value: WireValue, of field: SchemaField, depth: Int) throws(ProtobufError) -> JSONValue {
        switch (field.type, value) {
        case (.bool, .varint(let number)): return .bool(number != 0)
        case (.int32, .varint(let number)): return .integer(Int64(Int32(truncatingIfNeeded: number)))
        case (.int64, .varint(let number)): return .integer(Int64(bitPattern: number))
        case (.double, .fixed64(let bits)): return Self.number(Double(bitPattern: bits))
        case (.string, .bytes(let bytes)): return .string(String(decoding: bytes, as: UTF8.self))
        case (.bytes, .bytes(let bytes)): return .string(Base64.encode(Array(bytes)))
        case (_, .bytes(let message)): return try composite(message, of: field, depth: depth)
        default: throw .wrongType(value, of: field.name)
        }
    }

    /// A value that is a message in protobuf, whatever it is in JSON.
    private func composite(
        _ message: ArraySlice<UInt8>,
        of field: SchemaField,
        depth: Int
    ) throws(ProtobufError) -> JSONValue {
        let name = field.name
        switch field.type {
        case .object:
            guard let schema = registry.schema(of: field) else { return .emptyObject }
            return try object(message, as: schema, depth: depth + 1)
        case .quantity:
            return .string(try parts(message, name).text(1) ?? "0")
        case .time: return try time(message, name).map { .string($0.rfc3339) } ?? .null
        case .microTime: return try time(message, name).map { .string($0.rfc3339Micro) } ?? .null
        case .intOrString:
            let parts = try parts(message, name)
            if parts.integer(1) == 1 { return .string(try parts.text(3) ?? "") }
            return .integer(Int64(Int32(truncatingIfNeeded: parts.integer(2) ?? 0)))
        case .raw: return try raw(message, name)
        case .schemaOrBool, .schemaOrArray, .schemaOrStringArray:
            return try schemaOrElse(message, of: field, depth: depth)
        case .string, .bool, .int32, .int64, .double, .bytes:
            throw .wrongType(.bytes(message), of: name)
        }
    }

    /// `metav1.Time` and `MicroTime`; nil for the zero time, which JSON writes as `null`.
    private func time(_ message: ArraySlice<UInt8>, _ name: String) throws(ProtobufError) -> Timestamp? {
        let parts = try parts(message, name)
        let seconds = parts.integer(1) ?? 0
        let nanoseconds = parts.integer(2) ?? 0
        if seconds == 0, nanoseconds == 0 { return nil }
        let (scaled, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowsToo) = scaled.addingReportingOverflow(nanoseconds)
        if overflows || overflowsToo { throw ProtobufError(message: "proto: time out of range for field \(name)") }
        return Timestamp(nanoseconds: sum)
    }

    /// JSON that is kept as it is.
    private func raw(_ message: ArraySlice<UInt8>, _ name: String) throws(ProtobufError) -> JSONValue {
        guard let bytes = try parts(message, name).bytes(1), !bytes.isEmpty else { return .null }
        do throws(JSONError) {
            return try JSONValue(json: Array(bytes))
        } catch {
            throw ProtobufError(message: error.message)
        }
    }

    /// The unions of JSON schemas: field 1 and 2 are a schema and the other thing, the truth value coming first.
    private func schemaOrElse(
        _ message: ArraySlice<UInt8>,
        of field: SchemaField,
        depth: Int
    ) throws(ProtobufError) -> JSONValue {
        let name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
        guard let schema = registry.schema(named: name) else { return .emptyObject }
        let parts = try parts(message, field.name)
        if field.type == .schemaOrBool {
            if let inner = try parts.bytes(2) { return try object(inner, as: schema, depth: depth + 1) }
            return .bool(parts.integer(1) == 1)
        }
        if let inner = try parts.bytes(1) { return try object(inner, as: schema, depth: depth + 1) }
        var elements: [JSONValue] = []
        for element in parts.all(2) {
            guard case .bytes(let bytes) = element else { throw .wrongType(element, of: field.name) }
            elements.append(
                field.type == .schemaOrArray
                    ? try object(bytes, as: schema, depth: depth + 1) : .string(String(decoding: bytes, as: UTF8.self))
            )
        }
        return .array(elements)
    }

    private func text(_ value: WireValue, _ name: String) throws(ProtobufError) -> String {
        guard case .bytes(let bytes) = value else { throw .wrongType(value, of: name) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func parts(_ message: ArraySlice<UInt8>, _ name: String) throws(ProtobufError) -> MessageParts {
        try MessageParts(message, name)
    }

    private static func number(_ value: Double) -> JSONValue {
        if value == value.rounded(), abs(value) < 1e15 { return .integer(Int64(value)) }
        return value.isFinite ? .number(JSONNumber(text: "\(value)")) : .null
    }
}

extension SchemaType {
    /// Whether lists of it may come packed into one field.
    fileprivate var isVarint: Bool {
        switch self {
        case .bool, .int32, .int64: true
        default: false
        }
    }
}

/// The fields of a small message, such as a time, of which the last of each number counts.
private struct MessageParts {
    private let fields: [(number: Int, value: WireValue)]
    private let name: String

    init(_ message: ArraySlice<UInt8>, _ name: String) throws(ProtobufError) {
        var fields: [(number: Int, value: WireValue)] = []
        var reader = WireReader(message)
        while let field = try reader.next() { fields.append(field) }
        self.fields = fields
        self.name = name
    }

    func all(_ number: Int) -> [WireValue] { fields.filter { $0.number == number }.map(\.value) }

    func integer(_ number: Int) -> Int64? {
        guard case .varint(let value) = all(number).last else { return nil }
        return Int64(bitPattern: value)
    }

    func bytes(_ number: Int) throws(ProtobufError) -> ArraySlice<UInt8>? {
        guard let value = all(number).last else { return nil }
        guard case .bytes(let bytes) = value else { throw .wrongType(value, of: name) }
        return bytes
    }

    func text(_ number: Int) throws(ProtobufError) -> String? {
        try bytes(number).map { String(decoding: $0, as: UTF8.self) }
    }
}
