// SPDX-License-Identifier: Apache-2.0
// What the API of a cluster consists of at one moment: its collections and its types.

package import PodiumSchema

/// The collections and types of an API, as one immutable value.
///
/// A request reads the surface of its cluster once and keeps to it, so that whatever it does fits together even when
/// the cluster gets another surface meanwhile (`ClusterAPI.install`). Documents about the API are made of a surface and
/// kept beside it (`APIServer.documents`).
// A class, because it is told from others by its identity, and because who holds it holds one reference.
package final class APISurface: Sendable {
    /// The collections.
    package let registry: ResourceRegistry
    /// The types, those of options included.
    package let schemas: SchemaRegistry

    package init(registry: ResourceRegistry, schemas: SchemaRegistry) {
        self.registry = registry
        self.schemas = schemas
    }
}
