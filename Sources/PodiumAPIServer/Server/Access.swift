// SPDX-License-Identifier: Apache-2.0
// Who asks, and whether they may: the seams behind which tokens and RBAC stand.

package import PodiumExchange
package import PodiumMachinery
package import PodiumRegistry

/// A request that can be put in the words of authorization: only when somebody compares them with rules, since most
/// senders may do everything.
package protocol AccessDescribing {
    /// What is asked for.
    var access: AccessRequest { get }
}

/// What is asked for, as an authorizer sees it.
// Kubernetes: apiserver/pkg/authorization/authorizer/interfaces.go Attributes
package enum AccessRequest: AccessDescribing, Hashable, Sendable {
    /// A path outside of the resources (`/healthz`), with the method in lower case.
    case path(String, verb: String)
    case resource(ResourceAttributes)

    package var access: AccessRequest { self }

    /// What is done.
    package var verb: String {
        switch self {
        case .path(_, let verb): verb
        case .resource(let attributes): attributes.verb
        }
    }

    /// The same thing, done by another verb.
    package func with(verb: String) -> AccessRequest {
        switch self {
        case .path(let path, _): return .path(path, verb: verb)
        case .resource(var attributes):
            attributes.verb = verb
            return .resource(attributes)
        }
    }
}

/// What is asked of a resource.
package struct ResourceAttributes: Hashable, Sendable {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, or a verb that only
    /// authorizers know (`bind`, `escalate`, `impersonate`).
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
        version: String = "v1",
        resource: String,
        subresource: String = "",
        namespace: String = "",
        name: String = ""
    ) {
        self.verb = verb
        self.group = group
        self.version = version
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }

    /// `pods`, `pods/log`.
    package var combinedResource: String { subresource.isEmpty ? resource : "\(resource)/\(subresource)" }
}

/// The answer of an authorizer.
package struct AccessDecision: Hashable, Sendable {
    package var isAllowed: Bool
    /// Why; shown in access reviews and in 403 answers, and empty when there is nothing to say.
    package var reason: String

    package init(isAllowed: Bool, reason: String = "") {
        self.isAllowed = isAllowed
        self.reason = reason
    }
}

/// Says who asks.
package protocol Authenticator: AnyObject, Sendable {
    /// Whether requests without credentials are taken; otherwise they may only ask for health.
    var allowsAnonymous: Bool { get }

    /// The user behind a request; nil when it has no credentials.
    /// - Throws: 401 when credentials are given and wrong.
    func authenticate(_ request: HTTPRequest) throws(StatusError) -> UserInfo?

    /// The user behind a bearer token that is meant for one of `audiences` (empty: for the API server), with those of
    /// them that it is meant for; nil when it is nobody's.
    /// - Throws: 503 and the like when that cannot be found out.
    func review(token: String, audiences: [String]) throws(StatusError) -> TokenOwner?
}

/// Whose a token is.
package struct TokenOwner: Hashable, Sendable {
    package var user: UserInfo
    /// The audiences that were asked for and that the token is meant for.
    package var audiences: [String]

    package init(user: UserInfo, audiences: [String]) {
        self.user = user
        self.audiences = audiences
    }
}

/// Says who may do what.
package protocol Authorizer: Sendable {
    /// Whether all is allowed to all, so that nobody needs to ask.
    var allowsEverything: Bool { get }

    /// Whether `user` may do what is asked.
    func decide(_ access: AccessRequest, _ user: UserInfo) -> AccessDecision

    /// What `user` may do in `namespace` and in the cluster as a whole.
    func rules(of user: UserInfo, in namespace: String) -> SubjectRules
}

extension Authorizer {
    package var allowsEverything: Bool { false }

    /// Returns when `user` may do what is asked.
    /// - Throws: 403.
    package func authorize(_ subject: some AccessDescribing, _ user: UserInfo) throws(StatusError) {
        if allowsEverything { return }
        let access = subject.access
        let decision = decide(access, user)
        if !decision.isAllowed { throw .forbidden(access, user, reason: decision.reason) }
    }
}

/// What somebody may do, as far as it can be listed.
package struct SubjectRules: Sendable {
    package var rules: [PolicyRule]
    /// What went wrong on the way; empty when nothing did.
    package var problem: String

    package init(rules: [PolicyRule], problem: String = "") {
        self.rules = rules
        self.problem = problem
    }
}

extension StatusError {
    /// 403, in upstream's words.
    // Kubernetes: apiserver/pkg/endpoints/handlers/responsewriters/errors.go
    package static func forbidden(_ access: AccessRequest, _ user: UserInfo, reason: String = "") -> StatusError {
        let who = "User \(FieldError.quoted(user.name)) cannot \(access.verb)"
        let tail = reason.isEmpty ? "" : ": \(reason)"
        switch access {
        case .path(let path, _):
            return StatusError(
                code: 403,
                reason: .forbidden,
                message: "forbidden: \(who) path \(FieldError.quoted(path))\(tail)",
                details: Details()
            )
        case .resource(let attributes):
            let scope =
                attributes.namespace.isEmpty
                ? "at the cluster scope" : "in the namespace \(FieldError.quoted(attributes.namespace))"
            let what = "resource \(FieldError.quoted(attributes.combinedResource))"
            return .forbidden(
                GroupResource(group: attributes.group, resource: attributes.resource),
                attributes.name,
                "\(who) \(what) in API group \(FieldError.quoted(attributes.group)) \(scope)\(tail)"
            )
        }
    }

    /// 401.
    package static var unauthorized: StatusError {
        StatusError(code: 401, reason: .unauthorized, message: "Unauthorized")
    }
}
