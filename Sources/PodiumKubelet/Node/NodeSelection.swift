// SPDX-License-Identifier: Apache-2.0
// Whether a node is one of those that a pod's manifest allows.

import OrderedCollections
import PodiumCodec
import PodiumMachinery

/// Node selectors and required node affinity.
// Kubernetes: component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go
enum NodeSelection {
    /// Whether `spec` allows a node with that name and those labels.
    static func allows(_ spec: JSONValue, name: String, labels: [String: String]) -> Bool {
        for (key, value) in spec["nodeSelector"]?.stringMap ?? [:] where labels[key] != value { return false }
        let path = spec[path: "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]
        guard let terms = path?["nodeSelectorTerms"]?.array else { return true }
        return terms.contains { matches($0, name: name, labels: labels) }
    }

    private static func matches(_ term: JSONValue, name: String, labels: [String: String]) -> Bool {
        let expressions = term["matchExpressions"]?.elements ?? []
        let fields = term["matchFields"]?.elements ?? []
        // A term without any requirement matches nothing.
        if expressions.isEmpty, fields.isEmpty { return false }
        return expressions.allSatisfy { matches($0, labels[$0["key"]?.string ?? ""]) }
            && fields.allSatisfy { matches($0, name) }
    }

    private static func matches(_ requirement: JSONValue, _ value: String?) -> Bool {
        let values = (requirement["values"]?.elements ?? []).compactMap(\.string)
        switch requirement["operator"]?.string {
        case "In": return value.map { values.contains($0) } ?? false
        case "NotIn": return value.map { !values.contains($0) } ?? true
        case "Exists": return value != nil
        case "DoesNotExist": return value == nil
        case "Gt": return compare(value, values) { $0 > $1 }
        case "Lt": return compare(value, values) { $0 < $1 }
        default: return false
        }
    }

    private static func compare(_ value: String?, _ values: [String], _ holds: (Int, Int) -> Bool) -> Bool {
        guard let number = value.flatMap({ Int($0) }), let bound = values.first.flatMap({ Int($0) }) else {
            return false
        }
        return holds(number, bound)
    }
}

/// Taints and who tolerates them.
// Kubernetes: api/core/v1/toleration.go ToleratesTaint
enum Tolerations {
    /// Whether `spec` tolerates all taints of `effect`.
    static func tolerate(_ taints: [JSONValue], effect: String, _ spec: JSONValue) -> Bool {
        let tolerations = spec["tolerations"]?.elements ?? []
        return taints.filter { $0["effect"]?.string == effect }.allSatisfy { taint in
            tolerations.contains { tolerates($0, taint) }
        }
    }

    private static func tolerates(_ toleration: JSONValue, _ taint: JSONValue) -> Bool {
        let effect = toleration["effect"]?.string ?? ""
        if !effect.isEmpty, effect != taint["effect"]?.string { return false }
        let key = toleration["key"]?.string ?? ""
        if !key.isEmpty, key != taint["key"]?.string { return false }
        switch toleration["operator"]?.string ?? "Equal" {
        case "Exists": return true
        default: return !key.isEmpty && (toleration["value"]?.string ?? "") == (taint["value"]?.string ?? "")
        }
    }
}
