// SPDX-License-Identifier: Apache-2.0
// Who may do what in one cluster, as its configuration chooses.

import PodiumAPIServer
import PodiumController
import PodiumStorage

/// The parts of a cluster that decide about access.
struct Access {
    let authenticator: any Authenticator
    let authorizer: any Authorizer
    let serviceAccountTokens: ServiceAccountTokens
    private let escalation: RoleEscalation?

    /// Puts them together; with RBAC the roles are made that every cluster has.
    init(_ configuration: ClusterConfiguration, client: ResourceClient) {
        let tokens = ServiceAccountTokens(storage: client.storage, host: client.host)
        serviceAccountTokens = tokens
        if let file = configuration.tokens {
            authenticator = TokenAuthenticator(file.table, serviceAccounts: tokens)
        } else {
            authenticator = OpenAuthenticator(serviceAccounts: tokens)
        }
        switch configuration.authorization {
        case .alwaysAllow:
            authorizer = AlwaysAllow()
            escalation = nil
        case .alwaysDeny:
            authorizer = AlwaysDeny()
            escalation = nil
        case .rbac:
            Bootstrap.installRoles(client)
            let roles = RBACAuthorizer(storage: client.storage)
            authorizer = roles
            escalation = RoleEscalation(roles)
        }
    }

    /// The admission plugins of the cluster with those that belong to its authorization.
    func guarding(_ chain: AdmissionChain) -> AdmissionChain { escalation.map(chain.followed) ?? chain }
}
