// SPDX-License-Identifier: Apache-2.0
// A request about a resource, resolved: which collection, which verb, in which form it is answered.

import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// A request about a resource.
// A class: it is handed on to whatever takes part in the answer, and a copy would count some twenty references.
final class ResourceRequest: Sendable {
    let http: HTTPRequest
    let path: ResourcePath
    let query: QueryParameters
    let user: UserInfo
    let definition: ResourceDefinition
    let subresource: SubresourceDefinition?
    let verb: APIVerb
    /// In which form the answer is written.
    let form: MediaTypeNegotiation
    /// What the client is warned about.
    let warnings = RequestWarnings()

    init(
        http: HTTPRequest,
        path: ResourcePath,
        query: QueryParameters,
        user: UserInfo,
        definition: ResourceDefinition,
        subresource: SubresourceDefinition?,
        verb: APIVerb,
        form: MediaTypeNegotiation
    ) {
        self.http = http
        self.path = path
        self.query = query
        self.user = user
        self.definition = definition
        self.subresource = subresource
        self.verb = verb
        self.form = form
    }

    /// The name in the path; empty for collections.
    var name: String { path.name ?? "" }
}

extension APIServer {
    /// Finds the collection and the verb of a request.
    /// - Throws: 404 for unknown paths, 405 for verbs that the path does not have, 406.
    func route(
        _ http: HTTPRequest,
        _ path: consuming ResourcePath,
        _ query: consuming QueryParameters,
        _ user: consuming UserInfo
    ) throws(StatusError) -> ResourceRequest {
        let registry = documents.registry
        let version = path.groupVersion
        guard let definition = registry.resource(group: version.group, version: version.version, plural: path.plural),
            definition.isNamespaced || path.namespace.isEmpty
        else {
            if !version.group.isEmpty, registry.group(version.group) == nil { throw .unknownGroup }
            throw .pathNotFound
        }
        if path.name != nil, definition.isNamespaced, path.namespace.isEmpty { throw .pathNotFound }
        var subresource: SubresourceDefinition?
        if let name = path.subresource {
            guard let found = definition.subresource(name), path.rest.isEmpty || name == "proxy" else {
                throw .pathNotFound
            }
            subresource = found
        }
        let verb = try Self.verb(http.method, path, query, definition, subresource)
        let form = try Self.negotiate(http, query, definition, verb, subresource)
        return ResourceRequest(
            http: http,
            path: path,
            query: query,
            user: user,
            definition: definition,
            subresource: subresource,
            verb: verb,
            form: form
        )
    }

    private static func verb(
        _ method: String,
        _ path: ResourcePath,
        _ query: QueryParameters,
        _ definition: ResourceDefinition,
        _ subresource: SubresourceDefinition?
    ) throws(StatusError) -> APIVerb {
        let isWatch = path.isLegacyWatch || query.flag("watch")
        let verb: APIVerb
        switch (method, path.name) {
        case ("GET", nil): verb = isWatch ? .watch : .list
        case ("GET", _): verb = subresource == nil && isWatch ? .watch : .get
        case ("POST", nil): verb = .create
        case ("POST", _) where subresource != nil: verb = .create
        case ("PUT", .some): verb = .update
        case ("PATCH", .some): verb = .patch
        case ("DELETE", nil): verb = .deletecollection
        case ("DELETE", .some): verb = .delete
        default: throw .methodNotAllowed
        }
        if !(subresource?.verbs.contains(verb) ?? definition.supports(verb)) { throw .methodNotAllowed }
        if subresource == nil, path.namespace.isEmpty, definition.isNamespaced,
            verb == .create || verb == .deletecollection
        {
            throw .methodNotAllowed
        }
        return verb
    }

    private static func negotiate(
        _ http: HTTPRequest,
        _ query: QueryParameters,
        _ definition: ResourceDefinition,
        _ verb: APIVerb,
        _ subresource: SubresourceDefinition?
    ) throws(StatusError) -> MediaTypeNegotiation {
        let accept = http.headers["accept"]
        if verb == .patch, !definition.isCustom { try PatchTypes.check(http.headers["content-type"]) }
        // The everyday case costs nothing: no Accept, or plain JSON for a program.
        if accept == nil || accept == "application/json" || accept == "*/*", query["pretty"] == nil {
            let agent = http.headers["user-agent"]
            if agent?.hasPrefix("curl") != true, agent?.hasPrefix("Wget") != true, agent?.hasPrefix("Mozilla") != true {
                return MediaTypeNegotiation()
            }
        }
        let isCollection = verb == .list || verb == .watch || verb == .deletecollection
        if !definition.isCustom {
            try RouteAcceptance.check(accept, produces: isCollection ? RouteAcceptance.list : RouteAcceptance.object)
        }
        let capabilities: MediaCapabilities =
            switch (verb == .watch, definition.isCustom) {
            case (false, false): .objects
            case (false, true): .customObjects
            case (true, false): .watch
            case (true, true): .customWatch
            }
        return try MediaTypeNegotiation.negotiate(
            accept: accept,
            pretty: query["pretty"],
            userAgent: http.headers["user-agent"],
            endpoint: capabilities
        )
    }

    /// The store behind a request.
    func store(_ request: ResourceRequest, strategy: (any ResourceStrategy)? = nil) -> ResourceStore {
        ResourceStore(
            definition: request.definition,
            strategy: strategy ?? request.definition.strategy,
            environment: environment,
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

    /// Runs the verb of a request.
    func run(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        try Self.checkName(request.path.name)
        if request.path.subresource != nil { return try runSubresource(request) }
        switch request.verb {
        case .get: return try get(request)
        case .list: return try list(request)
        case .watch: return try watch(request)
        case .create:
            if request.definition.gvk == Self.bindingKind { return try bindByCollection(request) }
            if let answer = try review(request) { return answer }
            return try create(request)
        case .update: return try update(request)
        case .patch: return try patch(request)
        case .delete: return try delete(request)
        case .deletecollection: return try deleteCollection(request)
        }
    }
}

extension StatusError {
    /// The mark of a path below a group that nobody serves; answered as plain text.
    static let unknownGroup = StatusError(code: 404, reason: .notFound, message: "404 page not found")
}
