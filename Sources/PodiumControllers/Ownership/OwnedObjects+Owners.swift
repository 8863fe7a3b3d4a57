// SPDX-License-Identifier: Apache-2.0
// Whose matter a change of something owned is.

import PodiumClient
import PodiumMachinery
import PodiumStorage

extension OwnedObjects.Change {
    /// The objects of `type` that a change concerns: its controller, before and after; of an object without one,
    /// everybody who selects it.
    // Kubernetes: pkg/controller/daemon/daemon_controller.go addPod, updatePod, deletePod
    func owners(_ type: OwnerType, _ selectors: SelectorTable) -> [NamespacedName] {
        guard let namespace = object?.key.name.namespace else { return [] }
        let references = [new?.controller, keepsController ? nil : old?.controller].compactMap { $0 }
        let owners = references.filter { $0.kind == type.kind && $0.apiVersion == type.apiVersion }
            .map { NamespacedName(namespace: namespace, name: $0.name) }
        guard let new, new.controller == nil,
            old.map({ $0.labels != new.labels || $0.controller != nil }) ?? true
        else { return owners }
        return owners + selectors.names(selecting: new.labels, in: namespace)
    }
}
