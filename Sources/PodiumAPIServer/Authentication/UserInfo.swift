// SPDX-License-Identifier: Apache-2.0
// Who makes a request.

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
    package static let anonymous = UserInfo(name: "system:anonymous", groups: ["system:unauthenticated"])

    /// The control plane itself.
    package static let system = UserInfo(
        name: "system:apiserver",
        groups: ["system:masters", "system:authenticated"]
    )
}
