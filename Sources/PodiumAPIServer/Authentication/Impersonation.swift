// SPDX-License-Identifier: Apache-2.0
// Acting as somebody else: which headers ask for it, and who may.

import PodiumExchange
import PodiumMachinery
import PodiumRegistry

/// A wish to act as somebody else.
// Kubernetes: apiserver/pkg/endpoints/filters/impersonation/constrained_impersonation.go
struct Impersonation {
    /// The user as the headers describe it, with nothing added.
    let wanted: UserInfo

    /// Reads the headers of a request; nil when they ask for nothing.
    /// - Throws: 400 when they describe somebody without a name.
    init?(_ headers: HTTPHeaders) throws(StatusError) {
        var user = UserInfo(name: headers["impersonate-user"] ?? "", uid: headers["impersonate-uid"] ?? "")
        user.groups = headers.all("impersonate-group")
        for (name, value) in headers.all(prefix: Self.extraPrefix) {
            user.extra[Self.extraKey(name.dropFirst(Self.extraPrefix.count)), default: []].append(value)
        }
        wanted = user
        guard user.name.isEmpty else { return }
        if user.uid.isEmpty, user.groups.isEmpty, user.extra.isEmpty { return nil }
        throw .badRequest("requested \(Self.goSyntax(user)) without impersonating a user name")
    }

    private static let extraPrefix = "impersonate-extra-"

    /// Percent escapes stand for characters that no header name may have.
    private static func extraKey(_ name: Substring) -> String {
        (try? PercentDecoding.decode(name)) ?? String(name)
    }

    /// The user as Go's `%#v` prints it.
    private static func goSyntax(_ user: UserInfo) -> String {
        func list(_ values: [String]) -> String { "[]string{\(values.map(FieldError.quoted).joined(separator: ", "))}" }
        let groups = user.groups.isEmpty ? "[]string(nil)" : list(user.groups)
        let entries = user.extra.sorted { $0.key < $1.key }.map { "\(FieldError.quoted($0.key)):\(list($0.value))" }
        let extra =
            user.extra.isEmpty ? "map[string][]string(nil)" : "map[string][]string{\(entries.joined(separator: ", "))}"
        let uid = FieldError.quoted(user.uid)
        return "&user.DefaultInfo{Name:\"\", UID:\(uid), Groups:\(groups), Extra:\(extra)}"
    }

    /// The user to act as, when `requester` may do `access` as that user.
    ///
    /// The kinds of impersonation are tried from the narrowest on; when all are refused the first refusal is told.
    /// - Throws: 403.
    func user(
        for requester: UserInfo,
        _ access: AccessRequest,
        _ authorizer: any Authorizer
    ) throws(StatusError) -> UserInfo {
        var refusal: StatusError?
        for mode in ImpersonationMode.allCases where mode.covers(wanted, requester) {
            do throws(StatusError) {
                let check = ImpersonationCheck(mode: mode, wanted: wanted, requester: requester, authorizer: authorizer)
                try check.run(access)
                return mode.completed(wanted)
            } catch {
                refusal = refusal ?? error
            }
        }
        throw refusal ?? .internalError("all impersonation modes failed")
    }
}

/// The kinds of impersonation, from the narrowest to the widest.
// Kubernetes: apiserver/pkg/endpoints/filters/impersonation/mode.go
enum ImpersonationMode: String, CaseIterable {
    /// A service account acts as the node that its pod runs on.
    case associatedNode = "associated-node"
    case arbitraryNode = "arbitrary-node"
    case serviceAccount = "serviceaccount"
    case userInfo = "user-info"
    /// The one of old: one verb, whatever is done as the other user.
    case legacy

    /// The extra key under which a service account's token names the node of its pod.
    static let nodeNameKey = "authentication.kubernetes.io/node-name"

    /// Whether this kind is about such a user at all.
    func covers(_ wanted: UserInfo, _ requester: UserInfo) -> Bool {
        let isPlain = wanted.uid.isEmpty && wanted.groups.isEmpty && wanted.extra.isEmpty
        let node = NodeUserName(userName: wanted.name)?.node
        let account = ServiceAccountName(userName: wanted.name)
        switch self {
        case .associatedNode:
            guard isPlain, let node, ServiceAccountName(userName: requester.name) != nil else { return false }
            return requester.extra[Self.nodeNameKey] == [node]
        case .arbitraryNode: return isPlain && node != nil
        case .serviceAccount: return isPlain && account != nil
        case .userInfo: return node == nil && account == nil
        case .legacy: return true
        }
    }

