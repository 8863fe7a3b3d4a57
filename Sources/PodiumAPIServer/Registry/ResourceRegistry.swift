// SPDX-License-Identifier: Apache-2.0
// Which collections the API has, and how they are found by path and by kind.

package import PodiumMachinery

/// A version of an API group and its collections, sorted by name.
package struct APIVersion: Sendable {
    package let groupVersion: GroupVersion
    package let resources: [ResourceDefinition]
}

/// An API group; its versions stand in order of preference.
package struct APIGroup: Sendable {
    /// Empty for the core group.
    package let name: String
    package let versions: [APIVersion]
}

/// The collections of the API as an immutable value: custom resources make a new one.
package final class ResourceRegistry: Sendable {
    /// The groups in the order of discovery; the core group is the first.
    package let groups: [APIGroup]

    /// By plural name, which tells most of them apart and is quickly hashed.
    private let byPlural: [String: [ResourceDefinition]]
    private let byKind: [GroupVersionKind: ResourceDefinition]
    private let groupVersions: Set<GroupVersion>

    /// Makes a registry of `groups`, in which no collection stands twice.
    package init(groups: [APIGroup]) {
        self.groups = groups
        let definitions = groups.flatMap { $0.versions.flatMap(\.resources) }
        byPlural = Dictionary(grouping: definitions, by: \.plural)
        byKind = Dictionary(definitions.map { ($0.gvk, $0) }, uniquingKeysWith: { first, _ in first })
        groupVersions = Set(groups.flatMap { $0.versions.map(\.groupVersion) })
    }

    /// All collections in the order of discovery.
    package var definitions: [ResourceDefinition] { groups.flatMap { $0.versions.flatMap(\.resources) } }

    /// The group called `name`; empty for the core group.
    package func group(_ name: String) -> APIGroup? { groups.first { $0.name == name } }

    /// Whether there is such a group and version.
    package func contains(_ groupVersion: GroupVersion) -> Bool { groupVersions.contains(groupVersion) }

    /// The collection at `/apis/group/version/plural` (`/api/v1/plural` when `group` is empty).
    package func resource(group: String, version: String, plural: String) -> ResourceDefinition? {
        guard let candidates = byPlural[plural] else { return nil }
        for candidate in candidates
        where candidate.gvr.version == version && candidate.gvr.group == group {
            return candidate
        }
        return nil
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

extension ResourceRegistry {
    /// This registry with further collections, which do not replace any that is there.
    ///
    /// A new group stands behind all built-in groups, among its like by name; the versions of a group are ordered as
    /// Kubernetes prefers them (v2, v1, v1beta2, v1alpha1), those of a built-in group stay in front.
    package func adding(_ definitions: [ResourceDefinition]) -> ResourceRegistry {
        var added: [String: [GroupVersion: [ResourceDefinition]]] = [:]
        for definition in definitions where resource(definition.gvr) == nil {
            added[definition.group, default: [:]][definition.groupVersion, default: []].append(definition)
        }
        var result = groups.map { group in
            guard let versions = added.removeValue(forKey: group.name) else { return group }
            return Self.merge(group, versions)
        }
        for (name, versions) in added.sorted(by: { $0.key < $1.key }) {
            result.append(Self.merge(APIGroup(name: name, versions: []), versions))
        }
        return ResourceRegistry(groups: result)
    }

    private static func merge(_ group: APIGroup, _ added: [GroupVersion: [ResourceDefinition]]) -> APIGroup {
        var rest = added
        var versions = group.versions.map { version in
            guard let more = rest.removeValue(forKey: version.groupVersion) else { return version }
            return APIVersion(groupVersion: version.groupVersion, resources: sorted(version.resources + more))
        }
        let new = rest.map { APIVersion(groupVersion: $0.key, resources: sorted($0.value)) }
        versions += new.sorted { left, right in
            VersionPriority(left.groupVersion.version) > VersionPriority(right.groupVersion.version)
        }
        return APIGroup(name: group.name, versions: versions)
    }

    private static func sorted(_ definitions: [ResourceDefinition]) -> [ResourceDefinition] {
        definitions.sorted { $0.plural < $1.plural }
    }
}

/// How much a version is preferred: `v10 > v2 > v1 > v11beta2 > v3beta1 > v12alpha1 > foo1 > foo10`.
// Kubernetes: apimachinery/pkg/version/helpers.go
package struct VersionPriority: Comparable {
    private let stability: Int
    private let major: Int
    private let minor: Int
    private let text: String

    package init(_ version: String) {
        text = version
        var rest = version.utf8[...]
        guard rest.popFirst() == UInt8(ascii: "v"), let major = Self.number(&rest) else {
            (stability, self.major, minor) = (0, 0, 0)
            return
        }
        let stage = String(Substring(rest.prefix { $0 >= UInt8(ascii: "a") }))
        rest = rest.dropFirst(stage.utf8.count)
        let minor = Self.number(&rest)
        switch (stage, minor) {
        case ("", nil) where rest.isEmpty: (stability, self.major, self.minor) = (3, major, 0)
        case ("beta", let minor?) where rest.isEmpty: (stability, self.major, self.minor) = (2, major, minor)
        case ("alpha", let minor?) where rest.isEmpty: (stability, self.major, self.minor) = (1, major, minor)
        default: (stability, self.major, self.minor) = (0, 0, 0)
        }
    }

    /// Takes a decimal number that does not begin with 0 from the front of `text`.
    private static func number(_ text: inout Substring.UTF8View) -> Int? {
        let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let first = digits.first, first != UInt8(ascii: "0") else { return nil }
        text = text.dropFirst(digits.count)
        return Int(String(Substring(digits)))
    }

    package static func < (left: VersionPriority, right: VersionPriority) -> Bool {
        if left.stability != right.stability { return left.stability < right.stability }
        if left.major != right.major { return left.major < right.major }
        if left.minor != right.minor { return left.minor < right.minor }
        return left.text > right.text
    }
}
