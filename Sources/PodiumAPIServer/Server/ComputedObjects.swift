// SPDX-License-Identifier: Apache-2.0
// Collections whose objects nobody stores: they are made up whenever somebody looks.

package import PodiumCodec
package import PodiumMachinery

/// The objects of a collection that can be read and nothing else.
package protocol ComputedObjects: Sendable {
    /// The collection.
    var resource: GroupVersionResource { get }

    /// The objects of a namespace, empty for all, in the order of lists, with their kinds.
    /// - Throws: what the client of the API is told.
    func objects(in namespace: String) throws(StatusError) -> [JSONValue]

    /// Why there is no object of this name.
    func notFound(_ name: NamespacedName) -> StatusError
}

extension ComputedObjects {
    package func notFound(_ name: NamespacedName) -> StatusError { .notFound(resource.groupResource, name.name) }
}
