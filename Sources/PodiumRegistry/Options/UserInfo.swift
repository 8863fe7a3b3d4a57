// SPDX-License-Identifier: Apache-2.0
// Who makes a request.

package import PodiumCodec

/// An authenticated user, or the anonymous one.
// Kubernetes: apiserver/pkg/authentication/user/user.go
package struct UserInfo: Hashable, Sendable {
    package var name: String
    package var uid: String
    package var groups: [String]
    package var extra: [String: [String]]

    package init(name: String, uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]) {
        self.name = name
        self.uid = uid
        self.groups = groups
        self.extra = extra
    }

    /// Somebody who did not say who.
    package static let anonymous = UserInfo(name: "system:anonymous", groups: [WellKnownGroup.unauthenticated])

    /// The control plane itself.
    package static let system = UserInfo(
        name: "system:apiserver",
        groups: [WellKnownGroup.masters, WellKnownGroup.authenticated]
    )

    /// Who everybody is in a cluster without authentication.
    package static let administrator = UserInfo(
        name: "kubernetes-admin",
        groups: [WellKnownGroup.masters, WellKnownGroup.authenticated]
    )

    /// A controller of the control plane, as its service account.
    // Kubernetes: pkg/controlplane/controller/..., cmd/kube-controller-manager with --use-service-account-credentials
    package static func controller(_ name: String) -> UserInfo {
        UserInfo(
            name: "system:serviceaccount:kube-system:\(name)",
            groups: [
                WellKnownGroup.serviceAccounts, WellKnownGroup.serviceAccounts(of: "kube-system"),
                WellKnownGroup.authenticated,
            ]
        )
    }

    /// The scheduler.
    package static let scheduler = UserInfo(name: "system:kube-scheduler", groups: [WellKnownGroup.authenticated])

    /// The kubelet of a node.
    package static func kubelet(of node: String) -> UserInfo {
        UserInfo(name: "system:node:\(node)", groups: [WellKnownGroup.nodes, WellKnownGroup.authenticated])
    }

    /// Whether nothing can be refused to this user.
    package var isMaster: Bool { groups.contains(WellKnownGroup.masters) }

    /// The same user as a member of the group of all who proved who they are.
    package var authenticated: UserInfo {
        let isKnown = groups.contains { $0 == WellKnownGroup.authenticated || $0 == WellKnownGroup.unauthenticated }
        if isKnown { return self }
        var user = self
        user.groups.append(WellKnownGroup.authenticated)
        return user
    }
}

/// Groups that the API server itself knows.
// Kubernetes: apiserver/pkg/authentication/user/user.go, apiserver/pkg/authentication/serviceaccount/util.go
package enum WellKnownGroup {
    package static let masters = "system:masters"
    package static let authenticated = "system:authenticated"
    package static let unauthenticated = "system:unauthenticated"
    package static let serviceAccounts = "system:serviceaccounts"
    package static let nodes = "system:nodes"

    /// The group of all service accounts of a namespace.
    package static func serviceAccounts(of namespace: String) -> String { "\(serviceAccounts):\(namespace)" }
}

extension UserInfo {
    /// The user as reviews show it, with what is empty left out.
    package var value: JSONValue {
        var members: JSONObject = [:]
        if !name.isEmpty { members["username"] = .string(name) }
        if !uid.isEmpty { members["uid"] = .string(uid) }
        if !groups.isEmpty { members["groups"] = .array(groups.map(JSONValue.string)) }
        if !extra.isEmpty {
            var values: JSONObject = [:]
            for (key, list) in extra.sorted(by: { $0.key < $1.key }) {
                values[key] = .array(list.map(JSONValue.string))
            }
            members["extra"] = .object(values)
        }
        return .object(members)
    }
}
