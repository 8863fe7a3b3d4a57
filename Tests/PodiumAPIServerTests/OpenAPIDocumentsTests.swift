// SPDX-License-Identifier: Apache-2.0
// The OpenAPI documents: the index, the schemas with their texts, the paths with their parameters.

import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import Testing

struct OpenAPIDocumentsTests {
    private let documents = OpenAPIDocuments(registry: .builtIn(), types: SchemaRegistry())

    private func get(
        _ path: String,
        hash: String? = nil,
        accept: String? = nil,
        from documents: OpenAPIDocuments? = nil
    ) throws -> HTTPResponse {
        let parts = path.split(separator: "/").map(String.init)
        let request = DiscoveryRequest(method: "GET", parts: parts, accept: accept, hash: hash)
        return try #require(try (documents ?? self.documents).answer(request))
    }

    private func json(_ response: HTTPResponse) throws -> JSONValue {
        guard case .bytes(let slice) = response.body else { return .null }
        return try JSONValue(json: [UInt8](slice.buffer))
    }

    private func header(_ response: HTTPResponse, _ name: String) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    private func property(_ path: String..., in document: JSONValue) -> JSONValue? {
        var value = document["components"]?["schemas"]
        for key in path { value = value?[key] }
        return value
    }

    @Test func theIndexLeadsToEveryVersion() throws {
        let paths = try json(try get("/openapi/v3"))["paths"]
        // Of every version, of every group, and of the server itself.
        #expect(paths?.object?.count == 21 + 1 + 20 + 5)
        let address = try #require(paths?["apis/apps/v1"]?["serverRelativeURL"]?.string)
        #expect(address.hasPrefix("/openapi/v3/apis/apps/v1?hash="))
    }

    @Test func theIndexLeadsToEveryDocument() throws {
        for (key, entry) in try json(try get("/openapi/v3"))["paths"]?.object ?? [:] {
            let address = try #require(entry["serverRelativeURL"]?.string)
            let hash = try #require(address.split(separator: "=").last.map(String.init))
            #expect(try get("/openapi/v3/\(key)", hash: hash).status == 200)
            let document = try json(try get("/openapi/v3/\(key)"))
            let first = try #require(document["paths"]?.object?.keys.first)
            #expect(first.hasPrefix("/\(key)"))
            // Every type that is referred to is there.
            let text = document.jsonText
            for reference in text.split(separator: "#/components/schemas/").dropFirst() {
                let name = String(reference.prefix { $0 != "\"" })
                if document["components"]?["schemas"]?[name] == nil { Issue.record("\(key) lacks \(name)") }
            }
        }
    }

    @Test func aDocumentUnderItsHashMayBeKept() throws {
        let address = try json(try get("/openapi/v3"))["paths"]?["api/v1"]?["serverRelativeURL"]?.string
        let hash = try #require(address?.split(separator: "=").last.map(String.init))
        let response = try get("/openapi/v3/api/v1", hash: hash)
        #expect(response.status == 200)
        #expect(header(response, "Cache-Control") == "public, immutable")
        #expect(header(response, "Etag") == "\"\(hash)\"")
        let old = try get("/openapi/v3/api/v1", hash: "0123")
        #expect(old.status == 301)
        #expect(header(old, "Location") == address)
        let request = DiscoveryRequest(
            method: "GET",
            parts: ["openapi", "v3", "api", "v1"],
            ifNoneMatch: "\"\(hash)\""
        )
        #expect(try documents.answer(request)?.status == 304)
    }

    @Test func aFieldHasItsTypeTextAndExtensions() throws {
        let document = try json(try get("/openapi/v3/api/v1"))
        #expect(document["openapi"] == "3.0.0")
        let ports = property("io.k8s.api.core.v1.Container", "properties", "ports", in: document)
        #expect(
            ports == [
                "description": "Ports on which the container listens; listing them changes nothing.", "type": "array",
                "items": ["allOf": [["$ref": "#/components/schemas/io.k8s.api.core.v1.ContainerPort"]]],
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
                "x-kubernetes-patch-merge-key": "containerPort", "x-kubernetes-patch-strategy": "merge",
            ]
        )
        let policy = property("io.k8s.api.core.v1.Container", "properties", "imagePullPolicy", in: document)
        #expect(policy?["enum"] == ["Always", "IfNotPresent", "Never"])
        #expect(property("io.k8s.api.core.v1.Container", "required", in: document) == ["name"])
        #expect(
            property("io.k8s.api.core.v1.Pod", "x-kubernetes-group-version-kind", in: document) == [
                ["group": "", "kind": "Pod", "version": "v1"]
            ]
        )
    }

    @Test func everyReferenceHasItsSchemaAndEveryFieldItsText() throws {
        let registry = ResourceRegistry.builtIn()
        for group in registry.groups {
            for version in group.versions {
                let prefix = group.name.isEmpty ? "api" : "apis"
                let document = try json(try get("/openapi/v3/\(prefix)/\(version.groupVersion)"))
                let schemas = document["components"]?["schemas"]?.object ?? [:]
                var missing: [String] = []
                visit(document) { value in
                    guard let name = value["$ref"]?.string?.split(separator: "/").last.map(String.init) else { return }
                    if schemas[name] == nil { missing.append(name) }
                }
                #expect(missing == [], "\(version.groupVersion)")
                for (name, schema) in schemas {
                    #expect(schema["description"]?.string?.isEmpty == false, "\(name)")
                    for (field, property) in schema["properties"]?.object ?? [:] {
                        #expect(property["description"]?.string?.hasSuffix(".") == true, "\(name).\(field)")
                    }
                }
            }
        }
    }

    private func visit(_ value: JSONValue, _ body: (JSONValue) -> Void) {
        body(value)
        for element in value.elements { visit(element, body) }
        for member in value.object ?? [:] { visit(member.value, body) }
    }

    @Test func aPathNamesItsKindActionAndParameters() throws {
        let paths = try json(try get("/openapi/v3/api/v1"))["paths"]
        let pod = paths?["/api/v1/namespaces/{namespace}/pods/{name}"]
        #expect(pod?.object.map { Array($0.keys).sorted() } == ["delete", "get", "parameters", "patch", "put"])
        let patch = pod?["patch"]
        #expect(patch?["operationId"] == "patchCoreV1NamespacedPod")
        #expect(patch?["x-kubernetes-action"] == "patch")
        #expect(patch?["x-kubernetes-group-version-kind"] == ["group": "", "kind": "Pod", "version": "v1"])
        let names = patch?["parameters"]?.elements.compactMap { $0["name"]?.string }
        #expect(names == ["dryRun", "fieldManager", "fieldValidation", "force"])
        #expect(patch?["requestBody"]?["content"]?["application/strategic-merge-patch+json"] != nil)
        #expect(paths?["/api/v1/pods"]?["get"]?["x-kubernetes-action"] == "list")
        #expect(paths?["/api/v1/namespaces/{namespace}/pods/{name}/status"]?["put"] != nil)
        #expect(paths?["/api/v1/namespaces/{namespace}/bindings/{name}"] == nil)
        #expect(paths?["/api/v1/nodes/{name}"]?["get"] != nil)
    }

    @Test func whatIsNotThereIsNotFound() throws {
        for path in ["/openapi/v9", "/openapi/v3/api/v2", "/openapi/v3/apis/nosuch", "/openapi/v3/foo"] {
            #expect(try get(path).status == 404)
        }
        #expect(try documents.answer(DiscoveryRequest(method: "GET", parts: ["api"])) == nil)
        #expect(throws: StatusError.self) { try get("/openapi/v3/api/v1", accept: "application/yaml") }
    }
}
