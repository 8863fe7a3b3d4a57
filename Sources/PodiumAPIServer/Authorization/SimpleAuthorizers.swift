// SPDX-License-Identifier: Apache-2.0
// The authorizers that need not look at anything.

package import PodiumRegistry

/// Allows everything.
// Kubernetes: apiserver/pkg/authorization/authorizerfactory/builtin.go
package struct AlwaysAllow: Authorizer {
    /// Makes the authorizer.
    package init() {}

    package var allowsEverything: Bool { true }

    package func decide(_ access: AccessRequest, _ user: UserInfo) -> AccessDecision { AccessDecision(isAllowed: true) }

    package func rules(of user: UserInfo, in namespace: String) -> SubjectRules {
        SubjectRules(rules: [
            PolicyRule(verbs: ["*"], apiGroups: ["*"], resources: ["*"]),
            PolicyRule(verbs: ["*"], nonResourceURLs: ["*"]),
        ])
    }
}

/// Allows nothing but what is always allowed.
package struct AlwaysDeny: Authorizer {
    /// Makes the authorizer.
    package init() {}

    package func decide(_ access: AccessRequest, _ user: UserInfo) -> AccessDecision {
        if user.isMaster || access.isAlwaysAllowed { return AccessDecision(isAllowed: true) }
        return AccessDecision(isAllowed: false, reason: "Everything is forbidden.")
    }

    package func rules(of user: UserInfo, in namespace: String) -> SubjectRules { SubjectRules(rules: []) }
}

/// Allows what any of several authorizers allows, who are asked in turn.
// Kubernetes: apiserver/pkg/authorization/union/union.go
package struct AuthorizerUnion: Authorizer {
    private let authorizers: [any Authorizer]
    package let allowsEverything: Bool

    /// Makes the union, which allows nothing when there are none.
    package init(_ authorizers: [any Authorizer]) {
        self.authorizers = authorizers
        allowsEverything = authorizers.contains { $0.allowsEverything }
    }

    package func decide(_ access: AccessRequest, _ user: UserInfo) -> AccessDecision {
        var reasons: [String] = []
        for authorizer in authorizers {
            let decision = authorizer.decide(access, user)
            if decision.isAllowed { return decision }
            if !decision.reason.isEmpty { reasons.append(decision.reason) }
        }
        return AccessDecision(isAllowed: false, reason: reasons.joined(separator: "\n"))
    }

    package func rules(of user: UserInfo, in namespace: String) -> SubjectRules {
        let parts = authorizers.map { $0.rules(of: user, in: namespace) }
        return SubjectRules(
            rules: parts.flatMap(\.rules),
            problem: parts.map(\.problem).filter { !$0.isEmpty }.joined(separator: "\n")
        )
    }
}

extension AccessRequest {
    /// Whether nobody is refused this, so that the health of a server can always be asked for.
    // Kubernetes: apiserver/pkg/authorization/path/path.go, with the default of --authorization-always-allow-paths
    var isAlwaysAllowed: Bool {
        guard case .path(let path, _) = self else { return false }
        return path == "/healthz" || path == "/readyz" || path == "/livez"
    }
}
