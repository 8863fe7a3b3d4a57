// SPDX-License-Identifier: Apache-2.0
// The paths of a collection and what can be done there, as an OpenAPI v3 document lists them.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// Makes the paths of one collection.
// Kubernetes: apiserver/pkg/endpoints/installer.go
struct OpenAPIPaths {
    let definition: ResourceDefinition
    /// The name of the schema of a kind; nil when there is none.
    let schemaName: (GroupVersionKind) -> String?

    /// The paths, the collection's first.
    var paths: JSONObject {
        let group = definition.group
        let base = group.isEmpty ? "/api/\(definition.version)" : "/apis/\(group)/\(definition.version)"
        let plural = definition.plural
        var paths: JSONObject = [:]
        if definition.isNamespaced {
            if definition.supports(.list) { paths["\(base)/\(plural)"] = path(["get": operation(.list, of: nil)], []) }
            add(to: &paths, "\(base)/namespaces/{namespace}/\(plural)", [Parameter.namespace])
        } else {
            add(to: &paths, "\(base)/\(plural)", [])
        }
        return paths
    }

    private func add(to paths: inout JSONObject, _ collection: String, _ parameters: [JSONValue]) {
        let many: [(String, APIVerb)] = [("get", .list), ("post", .create), ("delete", .deletecollection)]
        paths[collection] = path(operations(many, definition.verbs, of: nil), parameters)
        let named = parameters + [Parameter.name]
        let one: [(String, APIVerb)] = [("get", .get), ("put", .update), ("patch", .patch), ("delete", .delete)]
        let operations = operations(one, definition.verbs, of: nil)
        if !operations.isEmpty { paths["\(collection)/{name}"] = path(operations, named) }
        for subresource in definition.subresources {
            let every = one + [("post", .create)]
            let operations = self.operations(every, subresource.verbs, of: subresource)
            if !operations.isEmpty { paths["\(collection)/{name}/\(subresource.name)"] = path(operations, named) }
        }
    }

    private func operations(
        _ methods: [(String, APIVerb)],
        _ verbs: [APIVerb],
        of subresource: SubresourceDefinition?
    ) -> JSONObject {
        var operations: JSONObject = [:]
        for (method, verb) in methods where verbs.contains(verb) {
            operations[method] = operation(verb, of: subresource)
        }
        return operations
    }

    private func path(_ operations: JSONObject, _ parameters: [JSONValue]) -> JSONValue {
        var path = operations
        path["parameters"] = .array(parameters + [Parameter.pretty])
        return .object(path)
    }

    // MARK: Operations

    private func operation(_ verb: APIVerb, of subresource: SubresourceDefinition?) -> JSONValue {
        let gvk = subresource?.gvk ?? definition.gvk
        let tag =
            definition.group.isEmpty ? "core" : definition.group.split(separator: ".").first.map(String.init) ?? ""
        var operation: JSONObject = [
            "tags": [.string("\(tag)_\(definition.version)")],
            "description": .string(description(verb, of: subresource)),
            "operationId": .string(identifier(verb, of: subresource)),
            "parameters": .array(Parameter.of(verb)),
        ]
        if let body = body(verb, gvk) { operation["requestBody"] = body }
        operation["responses"] = responses(verb, gvk)
        operation["x-kubernetes-action"] = .string(Self.action(verb, isSubresource: subresource != nil))
        operation["x-kubernetes-group-version-kind"] = [
            "group": .string(gvk.group), "kind": .string(gvk.kind), "version": .string(gvk.version),
        ]
        return .object(operation)
    }

    private func description(_ verb: APIVerb, of subresource: SubresourceDefinition?) -> String {
        let name = definition.singular
        let part = subresource.map { " \($0.name) of a" } ?? ""
        let target = subresource == nil ? "a \(name)" : "the\(part) \(name)"
        switch verb {
        case .create: return "Creates \(target)."
        case .delete: return "Deletes \(target)."
        case .deletecollection: return "Deletes many \(definition.plural)."
        case .get: return "Reads \(target)."
        case .list, .watch: return "Lists or watches \(definition.plural)."
        case .patch: return "Changes parts of \(target)."
        case .update: return "Replaces \(target)."
        }
    }

    private func identifier(_ verb: APIVerb, of subresource: SubresourceDefinition?) -> String {
        let group = definition.group.isEmpty ? "Core" : Self.capitalized(String(definition.group.prefix { $0 != "." }))
        let scope = definition.isNamespaced ? "Namespaced" : ""
        let part = subresource.map { Self.capitalized($0.name) } ?? ""
        let kind = "\(definition.kind)\(part)"
        return "\(Self.identifierVerb(verb))\(group)\(Self.capitalized(definition.version))\(scope)\(kind)"
    }

    private static func identifierVerb(_ verb: APIVerb) -> String {
        switch verb {
        case .create: "create"
        case .delete: "delete"
        case .deletecollection: "deleteCollection"
        case .get: "read"
        case .list: "list"
        case .patch: "patch"
        case .update: "replace"
        case .watch: "watch"
        }
    }

