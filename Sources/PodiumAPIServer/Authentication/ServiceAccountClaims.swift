// SPDX-License-Identifier: Apache-2.0
// What a token of a service account says, and whom it makes of its bearer.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What a token of a service account says.
struct ServiceAccountClaims: Equatable, Sendable {
    /// A name with the UID of the one object of that name that is meant.
    struct Reference: Equatable, Sendable {
        let name: String
        let uid: String

        var value: JSONValue { ["name": .string(name), "uid": .string(uid)] }
    }

    /// What a token may be bound to.
    enum BoundKind: String, CaseIterable, Sendable {
        case pod
        case secret
        case node

        var resource: GroupResource {
            switch self {
            case .pod: .pods
            case .secret: .secrets
            case .node: .nodes
            }
        }
    }

    let namespace: String
    let account: Reference
    let audiences: [String]
    /// Seconds since 1970.
    let notBefore: Int64
    let expiry: Int64
    /// The name of the token itself.
    let id: String
    /// The object without which it does not hold.
    let bound: BoundObject?
    /// The node of the pod that it is bound to.
    let podNode: Reference?
    /// When its use is worth a warning, in seconds since 1970: a pod's token holds longer than it says, for clients
    /// that do not read it again.
    var warnAfter: Int64?

    /// An object that a token is bound to.
    struct BoundObject: Equatable, Sendable {
        let kind: BoundKind
        let object: Reference
    }

    init(
        namespace: String,
        account: Reference,
        audiences: [String],
        lifetime: Range<Int64>,
        id: String,
        bound: BoundObject? = nil,
        podNode: Reference? = nil
    ) {
        self.namespace = namespace
        self.account = account
        self.audiences = audiences
        notBefore = lifetime.lowerBound
        expiry = lifetime.upperBound
        self.id = id
        self.bound = bound
        self.podNode = podNode
    }

    /// Reads the payload of a token.
    init?(_ value: JSONValue) {
        guard let own = value["kubernetes.io"], let namespace = own["namespace"]?.string,
            let account = Self.reference(own["serviceaccount"]), let notBefore = value["nbf"]?.integer,
            let expiry = value["exp"]?.integer, notBefore <= expiry
        else { return nil }
        let kind = BoundKind.allCases.first { own[$0.rawValue] != nil }
        self.init(
            namespace: namespace,
            account: account,
            audiences: value["aud"]?.elements.compactMap(\.string) ?? [],
            lifetime: notBefore..<expiry,
            id: value["jti"]?.string ?? "",
            bound: kind.flatMap { kind in Self.reference(own[kind.rawValue]).map { BoundObject(kind: kind, object: $0) }
            },
            podNode: kind == .pod ? Self.reference(own["node"]) : nil
        )
        warnAfter = own["warnafter"]?.integer
    }

    private static func reference(_ value: JSONValue?) -> Reference? {
        guard let name = value?["name"]?.string, let uid = value?["uid"]?.string else { return nil }
        return Reference(name: name, uid: uid)
    }

    /// The payload of the token.
    var value: JSONValue {
        var own: JSONValue = ["namespace": .string(namespace)]
        if let podNode { own["node"] = podNode.value }
        if let bound { own[bound.kind.rawValue] = bound.object.value }
        own["serviceaccount"] = account.value
        if let warnAfter { own["warnafter"] = .integer(warnAfter) }
        return [
            "aud": .array(audiences.map(JSONValue.string)), "exp": .integer(expiry), "iat": .integer(notBefore),
            "iss": .string(ServiceAccountTokens.issuer), "jti": .string(id), "kubernetes.io": own,
            "nbf": .integer(notBefore), "sub": .string(name.userName),
        ]
    }

    private var name: ServiceAccountName { ServiceAccountName(namespace: namespace, name: account.name) }

    /// The user that the token stands for.
    // Kubernetes: apiserver/pkg/authentication/serviceaccount/util.go ServiceAccountInfo
    var user: UserInfo {
        var user = UserInfo(name: name.userName, uid: account.uid, groups: name.groups)
        let prefix = "authentication.kubernetes.io/"
        if !id.isEmpty { user.extra[prefix + "credential-id"] = ["JTI=\(id)"] }
        if let bound, bound.kind != .secret {
            user.extra["\(prefix)\(bound.kind.rawValue)-name"] = [bound.object.name]
            user.extra["\(prefix)\(bound.kind.rawValue)-uid"] = [bound.object.uid]
        }
        if let podNode {
            user.extra[prefix + "node-name"] = [podNode.name]
            user.extra[prefix + "node-uid"] = [podNode.uid]
        }
        return user
    }
}
