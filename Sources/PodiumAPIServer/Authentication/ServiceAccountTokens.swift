// SPDX-License-Identifier: Apache-2.0
// The tokens of service accounts: what they say, how they are signed, and whether they still hold.

import PodiumCodec
package import PodiumHost
import PodiumMachinery
import PodiumRegistry
package import PodiumStorage

/// Issues and checks JSON Web Tokens of service accounts.
///
/// They are signed with an RSA key of this cluster alone (RS256), which everybody may check who has read
/// `/openid/v1/jwks`. A token holds until it expires on the clock of the cluster, or until its service account or the
/// object that it is bound to is gone or replaced.
// Kubernetes: pkg/serviceaccount/claims.go, pkg/serviceaccount/jwt.go
package final class ServiceAccountTokens: Sendable {
    /// Who issues the tokens, and for whom when nobody says otherwise.
    package static let issuer = "https://kubernetes.default.svc"
    /// The issuer in tokens that are kept in Secrets.
    static let secretIssuer = "kubernetes/serviceaccount"
    private static let issuers: Set<String> = [issuer, secretIssuer]
    /// The audiences that the API server takes itself for.
    package static let apiAudiences = [issuer]

    /// The limits of tokens.
    package enum Limits {
        /// Longer texts are not looked at.
        package static let maximumLength = 16 * 1024
    }

    let storage: any Storage
    private let host: Host
    let key: SigningKey

    /// Makes tokens for the service accounts in `storage`.
    package init(storage: any Storage, host: Host, key: SigningKeyOrigin = .system) {
        self.storage = storage
        self.host = host
        self.key = SigningKey(key)
    }

    // MARK: Issuing

    /// A token with these claims.
    func issue(_ claims: ServiceAccountClaims) -> String { sign(claims.value) }

    /// A token that says this.
    func sign(_ payload: JSONValue) -> String {
        let header: JSONValue = ["alg": "RS256", "kid": .string(key.id)]
        let parts = [header, payload].map { Base64.encode($0.jsonText.utf8, as: .url) }
        let signed = parts.joined(separator: ".")
        return "\(signed).\(Base64.encode(key.sign(signed), as: .url))"
    }

    // MARK: Checking

    /// The service account behind a token that is meant for one of `audiences` (empty: for the API server); nil when
    /// it was not issued here or no longer holds.
    /// - Throws: 503 and the like when it cannot be found out whether it holds.
    func owner(of token: String, audiences: [String]) throws(StatusError) -> TokenOwner? {
        guard token.utf8.count <= Limits.maximumLength, let payload = verifiedPayload(token) else { return nil }
        guard payload["iss"]?.string == Self.issuer else {
            return try owner(ofSecretToken: token, payload, audiences: audiences)
        }
        guard let claims = ServiceAccountClaims(payload) else { return nil }
        let now = host.clock.now.seconds
        guard claims.notBefore <= now, now < claims.expiry, try isLive(claims) else { return nil }
        let wanted = audiences.isEmpty ? Self.apiAudiences : audiences
        let shared = wanted.filter(claims.audiences.contains)
        return shared.isEmpty ? nil : TokenOwner(user: claims.user.authenticated, audiences: shared)
    }

    /// What a token says that was signed here.
    private func verifiedPayload(_ token: String) -> JSONValue? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        // The head is not asked which algorithm to use: there is one.
        guard parts.count == 3, let signature = try? Base64.decode(String(parts[2]), as: .url).get(),
            let payload = try? Base64.decode(String(parts[1]), as: .url).get(),
            // Asked first, so that tokens of others cost no more than reading them.
            let value = try? JSONValue(json: payload), Self.issuers.contains(value["iss"]?.string ?? ""),
            key.hasSigned("\(parts[0]).\(parts[1])", signature)
        else { return nil }
        return value
    }

    private func isLive(_ claims: ServiceAccountClaims) throws(StatusError) -> Bool {
        let account = ObjectKey(.serviceAccounts, namespace: claims.namespace, name: claims.account.name)
        guard try storage.object(account)?.facts.uid == claims.account.uid else { return false }
        guard let bound = claims.bound else { return true }
        let namespace = bound.kind == .node ? "" : claims.namespace
        let key = ObjectKey(bound.kind.resource, namespace: namespace, name: bound.object.name)
        return try storage.object(key)?.facts.uid == bound.object.uid
    }
}
