// SPDX-License-Identifier: Apache-2.0
// Tokens of service accounts that are kept in Secrets and do not expire.

import PodiumCodec
import PodiumHost
package import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// A Secret that is to hold a token of a service account.
package struct TokenSecret: Sendable {
    let secret: NamespacedName
    let account: String
    let accountUID: String

    package init(_ secret: NamespacedName, account: String, accountUID: String) {
        self.secret = secret
        self.account = account
        self.accountUID = accountUID
    }
}

/// What such a token says.
// Kubernetes: pkg/serviceaccount/legacy.go legacyPrivateClaims
private struct SecretTokenClaims {
    private static let prefix = "kubernetes.io/serviceaccount/"

    let secret: NamespacedName
    let account: ServiceAccountClaims.Reference

    init(_ token: TokenSecret) {
        secret = token.secret
        account = ServiceAccountClaims.Reference(name: token.account, uid: token.accountUID)
    }

    init?(_ value: JSONValue) {
        func text(_ name: String) -> String? { value[Self.prefix + name]?.string }
        guard value["iss"]?.string == ServiceAccountTokens.secretIssuer, let namespace = text("namespace"),
            let secret = text("secret.name"),
            let name = text("service-account.name"), let uid = text("service-account.uid")
        else { return nil }
        self.secret = NamespacedName(namespace: namespace, name: secret)
        account = ServiceAccountClaims.Reference(name: name, uid: uid)
    }

    var accountName: ServiceAccountName { ServiceAccountName(namespace: secret.namespace, name: account.name) }

    var value: JSONValue {
        [
            "iss": .string(ServiceAccountTokens.secretIssuer), "\(Self.prefix)namespace": .string(secret.namespace),
            "\(Self.prefix)secret.name": .string(secret.name),
            "\(Self.prefix)service-account.name": .string(account.name),
            "\(Self.prefix)service-account.uid": .string(account.uid), "sub": .string(accountName.userName),
        ]
    }
}

extension ServiceAccountTokens {
    /// The token that a Secret holds.
    package func token(for secret: TokenSecret) -> String { sign(SecretTokenClaims(secret).value) }

    /// The service account behind the claims of a token that is kept in a Secret; nil when they are of another kind, or
    /// the Secret or the account is gone or holds another token.
    // Kubernetes: pkg/serviceaccount/legacy.go legacyValidator
    func owner(
        ofSecretToken token: String,
        _ payload: JSONValue,
        audiences: [String]
    ) throws(StatusError) -> TokenOwner? {
        guard let claims = SecretTokenClaims(payload) else { return nil }
        let shared = audiences.isEmpty ? Self.apiAudiences : audiences.filter(Self.apiAudiences.contains)
        let accountKey = ObjectKey(
            .serviceAccounts,
            namespace: claims.secret.namespace,
            name: claims.account.name
        )
        guard !shared.isEmpty, try storage.object(accountKey)?.facts.uid == claims.account.uid,
            let secret = try storage.object(ObjectKey(.secrets, claims.secret))?.value(),
            secret[path: "metadata", "deletionTimestamp"] == nil,
            secret[path: "data", "token"]?.string == Base64.encode(token.utf8)
        else { return nil }
        let name = claims.accountName
        let user = UserInfo(name: name.userName, uid: claims.account.uid, groups: name.groups)
        return TokenOwner(user: user.authenticated, audiences: shared)
    }
}
