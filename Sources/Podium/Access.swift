// SPDX-License-Identifier: Apache-2.0
// Who may do what in one cluster, as its configuration chooses.

import PodiumAPIServer
import PodiumHost
import PodiumRegistry
import PodiumStorage

/// The parts of a cluster that decide about access.
struct Access {
    let authenticator: any Authenticator
    let authorizer: any Authorizer
    let serviceAccountTokens: ServiceAccountTokens
    /// What guards the objects that decide about access.
    let admission: [any AdmissionPlugin]

    /// Puts them together for a cluster that holds what it begins with and nothing else.
    init(_ configuration: ClusterConfiguration, storage: any Storage, host: Host) {
        let tokens = ServiceAccountTokens(
            storage: storage,
            host: host,
            key: configuration.seed.map { .seed($0, cluster: configuration.name) } ?? .system
        )
        serviceAccountTokens = tokens
        if let file = configuration.tokens {
            // Where everything is allowed, those who do not say who they are may do nothing.
            // Kubernetes: pkg/kubeapiserver/options/authentication.go ApplyAuthorization
            authenticator = TokenAuthenticator(
                file.table,
                serviceAccounts: tokens,
                allowsAnonymous: !configuration.authorization.contains(.alwaysAllow)
            )
        } else {
            authenticator = OpenAuthenticator(serviceAccounts: tokens)
        }
        var authorizers: [any Authorizer] = []
        var roles: RBACAuthorizer?
        for mode in configuration.authorization {
            switch mode {
            case .alwaysAllow: authorizers.append(AlwaysAllow())
            case .alwaysDeny: authorizers.append(AlwaysDeny())
            case .rbac:
                let authorizer = RBACAuthorizer(storage: storage, holding: configuration.policyExtent)
                authorizers.append(authorizer)
                roles = authorizer
            }
        }
        let authorizer: any Authorizer = authorizers.count == 1 ? authorizers[0] : AuthorizerUnion(authorizers)
        self.authorizer = authorizer
        let certificates: [any AdmissionPlugin] = [
            CertificateApproval(authorizer), CertificateSigning(authorizer), CertificateSubjectRestriction(),
        ]
        admission = certificates + (roles.map { [RoleEscalation($0, authorizer: authorizer)] } ?? [])
    }

    /// All admission plugins of the cluster: those that it is not to do without, what guards access, and what is
    /// Podium's own.
    func admissionChain(_ configuration: ClusterConfiguration) -> AdmissionChain {
        AdmissionChain(
            disabling: configuration.disabledAdmissionPlugins,
            adding: [ContainerPlanAdmission()] + admission
        )
    }
}
