// SPDX-License-Identifier: Apache-2.0
// The form of the roles and bindings that a server makes itself.

import PodiumCodec
import PodiumMachinery

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

/// A role of the bootstrap policy.
struct BootstrapRole: Sendable {
    let name: String
    /// Empty for a ClusterRole.
    let namespace: String
    let rules: [PolicyRule]
    /// The roles that take in this one.
    let aggregatesTo: [String]
    /// Whether it is put together from those that aggregate to it.
    let isAggregated: Bool

    init(_ name: String, _ rules: [PolicyRule] = [], aggregatesTo: [String] = [], isAggregated: Bool = false) {
        self.name = name
        namespace = ""
        self.rules = rules
        self.aggregatesTo = aggregatesTo
        self.isAggregated = isAggregated
    }

    init(_ name: String, namespace: String, _ rules: [PolicyRule]) {
        self.name = name
        self.namespace = namespace
        self.rules = rules
        aggregatesTo = []
        isAggregated = false
    }

    var resource: GroupResource { namespace.isEmpty ? .clusterRoles : .roles }

    /// - Parameter rules: nil where nobody has put an aggregated role together yet.
    func object(rules: [PolicyRule]?) -> JSONValue {
        var object = BootstrapMetadata.object(namespace.isEmpty ? "ClusterRole" : "Role", name, namespace: namespace)
        for role in aggregatesTo { object["metadata"]?["labels"]?[Self.label(role)] = "true" }
        object["rules"] = rules.map { .array($0.map(\.value)) } ?? .null
        if isAggregated {
            object["aggregationRule"] = ["clusterRoleSelectors": [["matchLabels": [Self.label(name): "true"]]]]
        }
        return object
    }

    private static func label(_ role: String) -> String { "rbac.authorization.k8s.io/aggregate-to-\(role)" }
}

/// A binding of the bootstrap policy.
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
    let role: String
    /// Empty for a ClusterRoleBinding.
    let namespace: String
    let subjects: [Subject]

    /// A ClusterRoleBinding of the ClusterRole of the same name.
    init(_ name: String, _ subjects: Subject...) {
        self.init(name, namespace: "", subjects)
    }

    /// A binding of a role in the same place; of the one that is called like it when nothing else is said.
    init(_ name: String, role: String? = nil, namespace: String, _ subjects: [Subject]) {
        self.name = name
        self.role = role ?? name
        self.namespace = namespace
        self.subjects = subjects
    }

    var resource: GroupResource { namespace.isEmpty ? .clusterRoleBindings : .roleBindings }

    var object: JSONValue {
        let prefix = namespace.isEmpty ? "Cluster" : ""
        var object = BootstrapMetadata.object("\(prefix)RoleBinding", name, namespace: namespace)
        if !subjects.isEmpty { object["subjects"] = .array(subjects.map(\.value)) }
        object["roleRef"] = [
            "apiGroup": "rbac.authorization.k8s.io", "kind": .string("\(prefix)Role"), "name": .string(role),
        ]
        return object
    }
}

/// What all objects of the bootstrap policy have in common.
private enum BootstrapMetadata {
    static func object(_ kind: String, _ name: String, namespace: String) -> JSONValue {
        var metadata: JSONObject = ["name": .string(name)]
        if !namespace.isEmpty { metadata["namespace"] = .string(namespace) }
        metadata["labels"] = ["kubernetes.io/bootstrapping": "rbac-defaults"]
        metadata["annotations"] = ["rbac.authorization.kubernetes.io/autoupdate": "true"]
        return [
            "kind": .string(kind), "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": .object(metadata),
        ]
    }
}
