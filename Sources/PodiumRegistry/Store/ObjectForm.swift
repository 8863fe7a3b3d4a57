// SPDX-License-Identifier: Apache-2.0
// The form of a collection's objects, where two collections show the same stored objects in forms of their own.

package import PodiumCodec
import PodiumMachinery
package import PodiumStorage

extension ResourceDefinition {
    /// A stored object in the form of this collection.
    package func value(of object: StoredObject) -> JSONValue {
        let value = object.value()
        return rules.conversion.map { $0.shown(value) } ?? value
    }

    /// The same without the account of who owns its fields.
    package func valueWithoutAccount(of object: StoredObject) -> JSONValue {
        // Shared with whoever holds on to the same object.
        let value = object.read().value
        return rules.conversion.map { $0.shown(value) } ?? value
    }

    /// The form of an object in which it is stored; one that has it already is left as it is.
    package func stored(_ object: JSONValue) -> JSONValue {
        rules.conversion.map { $0.stored(object) } ?? object
    }
}

extension GroupResource {
    /// The newer form of events.
    static let newEvents = GroupResource(group: "events.k8s.io", resource: "events")
    /// The definitions of custom resources.
    static let customResourceDefinitions = GroupResource(
        group: "apiextensions.k8s.io",
        resource: "customresourcedefinitions"
    )
}
