// SPDX-License-Identifier: Apache-2.0
// The schemas of a custom resource: what its definition says, with what every object has.

import OrderedCollections
import PodiumCodec
import PodiumMachinery

/// Makes the schemas of a custom kind and of lists of it.
// Kubernetes: apiextensions-apiserver/pkg/controller/openapi/builder/builder.go
struct CustomOpenAPISchema {
    private let definition: ResourceDefinition

    init(_ definition: ResourceDefinition) { self.definition = definition }

    /// The types that every object and list needs.
    static let metadata = [
        "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta",
    ]

    /// The name of the schema of an object: `com.example.v1.Widget`.
    var name: String { name(of: definition.kind) }
    /// The name of the schema of a list.
    var listName: String { name(of: definition.listKind) }

    private func name(of kind: String) -> String {
        let group = definition.group.split(separator: ".").reversed().joined(separator: ".")
        return "\(group).\(definition.version).\(kind)"
    }

    /// The schema of an object.
    var object: JSONValue {
        var schema =
            definition.openAPISchema.object ?? ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
        var properties = Self.identity
        properties["metadata"] = Self.reference("ObjectMeta", "What every object has: names, labels and its life.")
        for (name, property) in schema["properties"]?.object ?? [:] where properties[name] == nil {
            properties[name] = property
        }
        schema["properties"] = .object(properties)
        schema["x-kubernetes-group-version-kind"] = kinds(definition.kind)
        return .object(schema)
    }

    /// The schema of a list.
    var list: JSONValue {
        var properties = Self.identity
        properties["metadata"] = Self.reference("ListMeta", "What every list has.")
        properties["items"] = [
            "description": "The entries of the list.", "type": "array", "items": OpenAPISchemas.reference(name),
        ]
        return [
            "description": .string("\(definition.listKind) is a list of \(definition.kind)."), "type": "object",
            "required": ["items"], "properties": .object(properties),
            "x-kubernetes-group-version-kind": kinds(definition.listKind),
        ]
    }

    private func kinds(_ kind: String) -> JSONValue {
        [["group": .string(definition.group), "kind": .string(kind), "version": .string(definition.version)]]
    }

    private static let identity: JSONObject = [
        "apiVersion": [
            "description": "The group and version of the API that the object is written in.", "type": "string",
        ],
        "kind": ["description": "The kind of the object.", "type": "string"],
    ]

    private static func reference(_ kind: String, _ description: String) -> JSONValue {
        let name = "io.k8s.apimachinery.pkg.apis.meta.v1.\(kind)"
        return ["description": .string(description), "allOf": [OpenAPISchemas.reference(name)]]
    }
}
