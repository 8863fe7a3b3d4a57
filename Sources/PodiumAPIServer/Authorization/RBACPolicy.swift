// SPDX-License-Identifier: Apache-2.0
// All roles and bindings of a cluster, read once and indexed by whom they are about.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Which role a binding grants.
struct RoleReference: Hashable, Sendable {
    let kind: String
    let name: String

    init(kind: String, name: String) {
        self.kind = kind
        self.name = name
    }

    /// Reads a `roleRef`.
    init(_ value: JSONValue?) {
        kind = value?["kind"]?.string ?? ""
        name = value?["name"]?.string ?? ""
    }
}

/// Why the rules of a binding are not to be had.
struct RoleResolutionError: Error, Hashable {
    let message: String
}

/// The roles and bindings of a cluster at one revision.
///
/// Changes are applied one at a time; only the changed object is read. An aggregated ClusterRole has the rules of the
/// roles that it selects, whatever its own `rules` say: they are what a controller would write there.
// Kubernetes: pkg/registry/rbac/validation/rule.go DefaultRuleResolver
struct RBACPolicy: Sendable {
    /// A role as far as it matters here.
    private struct Role: Sendable {
        var rules: [PolicyRule]
        var labels: [String: String]
        /// What it is put together from; empty for ordinary roles.
        var selectors: [LabelSelector]
    }

    /// A binding as far as it matters here.
    private struct Binding: Sendable {
        let role: RoleReference
        /// Each with its kind and name as reasons show it.
        let subjects: [(key: Subject, text: String)]
    }

    /// Whom a binding may be about; service accounts are users.
    ///
    /// By the bytes of the name: texts that merely read the same are equal as strings, and are other users.
    private enum Subject: Hashable {
        case user(String)
        case group(String)

        static func == (one: Subject, other: Subject) -> Bool {
            switch (one, other) {
            case (.user(let one), .user(let other)), (.group(let one), .group(let other)): one.hasBytes(of: other)
            default: false
            }
        }

        func hash(into hasher: inout Hasher) {
            // Equal bytes are equal strings.
            switch self {
            case .user(let name): hasher.combine(name)
            case .group(let name): hasher.combine(name)
            }
        }
    }

    /// A binding that concerns a user.
    struct Grant {
        let name: NamespacedName
        let role: RoleReference
        let subject: String

        /// The binding as reasons show it: `RoleBinding "b/ns" of Role "r" to User "jane"`.
        var description: String {
            let kind = name.namespace.isEmpty ? "ClusterRoleBinding" : "RoleBinding"
            let place = name.namespace.isEmpty ? name.name : "\(name.name)/\(name.namespace)"
            return "\(kind) \(FieldError.quoted(place)) of \(role.kind) \(FieldError.quoted(role.name)) to \(subject)"
        }
    }

    /// By namespace and name; the namespace of ClusterRoles is empty.
    private var roles: [NamespacedName: Role] = [:]
    private var aggregated: [String: [PolicyRule]] = [:]
    /// By namespace and name; the namespace of ClusterRoleBindings is empty.
    private var bindings: [NamespacedName: Binding] = [:]
    /// By namespace, in the order in which they came.
    private var index: [String: [Subject: [NamespacedName]]] = [:]

    // MARK: Changes

    /// The collections that matter here.
    static let collections: [GroupResource] = [.clusterRoles, .roles, .clusterRoleBindings, .roleBindings]

    mutating func apply(_ events: [StorageEvent]) {
        for event in events {
            if event.kind == .deleted { remove(event.object.key) } else { insert(event.object) }
        }
        if events.contains(where: { $0.object.key.resource == .clusterRoles }) { aggregate() }
    }

    mutating func insert(_ objects: [StoredObject]) {
        for object in objects { insert(object) }
        aggregate()
    }

    /// What a cluster with RBAC begins with.
    static func bootstrap(_ extent: BootstrapPolicy.Extent) -> RBACPolicy {
        switch extent {
        case .kubernetes: standard
        case .withMetrics: measured
        }
    }

    private static let standard = read(.kubernetes)
    private static let measured = read(.withMetrics)

    private static func read(_ extent: BootstrapPolicy.Extent) -> RBACPolicy {
        var policy = RBACPolicy()
        let objects = BootstrapPolicy.objects(aggregates: false, extent).map { resource, object in
            let metadata = object["metadata"]
            let name = NamespacedName(
                namespace: metadata?["namespace"]?.string ?? "",
                name: metadata?["name"]?.string ?? ""
            )
            return (key: ObjectKey(resource, name), object: object)
        }
        for object in objects.sorted(by: { $0.key.name < $1.key.name }) { policy.insert(object.key, object.object) }
        policy.aggregate()
        return policy
    }

    private mutating func insert(_ object: StoredObject) { insert(object.key, object.value()) }

