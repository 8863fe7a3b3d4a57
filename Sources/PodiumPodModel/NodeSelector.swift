// SPDX-License-Identifier: Apache-2.0
// Which nodes a pod may run on: its `nodeSelector`, and the terms of its node affinity.

package import PodiumCodec
package import PodiumMachinery

/// One term of a node selector: all of its requirements must be met. A term without any takes no node.
package struct NodeSelectorTerm: Hashable, Sendable {
    package let expressions: LabelSelector
    /// The requirements on `metadata.name`.
    package let fields: LabelSelector
    private let isEmpty: Bool

    /// Reads a `NodeSelectorTerm` object. What validation would refuse takes no node.
    package init(_ json: JSONValue) {
        let expressions = json["matchExpressions"]?.elements ?? []
        let fields = json["matchFields"]?.elements ?? []
        self.expressions = Self.selector(expressions)
        self.fields = Self.selector(fields)
        isEmpty = expressions.isEmpty && fields.isEmpty
    }

    private static func selector(_ requirements: [JSONValue]) -> LabelSelector {
        var list: [LabelSelector.Requirement] = []
        for requirement in requirements {
            let key = requirement["key"]?.string ?? ""
            let values = (requirement["values"]?.elements ?? []).compactMap(\.string)
            switch requirement["operator"]?.string {
            case "In": list.append(.init(key, .in, values))
            case "NotIn": list.append(.init(key, .notIn, values))
            case "Exists": list.append(.init(key, .exists))
            case "DoesNotExist": list.append(.init(key, .doesNotExist))
            case "Gt": list.append(.init(key, .greaterThan, values))
            case "Lt": list.append(.init(key, .lessThan, values))
            default: return .nothing
            }
        }
        return LabelSelector(list)
    }

    /// Whether a node of this name with these labels is taken.
    package func matches(name: String, labels: [String: String]) -> Bool {
        !isEmpty && expressions.matches(labels) && fields.matches(["metadata.name": name])
    }

    /// The names to which `metadata.name in (…)` restricts this term; nil when it does not.
    package var requiredNames: Set<String>? {
        var names: Set<String>?
        for requirement in fields.requirements
        where requirement.key == "metadata.name" && requirement.operator == .in {
            names = names?.intersection(requirement.values) ?? Set(requirement.values)
        }
        return names
    }
}

/// What a pod requires of its node's labels and name.
// Kubernetes: component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go GetRequiredNodeAffinity
package struct RequiredNodeAffinity: Hashable, Sendable {
    /// `spec.nodeSelector`: all of them must be there.
    package let nodeSelector: LabelSelector
    /// The required terms, one of which must match; nil when nothing is required.
    package let terms: [NodeSelectorTerm]?

    /// Reads the requirements of a Pod object.
    package init(of pod: JSONValue) {
        let spec = pod["spec"]
        nodeSelector = LabelSelector(matching: spec?["nodeSelector"]?.stringMap ?? [:])
        let required = spec?["affinity"]?["nodeAffinity"]?["requiredDuringSchedulingIgnoredDuringExecution"]
        terms = required.flatMap {
            $0.isNull ? nil : ($0["nodeSelectorTerms"]?.elements ?? []).map { NodeSelectorTerm($0) }
        }
    }

    /// Whether nothing is required.
    package var isEmpty: Bool { nodeSelector.isEverything && terms == nil }

    /// Whether a node of this name with these labels will do.
    package func matches(name: String, labels: [String: String]) -> Bool {
        guard nodeSelector.matches(labels) else { return false }
        return terms?.contains { $0.matches(name: name, labels: labels) } ?? true
    }
}

/// A preference for some nodes.
package struct PreferredNodeTerm: Hashable, Sendable {
    package let weight: Int64
    package let term: NodeSelectorTerm

    /// The preferences of a Pod object.
    package static func list(of pod: JSONValue) -> [PreferredNodeTerm] {
        let affinity = pod["spec"]?["affinity"]?["nodeAffinity"]
        return (affinity?["preferredDuringSchedulingIgnoredDuringExecution"]?.elements ?? []).map {
            PreferredNodeTerm(
                weight: $0["weight"]?.integer ?? 0,
                term: NodeSelectorTerm($0["preference"] ?? .emptyObject)
            )
        }
    }
}
