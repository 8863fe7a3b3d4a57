// SPDX-License-Identifier: Apache-2.0
// One rule of a role: what it allows, and what of another rule it covers.

package import PodiumCodec
import PodiumMachinery

/// A rule of a Role or ClusterRole. `*` stands for everything.
// Kubernetes: pkg/apis/rbac/v1/evaluation_helpers.go
package struct PolicyRule: Hashable, Sendable {
    package var verbs: [String]
    package var apiGroups: [String]
    package var resources: [String]
    /// Empty for objects of every name.
    package var resourceNames: [String]
    package var nonResourceURLs: [String]

    package init(
        verbs: [String],
        apiGroups: [String] = [],
        resources: [String] = [],
        resourceNames: [String] = [],
        nonResourceURLs: [String] = []
    ) {
        self.verbs = verbs
        self.apiGroups = apiGroups
        self.resources = resources
        self.resourceNames = resourceNames
        self.nonResourceURLs = nonResourceURLs
    }

    /// Reads an entry of `rules`.
    package init(_ value: JSONValue) {
        func list(_ name: String) -> [String] { value[name]?.elements.compactMap(\.string) ?? [] }
        self.init(
            verbs: list("verbs"),
            apiGroups: list("apiGroups"),
            resources: list("resources"),
            resourceNames: list("resourceNames"),
            nonResourceURLs: list("nonResourceURLs")
        )
    }

    /// The entry of `rules`, with empty lists left out.
    package var value: JSONValue {
        var members: JSONObject = ["verbs": .array(verbs.map(JSONValue.string))]
        let lists = [
            ("apiGroups", apiGroups), ("resources", resources), ("resourceNames", resourceNames),
            ("nonResourceURLs", nonResourceURLs),
        ]
        for (name, list) in lists where !list.isEmpty { members[name] = .array(list.map(JSONValue.string)) }
        return .object(members)
    }

    // MARK: What it allows

    /// Whether it allows what is asked.
    package func allows(_ access: AccessRequest) -> Bool {
        switch access {
        case .path(let path, let verb):
            return Self.has(verbs, verb) && nonResourceURLs.contains { Self.url($0, covers: path) }
        case .resource(let attributes):
            return Self.has(verbs, attributes.verb) && Self.has(apiGroups, attributes.group)
                && resources.contains { Self.resource($0, matches: attributes) }
                && (resourceNames.isEmpty || resourceNames.contains { $0.hasBytes(of: attributes.name) })
        }
    }

    private static func has(_ list: [String], _ wanted: String) -> Bool {
        list.contains { $0 == "*" || $0.hasBytes(of: wanted) }
    }

    private static func resource(_ rule: String, matches attributes: ResourceAttributes) -> Bool {
        if rule == "*" { return true }
        if attributes.subresource.isEmpty { return rule.hasBytes(of: attributes.resource) }
        return rule.hasBytes(of: attributes.combinedResource) || rule.hasBytes(of: "*/\(attributes.subresource)")
    }

    private static func url(_ rule: String, covers path: String) -> Bool {
        if rule == "*" || rule.hasBytes(of: path) { return true }
        return rule.hasSuffix("*") && path.utf8.starts(with: rule.utf8.prefix { $0 != UInt8(ascii: "*") })
    }

    // MARK: What it covers

    /// Whether whoever has this rule may do all that `other` allows.
    // Kubernetes: component-helpers/auth/rbac/validation/policy_comparator.go
    package func covers(_ other: PolicyRule) -> Bool {
        Self.has(verbs, all: other.verbs) && Self.has(apiGroups, all: other.apiGroups)
            && other.resources.allSatisfy(coversResource)
            && other.nonResourceURLs.allSatisfy { path in nonResourceURLs.contains { Self.url($0, covers: path) } }
            && (resourceNames.isEmpty
                || !other.resourceNames.isEmpty
                    && other.resourceNames.allSatisfy { name in resourceNames.contains { $0.hasBytes(of: name) } })
    }

    private static func has(_ list: [String], all wanted: [String]) -> Bool {
        list.contains("*") || wanted.allSatisfy { one in list.contains { $0.hasBytes(of: one) } }
    }

    private func coversResource(_ name: String) -> Bool {
        if resources.contains("*") || resources.contains(where: { $0.hasBytes(of: name) }) { return true }
        guard let slash = name.firstIndex(of: "/") else { return false }
        let anyParent = "*" + name[slash...]
        return resources.contains { $0.hasBytes(of: anyParent) }
    }

    /// The limits of taking rules apart.
    package enum Limits {
        /// Rules that would fall into more parts than this are compared as a whole.
        package static let maximumParts = 10_000
    }

    /// The rule in parts of one group, one resource, one verb and at most one name; of one URL and one verb.
    package var parts: [PolicyRule] {
        let lengths = [apiGroups.count, resources.count, verbs.count, max(resourceNames.count, 1)]
        let size = lengths.reduce(1) { min($0 * $1, Limits.maximumParts + 1) }
        if size + nonResourceURLs.count * verbs.count > Limits.maximumParts { return [self] }
        var parts: [PolicyRule] = []
        for group in apiGroups {
            for resource in resources {
                for verb in verbs {
                    let part = PolicyRule(verbs: [verb], apiGroups: [group], resources: [resource])
                    if resourceNames.isEmpty { parts.append(part) }
                    for name in resourceNames {
                        var named = part
                        named.resourceNames = [name]
                        parts.append(named)
                    }
                }
            }
        }
        for url in nonResourceURLs {
            parts += verbs.map { PolicyRule(verbs: [$0], nonResourceURLs: [url]) }
        }
        return parts
    }

    /// `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`, as refusals print it.
    package var compactText: String {
        let lists = [
            ("APIGroups", apiGroups), ("Resources", resources), ("NonResourceURLs", nonResourceURLs),
            ("ResourceNames", resourceNames), ("Verbs", verbs),
        ]
        let texts = lists.filter { !$0.1.isEmpty }.map { "\($0.0):\(FieldError.quoted($0.1))" }
        return "{\(texts.joined(separator: ", "))}"
    }
}

extension FieldError {
    /// A list as Go's `%q` prints it: `["a" "b"]`.
    static func quoted(_ list: [String]) -> String {
        "[\(list.map { quoted($0) }.joined(separator: " "))]"
    }
}
