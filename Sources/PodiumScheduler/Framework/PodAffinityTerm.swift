// SPDX-License-Identifier: Apache-2.0
// Terms by which pods want to be near other pods, or far from them.

import PodiumCodec
package import PodiumMachinery

/// Which pods a pod wants to be near or far from, and what near means.
// Kubernetes: pkg/scheduler/framework/types.go AffinityTerm
package struct PodAffinityTerm: Hashable, Sendable {
    /// The namespaces named; the pod's own when nothing else is said.
    package let namespaces: Set<String>
    /// Further namespaces, by their labels.
    package let namespaceSelector: LabelSelector
    package let selector: LabelSelector
    /// The node label whose equal values mean near.
    package let topologyKey: String

    /// Reads a `PodAffinityTerm` of a pod with `labels` in `namespace`.
    init(_ json: JSONValue, namespace: String, labels: [String: String]) {
        let named = Set((json["namespaces"]?.elements ?? []).compactMap(\.string))
        let namespaceSelector = json["namespaceSelector"]
        namespaces = named.isEmpty && namespaceSelector == nil ? [namespace] : named
        self.namespaceSelector = LabelSelector(object: namespaceSelector)
        topologyKey = json["topologyKey"]?.string ?? ""
        selector = LabelSelector(object: json["labelSelector"])
            .adding(json["matchLabelKeys"], .in, of: labels)
            .adding(json["mismatchLabelKeys"], .notIn, of: labels)
    }

    /// Whether a pod with `labels` in `namespace`, itself with `namespaceLabels`, is one of those meant.
    package func matches(_ pod: SchedulingPod, namespaceLabels: [String: String]) -> Bool {
        guard namespaces.contains(pod.name.namespace) || namespaceSelector.matches(namespaceLabels) else {
            return false
        }
        return selector.matches(pod.labels)
    }
}

/// A term that is only a preference.
package struct WeightedPodAffinityTerm: Hashable, Sendable {
    package let weight: Int64
    package let term: PodAffinityTerm
}

/// All the terms of one kind, affinity or anti-affinity, of a pod.
package struct PodAffinityTerms: Hashable, Sendable {
    package let required: [PodAffinityTerm]
    package let preferred: [WeightedPodAffinityTerm]

    /// Reads `podAffinity` or `podAntiAffinity`.
    init(_ json: JSONValue?, namespace: String, labels: [String: String]) {
        func term(_ json: JSONValue?) -> PodAffinityTerm {
            PodAffinityTerm(json ?? .emptyObject, namespace: namespace, labels: labels)
        }
        required = (json?["requiredDuringSchedulingIgnoredDuringExecution"]?.elements ?? []).map { term($0) }
        preferred = (json?["preferredDuringSchedulingIgnoredDuringExecution"]?.elements ?? []).map {
            WeightedPodAffinityTerm(weight: $0["weight"]?.integer ?? 0, term: term($0["podAffinityTerm"]))
        }
    }

    package var isEmpty: Bool { required.isEmpty && preferred.isEmpty }
}

extension LabelSelector {
    /// Adds that the labels named in `keys` must, or must not, have the values they have in `labels`.
    func adding(_ keys: JSONValue?, _ operation: Operator, of labels: [String: String]) -> LabelSelector {
        let keys = (keys?.elements ?? []).compactMap(\.string)
        if keys.isEmpty || isNothing { return self }
        return LabelSelector(
            requirements + keys.compactMap { key in labels[key].map { Requirement(key, operation, [$0]) } }
        )
    }
}
