// SPDX-License-Identifier: Apache-2.0
// Which collections the API has, and how they are found by path and by kind.

package import PodiumMachinery

/// A version of an API group and its collections, sorted by name.
package struct APIVersion: Sendable {
    package let groupVersion: GroupVersion
    package let resources: [ResourceDefinition]

    package init(groupVersion: GroupVersion, resources: [ResourceDefinition]) {
        self.groupVersion = groupVersion
        self.resources = resources
    }
}

/// An API group; its versions stand in order of preference.
package struct APIGroup: Sendable {
    /// Empty for the core group.
    package let name: String
    package let versions: [APIVersion]

    package init(name: String, versions: [APIVersion]) {
        self.name = name
        self.versions = versions
    }
}

/// The collections of the API as an immutable value.
package final class ResourceRegistry: Sendable {
    /// The groups in the order of discovery; the core group is the first.
    package let groups: [APIGroup]

    /// By the row of the plural name, which tells most of them apart.
    private let rows: [[ResourceDefinition]]
    private let byKind: [GroupVersionKind: ResourceDefinition]
    private let groupVersions: Set<GroupVersion>

    /// Makes a registry of `groups`, in which no collection stands twice.
    package init(groups: [APIGroup]) {
        self.groups = groups
        let definitions = groups.flatMap { $0.versions.flatMap(\.resources) }
        var rows = [[ResourceDefinition]](repeating: [], count: NameRow.count)
        for definition in definitions { rows[NameRow.of(definition.plural)].append(definition) }
        self.rows = rows
        byKind = Dictionary(definitions.map { ($0.gvk, $0) }, uniquingKeysWith: { first, _ in first })
        groupVersions = Set(groups.flatMap { $0.versions.map(\.groupVersion) })
    }

    /// These collections and those of another group.
    package func adding(_ group: APIGroup) -> ResourceRegistry { ResourceRegistry(groups: groups + [group]) }

    /// All collections in the order of discovery.
    package var definitions: [ResourceDefinition] { groups.flatMap { $0.versions.flatMap(\.resources) } }

    /// The group called `name`; empty for the core group.
    package func group(_ name: String) -> APIGroup? { groups.first { $0.name == name } }

    /// Whether there is such a group and version.
    package func contains(_ groupVersion: GroupVersion) -> Bool { groupVersions.contains(groupVersion) }

    /// The collection at `/apis/group/version/plural` (`/api/v1/plural` when `group` is empty).
    package func resource(group: String, version: String, plural: String) -> ResourceDefinition? {
        rows[NameRow.of(plural)].first { candidate in
            candidate.gvr.resource == plural && candidate.gvr.version == version && candidate.gvr.group == group
        }
    }

    /// The collection of a name.
    package func resource(_ gvr: GroupVersionResource) -> ResourceDefinition? {
        resource(group: gvr.group, version: gvr.version, plural: gvr.resource)
    }

    /// The collection whose objects are of `kind`.
    package func resource(kind: GroupVersionKind) -> ResourceDefinition? { byKind[kind] }

    /// The collection in the version that its group prefers, whatever version the caller knows.
    package func resource(_ name: GroupResource) -> ResourceDefinition? {
        guard let versions = group(name.group)?.versions else { return nil }
        for version in versions {
            let version = version.groupVersion.version
            if let found = resource(group: name.group, version: version, plural: name.resource) { return found }
        }
        return nil
    }
}
