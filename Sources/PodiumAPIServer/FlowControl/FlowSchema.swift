// SPDX-License-Identifier: Apache-2.0
// What one FlowSchema says of which requests are its own.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry

/// A FlowSchema as far as it decides about requests.
// Kubernetes: apiserver/pkg/util/flowcontrol/rule.go
struct FlowSchema: Sendable {
    /// Whom a rule is about; the name `*` stands for everybody of the kind.
    private enum Subject: Sendable {
        case user(String)
        case group(String)
        case serviceAccount(namespace: String, name: String)
    }

    private struct ResourceRule: Sendable {
        let verbs: [String]
        let groups: [String]
        let resources: [String]
        let namespaces: [String]
        let isForCluster: Bool
    }

    private struct PathRule: Sendable {
        let verbs: [String]
        let paths: [String]
    }

    private struct Rule: Sendable {
        let subjects: [Subject]
        let resources: [ResourceRule]
        let paths: [PathRule]
    }

    let name: String
    /// Those of lower precedence are asked first.
    let precedence: Int64
    /// What answers say of it.
    let identity: FlowIdentity
    private let rules: [Rule]

    init(_ object: JSONValue, _ identity: FlowIdentity) {
        self.identity = identity
        name = object[path: "metadata", "name"]?.string ?? ""
        precedence = object[path: "spec", "matchingPrecedence"]?.integer ?? 1000
        rules = (object[path: "spec", "rules"]?.elements ?? []).map { rule in
            Rule(
                subjects: (rule["subjects"]?.elements ?? []).compactMap(Self.subject),
                resources: (rule["resourceRules"]?.elements ?? []).map(Self.resourceRule),
                paths: (rule["nonResourceRules"]?.elements ?? []).map {
                    PathRule(verbs: Self.list($0, "verbs"), paths: Self.list($0, "nonResourceURLs"))
                }
            )
        }
    }

    private static func list(_ value: JSONValue, _ name: String) -> [String] {
        value[name]?.elements.compactMap(\.string) ?? []
    }

    private static func subject(_ value: JSONValue) -> Subject? {
        switch value["kind"]?.string {
        case "User": .user(value[path: "user", "name"]?.string ?? "")
        case "Group": .group(value[path: "group", "name"]?.string ?? "")
        case "ServiceAccount":
            .serviceAccount(
                namespace: value[path: "serviceAccount", "namespace"]?.string ?? "",
                name: value[path: "serviceAccount", "name"]?.string ?? ""
            )
        default: nil
        }
    }

    private static func resourceRule(_ value: JSONValue) -> ResourceRule {
        ResourceRule(
            verbs: list(value, "verbs"),
            groups: list(value, "apiGroups"),
            resources: list(value, "resources"),
            namespaces: list(value, "namespaces"),
            isForCluster: value["clusterScope"] == true
        )
    }

    // MARK: Matching

    /// Whether a request by `user` is one of its own.
    func matches(_ user: UserInfo, _ access: AccessRequest) -> Bool {
        rules.contains { rule in
            guard rule.subjects.contains(where: { Self.concerns($0, user) }) else { return false }
            switch access {
            case .path(let path, let verb): return rule.paths.contains { Self.covers($0, path, verb) }
            case .resource(let attributes): return rule.resources.contains { Self.covers($0, attributes) }
            }
        }
    }

    private static func concerns(_ subject: Subject, _ user: UserInfo) -> Bool {
        switch subject {
        case .user(let name): return name == "*" || name.hasBytes(of: user.name)
        case .group(let name): return name == "*" || user.groups.contains { $0.hasBytes(of: name) }
        case .serviceAccount(let namespace, let name):
            guard let account = ServiceAccountName(userName: user.name) else { return false }
            return account.namespace == namespace && (name == "*" || account.name == name)
        }
    }

    private static func covers(_ rule: ResourceRule, _ attributes: ResourceAttributes) -> Bool {
        guard has(rule.verbs, attributes.verb), has(rule.groups, attributes.group),
            has(rule.resources, attributes.combinedResource)
        else { return false }
        return attributes.namespace.isEmpty ? rule.isForCluster : has(rule.namespaces, attributes.namespace)
    }

    private static func covers(_ rule: PathRule, _ path: String, _ verb: String) -> Bool {
        guard has(rule.verbs, verb) else { return false }
        return rule.paths.contains { own in
            if own == "*" || own.hasBytes(of: path) { return true }
            return own.hasSuffix("/*") && path.utf8.starts(with: own.utf8.dropLast())
        }
    }

    private static func has(_ list: [String], _ wanted: String) -> Bool {
        list.contains { $0 == "*" || $0.hasBytes(of: wanted) }
    }
}
