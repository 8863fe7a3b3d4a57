// SPDX-License-Identifier: Apache-2.0
// Makes a schema from its line in openapi/schema.json, whose keys scripts/generate-openapi explains.

import PodiumCodec

extension Schema {
    /// Makes the type `name` of its JSON form.
    convenience init(name: String, value: JSONValue, registry: SchemaRegistry) {
        self.init(
            name: name,
            goName: value["go"]?.string ?? name,
            isAtomic: value["map"]?.string == "atomic",
            fields: (value["fields"]?.elements ?? []).map { SchemaField($0, registry: registry) },
            registry: registry
        )
    }
}

extension SchemaType {
    /// Reads the name of a scalar or of a type.
    init(_ text: String, registry: SchemaRegistry) {
        self =
            switch text {
            case "string": .string
            case "bool": .bool
            case "int32": .int32
            case "int64": .int64
            case "double": .double
            case "bytes": .bytes
            case "quantity": .quantity
            case "time": .time
            case "microtime": .microTime
            case "intOrString": .intOrString
            case "schemaOrBool": .schemaOrBool
            case "schemaOrArray": .schemaOrArray
            case "schemaOrStringArray": .schemaOrStringArray
            default: registry.index(of: text).map { .object($0) } ?? .raw
            }
    }

    /// The Go type of a scalar.
    var goName: String {
        switch self {
        case .string: "string"
        case .bool: "bool"
        case .int32: "int32"
        case .int64: "int64"
        case .double: "float64"
        case .bytes: "[]uint8"
        case .quantity: "resource.Quantity"
        case .time: "v1.Time"
        case .microTime: "v1.MicroTime"
        case .intOrString: "intstr.IntOrString"
        case .raw: "runtime.RawExtension"
        case .schemaOrBool: "v1.JSONSchemaPropsOrBool"
        case .schemaOrArray: "v1.JSONSchemaPropsOrArray"
        case .schemaOrStringArray: "v1.JSONSchemaPropsOrStringArray"
        case .object: "struct"
        }
    }

    /// What an absent value becomes where the file does not say.
    var usualEmission: SchemaField.Emission {
        switch self {
        case .string, .bool, .int32, .int64, .double, .bytes: .omit
        default: .keep
        }
    }
}

extension SchemaField {
    /// The Go type of a field whose elements are of the type `element`.
    static func goType(_ container: Container, of element: String) -> String {
        switch container {
        case .single: element
        case .list: "[]\(element)"
        case .map, .mapOfLists: "map[string]\(element)"
        }
    }
}

extension SchemaField.PatchStrategy {
    /// Reads `merge,retainKeys` and the like.
    init(_ text: String) {
        self = []
        for word in text.split(separator: ",") {
            switch word {
            case "merge": insert(.merge)
            case "replace": insert(.replace)
            case "retainKeys": insert(.retainKeys)
            default: break
            }
        }
    }
}