    /// The user with the groups that go without saying.
    func completed(_ wanted: UserInfo) -> UserInfo {
        var user = wanted
        if self != .legacy, NodeUserName(userName: user.name) != nil { user.groups = [WellKnownGroup.nodes] }
        if user.groups.isEmpty, let account = ServiceAccountName(userName: user.name) { user.groups = account.groups }
        if user.name == UserInfo.anonymous.name {
            let group = WellKnownGroup.unauthenticated
            if !user.groups.contains(group) { user.groups.append(group) }
            return user
        }
        return user.authenticated
    }
}

/// The questions to the authorizer that one kind of impersonation asks.
private struct ImpersonationCheck {
    private static let group = "authentication.k8s.io"
    /// From this many groups or extra values on, it is first asked whether all are allowed.
    private static let manyChecks = 4

    let mode: ImpersonationMode
    let wanted: UserInfo
    let requester: UserInfo
    let authorizer: any Authorizer

    private var isLegacy: Bool { mode == .legacy }
    private var verb: String { isLegacy ? "impersonate" : "impersonate:\(mode.rawValue)" }

    func run(_ access: AccessRequest) throws(StatusError) {
        if !isLegacy { try ask(access.with(verb: "impersonate-on:\(mode.rawValue):\(access.verb)")) }
        try checkName()
        if !wanted.uid.isEmpty { try ask(attributes("uids", wanted.uid, group: Self.group)) }
        try checkGroups()
        try checkExtra()
    }

    private func ask(_ access: AccessRequest) throws(StatusError) { try authorizer.authorize(access, requester) }
    private func ask(_ attributes: ResourceAttributes) throws(StatusError) { try ask(.resource(attributes)) }

    /// Users and groups were once in the core group.
    private func attributes(_ resource: String, _ name: String, group: String? = nil) -> ResourceAttributes {
        ResourceAttributes(verb: verb, group: group ?? (isLegacy ? "" : Self.group), resource: resource, name: name)
    }

    private func checkName() throws(StatusError) {
        var attributes = attributes("users", wanted.name)
        if !isLegacy, let node = NodeUserName(userName: wanted.name)?.node {
            attributes.resource = "nodes"
            attributes.name = mode == .associatedNode ? "*" : node
        } else if let account = ServiceAccountName(userName: wanted.name) {
            attributes.resource = "serviceaccounts"
            attributes.namespace = account.namespace
            attributes.name = account.name
        }
        try ask(attributes)
    }

    private func checkGroups() throws(StatusError) {
        if wanted.groups.isEmpty { return }
        if !isLegacy {
            if wanted.groups.contains("") {
                let reason = "impersonating the empty string group is not allowed"
                throw .forbidden(.resource(attributes("groups", "")), requester, reason: reason)
            }
            if wanted.isMaster {
                let reason = "impersonating the system:masters group is not allowed"
                throw .forbidden(.resource(attributes("groups", WellKnownGroup.masters)), requester, reason: reason)
            }
            if wanted.groups.count >= Self.manyChecks, allows(attributes("groups", "*")) { return }
        }
        for name in wanted.groups { try ask(attributes("groups", name)) }
    }

    private func checkExtra() throws(StatusError) {
        if wanted.extra.isEmpty { return }
        var attributes = attributes("userextras", "", group: Self.group)
        if !isLegacy {
            if let reason = extraProblem { throw .forbidden(.resource(attributes), requester, reason: reason) }
            if wanted.extra.values.reduce(0, { $0 + $1.count }) >= Self.manyChecks {
                attributes.subresource = "*"
                attributes.name = "*"
                if allows(attributes) { return }
            }
        }
        for (key, values) in wanted.extra.sorted(by: { $0.key < $1.key }) {
            attributes.subresource = key
            for value in values {
                attributes.name = value
                try ask(attributes)
            }
        }
    }

    private func allows(_ attributes: ResourceAttributes) -> Bool {
        authorizer.decide(.resource(attributes), requester).isAllowed
    }

    private var extraProblem: String? {
        for (key, values) in wanted.extra.sorted(by: { $0.key < $1.key }) {
            if key.isEmpty { return "impersonating the empty string key in extra is not allowed" }
            if let problem = Self.keyProblem(key) {
                return "impersonating an invalid key in extra is not allowed: extra.key: "
                    + "Invalid value: \(FieldError.quoted(key)): \(problem)"
            }
            if key != key.lowercased() {
                return "impersonating a non-lowercase key in extra is not allowed: \(FieldError.quoted(key))"
            }
            if values.contains("") { return "impersonating the empty string value in extra is not allowed" }
        }
        return nil
    }

    // Kubernetes: apimachinery/pkg/util/validation/validation.go IsDomainPrefixedPath
    private static func keyProblem(_ key: String) -> String? {
        let parts = key.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else {
            return "must be a domain-prefixed path (such as \"acme.io/foo\")"
        }
        return NameValidation.dns1123Subdomain(String(parts[0])).first
    }
}
