// SPDX-License-Identifier: Apache-2.0
// Types of the API as the schemas of an OpenAPI v3 document.

import PodiumCodec
import PodiumMachinery
import PodiumSchema

/// Collects the schemas of a document: types, and all types that they need.
struct OpenAPISchemas {
    let types: SchemaRegistry
    private let descriptions: FieldDescriptions
    /// The schemas by the names of their types, in the order in which they were needed.
    private(set) var components: JSONObject = [:]
    private var pending: [Schema] = []

    init(types: SchemaRegistry, descriptions: FieldDescriptions) {
        self.types = types
        self.descriptions = descriptions
    }

    /// A reference to the schema called `name`.
    static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// Adds a type as the kind `gvk`, and all types that it needs.
    mutating func add(_ schema: Schema, as gvk: GroupVersionKind? = nil) {
        pending.append(schema)
        while let next = pending.popLast() {
            if components[next.name] == nil { components[next.name] = object(next) }
        }
        guard let gvk else { return }
        let entry: JSONValue = [
            "group": .string(gvk.group), "kind": .string(gvk.kind), "version": .string(gvk.version),
        ]
        var kinds = components[schema.name]?["x-kubernetes-group-version-kind"]?.elements ?? []
        if !kinds.contains(entry) { kinds.append(entry) }
        components[schema.name]?["x-kubernetes-group-version-kind"] = .array(kinds)
    }

    // MARK: Types

    private mutating func object(_ schema: Schema) -> JSONValue {
        var result: JSONObject = ["description": .string(descriptions.type(schema.name)), "type": "object"]
        let required = schema.fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { result["required"] = .array(required) }
        var properties: JSONObject = [:]
        for field in schema.fields.sorted(by: { $0.name < $1.name }) {
            properties[field.name] = property(field, of: schema)
        }
        if !properties.isEmpty { result["properties"] = .object(properties) }
        if schema.isAtomic { result["x-kubernetes-map-type"] = "atomic" }
        return .object(result)
    }

    private mutating func property(_ field: SchemaField, of schema: Schema) -> JSONValue {
        var property: JSONObject = ["description": .string(descriptions.field(field.name, of: schema.name))]
        switch field.container {
        case .single: property.merge(value(field, of: schema), uniquingKeysWith: { $1 })
        case .list:
            property["type"] = "array"
            property["items"] = .object(value(field, of: schema))
        case .map:
            property["type"] = "object"
            property["additionalProperties"] = .object(value(field, of: schema))
        case .mapOfLists:
            property["type"] = "object"
            property["additionalProperties"] = ["type": "array", "items": .object(value(field, of: schema))]
        }
        if let defaultValue = field.defaultValue { property["default"] = defaultValue }
        if !field.allowedValues.isEmpty { property["enum"] = .array(field.allowedValues.map(JSONValue.string)) }
        Self.addExtensions(of: field, to: &property)
        return .object(property)
    }

    private static func addExtensions(of field: SchemaField, to property: inout JSONObject) {
        if let listType = field.listType { property["x-kubernetes-list-type"] = .string(listType.rawValue) }
        if !field.listKeys.isEmpty {
            property["x-kubernetes-list-map-keys"] = .array(field.listKeys.map(JSONValue.string))
        }
        if let isAtomic = field.isAtomicMap {
            property["x-kubernetes-map-type"] = isAtomic ? "atomic" : "granular"
        }
        if let mergeKey = field.mergeKey { property["x-kubernetes-patch-merge-key"] = .string(mergeKey) }
        let strategies: [(SchemaField.PatchStrategy, String)] = [
            (.merge, "merge"), (.replace, "replace"), (.retainKeys, "retainKeys"),
        ]
        let names = strategies.filter { field.patchStrategy.contains($0.0) }.map(\.1)
        if !names.isEmpty { property["x-kubernetes-patch-strategy"] = .string(names.joined(separator: ",")) }
    }

    /// The schema of a field's value, or of its elements.
    private mutating func value(_ field: SchemaField, of schema: Schema) -> JSONObject {
        switch field.type {
        case .string: return ["type": "string"]
        case .bool: return ["type": "boolean"]
        case .int32: return ["type": "integer", "format": "int32"]
        case .int64: return ["type": "integer", "format": "int64"]
        case .double: return ["type": "number", "format": "double"]
        case .bytes: return ["type": "string", "format": "byte"]
        case .quantity: return leaf("io.k8s.apimachinery.pkg.api.resource.Quantity", Self.quantity)
        case .time: return leaf("io.k8s.apimachinery.pkg.apis.meta.v1.Time", Self.time)
        case .microTime: return leaf("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", Self.time)
        case .intOrString: return leaf("io.k8s.apimachinery.pkg.util.intstr.IntOrString", Self.intOrString)
        case .raw: return raw(field, of: schema)
        case .schemaOrBool: return leaf("\(Self.extensions).JSONSchemaPropsOrBool", [:])
        case .schemaOrArray: return leaf("\(Self.extensions).JSONSchemaPropsOrArray", [:])
        case .schemaOrStringArray: return leaf("\(Self.extensions).JSONSchemaPropsOrStringArray", [:])
        case .object:
            guard let type = types.schema(of: field) else { return ["type": "object"] }
            pending.append(type)
            return Self.wrapped(type.name)
        }
    }

    /// Any JSON, which has a name of its own in two places.
    private mutating func raw(_ field: SchemaField, of schema: Schema) -> JSONObject {
        if field.name == "fieldsV1" {
            return leaf("io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1", ["type": "object"])
        }
        if schema.name == "\(Self.extensions).JSONSchemaProps" { return leaf("\(Self.extensions).JSON", [:]) }
        return leaf("io.k8s.apimachinery.pkg.runtime.RawExtension", ["type": "object"])
    }

    /// A reference to a type without fields, which is added if it is missing.
    private mutating func leaf(_ name: String, _ schema: JSONObject) -> JSONObject {
        if components[name] == nil {
            var described: JSONObject = ["description": .string(descriptions.type(name))]
            described.merge(schema, uniquingKeysWith: { $1 })
            components[name] = .object(described)
        }
        return Self.wrapped(name)
    }

    /// A reference that may stand beside other members.
    private static func wrapped(_ name: String) -> JSONObject { ["allOf": [reference(name)]] }

    private static let extensions = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"
    private static let quantity: JSONObject = ["oneOf": [["type": "string"], ["type": "number"]]]
    private static let time: JSONObject = ["type": "string", "format": "date-time"]
    private static let intOrString: JSONObject = [
        "oneOf": [["type": "integer"], ["type": "string"]], "format": "int-or-string",
    ]
}
