// SPDX-License-Identifier: Apache-2.0
// The OpenAPI v2 document in protobuf, which is all that kubectl reads of it.

import PodiumCodec

// The messages and their numbers are gnostic's: openapiv2/OpenAPIv2.proto. What begins with `x-` is a vendor extension,
// whose value stands there as YAML; JSON is YAML.
extension SwaggerDocument {
    /// The document as a message `Document`.
    func protobuf() -> [UInt8] {
        var document = ProtobufWriter()
        document.write("2.0", as: 1)
        document.write(as: 2) { message in
            message.text(info["title"], as: 1)
            message.text(info["version"], as: 2)
        }
        document.write(as: 8) { paths in
            forEachPath { path, item in
                paths.named(path, as: 2) { $0.pathItem(item) }
            }
        }
        document.write(as: 9) { message in
            for (name, schema) in definitions { message.named(name, as: 1) { $0.schema(schema) } }
        }
        return document.bytes
    }
}

extension ProtobufWriter {
    /// A pair of a name and the message that `body` writes.
    fileprivate mutating func named(_ name: String, as field: UInt64, _ body: (inout ProtobufWriter) -> Void) {
        write(as: field) { pair in
            pair.write(name, as: 1)
            pair.write(as: 2, body)
        }
    }

    fileprivate mutating func text(_ value: JSONValue?, as field: UInt64) {
        if let text = value?.string { write(text, as: field) }
    }

    private mutating func texts(_ value: JSONValue?, as field: UInt64) {
        for element in value?.elements ?? [] { text(element, as: field) }
    }

    private mutating func truth(_ value: JSONValue?, as field: UInt64) {
        if value == true { write(true, as: field) }
    }

    /// A message `Any`.
    private mutating func any(_ value: JSONValue, as field: UInt64) {
        write(as: field) { $0.write(String(decoding: value.encoded(), as: UTF8.self), as: 2) }
    }

    private mutating func extensions(of members: JSONObject, as field: UInt64) {
        for (name, value) in members where name.hasPrefix("x-") {
            write(as: field) { pair in
                pair.write(name, as: 1)
                pair.any(value, as: 2)
            }
        }
    }

    // MARK: Schemas

    /// The fields of a message `Schema`.
    fileprivate mutating func schema(_ value: JSONValue) {
        text(value["$ref"], as: 1)
        text(value["format"], as: 2)
        text(value["description"], as: 4)
        texts(value["required"], as: 19)
        for element in value["enum"]?.elements ?? [] { any(element, as: 20) }
        if let additional = value["additionalProperties"] {
            write(as: 21) { item in
                if case .bool(let isAllowed) = additional {
                    item.write(isAllowed, as: 2)
                } else {
                    item.write(as: 1) { $0.schema(additional) }
                }
            }
        }
        if let type = value["type"] { write(as: 22) { $0.text(type, as: 1) } }
        if let items = value["items"] { write(as: 23) { item in item.write(as: 1) { $0.schema(items) } } }
        if let properties = value["properties"]?.object {
            write(as: 25) { message in
                for (name, property) in properties { message.named(name, as: 1) { $0.schema(property) } }
            }
        }
        extensions(of: value.object ?? [:], as: 31)
    }

    // MARK: Paths

    private static let methods: [(name: String, field: UInt64)] = [
        ("get", 2), ("put", 3), ("post", 4), ("delete", 5), ("options", 6), ("head", 7), ("patch", 8),
    ]

    /// The fields of a message `PathItem`.
    fileprivate mutating func pathItem(_ item: JSONObject) {
        for (name, field) in Self.methods {
            if let operation = item[name]?.object { write(as: field) { $0.operation(operation) } }
        }
        for parameter in item["parameters"]?.elements ?? [] { write(as: 9) { $0.parametersItem(parameter) } }
    }

    private mutating func operation(_ operation: JSONObject) {
        texts(operation["tags"], as: 1)
        text(operation["description"], as: 3)
        text(operation["operationId"], as: 5)
        texts(operation["produces"], as: 6)
        texts(operation["consumes"], as: 7)
        for parameter in operation["parameters"]?.elements ?? [] { write(as: 8) { $0.parametersItem(parameter) } }
        write(as: 9) { responses in
            for (code, response) in operation["responses"]?.object ?? [:] {
                responses.named(code, as: 1) { value in value.write(as: 1) { $0.response(response) } }
            }
        }
        extensions(of: operation, as: 13)
    }

    private mutating func response(_ response: JSONValue) {
        text(response["description"], as: 1)
        if let schema = response["schema"] { write(as: 2) { item in item.write(as: 1) { $0.schema(schema) } } }
    }

    /// The fields of a message `ParametersItem`, which holds a parameter of one of three sorts.
    private mutating func parametersItem(_ parameter: JSONValue) {
        write(as: 1) { message in
            switch parameter["in"]?.string {
            case "body": message.write(as: 1) { $0.bodyParameter(parameter) }
            case "path": message.write(as: 2) { other in other.write(as: 4) { $0.pathParameter(parameter) } }
            default: message.write(as: 2) { other in other.write(as: 3) { $0.queryParameter(parameter) } }
            }
        }
    }

    private mutating func bodyParameter(_ parameter: JSONValue) {
        text(parameter["description"], as: 1)
        text(parameter["name"], as: 2)
        text(parameter["in"], as: 3)
        truth(parameter["required"], as: 4)
        if let schema = parameter["schema"] { write(as: 5) { $0.schema(schema) } }
    }

    private mutating func pathParameter(_ parameter: JSONValue) {
        placedParameter(parameter)
        text(parameter["type"], as: 5)
        text(parameter["format"], as: 6)
        truth(parameter["uniqueItems"], as: 19)
    }

    private mutating func queryParameter(_ parameter: JSONValue) {
        placedParameter(parameter)
        text(parameter["type"], as: 6)
        text(parameter["format"], as: 7)
        truth(parameter["uniqueItems"], as: 20)
    }

    private mutating func placedParameter(_ parameter: JSONValue) {
        truth(parameter["required"], as: 1)
        text(parameter["in"], as: 2)
        text(parameter["description"], as: 3)
        text(parameter["name"], as: 4)
    }
}
