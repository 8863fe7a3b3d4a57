// SPDX-License-Identifier: Apache-2.0
// What is done to objects beside creating, changing and deleting them: Leases are renewed, pods are bound.

package import PodiumCodec
import PodiumKinds
package import PodiumMachinery
import PodiumPodModel
import PodiumRegistry
package import PodiumStorage

extension ResourceClient {
    /// Writes `now` into a Lease; makes what `lease` says when there is none.
    package func renewLease(
        _ key: ObjectKey,
        at now: Timestamp,
        orMake lease: () -> JSONValue
    ) throws(StatusError) {
        guard let current = try storage.object(key) else {
            try create(.leases, lease())
            return
        }
        let store = try api.store(.leases, namespace: key.name.namespace)
        if try store.renew(current, at: now, manager: fieldManager) { return }
        try update(key) { lease in
            lease[path: "spec", "renewTime"] = .string(now.rfc3339Micro)
            return true
        }
    }

    /// Binds a pod to a node, as a scheduler does by its `binding` subresource.
    /// - Throws: 404; 409 when it is another pod than that of `uid`, or is bound already.
    package func bind(_ pod: ObjectKey, uid: String, to node: String) throws(StatusError) {
        var binding = PodBinding.to(node: node)
        binding[path: "metadata", "uid"] = .string(uid)
        try api.store(.pods, namespace: pod.name.namespace).bind(pod.name.name, binding)
    }
}
