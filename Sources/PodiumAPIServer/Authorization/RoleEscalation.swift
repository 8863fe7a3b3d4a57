// SPDX-License-Identifier: Apache-2.0
// Nobody grants by roles and bindings what he does not have, unless he is told that he may.

import OrderedCollections
package import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry

/// Refuses roles and bindings that would give more than their writer has.
///
/// It runs behind all plugins that change objects, and in front of validation, as upstream's role storage does.
// Kubernetes: pkg/registry/rbac/escalation_check.go, pkg/registry/rbac/*/policybased/storage.go
package struct RoleEscalation: AdmissionPlugin {
    package let name = "RBACEscalation"
    private let roles: RBACAuthorizer
    private let authorizer: any Authorizer

    /// Makes the check against the roles that `roles` knows; `authorizer` says who may do more than he may grant.
    package init(_ roles: RBACAuthorizer, authorizer: (any Authorizer)? = nil) {
        self.roles = roles
        self.authorizer = authorizer ?? roles
    }

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        let resource = attributes.resource.groupResource
        guard resource.group == GroupResource.roles.group, attributes.subresource.isEmpty,
            attributes.operation == .create || attributes.operation == .update, !attributes.user.isMaster,
            !changesNothing(object, attributes.oldObject)
        else { return }
        switch resource {
        case .roles, .clusterRoles: try checkRole(object, attributes)
        case .roleBindings, .clusterRoleBindings: try checkBinding(object, attributes)
        default: break
        }
    }

    /// Whether an update leaves all but the metadata alone, as the removal of a finalizer does.
    private func changesNothing(_ object: JSONValue, _ old: JSONValue?) -> Bool {
        guard var old else { return false }
        var object = object
        old["metadata"] = nil
        object["metadata"] = nil
        return object == old
    }

    private func checkRole(_ object: JSONValue, _ attributes: AdmissionAttributes) throws(StatusError) {
        let name = object[path: "metadata", "name"]?.string ?? ""
        let resource = attributes.resource.groupResource
        // A new object has no name yet, as far as the request is concerned.
        let known = attributes.operation == .create ? "" : name
        if isAllowed("escalate", resource, known, attributes) { return }
        // Whoever may choose by labels could choose any role.
        let aggregates = object["aggregationRule"].map { !$0.isNull } ?? false
        if aggregates, object["aggregationRule"] != attributes.oldObject?["aggregationRule"] {
            let everything = [
                PolicyRule(verbs: ["*"], apiGroups: ["*"], resources: ["*"]),
                PolicyRule(verbs: ["*"], nonResourceURLs: ["*"]),
            ]
            if missing(everything, attributes) != nil {
                throw .forbidden(resource, name, "must have cluster-admin privileges to use the aggregationRule")
            }
        }
        try check(object["rules"]?.elements.map(PolicyRule.init) ?? [], name, attributes)
    }

    private func checkBinding(_ object: JSONValue, _ attributes: AdmissionAttributes) throws(StatusError) {
        let name = object[path: "metadata", "name"]?.string ?? ""
        let role = RoleReference(object["roleRef"])
        switch role.kind {
        case "Role" where isAllowed("bind", .roles, role.name, attributes): return
        case "ClusterRole" where isAllowed("bind", .clusterRoles, role.name, attributes): return
        default: break
        }
        switch roles.rules(of: role, namespace: attributes.namespace) {
        case .success(let rules): try check(rules, name, attributes)
        case .failure(let error):
            // A wrong kind of role is for validation to refuse.
            guard role.kind == "Role" || role.kind == "ClusterRole" else { return }
            throw StatusError(
                code: 404,
                reason: .notFound,
                message: error.message,
                details: StatusError.Details(
                    name: role.name,
                    group: GroupResource.roles.group,
                    kind: role.kind.lowercased()
                )
            )
        }
    }

    private func isAllowed(
        _ verb: String,
        _ resource: GroupResource,
        _ name: String,
        _ attributes: AdmissionAttributes
    ) -> Bool {
        let access = ResourceAttributes(
            verb: verb,
            group: resource.group,
            resource: resource.resource,
            namespace: attributes.namespace,
            name: name
        )
        return authorizer.decide(.resource(access), attributes.user).isAllowed
    }

    private func check(_ rules: [PolicyRule], _ name: String, _ attributes: AdmissionAttributes) throws(StatusError) {
        guard let problem = missing(rules, attributes) else { return }
        throw .forbidden(attributes.resource.groupResource, name, problem)
    }

    /// What says which of `rules` the writer does not have; nil when he has them all.
    // Kubernetes: pkg/registry/rbac/validation/rule.go ConfirmNoEscalation
    private func missing(_ rules: [PolicyRule], _ attributes: AdmissionAttributes) -> String? {
        let user = attributes.user
        let own = roles.rules(of: user, in: attributes.namespace)
        let missing = rules.flatMap(\.parts).filter { part in !own.rules.contains { $0.covers(part) } }
        if missing.isEmpty { return nil }
        let texts = Set(Self.compacted(missing).map(\.compactText)).sorted().joined(separator: "\n")
        let problem = own.problem.isEmpty ? "" : "; resolution errors: [\(own.problem)]"
        return "user \(FieldError.quoted(user.name)) (groups=\(FieldError.quoted(user.groups))) is attempting to grant "
            + "RBAC permissions not currently held:\n\(texts)\(problem)"
    }

    /// Parts of the same group and resource become one rule of several verbs.
    // Kubernetes: pkg/registry/rbac/validation/policy_compact.go
    private static func compacted(_ rules: [PolicyRule]) -> [PolicyRule] {
        var simple: OrderedDictionary<[String], PolicyRule> = [:]
        var others: [PolicyRule] = []
        for rule in rules {
            let isSimple = rule.apiGroups.count == 1 && rule.resources.count == 1 && rule.resourceNames.isEmpty
            if !isSimple {
                others.append(rule)
                continue
            }
            let key = rule.apiGroups + rule.resources
            if simple[key] == nil { simple[key] = rule } else { simple[key]?.verbs += rule.verbs }
        }
        return others + simple.values
    }
}
