// SPDX-License-Identifier: Apache-2.0
// One collection of the API: its names, its scope, its verbs and what stands below its objects.

package import PodiumMachinery

/// What a client may do with a collection or a subresource, as discovery and RBAC name it.
package enum APIVerb: String, CaseIterable, Hashable, Sendable {
    case create
    case delete
    case deletecollection
    case get
    case list
    case patch
    case update
    case watch

    /// Its place in a set of verbs.
    fileprivate var bit: UInt8 {
        switch self {
        case .create: 1 << 0
        case .delete: 1 << 1
        case .deletecollection: 1 << 2
        case .get: 1 << 3
        case .list: 1 << 4
        case .patch: 1 << 5
        case .update: 1 << 6
        case .watch: 1 << 7
        }
    }
}

/// A path below an object: `pods/status`, `pods/log`, `deployments/scale`.
package struct SubresourceDefinition: Hashable, Sendable {
    /// The last part of the path.
    package let name: String
    /// The type of what is read and written there.
    package let gvk: GroupVersionKind
    /// Whether `gvk` has a group and version of its own, which discovery then shows.
    package let isForeign: Bool
    /// In the order of discovery.
    package let verbs: [APIVerb]

    package init(
        name: String,
        gvk: GroupVersionKind,
        isForeign: Bool = false,
        verbs: [APIVerb] = [.get, .patch, .update]
    ) {
        self.name = name
        self.gvk = gvk
        self.isForeign = isForeign
        self.verbs = verbs
    }
}

/// A collection of the API in one version, as an immutable value.
///
/// What every request would ask of its collection anew is found out when it is made.
package final class ResourceDefinition: Sendable {
    /// `pods`, `deployments.apps` with its version.
    package let gvr: GroupVersionResource
    /// The type of its objects.
    package let gvk: GroupVersionKind
    /// The name of its objects in messages and on command lines: `pod`.
    package let singular: String
    /// The kind of a list of them: `PodList`.
    package let listKind: String
    /// Whether its objects live in namespaces.
    package let isNamespaced: Bool
    /// In the order of discovery.
    package let verbs: [APIVerb]
    package let shortNames: [String]
    package let categories: [String]
    package let subresources: [SubresourceDefinition]
    /// The type as which its objects are stored: `gvk`, unless two collections show the same objects.
    package let storedAs: GroupVersionKind
    /// The collection of storage that holds its objects.
    package let storage: GroupResource
    /// The fingerprint of `storedAs` that discovery shows; empty when there is none.
    package let storageVersionHash: String
    /// What is known of its kind.
    package let rules: KindDefinition
    /// The text of the warning that goes with every request to it; nil unless it is to be given up.
    package let deprecationWarning: String?

    private let supported: UInt8

    package init(
        gvr: GroupVersionResource,
        kind: String,
        singular: String? = nil,
        listKind: String? = nil,
        isNamespaced: Bool,
        verbs: [APIVerb] = APIVerb.allCases,
        shortNames: [String] = [],
        categories: [String] = [],
        subresources: [SubresourceDefinition] = [],
        storedAs: GroupVersionKind? = nil,
        storageVersionHash: String = "",
        rules: KindDefinition
    ) {
        self.gvr = gvr
        gvk = GroupVersionKind(group: gvr.group, version: gvr.version, kind: kind)
        self.singular = singular ?? kind.lowercased()
        self.listKind = listKind ?? kind + "List"
        self.isNamespaced = isNamespaced
        self.verbs = verbs
        self.shortNames = shortNames
        self.categories = categories
        self.subresources = subresources
        self.storedAs = storedAs ?? gvk
        storage = GroupResource(group: storedAs?.group ?? gvr.group, resource: gvr.resource)
        self.storageVersionHash = storageVersionHash
        self.rules = rules
        deprecationWarning = rules.deprecations[gvr.version]
        supported = verbs.reduce(0) { $0 | $1.bit }
    }

    package var group: String { gvr.group }
    package var version: String { gvr.version }
    package var kind: String { gvk.kind }
    /// The last fixed part of its path: `pods`.
    package var plural: String { gvr.resource }
    package var groupVersion: GroupVersion { gvr.groupVersion }
    /// How messages name it: `deployments.apps`.
    package var groupResource: GroupResource { gvr.groupResource }
    /// The `apiVersion` of its objects.
    package var apiVersion: String { groupVersion.description }

    /// Whether `verb` is one of its verbs.
    package func supports(_ verb: APIVerb) -> Bool { supported & verb.bit != 0 }

    /// The subresource called `name`; nil when there is none.
    package func subresource(_ name: String) -> SubresourceDefinition? { subresources.first { $0.name == name } }
}

extension ResourceDefinition {
    /// The text of the warning that goes with the creation of an object on which nothing acts.
    package var missingControllerWarning: String? {
        rules.missingController.map {
            "\(groupResource): the object is stored, but Podium has no controller for it: \($0)"
        }
    }
}
