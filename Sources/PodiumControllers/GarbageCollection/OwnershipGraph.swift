// SPDX-License-Identifier: Apache-2.0
// Who owns whom, by UID.

import OrderedCollections
import PodiumStorage

/// An index of owner references. A value.
// Kubernetes: pkg/controller/garbagecollector/graph.go
struct OwnershipGraph: Sendable {
    private var owned: [String: OrderedSet<ObjectKey>] = [:]
    private var owners: [ObjectKey: [OwnerReference]] = [:]

    /// The objects that refer to the owner `uid`, in the order in which they began to.
    func dependents(of uid: String) -> [ObjectKey] { owned[uid].map { Array($0) } ?? [] }

    /// The owners of an object as they were last seen.
    func owners(of key: ObjectKey) -> [OwnerReference] { owners[key] ?? [] }

    /// Takes note of the owners of an object; none removes it.
    mutating func set(_ references: [OwnerReference], of key: ObjectKey) {
        for reference in owners.removeValue(forKey: key) ?? [] {
            owned[reference.uid]?.remove(key)
            if owned[reference.uid]?.isEmpty == true { owned[reference.uid] = nil }
        }
        if references.isEmpty { return }
        owners[key] = references
        for reference in references { owned[reference.uid, default: []].append(key) }
    }
}
