// SPDX-License-Identifier: Apache-2.0
// The tokens of service accounts: what they say, how they are signed, and whether they still hold.

import OrderedCollections
import PodiumCodec
package import PodiumHost
import PodiumMachinery
package import PodiumStorage

/// Issues and checks JSON Web Tokens of service accounts.
///
/// They are signed with a key of this cluster alone (HS256), drawn from the cluster's randomness: good for telling the
/// tokens of a simulated cluster from others, not for keeping secrets. A token holds until it expires on the clock of
/// the cluster, or until its service account or the object that it is bound to is gone or replaced.
// Kubernetes: pkg/serviceaccount/claims.go, pkg/serviceaccount/jwt.go
package final class ServiceAccountTokens: Sendable {
    /// Who issues the tokens, and for whom when nobody says otherwise.
    package static let issuer = "https://kubernetes.default.svc"
    /// The audiences that the API server takes itself for.
    package static let apiAudiences = [issuer]

    /// The limits of tokens.
    package enum Limits {
        /// Longer texts are not looked at.
        package static let maximumLength = 16 * 1024
    }

    private let storage: any Storage
    private let host: Host
    private let key: [UInt8]

    /// Makes tokens for the service accounts in `storage` of the cluster of that name.
    package init(storage: any Storage, host: Host, cluster: String = "") {
        self.storage = storage
        self.host = host
        // One draw from the shared source, so that the history of a seeded cluster does not depend on tokens.
        let source = RandomSource(seed: host.random.next())
        let secret = (0..<4).flatMap { _ in
            let word = source.next()
            return (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
        }
        // Clusters that begin with the same seed draw the same, and are others all the same.
        key = SHA256.authenticationCode(of: Array(cluster.utf8), key: secret)
    }

    // MARK: Issuing

    /// A token with these claims.
    func issue(_ claims: ServiceAccountClaims) -> String {
        let header: JSONValue = ["alg": "HS256", "typ": "JWT"]
        let parts = [header, claims.value].map { Base64.encode($0.jsonText.utf8, as: .url) }
        let signed = parts.joined(separator: ".")
        let code = SHA256.authenticationCode(of: Array(signed.utf8), key: key)
        return "\(signed).\(Base64.encode(code, as: .url))"
    }

    // MARK: Checking

    /// The service account behind a token that is meant for one of `audiences` (empty: for the API server); nil when
    /// it was not issued here or no longer holds.
    func owner(of token: String, audiences: [String]) -> TokenOwner? {
        guard token.utf8.count <= Limits.maximumLength, let claims = verifiedClaims(token) else { return nil }
        let now = host.clock.now.seconds
        guard claims.notBefore <= now, now < claims.expiry, isLive(claims) else { return nil }
        let wanted = audiences.isEmpty ? Self.apiAudiences : audiences
        let shared = wanted.filter(claims.audiences.contains)
        return shared.isEmpty ? nil : TokenOwner(user: claims.user.authenticated, audiences: shared)
    }

    private func verifiedClaims(_ token: String) -> ServiceAccountClaims? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = try? Base64.decode(String(parts[2]), as: .url).get() else { return nil }
        let expected = SHA256.authenticationCode(of: Array("\(parts[0]).\(parts[1])".utf8), key: key)
        // Compared as a whole, so that time does not tell how much was right.
        guard signature.count == expected.count, zip(signature, expected).reduce(0, { $0 | $1.0 ^ $1.1 }) == 0,
            let payload = try? Base64.decode(String(parts[1]), as: .url).get(),
            let value = try? JSONValue(json: payload)
        else { return nil }
        return ServiceAccountClaims(value)
    }

    private func isLive(_ claims: ServiceAccountClaims) -> Bool {
        let account = ObjectKey(.serviceAccounts, namespace: claims.namespace, name: claims.account.name)
        guard storage.get(account)?.facts.uid == claims.account.uid else { return false }
        guard let bound = claims.bound else { return true }
        let namespace = bound.kind == .node ? "" : claims.namespace
        let key = ObjectKey(bound.kind.resource, namespace: namespace, name: bound.object.name)
        return storage.get(key)?.facts.uid == bound.object.uid
    }
}