    private mutating func insert(_ key: ObjectKey, _ value: JSONValue) {
        switch key.resource {
        case .roles, .clusterRoles:
            roles[key.name] = Role(
                rules: value["rules"]?.elements.map(PolicyRule.init) ?? [],
                labels: value[path: "metadata", "labels"]?.stringMap ?? [:],
                selectors: value[path: "aggregationRule", "clusterRoleSelectors"]?.elements.map(LabelSelector.init)
                    ?? []
            )
        case .roleBindings, .clusterRoleBindings:
            remove(key)
            let name = key.name
            let subjects = value["subjects"]?.elements.compactMap { Self.subject($0, namespace: name.namespace) } ?? []
            bindings[name] = Binding(role: RoleReference(value["roleRef"]), subjects: subjects)
            for subject in Set(subjects.map(\.key)) {
                index[name.namespace, default: [:]][subject, default: []].append(name)
            }
        default: break
        }
    }

    private mutating func remove(_ key: ObjectKey) {
        switch key.resource {
        case .roles, .clusterRoles: roles[key.name] = nil
        case .roleBindings, .clusterRoleBindings:
            guard let old = bindings.removeValue(forKey: key.name) else { return }
            let namespace = key.name.namespace
            for subject in Set(old.subjects.map(\.key)) {
                index[namespace]?[subject]?.removeAll { $0 == key.name }
                if index[namespace]?[subject]?.isEmpty == true { index[namespace]?[subject] = nil }
            }
            if index[namespace]?.isEmpty == true { index[namespace] = nil }
        default: break
        }
    }

    private static func subject(_ value: JSONValue, namespace: String) -> (key: Subject, text: String)? {
        guard let kind = value["kind"]?.string, let name = value["name"]?.string else { return nil }
        switch kind {
        case "User": return (.user(name), "User \(FieldError.quoted(name))")
        case "Group": return (.group(name), "Group \(FieldError.quoted(name))")
        case "ServiceAccount":
            let given = value["namespace"]?.string ?? ""
            let place = given.isEmpty ? namespace : given
            if place.isEmpty { return nil }
            let user = ServiceAccountName(namespace: place, name: name).userName
            return (.user(user), "ServiceAccount \(FieldError.quoted("\(name)/\(place)"))")
        default: return nil
        }
    }

    // MARK: Aggregation

    /// Puts aggregated roles together anew.
    // Kubernetes: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go
    private mutating func aggregate() {
        let clusterRoles = roles.filter { $0.key.namespace.isEmpty }.sorted { $0.key < $1.key }
        aggregated = [:]
        for (name, role) in clusterRoles where !role.selectors.isEmpty {
            var rules: OrderedSet<PolicyRule> = []
            var seen: Set<String> = []
            Self.collect(name.name, role, clusterRoles, &rules, &seen)
            aggregated[name.name] = Array(rules)
        }
    }

    /// Adds the rules of the roles that `role` selects, and of those that they select.
    private static func collect(
        _ name: String,
        _ role: Role,
        _ all: [(key: NamespacedName, value: Role)],
        _ rules: inout OrderedSet<PolicyRule>,
        _ seen: inout Set<String>
    ) {
        guard seen.insert(name).inserted else { return }
        func selects(_ labels: [String: String]) -> Bool { role.selectors.contains { $0.matches(labels) } }
        for (other, part) in all where other.name != name && selects(part.labels) {
            if part.selectors.isEmpty {
                rules.append(contentsOf: part.rules)
            } else {
                collect(other.name, part, all, &rules, &seen)
            }
        }
    }

    // MARK: Questions

    /// The rules of a role, as a binding in `namespace` (empty: in the cluster) refers to it.
    func rules(of role: RoleReference, namespace: String) -> Result<[PolicyRule], RoleResolutionError> {
        let place: String
        switch role.kind {
        case "Role": place = namespace
        case "ClusterRole": place = ""
        default:
            let message = "unsupported role reference kind: \(FieldError.quoted(role.kind))"
            return .failure(RoleResolutionError(message: message))
        }
        guard let found = roles[NamespacedName(namespace: place, name: role.name)] else {
            let resource = GroupResource(group: GroupResource.roles.group, resource: role.kind.lowercased())
            let message = "\(resource) \(FieldError.quoted(role.name)) not found"
            return .failure(RoleResolutionError(message: message))
        }
        return .success(found.selectors.isEmpty ? found.rules : aggregated[role.name] ?? [])
    }

    /// Shows `visit` each binding that concerns `user` with its rules, until it returns false.
    ///
    /// Those of the cluster come first, then those of `namespace`.
    func visit(
        _ user: UserInfo,
        namespace: String,
        _ visit: (Grant, Result<[PolicyRule], RoleResolutionError>) -> Bool
    ) {
        let keys = [Subject.user(user.name)] + user.groups.map(Subject.group)
        for place in namespace.isEmpty ? [""] : ["", namespace] {
            guard let bySubject = index[place] else { continue }
            var seen: Set<NamespacedName> = []
            for key in keys {
                for name in bySubject[key] ?? [] where seen.insert(name).inserted {
                    guard let binding = bindings[name], let subject = binding.subjects.first(where: { $0.key == key })
                    else { continue }
                    let grant = Grant(name: name, role: binding.role, subject: subject.text)
                    if !visit(grant, rules(of: binding.role, namespace: place)) { return }
                }
            }
        }
    }
}
