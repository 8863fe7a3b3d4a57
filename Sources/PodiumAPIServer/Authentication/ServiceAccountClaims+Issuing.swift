// SPDX-License-Identifier: Apache-2.0
// How long a token holds, and what the tokens in the volumes of pods say.

import PodiumCodec
package import PodiumMachinery
import PodiumRegistry
import PodiumStorage

extension ServiceAccountClaims {
    /// What a token is asked for.
    struct Terms {
        let audiences: [String]
        /// How long it is to hold.
        let seconds: Int64
        let bound: BoundObject?
        let podNode: Reference?
    }

    // The lifetime that marks the tokens in volumes that admission gave to pods, and what these really get.
    // Kubernetes: pkg/serviceaccount/claims.go WarnOnlyBoundTokenExpirationPeriod, ExpirationExtensionSeconds
    private static let markedSeconds: Int64 = 60 * 60 + 7
    private static let extendedSeconds: Int64 = 365 * 24 * 60 * 60

    /// The claims of a token that is issued now.
    // Kubernetes: pkg/registry/core/serviceaccount/storage/token.go
    static func issued(
        to account: Reference,
        in namespace: String,
        _ terms: Terms,
        at now: Int64,
        id: String
    ) -> ServiceAccountClaims {
        let isExtended =
            terms.bound?.kind == .pod && terms.seconds == markedSeconds
            && terms.audiences == ServiceAccountTokens.apiAudiences
        var claims = ServiceAccountClaims(
            namespace: namespace,
            account: account,
            audiences: terms.audiences,
            lifetime: now..<now + (isExtended ? extendedSeconds : terms.seconds),
            id: id,
            bound: terms.bound,
            podNode: terms.podNode
        )
        if isExtended { claims.warnAfter = now + terms.seconds }
        return claims
    }
}

/// A pod that wants a token for its service account.
package struct TokenBearer: Sendable {
    /// A pod, its service account and its node.
    package init(pod: NamespacedName, uid: String, account: String, node: String) {
        self.pod = pod
        self.uid = uid
        self.account = account
        self.node = node
    }

    let pod: NamespacedName
    let uid: String
    let account: String
    let node: String
}

extension ServiceAccountTokens {
    /// The token that a kubelet gets for a pod; nil when there is no such service account.
    /// - Parameters:
    ///   - audience: for whom it is; empty for the API server.
    ///   - time: when the kubelet asked.
    package func token(
        for bearer: TokenBearer,
        audience: String,
        seconds: Int64,
        at time: Timestamp
    ) throws(StatusError) -> String? {
        let namespace = bearer.pod.namespace
        let accountKey = ObjectKey(.serviceAccounts, namespace: namespace, name: bearer.account)
        guard let account = try storage.object(accountKey) else { return nil }
        let node = try storage.object(ObjectKey(.nodes, name: bearer.node))
        let audiences = audience.isEmpty ? Self.apiAudiences : [audience]
        let claims = ServiceAccountClaims.issued(
            to: ServiceAccountClaims.Reference(name: bearer.account, uid: account.facts.uid),
            in: namespace,
            ServiceAccountClaims.Terms(
                audiences: audiences,
                seconds: seconds,
                bound: ServiceAccountClaims.BoundObject(
                    kind: .pod,
                    object: ServiceAccountClaims.Reference(name: bearer.pod.name, uid: bearer.uid)
                ),
                podNode: node.map { ServiceAccountClaims.Reference(name: bearer.node, uid: $0.facts.uid) }
            ),
            at: time.seconds,
            id: Self.identifier("\(bearer.uid) \(audience) \(seconds) \(time.seconds)")
        )
        return issue(claims)
    }

    /// A UUID that follows from a text: reading a file must not change what the cluster draws next.
    private static func identifier(_ text: String) -> String {
        let digits = SHA256.hexDigest(of: Array(text.utf8)).prefix(32)
        var parts: [Substring] = []
        var rest = digits
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        // The marks of version 4 and its variant.
        parts[2] = "4" + parts[2].dropFirst()
        parts[3] = "a" + parts[3].dropFirst()
        return parts.joined(separator: "-")
    }
}
