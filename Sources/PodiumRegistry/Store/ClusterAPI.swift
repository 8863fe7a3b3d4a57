// SPDX-License-Identifier: Apache-2.0
// The collections of one cluster and the one door to each of them, for whoever writes: clients, controllers, kubelets.

package import PodiumCodec
package import PodiumHost
package import PodiumMachinery
import PodiumSchema
package import PodiumStorage
import Synchronization

/// The collections of one cluster, and all that their stores share.
///
/// ```
/// State   | guarded by | why separate
/// current | its mutex  | held while the reference is read or replaced, for nothing else
/// ```
// A class, so that each request's store holds one reference instead of a copy of everything.
package final class ClusterAPI: Sendable {
    package let storage: any Storage
    package let host: Host
    package let admission: AdmissionChain
    package let serviceNetwork: ServiceNetwork
    let reservations = Reservations()
    let fieldSets = FieldSetCache()
    /// The fields that new objects have, by what they have alike.
    let fieldsOfNew = RecentFindings<EncodedFieldSet>(.shape)
    /// What strategies need not judge once more.
    package let soundValues = SoundValues(.equalButForDrawnName(prefix: TokenVolume.namePrefix))
    private let current: Mutex<APISurface>

    package init(
        surface: APISurface,
        storage: any Storage,
        host: Host,
        admission: AdmissionChain,
        serviceNetwork: ServiceNetwork = .standard
    ) {
        current = Mutex(surface)
        self.storage = storage
        self.host = host
        self.admission = admission
        self.serviceNetwork = serviceNetwork
    }

    /// What the API consists of now. Whoever does one thing in several steps reads it once.
    package var surface: APISurface { current.withLock { $0 } }

    /// Makes another surface that of the cluster. Requests that have begun end with the one they have read.
    package func install(_ surface: APISurface) { current.withLock { $0 = surface } }

    /// The store of a collection, in the version that its group prefers, for a namespace (empty: none) and a
    /// subresource (empty: the object itself).
    /// - Throws: 404 when there is no such collection or subresource.
    package func store(
        _ resource: GroupResource,
        namespace: String,
        subresource: String = ""
    ) throws(StatusError) -> ResourceStore {
        let surface = surface
        guard let definition = surface.registry.resource(resource) else { throw .pathNotFound }
        guard let strategy = definition.rules.strategy(of: subresource) else { throw .pathNotFound }
        return ResourceStore(
            definition: definition,
            strategy: strategy,
            api: self,
            surface: surface,
            namespace: definition.isNamespaced ? namespace : "",
            subresource: subresource.isEmpty ? nil : subresource
        )
    }

    /// `object` as the API would have read it from a client: of the type of `store`, in the order of its fields.
    package func canonical(_ object: JSONValue, in store: ResourceStore) throws(StatusError) -> JSONValue {
        try RequestDecoder(registry: store.surface.schemas).decode(merged: object, as: store.definition.gvk)
    }
}
