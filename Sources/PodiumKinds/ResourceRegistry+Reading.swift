// SPDX-License-Identifier: Apache-2.0
// Reads the registry of the built-in API from openapi/discovery.json.

import CPodiumData
import PodiumCodec
import PodiumMachinery
package import PodiumRegistry

extension ResourceRegistry {
    /// The registry of the built-in API: what Kubernetes v1.36 serves by default.
    ///
    /// Read anew at each call, in well under a millisecond; a cluster keeps the one it got.
    package static func builtIn() -> ResourceRegistry {
        let data = podium_data_discovery()
        let bytes = [UInt8](UnsafeRawBufferPointer(start: data.bytes, count: data.count))
        do {
            return ResourceRegistry(document: try JSONValue(json: bytes))
        } catch {
            preconditionFailure("openapi/discovery.json is part of the binary and must be JSON: \(error)")
        }
    }

    /// Reads a document of the form of openapi/discovery.json; what is missing in it is taken for empty.
    convenience init(document: JSONValue) {
        self.init(
            groups: (document["groups"]?.elements ?? []).map { group in
                let name = group["name"]?.string ?? ""
                return APIGroup(
                    name: name,
                    versions: (group["versions"]?.elements ?? []).map { version in
                        let groupVersion = GroupVersion(group: name, version: version["version"]?.string ?? "")
                        let entries = version["resources"]?.elements ?? []
                        return APIVersion(
                            groupVersion: groupVersion,
                            resources: entries.map { ResourceDefinition(entry: $0, of: groupVersion) }
                        )
                    }
                )
            }
        )
    }
}

extension ResourceDefinition {
    fileprivate convenience init(entry: JSONValue, of groupVersion: GroupVersion) {
        let kind = entry["kind"]?.string ?? ""
        let stored = (entry["storedAs"]?.elements ?? []).compactMap(\.string)
        let name = entry["name"]?.string ?? ""
        self.init(
            gvr: GroupVersionResource(group: groupVersion.group, version: groupVersion.version, resource: name),
            kind: kind,
            singular: entry["singular"]?.string,
            isNamespaced: entry["namespaced"]?.bool ?? false,
            verbs: entry["verbs"].map(readVerbs) ?? APIVerb.allCases,
            shortNames: (entry["shortNames"]?.elements ?? []).compactMap(\.string),
            categories: (entry["categories"]?.elements ?? []).compactMap(\.string),
            subresources: (entry["subresources"]?.elements ?? []).map {
                SubresourceDefinition(entry: $0, groupVersion: groupVersion, kind: kind)
            },
            storedAs: stored.count == 3
                ? GroupVersionKind(group: stored[0], version: stored[1], kind: stored[2]) : nil,
            storageVersionHash: entry["hash"]?.string ?? "",
            rules: BuiltInKinds.definition(of: GroupResource(group: groupVersion.group, resource: name))
        )
    }
}

extension SubresourceDefinition {
    fileprivate init(entry: JSONValue, groupVersion: GroupVersion, kind: String) {
        self.init(
            name: entry["name"]?.string ?? "",
            gvk: GroupVersionKind(
                group: entry["group"]?.string ?? groupVersion.group,
                version: entry["version"]?.string ?? groupVersion.version,
                kind: entry["kind"]?.string ?? kind
            ),
            isForeign: entry["version"] != nil,
            verbs: entry["verbs"].map(readVerbs) ?? [.get, .patch, .update]
        )
    }
}

private func readVerbs(_ value: JSONValue) -> [APIVerb] {
    value.elements.compactMap { $0.string.flatMap(APIVerb.init(rawValue:)) }
}
