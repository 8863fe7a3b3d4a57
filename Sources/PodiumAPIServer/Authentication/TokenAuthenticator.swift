// SPDX-License-Identifier: Apache-2.0
// Who sends a request: the owner of its bearer token, or somebody without a name.

package import PodiumExchange
package import PodiumMachinery
package import PodiumRegistry

/// Tells users by bearer tokens: those of a token file, and those of service accounts.
// Kubernetes: apiserver/pkg/authentication/request/bearertoken/bearertoken.go
package final class TokenAuthenticator: Authenticator {
    package let allowsAnonymous: Bool
    private let table: TokenTable
    private let serviceAccounts: ServiceAccountTokens?

    /// Makes the authenticator.
    package init(_ table: TokenTable, serviceAccounts: ServiceAccountTokens? = nil, allowsAnonymous: Bool = true) {
        self.allowsAnonymous = allowsAnonymous
        self.table = table
        self.serviceAccounts = serviceAccounts
    }

    package func authenticate(_ request: HTTPRequest) throws(StatusError) -> UserInfo? {
        guard let token = request.headers.bearerToken else { return nil }
        guard let owner = try review(token: token, audiences: []) else { throw .unauthorized }
        return owner.user
    }

    package func review(token: String, audiences: [String]) throws(StatusError) -> TokenOwner? {
        guard let user = table.user(of: token) else {
            return try serviceAccounts?.owner(of: token, audiences: audiences)
        }
        // Tokens that say nothing of audiences are meant for the API server.
        let wanted = audiences.isEmpty ? ServiceAccountTokens.apiAudiences : audiences
        let shared = wanted.filter(ServiceAccountTokens.apiAudiences.contains)
        return shared.isEmpty ? nil : TokenOwner(user: user.authenticated, audiences: shared)
    }
}

/// Takes everybody for the administrator, as a cluster without authentication does, but for the owners of tokens that
/// this cluster issued.
package final class OpenAuthenticator: Authenticator {
    /// Nobody is anonymous here.
    package let allowsAnonymous = false
    private let serviceAccounts: ServiceAccountTokens?

    /// Makes the authenticator.
    package init(serviceAccounts: ServiceAccountTokens? = nil) { self.serviceAccounts = serviceAccounts }

    package func authenticate(_ request: HTTPRequest) throws(StatusError) -> UserInfo? {
        guard let serviceAccounts, let token = request.headers.bearerToken else { return .administrator }
        return try serviceAccounts.owner(of: token, audiences: [])?.user ?? .administrator
    }

    package func review(token: String, audiences: [String]) throws(StatusError) -> TokenOwner? {
        try serviceAccounts?.owner(of: token, audiences: audiences)
    }
}

extension HTTPHeaders {
    /// The token of `Authorization: Bearer …`; nil for other schemes and without a token.
    var bearerToken: String? {
        guard let value = authorization else { return nil }
        let parts = value.trimmedASCII.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].lowercased() == "bearer", !parts[1].isEmpty else { return nil }
        return String(parts[1])
    }
}
