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
    /// What guards the objects that decide about access.
    let admission: [any AdmissionPlugin]

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
            admission = []
        case .alwaysDeny:
            authorizer = AlwaysDeny()
            admission = []
        case .rbac:
            Bootstrap.installRoles(client)
            let roles = RBACAuthorizer(storage: client.storage)
            authorizer = roles
            admission = [RoleEscalation(roles)]
        }
    }
}
