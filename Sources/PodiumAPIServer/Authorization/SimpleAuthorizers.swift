// SPDX-License-Identifier: Apache-2.0
// The authorizers that need not look at anything.

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

extension AccessRequest {
    /// Whether nobody is refused this, so that the health of a server can always be asked for.
    // Kubernetes: apiserver/pkg/authorization/path/path.go, with the default of --authorization-always-allow-paths
    var isAlwaysAllowed: Bool {
        guard case .path(let path, _) = self else { return false }
        return path == "/healthz" || path == "/readyz" || path == "/livez"
    }
}
