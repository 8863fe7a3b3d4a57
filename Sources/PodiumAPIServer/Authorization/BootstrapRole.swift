// SPDX-License-Identifier: Apache-2.0
// The form of the roles and bindings that a server makes itself.

import OrderedCollections
import PodiumCodec

extension PolicyRule {
    /// A rule about resources.
    ///
    /// Words are separated by spaces; the empty group is written `core`.
    static func of(_ verbs: String, _ groups: String, _ resources: String, named names: String = "") -> PolicyRule {
        PolicyRule(
            verbs: words(verbs),
            apiGroups: words(groups).map { $0 == "core" ? "" : $0 }.sorted(),
            resources: words(resources),
            resourceNames: words(names)
        )
    }

    /// A rule about paths.
    static func of(_ verbs: String, urls: String) -> PolicyRule {
        PolicyRule(verbs: words(verbs), nonResourceURLs: words(urls))
    }

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init).sorted() }
}

/// A ClusterRole of the bootstrap policy.
struct BootstrapRole: Sendable {
    let name: String
    let rules: [PolicyRule]
    /// The roles that take in this one.
    let aggregatesTo: [String]
    /// Whether it is put together from those that aggregate to it.
    let isAggregated: Bool

    init(_ name: String, _ rules: [PolicyRule] = [], aggregatesTo: [String] = [], isAggregated: Bool = false) {
        self.name = name
        self.rules = rules
        self.aggregatesTo = aggregatesTo
        self.isAggregated = isAggregated
    }

    func object(rules: [PolicyRule]) -> JSONValue {
        var object = BootstrapMetadata.object("ClusterRole", name: name)
        for role in aggregatesTo { object["metadata"]?["labels"]?[Self.label(role)] = "true" }
        object["rules"] = .array(rules.map(\.value))
        if isAggregated {
            object["aggregationRule"] = ["clusterRoleSelectors": [["matchLabels": [Self.label(name): "true"]]]]
        }
        return object
    }

    private static func label(_ role: String) -> String { "rbac.authorization.k8s.io/aggregate-to-\(role)" }
}

/// A ClusterRoleBinding of the bootstrap policy, called like its role.
struct BootstrapBinding: Sendable {
    /// Whom it is about.
    enum Subject: Sendable {
        case user(String)
        case group(String)
        case serviceAccount(String, namespace: String)

        var value: JSONValue {
            switch self {
            case .user(let name): ["kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": .string(name)]
            case .group(let name): ["kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": .string(name)]
            case .serviceAccount(let name, let namespace):
                ["kind": "ServiceAccount", "name": .string(name), "namespace": .string(namespace)]
            }
        }
    }

    let name: String
    let subjects: [Subject]

    init(_ name: String, _ subjects: Subject...) {
        self.name = name
        self.subjects = subjects
    }

    var object: JSONValue {
        var object = BootstrapMetadata.object("ClusterRoleBinding", name: name)
        if !subjects.isEmpty { object["subjects"] = .array(subjects.map(\.value)) }
        object["roleRef"] = [
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": .string(name),
        ]
        return object
    }
}

/// What all objects of the bootstrap policy have in common.
private enum BootstrapMetadata {
    static func object(_ kind: String, name: String) -> JSONValue {
        [
            "kind": .string(kind), "apiVersion": "rbac.authorization.k8s.io/v1",
            "metadata": [
                "name": .string(name), "labels": ["kubernetes.io/bootstrapping": "rbac-defaults"],
                "annotations": ["rbac.authorization.kubernetes.io/autoupdate": "true"],
            ],
        ]
    }
}
