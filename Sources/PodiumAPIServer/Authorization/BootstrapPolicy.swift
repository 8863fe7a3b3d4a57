// SPDX-License-Identifier: Apache-2.0
// The roles and bindings that every cluster with RBAC has from the start.

import OrderedCollections
package import PodiumCodec
package import PodiumMachinery
import PodiumRegistry

/// What an API server with RBAC makes itself.
// Kubernetes: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go
package enum BootstrapPolicy {
    /// What the service accounts of controllers and the roles for them begin with.
    static let controllerPrefix = "system:controller:"

    /// Which roles a cluster begins with.
    package enum Extent: Sendable {
        /// Those of Kubernetes.
        case kubernetes
        /// These and the one for `metrics.k8s.io`.
        case withMetrics
    }

    /// The objects with their collections, in the order in which they are made.
    /// - Parameters:
    ///   - aggregates: whether a controller has put the aggregated roles together; they have no rules else.
    ///   - extent: which roles there are.
    package static func objects(
        aggregates: Bool,
        _ extent: Extent = .kubernetes
    ) -> [(resource: GroupResource, object: JSONValue)] {
        let roles = roles + (extent == .withMetrics ? [metricsReader] : [])
        return roles.map { role in
            let rules = role.isAggregated ? (aggregates ? aggregated(role, of: roles) : nil) : role.rules
            return (role.resource, role.object(rules: rules))
        } + bindings.map { ($0.resource, $0.object) }
    }

    /// What a controller would put together for an aggregated role.
    // Kubernetes: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go
    private static func aggregated(_ role: BootstrapRole, of roles: [BootstrapRole]) -> [PolicyRule] {
        let parts = roles.filter { $0.aggregatesTo.contains(role.name) }.sorted { $0.name < $1.name }
        return Array(OrderedSet(parts.flatMap { $0.isAggregated ? aggregated($0, of: roles) : $0.rules }))
    }

    private static let roles =
        userRoles + aggregatedParts + systemRoles + certificateRoles + componentRoles + controllerRoles
        + namespacedRoles

    private static let bindings =
        componentBindings
        + controllerRoles.map {
            let account = String($0.name.dropFirst(controllerPrefix.count))
            return BootstrapBinding($0.name, .serviceAccount(account, namespace: "kube-system"))
        } + namespacedBindings

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
            [
                .of("get", urls: "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*"),
                .of("get", urls: "/flagz"), .of("get", urls: "/statusz"),
            ]
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

    private static let certificates = "certificates.k8s.io"
    private static let certificateRoles =
        ["nodeclient", "selfnodeclient"].map { part in
            BootstrapRole(
                "system:\(certificates):certificatesigningrequests:\(part)",
                [.of("create", certificates, "certificatesigningrequests/\(part)")]
            )
        }
        + signers.map { signer in
            BootstrapRole(
                "system:\(certificates):\(signer)-approver",
                [.of("approve", certificates, "signers", named: "kubernetes.io/\(signer)")]
            )
        }
    private static let signers = [
        "kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving", "legacy-unknown",
    ]

    private static let componentBindings = [
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
