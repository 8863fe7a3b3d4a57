// SPDX-License-Identifier: Apache-2.0
// The collections of one cluster and the one door to each of them, for whoever writes: clients, controllers, kubelets.

package import PodiumCodec
package import PodiumHost
package import PodiumMachinery
package import PodiumSchema
package import PodiumStorage

/// The collections of one cluster, and all that their stores share.
// A class, so that each request's store holds one reference instead of a copy of everything.
package final class ClusterAPI: Sendable {
    package let registry: ResourceRegistry
    package let storage: any Storage
    package let host: Host
    /// The types of the API.
    package let schemas: SchemaRegistry
    package let admission: AdmissionChain
    package let serviceNetwork: ServiceNetwork
    let reservations = Reservations()
    let fieldSets = FieldSetCache()

    package init(
        registry: ResourceRegistry,
        storage: any Storage,
        host: Host,
        schemas: SchemaRegistry,
        admission: AdmissionChain,
        serviceNetwork: ServiceNetwork = .standard
    ) {
        self.registry = registry
        self.storage = storage
        self.host = host
        self.schemas = schemas
        self.admission = admission
        self.serviceNetwork = serviceNetwork
    }

    /// The store of a collection, in the version that its group prefers, for a namespace (empty: none) and a
    /// subresource (empty: the object itself).
    /// - Throws: 404 when there is no such collection or subresource.
    package func store(
        _ resource: GroupResource,
        namespace: String,
        subresource: String = ""
    ) throws(StatusError) -> ResourceStore {
        guard let definition = registry.resource(resource) else { throw .pathNotFound }
        guard let strategy = definition.rules.strategy(of: subresource) else { throw .pathNotFound }
        return ResourceStore(
            definition: definition,
            strategy: strategy,
            api: self,
            namespace: definition.isNamespaced ? namespace : "",
            subresource: subresource.isEmpty ? nil : subresource
        )
    }

    /// `object` as the API would have read it from a client: of the type of `store`, in the order of its fields.
    package func canonical(_ object: JSONValue, in store: ResourceStore) throws(StatusError) -> JSONValue {
        try RequestDecoder(registry: schemas).decode(merged: object, as: store.definition.gvk)
    }
}
