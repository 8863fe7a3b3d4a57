// SPDX-License-Identifier: Apache-2.0
// A request about a resource, resolved: which collection, which verb, in which form it is answered.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import PodiumStorage

/// A request about a resource.
// A class: it is handed on to whatever takes part in the answer, and a copy would count some twenty references.
final class ResourceRequest: Sendable {
    let http: HTTPRequest
    let user: UserInfo
    private let route: ResourceRoute
    /// In which form the answer is written.
    let form: MediaTypeNegotiation
    /// What the client is warned about.
    var warnings: RequestWarnings { collected.value ?? collected.setOnce(RequestWarnings()) }
    private let collected = LazyReference<RequestWarnings>()

    init(
        http: HTTPRequest,
        user: consuming UserInfo,
        route: ResourceRoute
    ) throws(StatusError) {
        self.http = http
        self.user = user
        self.route = route
        form = try Self.negotiate(http, route)
    }

    var path: ResourcePath { route.path }
    var query: QueryParameters { route.query }
    /// The surface in which it was found, and in which it is answered.
    var surface: APISurface { route.surface }
    var definition: ResourceDefinition { route.definition }
    var subresource: SubresourceDefinition? { route.subresource }
    /// What the sender was allowed to do.
    var verb: APIVerb { route.verb }
    /// What is done.
    var handler: ResourceHandler { route.handler }

    /// What the sender was allowed to do, in the words of authorization.
    var access: AccessRequest { path.access(verb, query) }

    /// The texts that the client is warned with so far.
    var warningTexts: [String] { collected.value?.texts ?? [] }

    /// What is done about unknown and duplicate fields. A value that there is not is refused with the other options.
    var fieldValidation: FieldValidation { query["fieldValidation"].flatMap { FieldValidation(rawValue: $0) } ?? .warn }

    /// The name in the path; empty for collections.
    var name: String { path.name ?? "" }

    private static func negotiate(
        _ http: HTTPRequest,
        _ route: ResourceRoute
    ) throws(StatusError) -> MediaTypeNegotiation {
        let (verb, query) = (route.verb, route.query)
        let accept = http.headers.accept
        if verb == .patch { try PatchTypes.check(http.headers["content-type"]) }
        // The everyday case costs nothing: no Accept, or plain JSON for a program.
        if accept == nil || accept == "application/json" || accept == "*/*", query["pretty"] == nil {
            let agent = http.headers.userAgent
            if agent?.hasPrefix("curl") != true, agent?.hasPrefix("Wget") != true, agent?.hasPrefix("Mozilla") != true {
                return MediaTypeNegotiation()
            }
        }
        let isCollection = verb == .list || verb == .watch || verb == .deletecollection
        try RouteAcceptance.check(accept, produces: isCollection ? RouteAcceptance.list : RouteAcceptance.object)
        return try MediaTypeNegotiation.negotiate(
            accept: accept,
            pretty: query["pretty"],
            userAgent: http.headers.userAgent,
            endpoint: verb == .watch ? .watch : .objects
        )
    }
}

extension APIServer {
    /// The store behind a request.
    func store(_ request: ResourceRequest, strategy: (any ResourceStrategy)? = nil) -> ResourceStore {
        ResourceStore(
            definition: request.definition,
            strategy: strategy ?? request.definition.rules.strategy,
            api: api,
            surface: request.surface,
            namespace: request.path.namespace,
            subresource: request.path.subresource
        )
    }

    /// Refuses names that could not stand in a path of storage.
    // Kubernetes: generic/registry/store.go NamespaceKeyFunc, apimachinery/pkg/api/validation/path
    private static func checkName(_ name: String?) throws(StatusError) {
        guard var name else { return }
        let isPlain = name.withUTF8 { bytes in
            bytes.first != UInt8(ascii: ".") && !bytes.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }
        }
        if isPlain { return }
        var problems: [String] = []
        if name == "." || name == ".." {
            problems = ["may not be '\(name)'"]
        } else {
            problems = ["/", "%"].filter { name.contains($0) }.map { "may not contain '\($0)'" }
        }
        if problems.isEmpty { return }
        throw .badRequest("Name parameter invalid: \(FieldError.quoted(name)): \(problems.joined(separator: ";"))")
    }

    /// Runs what a request comes to.
    func run(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        try Self.checkName(request.path.name)
        switch request.handler {
        case .get: return try get(request)
        case .list: return try list(request)
        case .watch: return try watch(request)
        case .create: return try create(request)
        case .update: return try update(request)
        case .patch: return try patch(request)
        case .delete: return try delete(request)
        case .deleteCollection: return try deleteCollection(request)
        case .review: return try review(request)
        case .bindByCollection: return try bindByCollection(request)
        case .bind: return try bind(request)
        case .evict: return try evict(request)
        case .log: return try log(request)
        case .connect: return try connect(request)
        case .proxy: return try proxy(request)
        case .issueToken: return try issueToken(request)
        case .scale: return try scale(request)
        case .part(let strategy): return try runPart(request, strategy)
        }
    }
}

extension StatusError {
    /// The mark of a path below a group that nobody serves; answered as plain text.
    static let unknownGroup = StatusError(code: 404, reason: .notFound, message: "404 page not found")
}
