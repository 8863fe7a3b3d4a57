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
        if try store.beat(current, .renewal(at: now, by: fieldManager)) != nil { return }
        try update(key) { lease in
            lease[path: "spec", "renewTime"] = .string(now.rfc3339Micro)
            return true
        }
    }

    /// Says in the conditions of a Node that its kubelet is alive, and nothing else.
    /// - Parameters:
    ///   - revision: the Node as the kubelet left it.
    ///   - conditions: how many of the conditions are the kubelet's.
    /// - Returns: its revision afterwards; nil when nothing is written because somebody else has written to it.
    package func reportHeartbeat(
        _ node: ObjectKey,
        expecting revision: Revision,
        conditions: Int,
        at now: Timestamp
    ) throws(StatusError) -> Revision? {
        guard let current = try storage.object(node), current.revision == revision else { return nil }
        let store = try api.store(.nodes, namespace: "", subresource: "status")
        return try store.beat(current, .report(at: now, by: fieldManager, conditions: conditions))?.revision
    }

    /// Sets how many replicas a workload has, as its `scale` subresource does: who owns them is noted so.
    /// - Throws: 404 when it is gone, or is another than that of `uid`.
    package func scale(_ workload: ObjectKey, uid: String, to replicas: Int) throws(StatusError) {
        let surface = api.surface
        guard let definition = surface.registry.resource(workload.resource), definition.subresource("scale") != nil
        else { throw .pathNotFound }
        let store = ResourceStore(
            definition: definition,
            strategy: definition.rules.strategy,
            api: api,
            surface: surface,
            namespace: workload.name.namespace,
            subresource: "scale"
        )
        try update(workload, uid: uid, through: store) { object in
            object[path: "spec", "replicas"] = .integer(Int64(replicas))
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
