// SPDX-License-Identifier: Apache-2.0
// What a pod gets when its client says nothing: the defaults that only whole pods have, not templates of pods.

package import PodiumCodec

/// The defaults of `v1` pods.
///
/// Idempotent: a pod with all defaults is left as it is.
// Kubernetes: pkg/apis/core/v1/defaults.go SetDefaults_Pod, conversion.go Convert_v1_Pod_To_core_Pod
package enum PodDefaults {
    /// Fills in `pod`, its spec and the parts of its status that say the same thing twice.
    package static func apply(to pod: inout JSONValue) {
        removeInitContainerAnnotations(from: &pod)
        pod.updateObject { members in
            var spec = members["spec"] ?? .emptyObject
            if spec.isNull { spec = .emptyObject }
            PodSpecDefaults.apply(to: &spec)
            apply(toSpec: &spec)
            members["spec"] = spec
            if var status = members["status"], status.object != nil {
                PodStatusDefaults.apply(to: &status)
                members["status"] = status
            }
        }
    }

    private static func apply(toSpec spec: inout JSONValue) {
        for list in ["containers", "initContainers"] {
            spec.updateElements(of: list) { copyLimitsToRequests(&$0) }
        }
        PodLevelResources.applyDefaults(toSpec: &spec)
        if !spec.isSet("enableServiceLinks") { spec["enableServiceLinks"] = true }
        if spec["hostNetwork"]?.bool == true {
            for list in ["containers", "initContainers"] { copyContainerPortsToHostPorts(&spec, list) }
        }
        // Negative periods were once accepted and are read as the shortest one.
        if let period = spec["terminationGracePeriodSeconds"]?.integer, period < 0 {
            spec["terminationGracePeriodSeconds"] = 1
        }
    }

    private static func copyLimitsToRequests(_ container: inout JSONValue) {
        guard let limits = container[path: "resources", "limits"]?.object, !limits.isEmpty else { return }
        var requests = container[path: "resources", "requests"]?.object ?? [:]
        for (name, limit) in limits where requests[name] == nil { requests[name] = limit }
        container[path: "resources", "requests"] = .object(requests)
    }

    private static func copyContainerPortsToHostPorts(_ spec: inout JSONValue, _ list: String) {
        spec.updateElements(of: list) { container in
            container.updateElements(of: "ports") { port in
                guard (port["hostPort"]?.integer ?? 0) == 0, let number = port["containerPort"]?.integer else { return }
                port["hostPort"] = .integer(number)
            }
        }
    }

    /// Annotations that held init containers before they were fields.
    private static func removeInitContainerAnnotations(from pod: inout JSONValue) {
        let obsolete = [
            "pod.beta.kubernetes.io/init-containers", "pod.alpha.kubernetes.io/init-containers",
            "pod.beta.kubernetes.io/init-container-statuses", "pod.alpha.kubernetes.io/init-container-statuses",
        ]
        guard let annotations = pod[path: "metadata", "annotations"]?.object else { return }
        for key in obsolete where annotations[key] != nil { pod[path: "metadata", "annotations", key] = nil }
        if pod[path: "metadata", "annotations"]?.object?.isEmpty == true, !annotations.isEmpty {
            pod[path: "metadata", "annotations"] = nil
        }
    }
}

/// What a pod's status says twice.
enum PodStatusDefaults {
    /// Brings `podIP` and `podIPs` together; where they differ, `podIP` counts, which older clients know alone.
    static func apply(to status: inout JSONValue) {
        let address = status["podIP"]?.string ?? ""
        let first = status["podIPs"]?.elements.first?["ip"]?.string
        if !address.isEmpty, first != address {
            status["podIPs"] = .array([["ip": .string(address)]])
        } else if address.isEmpty, let first, !first.isEmpty {
            status["podIP"] = .string(first)
        }
    }
}

extension JSONValue {
    /// Whether the member `name` is there and not `null`.
    package func isSet(_ name: String) -> Bool {
        switch self[name] {
        case nil, .null?: false
        default: true
        }
    }

    /// Whether the member `name` is a text that is not empty.
    package func hasText(_ name: String) -> Bool { !(self[name]?.string ?? "").isEmpty }

    /// Changes each element of the list `name`, if there is one.
    package mutating func updateElements(of name: String, _ change: (inout JSONValue) -> Void) {
        guard self[name]?.array != nil else { return }
        updateObject { members in
            members[name]?.updateArray { elements in
                for index in elements.indices { change(&elements[index]) }
            }
        }
    }

    /// Changes each element of the list `name`, given with its index, if there is one.
    mutating func updateElements(of name: String, indexed change: (Int, inout JSONValue) -> Void) {
        guard self[name]?.array != nil else { return }
        updateObject { members in
            members[name]?.updateArray { elements in
                for index in elements.indices { change(index, &elements[index]) }
            }
        }
    }

    /// Changes the member `name`, if it is an object.
    package mutating func updateMember(_ name: String, _ change: (inout JSONValue) -> Void) {
        guard self[name]?.object != nil else { return }
        updateObject { members in
            guard var member = members[name] else { return }
            members[name] = .null
            change(&member)
            members[name] = member
        }
    }

    /// Sets the member `name` to `value` if it is missing, `null` or an empty text.
    mutating func setDefault(_ name: String, _ value: JSONValue) {
        guard !isSet(name) || self[name]?.string?.isEmpty == true else { return }
        self[name] = value
    }

    /// Sets the number `name` to `value` if it is missing or 0.
    mutating func setDefault(_ name: String, number value: Int64) {
        guard (self[name]?.integer ?? 0) == 0 else { return }
        self[name] = .integer(value)
    }
}
