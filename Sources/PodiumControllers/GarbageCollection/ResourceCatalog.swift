// SPDX-License-Identifier: Apache-2.0
// The collections of a cluster, as far as controllers for all kinds need to know them.

package import PodiumMachinery

/// A collection, and where its objects live.
package struct CatalogEntry: Hashable, Sendable {
    package let resource: GroupResource
    /// The `kind` of its objects.
    package let kind: String
    package let isNamespaced: Bool

    package init(_ resource: GroupResource, kind: String, isNamespaced: Bool) {
        self.resource = resource
        self.kind = kind
        self.isNamespaced = isNamespaced
    }
}

/// All collections whose objects are stored and can be deleted, each once.
package struct ResourceCatalog: Sendable {
    package let entries: [CatalogEntry]

    package init(_ entries: [CatalogEntry]) { self.entries = entries }

    /// The collection of objects of `kind` in the group of `apiVersion`; nil when there is none.
    package func entry(apiVersion: String, kind: String) -> CatalogEntry? {
        let group = GroupVersion(apiVersion)?.group ?? ""
        return entries.first { $0.kind == kind && $0.resource.group == group }
    }
}
