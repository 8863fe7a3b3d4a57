// SPDX-License-Identifier: Apache-2.0
// Decides what is written for absent and empty values: what Go's zero values and `omitempty` leave of them.

import PodiumCodec

extension SchemaDecoder {
    /// The object of `schema` with the values in `slots`, which stand as its fields do.
    func write(_ slots: [JSONValue?], _ schema: Schema) -> JSONValue {
        var members = JSONObject(minimumCapacity: slots.count / 2)
        for place in slots.indices {
            // Most fields of most objects are absent, and nothing is written for them.
            if slots[place] == nil, !schema.areAlwaysWritten[place] { continue }
            let field = schema.fields[place]
            if let value = slots[place], !Self.disappears(value, field) {
                members.append(value, forNewKey: field.name)
            } else if let value = absent(field) {
                members.append(value, forNewKey: field.name)
            }
        }
        return .object(members)
    }

    /// Whether `value` is not told from an absent one.
    ///
    /// Empty lists and maps never are, but for one: storage does not keep them.
    private static func disappears(_ value: JSONValue, _ field: SchemaField) -> Bool {
        switch value {
        case .null: true
        case .array(let elements): field.container != .single && elements.isEmpty && !field.keepsEmptyList
        case .object(let members): field.container != .single && members.isEmpty
        case .string(let text): field.emission == .omit && text.isEmpty
        case .bool(let flag): field.emission == .omit && !flag
        case .integer(let number): field.emission == .omit && number == 0
        case .number: false
        }
    }

    /// What is written for a field without a value; nil when nothing is.
    private func absent(_ field: SchemaField) -> JSONValue? {
        switch field.emission {
        case .omit, .keep: nil
        case .null: .null
        case .zero: field.container == .single ? zeroElement(field) : .null
        }
    }

    /// An object of `schema` that nobody has filled in.
    static func zero(_ schema: Schema) -> JSONValue {
        SchemaDecoder(registry: schema.registry, duplicates: [], isConversion: false).zero(schema)
    }

    /// The zero value of a type: its fields that are always written.
    func zero(_ schema: Schema) -> JSONValue {
        write(Array(repeating: nil, count: schema.fields.count), schema)
    }

    /// The zero value of what the field, or an element of it, holds.
    func zeroElement(_ field: SchemaField) -> JSONValue {
        switch field.type {
        case .string, .bytes: ""
        case .bool: false
        case .int32, .int64, .double, .intOrString: 0
        case .quantity: "0"
        case .time, .microTime, .raw, .schemaOrBool, .schemaOrArray, .schemaOrStringArray: .null
        case .object(let index): registry.schema(at: index).map { zero($0) } ?? .emptyObject
        }
    }
}
