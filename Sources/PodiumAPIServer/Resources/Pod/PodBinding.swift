// SPDX-License-Identifier: Apache-2.0
// Assigns a pod to a node.

import OrderedCollections
package import PodiumCodec
package import PodiumMachinery

/// `pods/binding` and `bindings`: what a scheduler says once it has decided.
// Kubernetes: pkg/registry/core/pod/storage/storage.go BindingREST
package enum PodBinding {
    private static let resource = GroupResource(group: "", resource: "pods/binding")

    /// What is wrong with `binding` by itself.
    ///
    /// Upstream answers the first of these as an internal error without the usual shape: 500, the message
    /// `field: problem`, no reason.
    package static func errors(_ binding: JSONValue) -> [FieldError] {
        let target = PodField(binding["target"], at: FieldPath("target"))
        var errors: [FieldError] = []
        if !["", "Node"].contains(target["kind"].text) {
            errors.append(target["kind"].notSupported(["Node", "<empty>"]))
        }
        if target["name"].text.isEmpty { errors.append(target["name"].required()) }
        return errors
    }

    /// The refusal of a binding for the first of `errors`.
    package static func refusal(_ errors: [FieldError]) -> StatusError? {
        errors.first.map { StatusError(code: 500, reason: .unknown, message: $0.message) }
    }

    /// Puts `pod` on the node that `binding` names, with the binding's labels and annotations.
    ///
    /// Throws a conflict when the pod is being deleted, is on a node already, or must not be scheduled yet. The
    /// preconditions (UID, resource version) are the caller's.
    package static func assign(pod: inout JSONValue, binding: JSONValue, now: Timestamp) throws(StatusError) {
        let name = pod[path: "metadata", "name"]?.string ?? ""
        func conflict(_ problem: String) -> StatusError { .conflict(resource, name, problem) }
        if pod["metadata"]?.isSet("deletionTimestamp") == true {
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
        setScheduled(&pod, now: now)
        pod[path: "status", "nominatedNodeName"] = nil
    }

    /// `binding` with the labels of its node that say where it stands, which the pod then gets.
    // Kubernetes: plugin/pkg/admission/podtopologylabels/admission.go
    static func withTopology(_ binding: JSONValue, of labels: [String: String]) -> JSONValue {
        var binding = binding
        for key in ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"] {
            guard let value = labels[key] else { continue }
            if binding[path: "metadata", "labels"]?.object == nil { binding[path: "metadata", "labels"] = [:] }
            binding[path: "metadata", "labels", key] = .string(value)
        }
        return binding
    }

    private static func setScheduled(_ pod: inout JSONValue, now: Timestamp) {
        var condition: JSONValue = [
            "type": "PodScheduled", "status": "True", "lastProbeTime": .null,
            "lastTransitionTime": .string(now.rfc3339),
        ]
        var conditions = pod[path: "status", "conditions"]?.elements ?? []
        guard let index = conditions.firstIndex(where: { $0["type"]?.string == "PodScheduled" }) else {
            pod[path: "status", "conditions"] = .array(conditions + [condition])
            return
        }
        if conditions[index]["status"]?.string == "True" {
            condition["lastTransitionTime"] = conditions[index]["lastTransitionTime"]
        }
        conditions[index] = condition
        pod[path: "status", "conditions"] = .array(conditions)
    }
}
