// SPDX-License-Identifier: Apache-2.0
// The roles and bindings in kube-system and kube-public.

// Kubernetes: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/namespace_policy.go
extension BootstrapPolicy {
    private static let read = "get list watch"
    private static let events = PolicyRule.of("create patch update", "core events.k8s.io", "events")
    private static let system = "kube-system"
    private static let open = "kube-public"

    static let namespacedRoles = [
        BootstrapRole(
            authenticationReader,
            namespace: system,
            [.of(read, "core", "configmaps", named: "extension-apiserver-authentication")]
        ),
        BootstrapRole("\(controllerPrefix)bootstrap-signer", namespace: system, [.of(read, "core", "secrets")]),
        BootstrapRole(
            "\(controllerPrefix)cloud-provider",
            namespace: system,
            [.of("create \(read)", "core", "configmaps")]
        ),
        BootstrapRole(
            "\(controllerPrefix)token-cleaner",
            namespace: system,
            [.of("delete \(read)", "core", "secrets"), events]
        ),
        leaderRole("kube-controller-manager"),
        leaderRole("kube-scheduler"),
        BootstrapRole(
            "\(controllerPrefix)bootstrap-signer",
            namespace: open,
            [
                .of(read, "core", "configmaps"), .of("update", "core", "configmaps", named: "cluster-info"), events,
            ]
        ),
    ]

    static let namespacedBindings = [
        BootstrapBinding(
            "system::\(authenticationReader)",
            role: authenticationReader,
            namespace: system,
            [.user("system:kube-controller-manager"), .user("system:kube-scheduler")]
        ),
        leaderBinding("kube-controller-manager"),
        leaderBinding("kube-scheduler"),
        controllerBinding("bootstrap-signer", in: system),
        controllerBinding("cloud-provider", in: system),
        controllerBinding("token-cleaner", in: system),
        controllerBinding("bootstrap-signer", in: open),
    ]

    private static let authenticationReader = "extension-apiserver-authentication-reader"

    private static func leaderRole(_ component: String) -> BootstrapRole {
        BootstrapRole(
            "system::leader-locking-\(component)",
            namespace: system,
            [.of("watch", "core", "configmaps"), .of("get update", "core", "configmaps", named: component)]
        )
    }

    private static func leaderBinding(_ component: String) -> BootstrapBinding {
        BootstrapBinding(
            "system::leader-locking-\(component)",
            namespace: system,
            [.user("system:\(component)"), .serviceAccount(component, namespace: system)]
        )
    }

    private static func controllerBinding(_ controller: String, in namespace: String) -> BootstrapBinding {
        BootstrapBinding(
            "\(controllerPrefix)\(controller)",
            namespace: namespace,
            [.serviceAccount(controller, namespace: system)]
        )
    }
}
