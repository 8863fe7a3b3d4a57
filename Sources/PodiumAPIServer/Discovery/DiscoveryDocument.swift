// SPDX-License-Identifier: Apache-2.0
// The content of the documents of discovery, in the field order of upstream.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// A document that tells which groups, versions and collections there are.
// Kubernetes: apiserver/pkg/endpoints/discovery, kube-aggregator/pkg/apiserver/handler_apis.go
enum DiscoveryDocument: Hashable, Sendable {
    /// `/api`
    case apiVersions(address: String)
    /// `/apis`
    case groups
    /// `/apis/GROUP`
    case group(String)
    /// `/api/v1`, `/apis/GROUP/VERSION`
    case resources(GroupVersion)
    /// `/api` in one document with all its collections.
    case aggregatedCore(version: String)
    /// `/apis` in one document with all their collections.
    case aggregatedGroups(version: String)

    /// Makes the document.
    ///
    /// Groups and versions that are named must be in the registry.
    func value(of documents: DiscoveryDocuments) -> JSONValue {
        let registry = documents.registry
        let named = registry.groups.filter { !$0.name.isEmpty }
        switch self {
        case .apiVersions(let address): return Self.apiVersions(registry, address: address)
        case .groups: return ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(named.map(\.entry))]
        case .group(let name):
            var group: JSONObject = ["kind": "APIGroup", "apiVersion": "v1"]
            group.merge(registry.group(name)?.entry.object ?? [:], uniquingKeysWith: { $1 })
            return .object(group)
        case .resources(let groupVersion): return Self.resources(registry, groupVersion)
        case .aggregatedCore(let version):
            return Self.aggregated(registry.groups.filter(\.name.isEmpty), version)
        case .aggregatedGroups(let version): return Self.aggregated(named, version)
        }
    }

    private static func apiVersions(_ registry: ResourceRegistry, address: String) -> JSONValue {
        let versions = registry.group("")?.versions.map { JSONValue.string($0.groupVersion.version) } ?? []
        return [
            "kind": "APIVersions",
            "versions": .array(versions),
            "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(address)]],
        ]
    }

    /// The list of the core group has no `apiVersion`; upstream's has none either.
    private static func resources(_ registry: ResourceRegistry, _ groupVersion: GroupVersion) -> JSONValue {
        let group = registry.group(groupVersion.group)
        let version = group?.versions.first { $0.groupVersion == groupVersion }
        var list: JSONObject = ["kind": "APIResourceList"]
        if !groupVersion.group.isEmpty { list["apiVersion"] = "v1" }
        list["groupVersion"] = .string(groupVersion.description)
        list["resources"] = .array(version?.resources.flatMap(\.entries) ?? [])
        return .object(list)
    }

    private static func aggregated(_ groups: [APIGroup], _ version: String) -> JSONValue {
        [
            "kind": "APIGroupDiscoveryList", "apiVersion": .string("apidiscovery.k8s.io/\(version)"), "metadata": [:],
            "items": .array(groups.map(\.aggregatedEntry)),
        ]
    }
}

extension APIGroup {
    /// The group as `/apis` shows it.
    fileprivate var entry: JSONValue {
        let versions = versions.map { version -> JSONValue in
            [
                "groupVersion": .string(version.groupVersion.description),
                "version": .string(version.groupVersion.version),
            ]
        }
        return [
            "name": .string(name), "versions": .array(versions), "preferredVersion": versions.first ?? .emptyObject,
        ]
    }

    fileprivate var aggregatedEntry: JSONValue {
        let versions = versions.map { version -> JSONValue in
            [
                "version": .string(version.groupVersion.version),
                "resources": .array(version.resources.map(\.aggregatedEntry)),
                "freshness": "Current",
            ]
        }
        return [
            "metadata": name.isEmpty ? .emptyObject : ["name": .string(name)], "versions": .array(versions),
        ]
    }
}

extension ResourceDefinition {
    /// The collection and its subresources as `/api/v1` shows them.
    fileprivate var entries: [JSONValue] {
        var entry: JSONObject = [
            "name": .string(plural), "singularName": .string(singular), "namespaced": .bool(isNamespaced),
            "kind": .string(kind), "verbs": names(verbs),
        ]
        if !shortNames.isEmpty { entry["shortNames"] = .array(shortNames.map(JSONValue.string)) }
        if !categories.isEmpty { entry["categories"] = .array(categories.map(JSONValue.string)) }
        if !storageVersionHash.isEmpty { entry["storageVersionHash"] = .string(storageVersionHash) }
        return [.object(entry)] + subresources.map { self.entry(of: $0) }
    }

    private func entry(of subresource: SubresourceDefinition) -> JSONValue {
        var entry: JSONObject = [
            "name": .string("\(plural)/\(subresource.name)"), "singularName": "", "namespaced": .bool(isNamespaced),
        ]
        if subresource.isForeign {
            entry["group"] = .string(subresource.gvk.group)
            entry["version"] = .string(subresource.gvk.version)
        }
        entry["kind"] = .string(subresource.gvk.kind)
        entry["verbs"] = names(subresource.verbs)
        return .object(entry)
    }

    fileprivate var aggregatedEntry: JSONValue {
        var entry: JSONObject = [
            "resource": .string(plural), "responseKind": responseKind(gvk, isQualified: false),
            "scope": isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(singular),
            "verbs": names(verbs),
        ]
        if !shortNames.isEmpty { entry["shortNames"] = .array(shortNames.map(JSONValue.string)) }
        if !categories.isEmpty { entry["categories"] = .array(categories.map(JSONValue.string)) }
        if !subresources.isEmpty {
            entry["subresources"] = .array(
                subresources.map { subresource in
                    [
                        "subresource": .string(subresource.name),
                        "responseKind": responseKind(subresource.gvk, isQualified: subresource.isForeign),
                        "verbs": names(subresource.verbs),
                    ]
                }
            )
        }
        return .object(entry)
    }

    /// Built-in kinds stand there without the group and version of their collection.
    private func responseKind(_ gvk: GroupVersionKind, isQualified: Bool) -> JSONValue {
        [
            "group": .string(isQualified ? gvk.group : ""), "version": .string(isQualified ? gvk.version : ""),
            "kind": .string(gvk.kind),
        ]
    }

    private func names(_ verbs: [APIVerb]) -> JSONValue { .array(verbs.map { .string($0.rawValue) }) }
}
