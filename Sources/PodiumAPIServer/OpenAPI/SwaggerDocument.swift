// SPDX-License-Identifier: Apache-2.0
// The parts of the OpenAPI v2 document, made from those of version 3.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumSchema

/// A document in the making: what is in it does not depend on the form in which it is written.
struct SwaggerDocument {
    private let version: ServerVersion
    /// Every type by its name.
    let definitions: JSONObject
    private let resources: [(definition: ResourceDefinition, names: [GroupVersionKind: String])]

    init(registry: ResourceRegistry, types: SchemaRegistry, version: ServerVersion) {
        self.version = version
        var schemas = OpenAPISchemas(types: types, descriptions: FieldDescriptions())
        schemas.addCommonTypes()
        var resources: [(definition: ResourceDefinition, names: [GroupVersionKind: String])] = []
        for definition in registry.definitions {
            var names: [GroupVersionKind: String] = [:]
            schemas.addKinds(of: definition, &names)
            resources.append((definition, names))
        }
        definitions = schemas.components.mapValues(Swagger.schema)
        self.resources = resources
    }

    /// Title and version.
    var info: JSONObject { ["title": "Kubernetes", "version": .string(version.gitVersion)] }

    /// Calls `body` with every path, one collection after the other, so that not all of them are in memory at a time.
    func forEachPath(_ body: (_ path: String, _ item: JSONObject) -> Void) {
        for (definition, names) in resources {
            for (path, item) in OpenAPIPaths(definition: definition, schemaName: { names[$0] }).paths {
                body(path, Swagger.path(item))
            }
        }
    }

    /// The document as JSON.
    func json() -> [UInt8] {
        var writer = JSONWriter(capacity: 1 << 21)
        writer.raw("{\"swagger\":\"2.0\",\"info\":")
        writer.write(.object(info))
        writer.raw(",\"paths\":{")
        forEachPath { path, item in
            writer.write(path)
            writer.raw(":")
            writer.write(.object(item))
            writer.raw(",")
        }
        writer.removeLast()
        writer.raw("},\"definitions\":")
        writer.write(.object(definitions))
        writer.raw("}")
        return writer.bytes
    }
}

/// Turns parts of a document of version 3 into those of version 2.
private enum Swagger {
    private static let definitionsPrefix = "#/definitions/"
    private static let componentsPrefix = "#/components/schemas/"

    /// A type or a field. What is one of several types is a string in version 2; defaults are not in it.
    // Kubernetes: kube-openapi/pkg/common/common.go OpenAPIV2DefinitionGetter, EmbedOpenAPIDefinitionIntoV2Extension
    static func schema(_ value: JSONValue) -> JSONValue {
        guard let members = value.object else { return value }
        var result: JSONObject = [:]
        for (key, member) in members {
            switch key {
            case "$ref": result["$ref"] = reference(member)
            case "allOf": if let target = member.elements.first?["$ref"] { result["$ref"] = reference(target) }
            case "oneOf": result["type"] = "string"
            case "default": break
            case "properties": result[key] = .object((member.object ?? [:]).mapValues(schema))
            case "items", "additionalProperties": result[key] = schema(member)
            default: result[key] = member
            }
        }
        return .object(result)
    }

    private static func reference(_ target: JSONValue) -> JSONValue {
        .string(definitionsPrefix + (target.string ?? "").dropFirst(componentsPrefix.count))
    }

    static func path(_ item: JSONValue) -> JSONObject {
        var result: JSONObject = [:]
        for (key, member) in item.object ?? [:] {
            result[key] = key == "parameters" ? .array(member.elements.map(parameter)) : .object(operation(member))
        }
        return result
    }

    private static func parameter(_ value: JSONValue) -> JSONValue {
        var result = value.object ?? [:]
        let schema = result.removeValue(forKey: "schema")?.object ?? [:]
        result.merge(schema, uniquingKeysWith: { first, _ in first })
        return .object(result)
    }

    private static func operation(_ value: JSONValue) -> JSONObject {
        var result = value.object ?? [:]
        var parameters = (result["parameters"]?.elements ?? []).map(parameter)
        if let body = result.removeValue(forKey: "requestBody") {
            var parameter: JSONObject = ["name": "body", "in": "body"]
            parameter["required"] = body["required"]
            parameter["schema"] = content(body)
            parameters.insert(.object(parameter), at: 0)
            result["consumes"] = .array((body["content"]?.object ?? [:]).keys.map(JSONValue.string))
        }
        result["parameters"] = .array(parameters)
        var produced: [JSONValue] = []
        result["responses"] = .object(
            (result["responses"]?.object ?? [:]).mapValues { answer in
                var response: JSONObject = [:]
                response["description"] = answer["description"]
                response["schema"] = content(answer)
                if produced.isEmpty { produced = (answer["content"]?.object ?? [:]).keys.map(JSONValue.string) }
                return .object(response)
            }
        )
        result["produces"] = .array(produced)
        return result
    }

    /// The schema of a body, which in version 3 stands once for each media type.
    private static func content(_ value: JSONValue) -> JSONValue? {
        value["content"]?.object?.values.first?["schema"].map(schema)
    }
}
