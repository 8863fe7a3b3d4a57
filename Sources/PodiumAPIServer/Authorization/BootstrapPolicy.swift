// SPDX-License-Identifier: Apache-2.0
// The roles and bindings that every cluster with RBAC has from the start.

package import PodiumCodec
package import PodiumMachinery

/// What an API server with RBAC makes itself.
// Kubernetes: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go
package enum BootstrapPolicy {
    /// The objects with their collections, in the order in which they are made.
    package static var objects: [(resource: GroupResource, object: JSONValue)] {
        roles.map { (.clusterRoles, $0.object(rules: $0.isAggregated ? aggregated($0) : $0.rules)) }
            + bindings.map { (.clusterRoleBindings, $0.object) }
    }

    /// What a controller would put together for an aggregated role.
    private static func aggregated(_ role: BootstrapRole) -> [PolicyRule] {
        let parts = roles.filter { $0.aggregatesTo.contains(role.name) }.sorted { $0.name < $1.name }
        return parts.flatMap { $0.isAggregated ? aggregated($0) : $0.rules }
    }

    private static var roles: [BootstrapRole] { userRoles + aggregatedParts + systemRoles + componentRoles }

    private static let userRoles = [
        BootstrapRole("cluster-admin", [.of("*", "*", "*"), .of("*", urls: "*")]),
        BootstrapRole("admin", isAggregated: true),
        BootstrapRole("edit", aggregatesTo: ["admin"], isAggregated: true),
        BootstrapRole("view", aggregatesTo: ["edit"], isAggregated: true),
    ]

    private static let systemRoles = [
        BootstrapRole(
            "system:discovery",
            [
                .of(
                    "get",
                    urls: "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"
                )
            ]
        ),
        BootstrapRole(
            "system:basic-user",
            [
                .of("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
                .of("create", "authentication.k8s.io", "selfsubjectreviews"),
            ]
        ),
        BootstrapRole("system:public-info-viewer", [.of("get", urls: "/healthz /livez /readyz /version /version/")]),
        BootstrapRole(
            "system:monitoring",
            [.of("get", urls: "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*")]
        ),
        BootstrapRole(
            "system:service-account-issuer-discovery",
            [
                .of(
                    "get",
                    urls:
                        "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/"
                )
            ]
        ),
        BootstrapRole(
            "system:auth-delegator",
            [
                .of("create", "authentication.k8s.io", "tokenreviews"),
                .of("create", "authorization.k8s.io", "subjectaccessreviews"),
            ]
        ),
    ]

    private static let bindings = [
        BootstrapBinding("cluster-admin", .group(WellKnownGroup.masters)),
        BootstrapBinding("system:monitoring", .group("system:monitoring")),
        BootstrapBinding("system:discovery", .group(WellKnownGroup.authenticated)),
        BootstrapBinding("system:basic-user", .group(WellKnownGroup.authenticated)),
        BootstrapBinding(
            "system:public-info-viewer",
            .group(WellKnownGroup.authenticated),
            .group(WellKnownGroup.unauthenticated)
        ),
        BootstrapBinding("system:node-proxier", .user("system:kube-proxy")),
        BootstrapBinding("system:kube-controller-manager", .user("system:kube-controller-manager")),
        BootstrapBinding("system:kube-dns", .serviceAccount("kube-dns", namespace: "kube-system")),
        BootstrapBinding("system:kube-scheduler", .user("system:kube-scheduler")),
        BootstrapBinding("system:volume-scheduler", .user("system:kube-scheduler")),
        BootstrapBinding("system:node"),
        BootstrapBinding("system:service-account-issuer-discovery", .group(WellKnownGroup.serviceAccounts)),
    ]
}
