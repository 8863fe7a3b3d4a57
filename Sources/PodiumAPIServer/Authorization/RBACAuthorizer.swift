// SPDX-License-Identifier: Apache-2.0
// Role-based access control: what roles and bindings allow, as they are at the moment of the request.

import PodiumMachinery
package import PodiumRegistry
package import PodiumStorage
import Synchronization

/// Allows what roles allow that are bound to a user, and everything to `system:masters`.
///
/// Roles and bindings are held read and indexed. A write to one of them only counts up a number; the next question
/// reads what has changed since, so that a client's own change holds for its next request.
// State | guarded by | why separate
// held | mutex | replaced as a whole; the lock is held for the pointers only, storage is read outside of it
// Kubernetes: plugin/pkg/auth/authorizer/rbac/rbac.go
package final class RBACAuthorizer: Authorizer {
    /// The limits of the authorizer.
    package enum Limits {
        /// How many changes are read at a time.
        package static let maximumEvents = 1000
        /// How often reading starts over when the history ends underneath it; then the last state is used.
        package static let maximumAttempts = 4
    }

    private struct Held: Sendable {
        var policy = RBACPolicy()
        /// The state of the cluster that the policy shows.
        var revision = Revision(0)
        /// How many changes had been counted before it was read.
        var changes: UInt64 = 0
    }

    private let storage: any Storage
    private let held = Mutex(Held())
    private let changes: CollectionChanges
    /// The bootstrap policy, and the revision at which `storage` held it and no other role; nil when it never did.
    private let bootstrap: (extent: BootstrapPolicy.Extent, revision: Revision)?

    /// Begins to follow the roles and bindings in `storage`.
    /// - Parameter extent: the bootstrap policy of which these are, at this moment, just the objects, which are read
    ///   once a process then; nil when there are others.
    package init(storage: any Storage, holding extent: BootstrapPolicy.Extent? = nil) {
        self.storage = storage
        bootstrap = extent.map { ($0, storage.revision) }
        changes = CollectionChanges(of: RBACPolicy.collections, in: storage)
    }

    // MARK: Questions

    package func decide(_ access: AccessRequest, _ user: UserInfo) -> AccessDecision {
        if user.isMaster || access.isAlwaysAllowed { return AccessDecision(isAllowed: true) }
        var namespace = ""
        if case .resource(let attributes) = access { namespace = attributes.namespace }
        var allowed: String?
        var problems: [String] = []
        policy.visit(user, namespace: namespace) { grant, rules in
            switch rules {
            case .failure(let error): problems.append(error.message)
            case .success(let rules):
                if rules.contains(where: { $0.allows(access) }) { allowed = grant.description }
            }
            return allowed == nil
        }
        if let allowed { return AccessDecision(isAllowed: true, reason: "RBAC: allowed by \(allowed)") }
        let text = Self.joined(problems)
        return AccessDecision(isAllowed: false, reason: text.isEmpty ? "" : "RBAC: \(text)")
    }

    package func rules(of user: UserInfo, in namespace: String) -> SubjectRules {
        var result = SubjectRules(rules: [])
        var problems: [String] = []
        policy.visit(user, namespace: namespace) { _, rules in
            switch rules {
            case .failure(let error): problems.append(error.message)
            case .success(let rules): result.rules += rules
            }
            return true
        }
        result.problem = Self.joined(problems)
        return result
    }

    /// The rules of a role, as a binding in `namespace` refers to it.
    func rules(of role: RoleReference, namespace: String) -> Result<[PolicyRule], RoleResolutionError> {
        policy.rules(of: role, namespace: namespace)
    }

    /// Messages as Go's aggregates print them: each once, in brackets when there are several.
    // Kubernetes: apimachinery/pkg/util/errors/errors.go
    private static func joined(_ messages: [String]) -> String {
        var seen: Set<String> = []
        let texts = messages.filter { seen.insert($0).inserted }
        return texts.count > 1 ? "[\(texts.joined(separator: ", "))]" : texts.first ?? ""
    }

    // MARK: Keeping up

    /// The roles and bindings now.
    private var policy: RBACPolicy {
        let changes = changes.count
        let held = held.withLock { $0 }
        if held.changes >= changes { return held.policy }
        let fresh = refreshed(held, changes: changes)
        self.held.withLock { current in
            // Somebody else may have been faster, and read more.
            if fresh.revision >= current.revision {
                current.policy = fresh.policy
                current.revision = fresh.revision
            }
            current.changes = max(current.changes, fresh.changes)
        }
        return fresh.policy
    }

    private func refreshed(_ held: Held, changes: UInt64) -> Held {
        var held = held
        if held.revision.number == 0, let bootstrap {
            held = Held(policy: .bootstrap(bootstrap.extent), revision: bootstrap.revision)
        }
        for _ in 1...Limits.maximumAttempts {
            let revision = storage.revision
            guard
                let policy = held.revision.number > 0
                    ? (try? updated(held, to: revision)) ?? (try? loaded(at: revision)) : try? loaded(at: revision)
            else { continue }
            return Held(policy: policy, revision: revision, changes: changes)
        }
        return held
    }

    /// The policy with the changes up to `revision`.
    private func updated(_ held: Held, to revision: Revision) throws(StorageError) -> RBACPolicy {
        var policy = held.policy
        for resource in RBACPolicy.collections {
            let cursor = try storage.watch(resource, scope: .all, after: held.revision) {}
            defer { cursor.close() }
            var isDone = false
            while !isDone {
                let (events, through) = try cursor.next(limit: Limits.maximumEvents)
                policy.apply(events.filter { $0.revision <= revision })
                isDone = events.count < Limits.maximumEvents || through >= revision
            }
        }
        return policy
    }

    private func loaded(at revision: Revision) throws(StorageError) -> RBACPolicy {
        var policy = RBACPolicy()
        for resource in RBACPolicy.collections {
            policy.insert(try storage.list(resource, scope: .all, from: nil, limit: nil, at: revision).objects)
        }
        return policy
    }
}
