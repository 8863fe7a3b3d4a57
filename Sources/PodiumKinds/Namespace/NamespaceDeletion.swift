// SPDX-License-Identifier: Apache-2.0
// How a namespace is asked to go.

import PodiumCodec
import PodiumMachinery

/// How a namespace is deleted: it turns Terminating and stays until its content and its finalizers are gone.
// Kubernetes: pkg/registry/core/namespace/storage/storage.go Delete
enum NamespaceDeletion {
    static func request(_ object: inout JSONValue, now: Timestamp) -> PodDeletion.Outcome {
        let holds =
            !(object[path: "spec", "finalizers"]?.elements.isEmpty ?? true)
            || !(object[path: "metadata", "finalizers"]?.elements.isEmpty ?? true)
        if object[path: "metadata", "deletionTimestamp"] != nil { return holds ? .unchanged : .remove }
        ObjectDeletion.set(deletion: now, grace: 0, on: &object)
        object[path: "metadata", "deletionGracePeriodSeconds"] = nil
        object[path: "status", "phase"] = "Terminating"
        return holds ? .write : .writeThenRemove
    }
}
