// SPDX-License-Identifier: Apache-2.0
// Amounts by the names of resources, as manifests have them.

package import OrderedCollections
package import PodiumCodec
package import PodiumMachinery

/// Amounts by resource name, `cpu` and so on.
package typealias ResourceList = OrderedDictionary<String, Quantity>

extension ResourceList {
    /// Reads an object of quantities; what is no quantity is left out. Names are sorted, as Kubernetes prints them.
    package init(json value: JSONValue?) {
        self.init()
        for (name, amount) in (value?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            if let quantity = Quantity(json: amount) { self[name] = quantity }
        }
    }

    /// As it stands in JSON.
    package var value: JSONValue {
        var members: JSONObject = [:]
        for (name, amount) in sorted(by: { $0.key < $1.key }) { members[name] = amount.jsonValue }
        return .object(members)
    }
}

extension OrderedDictionary: ContainerAmounts where Key == String, Value == Quantity {
    package static func += (left: inout ResourceList, right: ResourceList) {
        for (name, amount) in right { left[name] = left[name].map { $0 + amount } ?? amount }
    }

    package mutating func formMaximum(_ other: ResourceList) {
        for (name, amount) in other where self[name].map({ $0 < amount }) ?? true { self[name] = amount }
    }
}
