// SPDX-License-Identifier: Apache-2.0
// Assigns a pod to a node.

package import PodiumCodec
package import PodiumMachinery

/// `pods/binding` and `bindings`: what a scheduler says once it has decided.
// Kubernetes: pkg/registry/core/pod/storage/storage.go BindingREST
package enum PodBinding {
    private static let resource = GroupResource(group: "", resource: "pods/binding")

    /// A binding to `node`.
    package static func to(node: String) -> JSONValue { ["target": ["kind": "Node", "name": .string(node)]] }

    /// Puts `pod` on the node that `binding` names, with the binding's labels and annotations.
    ///
    /// Throws a conflict when the pod is being deleted, is on a node already, or must not be scheduled yet. The
    /// preconditions (UID, resource version) are the caller's.
    package static func assign(pod: inout JSONValue, binding: JSONValue, now: Timestamp) throws(StatusError) {
        let name = pod[path: "metadata", "name"]?.string ?? ""
        func conflict(_ problem: String) -> StatusError { .conflict(resource, name, problem) }
        if !(pod[path: "metadata", "deletionTimestamp"]?.isNull ?? true) {
            throw conflict("pod \(name) is being deleted, cannot be assigned to a host")
        }
        if let node = pod[path: "spec", "nodeName"]?.string, !node.isEmpty {
            throw conflict("pod \(name) is already assigned to node \(FieldError.quoted(node))")
        }
        if !(pod[path: "spec", "schedulingGates"]?.elements ?? []).isEmpty {
            throw conflict("pod \(name) has non-empty .spec.schedulingGates")
        }
        pod[path: "spec", "nodeName"] = .string(binding[path: "target", "name"]?.string ?? "")
        for map in ["annotations", "labels"] {
            let added = binding[path: "metadata", map]?.object ?? [:]
            if !added.isEmpty, pod[path: "metadata", map]?.object == nil { pod[path: "metadata", map] = [:] }
            for (key, value) in added {
                pod[path: "metadata", map, key] = value
            }
        }
        PodCondition(PodConditionType.scheduled, true).set(on: &pod, now: now)
        pod[path: "status", "nominatedNodeName"] = nil
    }

    /// `binding` with the labels of its node that say where it stands, which the pod then gets.
    // Kubernetes: plugin/pkg/admission/podtopologylabels/admission.go
    package static func withTopology(_ binding: JSONValue, of labels: [String: String]) -> JSONValue {
        var binding = binding
        for key in ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"] {
            guard let value = labels[key] else { continue }
            if binding[path: "metadata", "labels"]?.object == nil { binding[path: "metadata", "labels"] = [:] }
            binding[path: "metadata", "labels", key] = .string(value)
        }
        return binding
    }
}
