// SPDX-License-Identifier: Apache-2.0
// Answers /openapi/v2, /openapi/v3 and the documents below it, which kubectl explains and checks fields with.

import PodiumCodec
package import PodiumExchange
package import PodiumMachinery
package import PodiumRegistry
package import PodiumSchema
import Synchronization

/// The OpenAPI documents of one registry: of version 3 one a group and version, each made when it is first asked for,
/// and one of version 2 for all.
///
/// ```
/// State | guarded by      | why separate
/// cache | the mutex of it | the only state; its size is bounded by the registry: one entry a group and version
/// ```
package final class OpenAPIDocuments: Sendable {
    package let registry: ResourceRegistry
    private let types: SchemaRegistry
    private let version: ServerVersion

    private let cache = Mutex<[GroupVersion: EncodedBytes]>([:])
    /// The document of version 2.
    private let swagger: SwaggerDocuments

    /// Makes the documents of `registry`, whose built-in types are `types`.
    package init(registry: ResourceRegistry, types: SchemaRegistry, version: ServerVersion = .current) {
        self.registry = registry
        self.types = types
        self.version = version
        swagger = SwaggerDocuments(registry: registry, types: types, version: version)
    }

    /// The answer to a request for `/openapi/v2`, `/openapi/v3` or something below it; nil when the path belongs to
    /// something else.
    ///
    /// - Throws: 404 and 406, to be written as any other error.
    // Kubernetes: kube-openapi/pkg/handler3/handler.go
    package func answer(_ request: DiscoveryRequest) throws(StatusError) -> HTTPResponse? {
        guard request.parts.first == "openapi", request.parts.count > 1 else { return nil }
        if request.parts.dropFirst() == ["v2"] { return swagger.answer(request) }
        guard request.parts[1] == "v3" else { return .pageNotFound }
        if request.parts.count == 2 { return .compactJSON(index.encoded()) }
        if let groupVersion = groupVersion(request.parts.dropFirst(2)) {
            _ = try request.negotiate(.openAPI)
            return respond(Self.key(of: groupVersion), hash(of: groupVersion), to: request) {
                document(of: groupVersion)
            }
        }
        let place = OpenAPIServerDocument(key: request.parts.dropFirst(2).joined(separator: "/"))
        guard OpenAPIServerDocument.all(registry).contains(place) else { return .pageNotFound }
        _ = try request.negotiate(.openAPI)
        return respond(place.key, hash(of: place), to: request) {
            place.value(gitVersion: version.gitVersion).encodedBytes
        }
    }

    /// A document under its newest hash: a request that names another one is sent there.
    private func respond(
        _ key: String,
        _ hash: String,
        to request: DiscoveryRequest,
        _ document: () -> EncodedBytes
    ) -> HTTPResponse {
        if let wanted = request.hash, wanted != hash { return .redirect(to: Self.address(of: key, hash)) }
        let etag = "\"\(hash)\""
        var headers = [(name: "Vary", value: "Accept"), (name: "Etag", value: etag)]
        // A document never changes under one hash: clients may keep it.
        if request.hash != nil { headers.append((name: "Cache-Control", value: "public, immutable")) }
        let isKnown = request.ifNoneMatch == etag
        return HTTPResponse(
            status: isKnown ? 304 : 200,
            contentType: isKnown ? "" : "application/json",
            headers: headers,
            body: .bytes(isKnown ? EncodedBytes([]).slice : document().slice)
        )
    }

    // MARK: Index

    /// The addresses of all documents, with hashes that change when the documents do.
    private var index: JSONValue {
        var paths: JSONObject = [:]
        func add(_ key: String, _ hash: String) {
            paths[key] = ["serverRelativeURL": .string(Self.address(of: key, hash))]
        }
        for document in OpenAPIServerDocument.all(registry) { add(document.key, hash(of: document)) }
        for group in registry.groups {
            for version in group.versions { add(Self.key(of: version.groupVersion), hash(of: version.groupVersion)) }
        }
        return ["paths": .object(paths)]
    }

    private static func key(of groupVersion: GroupVersion) -> String {
        groupVersion.group.isEmpty ? "api/\(groupVersion)" : "apis/\(groupVersion)"
    }

    private static func address(of key: String, _ hash: String) -> String { "/openapi/v3/\(key)?hash=\(hash)" }

    private func hash(of document: OpenAPIServerDocument) -> String {
        Fingerprint.of(Array("\(version.gitVersion) \(document.key)".utf8))
    }

    /// What a document is made of, in short: the binary.
    private func hash(of groupVersion: GroupVersion) -> String {
        Fingerprint.of(Array("\(version.gitVersion) \(groupVersion)".utf8))
    }

    /// `["api", "v1"]` or `["apis", "apps", "v1"]`.
    private func groupVersion(_ parts: ArraySlice<String>) -> GroupVersion? {
        let parts = Array(parts)
        let groupVersion: GroupVersion? =
            switch (parts.first, parts.count) {
            case ("api", 2): GroupVersion(group: "", version: parts[1])
            case ("apis", 3): GroupVersion(group: parts[1], version: parts[2])
            default: nil
            }
        return groupVersion.flatMap { registry.contains($0) ? $0 : nil }
    }

    private func definitions(of groupVersion: GroupVersion) -> [ResourceDefinition] {
        let versions = registry.group(groupVersion.group)?.versions ?? []
        return versions.first { $0.groupVersion == groupVersion }?.resources ?? []
    }

    // MARK: Documents

    private func document(of groupVersion: GroupVersion) -> EncodedBytes {
        if let cached = cache.withLock({ $0[groupVersion] }) { return cached }
        let made = makeDocument(of: groupVersion).encodedBytes
        // Two threads may make the same document at a time; the first one stands.
        return cache.withLock { cache in
            if let cached = cache[groupVersion] { return cached }
            cache[groupVersion] = made
            return made
        }
    }

    private func makeDocument(of groupVersion: GroupVersion) -> JSONValue {
        var schemas = OpenAPISchemas(types: types, descriptions: FieldDescriptions())
        var names: [GroupVersionKind: String] = [:]
        var paths: JSONObject = [:]
        schemas.addCommonTypes()
        for definition in definitions(of: groupVersion) {
            schemas.addKinds(of: definition, &names)
            let made = OpenAPIPaths(definition: definition) { names[$0] }
            paths.merge(made.paths, uniquingKeysWith: { $1 })
        }
        return [
            "openapi": "3.0.0",
            "info": ["title": "Kubernetes", "version": .string(version.gitVersion)],
            "paths": .object(paths),
            "components": ["schemas": .object(schemas.components)],
        ]
    }
}

extension HTTPResponse {
    fileprivate static func compactJSON(_ bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(status: 200, contentType: "application/json", body: .bytes(EncodedBytes(bytes).slice))
    }

    fileprivate static func redirect(to address: String) -> HTTPResponse {
        HTTPResponse(
            status: 301,
            contentType: "text/html; charset=utf-8",
            headers: [(name: "Location", value: address)],
            body: .bytes(EncodedBytes("").slice)
        )
    }
}
