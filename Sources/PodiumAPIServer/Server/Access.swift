// SPDX-License-Identifier: Apache-2.0
// Who asks, and whether they may: the seams behind which tokens, certificates and RBAC stand.

package import PodiumMachinery

/// What is asked for, as an authorizer sees it.
package enum AccessRequest: Sendable {
    /// A path outside of the resources.
    case path([String], method: String)
    case resource(ResourceAttributes)
}

/// What is asked of a resource.
package struct ResourceAttributes: Sendable {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    package var verb: String
    package var group: String
    package var version: String
    package var resource: String
    /// Empty for none.
    package var subresource: String
    /// Empty for cluster-scoped resources and all namespaces.
    package var namespace: String
    /// Empty for collections.
    package var name: String

    package init(
        verb: String,
        group: String,
        version: String,
        resource: String,
        subresource: String,
        namespace: String,
        name: String
    ) {
        self.verb = verb
        self.group = group
        self.version = version
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }
}

/// Says who asks.
package protocol Authenticator: Sendable {
    /// The user behind a request.
    /// - Throws: 401 when credentials are given and wrong.
    func authenticate(_ request: HTTPRequest) throws(StatusError) -> UserInfo
}

/// Says who may do what.
package protocol Authorizer: Sendable {
    /// Returns when `user` may do what is asked.
    /// - Throws: 403.
    func authorize(_ access: AccessRequest, _ user: UserInfo) throws(StatusError)
}

/// Takes everybody for the administrator, as a cluster without authentication does.
package struct AnonymousAuthenticator: Authenticator {
    /// Makes the authenticator.
    package init() {}

    package func authenticate(_ request: HTTPRequest) throws(StatusError) -> UserInfo { .administrator }
}

/// Allows everything.
package struct AlwaysAllow: Authorizer {
    /// Makes the authorizer.
    package init() {}

    package func authorize(_ access: AccessRequest, _ user: UserInfo) throws(StatusError) {}
}

extension UserInfo {
    /// Who everybody is in a cluster without authentication.
    package static let administrator = UserInfo(
        name: "kubernetes-admin",
        groups: ["system:masters", "system:authenticated"]
    )
}
