// SPDX-License-Identifier: Apache-2.0
// What is known of roles and bindings.

import PodiumCodec
import PodiumRegistry

extension BuiltInKind {
    static let roles = BuiltInKind("roles", in: "rbac.authorization.k8s.io", RoleStrategy(isNamespaced: true))
    static let clusterRoles = BuiltInKind(
        "clusterroles",
        in: "rbac.authorization.k8s.io",
        RoleStrategy(isNamespaced: false)
    )
    static let roleBindings = BuiltInKind(
        "rolebindings",
        in: "rbac.authorization.k8s.io",
        RoleBindingStrategy(isNamespaced: true)
    ) { kind in
        kind.cells = { $0.roleBinding }
    }
    static let clusterRoleBindings = BuiltInKind(
        "clusterrolebindings",
        in: "rbac.authorization.k8s.io",
        RoleBindingStrategy(isNamespaced: false)
    ) { kind in
        kind.cells = { $0.roleBinding }
    }
}
