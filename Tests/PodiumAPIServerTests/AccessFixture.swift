// SPDX-License-Identifier: Apache-2.0
// An API server with users and roles, on a clock that stands still, for the tests of access.

import Logging
import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import PodiumStorage
import Testing

/// A server whose users are `admin` (of `system:masters`) and `limited` (of `limited-group`).
struct AccessFixture {
    /// What a request got.
    struct Answer {
        let status: Int
        let body: JSONValue

        var message: String { body["message"]?.string ?? "" }
    }

    static let tokens = """
        admintoken,admin,admin-uid,"system:masters"
        limitedtoken,limited,limited-uid,limited-group
        """
    private static let rbac = "/apis/rbac.authorization.k8s.io/v1"

    let storage: WatchCache
    let clock = ClusterClock(mode: .virtual)
    let roles: RBACAuthorizer
    let server: APIServer

    init(authorizer: (any Authorizer)? = nil, allowsAnonymous: Bool = true, seed: UInt64 = 1) throws {
        let host = Host(
            clock: clock,
            scheduling: clock,
            timeouts: DispatchTimeouts(),
            random: RandomSource(seed: seed),
            logger: Logger(label: "test")
        )
        storage = WatchCache(
            templates: BootstrapPolicy.objects(aggregates: true).map { ObjectTemplate($0.object, in: $0.resource) },
            time: clock.now,
            random: host.random
        )
        roles = RBACAuthorizer(storage: storage, holding: .kubernetes)
        let tokens = ServiceAccountTokens(storage: storage, host: host)
        server = APIServer(
            APIServerComponents(
                api: ClusterAPI(
                    surface: APISurface(registry: .builtIn(), schemas: SchemaRegistry()),
                    storage: storage,
                    host: host,
                    admission: AdmissionChain(
                        disabling: ["ServiceAccount"],
                        adding: [
                            CertificateApproval(authorizer ?? roles), CertificateSigning(authorizer ?? roles),
                            CertificateSubjectRestriction(), RoleEscalation(roles),
                        ]
                    )
                ),
                authenticator: TokenAuthenticator(
                    try TokenTable(Self.tokens),
                    serviceAccounts: tokens,
                    allowsAnonymous: allowsAnonymous
                ),
                authorizer: authorizer ?? roles,
                serviceAccountTokens: tokens
            )
        )
        try send("POST", "/api/v1/namespaces", ["metadata": ["name": "ns"]])
    }

    /// Sends a request, by default as `admin`; `token` nil sends none.
    @discardableResult
    func send(
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        as token: String? = "admintoken",
        headers: [(String, String)] = []
    ) throws -> Answer {
        let parts = path.split(separator: "?", maxSplits: 1)
        let fields = (token.map { [("authorization", "Bearer \($0)")] } ?? []) + headers
        let request = HTTPRequest(
            method: method,
            rawPath: String(parts[0]),
            rawQuery: parts.count > 1 ? String(parts[1]) : "",
            headers: HTTPHeaders(fields),
            body: body.map { Array($0.jsonText.utf8) } ?? []
        )
        let response = server.respond(to: request)
        guard case .bytes(let bytes) = response.body else { return Answer(status: response.status, body: .null) }
        return Answer(status: response.status, body: (try? JSONValue(json: Array(bytes.buffer))) ?? .null)
    }

    // MARK: Roles

    /// Makes a Role in `ns`, or a ClusterRole when `isCluster`.
    func makeRole(_ name: String, _ rules: JSONValue, isCluster: Bool = false) throws {
        let path = isCluster ? "\(Self.rbac)/clusterroles" : "\(Self.rbac)/namespaces/ns/roles"
        let answer = try send("POST", path, ["metadata": ["name": .string(name)], "rules": rules])
        #expect(answer.status == 201, "\(answer.message)")
    }

    /// Binds a role in `ns`, or a ClusterRole everywhere when `isCluster`.
    func bind(
        _ name: String,
        _ kind: String,
        _ role: String,
        to subject: JSONValue = ["kind": "User", "name": "limited"],
        isCluster: Bool = false
    ) throws {
        let path = isCluster ? "\(Self.rbac)/clusterrolebindings" : "\(Self.rbac)/namespaces/ns/rolebindings"
        let body: JSONValue = [
            "metadata": ["name": .string(name)], "roleRef": ["kind": .string(kind), "name": .string(role)],
            "subjects": [subject],
        ]
        let answer = try send("POST", path, body)
        #expect(answer.status == 201, "\(answer.message)")
    }

    /// `limited` asks for this in `ns`.
    func decide(_ verb: String, _ resource: String, group: String = "", namespace: String = "ns") -> AccessDecision {
        let parts = resource.split(separator: "/").map(String.init)
        let attributes = ResourceAttributes(
            verb: verb,
            group: group,
            resource: parts[0],
            subresource: parts.count > 1 ? parts[1] : "",
            namespace: namespace
        )
        return roles.decide(.resource(attributes), UserInfo(name: "limited", groups: ["limited-group"]).authenticated)
    }
}
