// SPDX-License-Identifier: Apache-2.0
// OpenAPI v3 documents about what is no collection: lists of groups and versions, the version, the issuer of tokens.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// A document of version 3 about one path of the server.
// Kubernetes: kube-openapi/pkg/builder3/openapi.go, which makes one document for all paths that begin alike
struct OpenAPIServerDocument: Hashable {
    /// The path without the slash that it begins with, which is also its place in the index.
    let key: String

    /// The paths for which there is such a document, in the order of the index.
    static func all(_ registry: ResourceRegistry) -> [OpenAPIServerDocument] {
        let groups = registry.groups.map(\.name).filter { !$0.isEmpty }.map { "apis/\($0)" }
        let keys = [".well-known/openid-configuration", "api", "apis"] + groups + ["openid/v1/jwks", "version"]
        return keys.map(OpenAPIServerDocument.init)
    }

    /// The document.
    func value(gitVersion: String) -> JSONValue {
        [
            "openapi": "3.0.0",
            "info": ["title": "Kubernetes", "version": .string(gitVersion)],
            "paths": .object(["/\(key)/": ["get": operation]]),
            "components": ["schemas": .object(schemas)],
        ]
    }

    // MARK: Operation

    private var operation: JSONValue {
        let schema: JSONValue = type.map(OpenAPISchemas.reference) ?? ["type": "string"]
        let mediaTypes = type == Self.versionInfo || type == nil ? ["application/json"] : Self.objectTypes
        let content = mediaTypes.map { ($0, ["schema": schema] as JSONValue) }
        let answers: JSONObject = [
            "200": ["description": "OK", "content": .object(JSONObject(uniqueKeysWithValues: content))],
            "401": ["description": "Unauthorized"],
        ]
        return [
            "tags": [.string(tag)], "description": .string(description), "operationId": .string(identifier),
            "responses": .object(answers),
        ]
    }

    private var group: String? { key.hasPrefix("apis/") ? String(key.dropFirst("apis/".count)) : nil }

    private var tag: String {
        switch key {
        case "api": "core"
        case "apis": "apis"
        case "version": "version"
        case "openid/v1/jwks": "openid"
        default: group?.split(separator: ".").first.map(String.init) ?? "WellKnown"
        }
    }

    private var description: String {
        switch key {
        case "api": "which versions of the core group are served"
        case "apis": "which groups are served, in which versions"
        case "version": "the version of the server"
        case "openid/v1/jwks": "the public keys that the tokens of service accounts are signed with"
        default: group == nil ? "what verifiers of service account tokens need to know" : "which versions are served"
        }
    }

    /// What generators call the operation.
    private var identifier: String {
        switch key {
        case "api": return "getCoreAPIVersions"
        case "apis": return "getAPIVersions"
        case "version": return "getCodeVersion"
        case "openid/v1/jwks": return "getServiceAccountIssuerOpenIDKeyset"
        default:
            guard let group else { return "getServiceAccountIssuerOpenIDConfiguration" }
            let words = group.replacing(".k8s.io", with: "").split(separator: ".").map { word in
                word.prefix(1).uppercased() + word.dropFirst()
            }
            return "get\(words.joined())APIGroup"
        }
    }

    // MARK: Types

    private static let objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
    private static let meta = "io.k8s.apimachinery.pkg.apis.meta.v1"
    private static let versionInfo = "io.k8s.apimachinery.pkg.version.Info"

    /// The type of the answer; nil for a document that is none of Kubernetes' own.
    private var type: String? {
        switch key {
        case "api": "\(Self.meta).APIVersions"
        case "apis": "\(Self.meta).APIGroupList"
        case "version": Self.versionInfo
        default: group.map { _ in "\(Self.meta).APIGroup" }
        }
    }

    private var schemas: JSONObject {
        switch key {
        case "api": Self.types("APIVersions", "ServerAddressByClientCIDR")
        case "apis": Self.types("APIGroupList", "APIGroup", "GroupVersionForDiscovery", "ServerAddressByClientCIDR")
        case "version": [Self.versionInfo: Self.object(Self.versionFields, required: Self.versionFields)]
        default:
            group == nil ? [:] : Self.types("APIGroup", "GroupVersionForDiscovery", "ServerAddressByClientCIDR")
        }
    }

    private static let versionFields = [
        "buildDate", "compiler", "gitCommit", "gitTreeState", "gitVersion", "goVersion", "major", "minor", "platform",
    ]

    private static func types(_ names: String...) -> JSONObject {
        JSONObject(uniqueKeysWithValues: names.map { ("\(meta).\($0)", schema($0)) })
    }

    private static func schema(_ name: String) -> JSONValue {
        switch name {
        case "APIVersions":
            object(
                ["apiVersion", "kind"],
                lists: [("serverAddressByClientCIDRs", "ServerAddressByClientCIDR"), ("versions", nil)],
                required: ["versions", "serverAddressByClientCIDRs"]
            )
        case "APIGroupList":
            object(["apiVersion", "kind"], lists: [("groups", "APIGroup")], required: ["groups"])
        case "APIGroup":
            object(
                ["apiVersion", "kind", "name"],
                lists: [
                    ("serverAddressByClientCIDRs", "ServerAddressByClientCIDR"),
                    ("versions", "GroupVersionForDiscovery"),
                ],
                one: ("preferredVersion", "GroupVersionForDiscovery"),
                required: ["name", "versions"]
            )
        case "GroupVersionForDiscovery":
            object(["groupVersion", "version"], required: ["groupVersion", "version"])
        default: object(["clientCIDR", "serverAddress"], required: ["clientCIDR", "serverAddress"])
        }
    }

    /// A type of fields that are strings, lists of another type or of strings, and one of another type.
    private static func object(
        _ strings: [String],
        lists: [(name: String, type: String?)] = [],
        one: (name: String, type: String)? = nil,
        required: [String]
    ) -> JSONValue {
        var properties: JSONObject = [:]
        for name in strings { properties[name] = ["type": "string"] }
        for (name, type) in lists {
            let items: JSONValue = type.map { OpenAPISchemas.reference("\(meta).\($0)") } ?? ["type": "string"]
            properties[name] = ["type": "array", "items": items]
        }
        if let one { properties[one.name] = OpenAPISchemas.reference("\(meta).\(one.type)") }
        return [
            "type": "object", "required": .array(required.map(JSONValue.string)), "properties": .object(properties),
        ]
    }
}