    private static func action(_ verb: APIVerb, isSubresource: Bool) -> String {
        switch verb {
        case .create: isSubresource ? "connect" : "post"
        case .update: "put"
        default: verb.rawValue
        }
    }

    private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    // MARK: Bodies

    private func body(_ verb: APIVerb, _ gvk: GroupVersionKind) -> JSONValue? {
        switch verb {
        case .create, .update: content(["*/*"], of: gvk).map { ["content": $0, "required": true] }
        case .patch: ["content": content(Self.patchTypes, named: Self.patch), "required": true]
        case .delete, .deletecollection: ["content": content(["*/*"], named: Self.deleteOptions)]
        case .get, .list, .watch: nil
        }
    }

    private static let patchTypes = [
        "application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    ]

    private func responses(_ verb: APIVerb, _ gvk: GroupVersionKind) -> JSONValue {
        let types = ["application/json", "application/yaml", Self.protobuf]
        let answer: JSONValue? =
            switch verb {
            case .list, .watch:
                content(types, of: GroupVersionKind(group: gvk.group, version: gvk.version, kind: definition.listKind))
            case .delete, .deletecollection: content(types, named: Self.status)
            default: content(types, of: gvk)
            }
        var responses: JSONObject = ["200": response("OK", answer)]
        if verb == .create || verb == .update || verb == .patch { responses["201"] = response("Created", answer) }
        if verb == .create || verb == .delete { responses["202"] = response("Accepted", answer) }
        responses["401"] = ["description": "Unauthorized"]
        return .object(responses)
    }

    private func response(_ description: String, _ content: JSONValue?) -> JSONValue {
        var response: JSONObject = ["description": .string(description)]
        response["content"] = content
        return .object(response)
    }

    private func content(_ types: [String], of gvk: GroupVersionKind) -> JSONValue? {
        schemaName(gvk).map { content(types, named: $0) }
    }

    private func content(_ types: [String], named name: String) -> JSONValue {
        let schema: JSONValue = ["schema": OpenAPISchemas.reference(name)]
        return .object(JSONObject(types.map { ($0, schema) }, uniquingKeysWith: { first, _ in first }))
    }

    static let deleteOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
    static let status = "io.k8s.apimachinery.pkg.apis.meta.v1.Status"
    static let patch = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"
    private static let protobuf = "application/vnd.kubernetes.protobuf"
}

/// The parameters of paths and queries.
private enum Parameter {
    static let namespace = make("namespace", "path", "string", "The namespace of the object.", isRequired: true)
    static let name = make("name", "path", "string", "The name of the object.", isRequired: true)
    static let pretty = make("pretty", "query", "string", "Whether JSON is indented: true or false.")

    /// The parameters of a query for a verb.
    static func of(_ verb: APIVerb) -> [JSONValue] {
        switch verb {
        case .get: []
        case .list, .watch: list
        case .create, .update: [dryRun, fieldManager, fieldValidation]
        case .patch: [dryRun, fieldManager, fieldValidation, force]
        case .delete: delete
        case .deletecollection: delete + list
        }
    }

    private static let dryRun = make("dryRun", "query", "string", "All, if nothing should be changed.")
    private static let fieldManager = make("fieldManager", "query", "string", "Who makes the change.")
    private static let fieldValidation = make(
        "fieldValidation",
        "query",
        "string",
        "What to do about unknown fields: Ignore, Warn or Strict."
    )
    private static let force = make("force", "query", "boolean", "Whether an apply takes fields from other managers.")

    private static let delete = [
        dryRun,
        make("gracePeriodSeconds", "query", "integer", "How long the object may take to stop."),
        make("propagationPolicy", "query", "string", "What becomes of what belongs to it."),
        make("orphanDependents", "query", "boolean", "The old form of propagationPolicy."),
    ]

    private static let list = [
        make("labelSelector", "query", "string", "Labels of the objects to show."),
        make("fieldSelector", "query", "string", "Fields of the objects to show."),
        make("limit", "query", "integer", "How many objects to show at most."),
        make("continue", "query", "string", "The token of the rest of a list."),
        make("resourceVersion", "query", "string", "The state to show."),
        make("resourceVersionMatch", "query", "string", "How to read it: Exact or NotOlderThan."),
        make("watch", "query", "boolean", "Whether to follow changes instead."),
        make("allowWatchBookmarks", "query", "boolean", "Whether a watch may have bookmarks."),
        make("sendInitialEvents", "query", "boolean", "Whether a watch begins with what there is."),
        make("timeoutSeconds", "query", "integer", "How long it may take."),
    ]

    private static func make(
        _ name: String,
        _ place: String,
        _ type: String,
        _ description: String,
        isRequired: Bool = false
    ) -> JSONValue {
        var parameter: JSONObject = [
            "name": .string(name), "in": .string(place), "description": .string(description),
            "schema": ["type": .string(type), "uniqueItems": true],
        ]
        if isRequired { parameter["required"] = true }
        return .object(parameter)
    }
}
