// SPDX-License-Identifier: Apache-2.0
// What a request asks for, decided once: what is authorised and what is then run are read from the same value.

import PodiumExchange
import PodiumMachinery
import PodiumRegistry

/// Who answers a request about a resource.
enum ResourceHandler: Sendable {
    case get
    case list
    case watch
    case create
    case update
    case patch
    case delete
    case deleteCollection
    /// A question that is answered and not stored.
    case review
    /// A Binding that names its pod itself.
    case bindByCollection
    case bind
    case evict
    case log
    case connect
    case proxy
    case issueToken
    case scale
    /// A part of the object that is shown with the whole and written by rules of its own.
    case part(any ResourceStrategy)
}

/// What is run for a request about a resource when the sender may do it.
// A class for the same reason as its path.
final class ResourceRoute: Sendable {
    let path: ResourcePath
    let query: QueryParameters
    let surface: APISurface
    let definition: ResourceDefinition
    let verb: APIVerb
    let subresource: SubresourceDefinition?
    let handler: ResourceHandler

    init(
        _ path: ResourcePath,
        _ query: QueryParameters,
        in surface: APISurface,
        definition: ResourceDefinition,
        subresource: SubresourceDefinition?,
        _ action: (verb: APIVerb, handler: ResourceHandler)
    ) {
        self.path = path
        self.query = query
        self.surface = surface
        self.definition = definition
        self.subresource = subresource
        (verb, handler) = action
    }
}

/// What a request about a resource comes to.
enum Routing: AccessDescribing, Sendable {
    case found(ResourceRoute)
    /// What is asked for, without a verb for methods that mean nothing here, and why nothing is run.
    // Aside, because whoever looks at a route would count references to all of it otherwise.
    indirect case refused(ResourcePath, QueryParameters, APIVerb?, StatusError)

    var access: AccessRequest {
        switch self {
        case .found(let route): route.path.access(route.verb, route.query)
        case .refused(let path, let query, let verb, _): path.access(verb, query)
        }
    }

    /// What is run.
    /// - Throws: the reason when nothing is.
    func route() throws(StatusError) -> ResourceRoute {
        switch self {
        case .found(let route): return route
        case .refused(_, _, _, let reason): throw reason
        }
    }
}

/// Finds out what requests ask for.
struct Router {
    private let surface: APISurface

    init(_ surface: APISurface) { self.surface = surface }

    /// Decides verb, subresource and handler together.
    ///
    /// A request that cannot be run has a verb all the same, so that it is refused to those who may not ask before
    /// anybody learns why.
    func route(_ method: String, _ path: ResourcePath, _ query: QueryParameters) -> Routing {
        let verb = Self.verb(method, path, query)
        do throws(StatusError) {
            return .found(try resolve(method, path, query, verb))
        } catch {
            return .refused(path, query, verb, error)
        }
    }

    // Kubernetes: apiserver/pkg/endpoints/request/requestinfo.go
    private static func verb(_ method: String, _ path: ResourcePath, _ query: QueryParameters) -> APIVerb? {
        if path.isLegacyWatch { return .watch }
        let isCollection = path.name?.isEmpty ?? true
        switch method {
        // `watch` means something for collections alone: with the name of an object it is overlooked, as upstream.
        case "GET", "HEAD": return isCollection ? query.flag("watch") ? .watch : .list : .get
        case "POST": return .create
        case "PUT": return .update
        case "PATCH": return .patch
        case "DELETE": return isCollection ? .deletecollection : .delete
        default: return nil
        }
    }

    /// What answers; by rules of its own for everything that goes beyond `verb`.
    /// - Throws: 404 for unknown paths, 405 for methods that the path does not have.
    // Kubernetes: apiserver/pkg/endpoints/installer.go registerResourceHandlers
    private func resolve(
        _ method: String,
        _ path: ResourcePath,
        _ query: QueryParameters,
        _ verb: APIVerb?
    ) throws(StatusError) -> ResourceRoute {
        let definition = try definition(path)
        let subresource = try subresource(path, of: definition)
        // Everything that answers HEAD stands outside of the resources.
        guard let verb, method != "HEAD", !path.isLegacyWatch || method == "GET" else { throw .methodNotAllowed }
        if !(subresource?.verbs.contains(verb) ?? definition.supports(verb)) { throw .methodNotAllowed }
        if subresource == nil {
            let isCollection = path.name == nil
            switch verb {
            case .create where !isCollection, .update where isCollection, .patch where isCollection:
                throw .methodNotAllowed
            // Objects are made, and emptied out, in one namespace only.
            case .create where path.namespace.isEmpty && definition.isNamespaced,
                .deletecollection where path.namespace.isEmpty && definition.isNamespaced:
                throw .methodNotAllowed
            default: break
            }
        }
        let handler = try Self.handler(definition, subresource, verb)
        return ResourceRoute(
            path,
            query,
            in: surface,
            definition: definition,
            subresource: subresource,
            (verb, handler)
        )
    }

    private func definition(_ path: ResourcePath) throws(StatusError) -> ResourceDefinition {
        let (registry, version) = (surface.registry, path.groupVersion)
        // The core group has no name below /apis.
        if path.isNamedGroup, version.group.isEmpty { throw .unknownGroup }
        guard let definition = registry.resource(group: version.group, version: version.version, plural: path.plural),
            definition.isNamespaced || path.namespace.isEmpty
        else {
            if !version.group.isEmpty, registry.group(version.group) == nil { throw .unknownGroup }
            throw .pathNotFound
        }
        guard let name = path.name else { return definition }
        // `pods//log` names nothing.
        if name.isEmpty || definition.isNamespaced && path.namespace.isEmpty { throw .pathNotFound }
        return definition
    }

    private func subresource(
        _ path: ResourcePath,
        of definition: ResourceDefinition
    ) throws(StatusError) -> SubresourceDefinition? {
        if path.isLegacyWatch {
            // Only objects can be watched, and only where their kind can.
            if path.subresource != nil || !definition.supports(.watch) { throw .pathNotFound }
            return nil
        }
        guard let name = path.subresource else { return nil }
        guard let found = definition.subresource(name), path.rest.isEmpty || name == "proxy" else {
            throw .pathNotFound
        }
        return found
    }

    private static func handler(
        _ definition: ResourceDefinition,
        _ subresource: SubresourceDefinition?,
        _ verb: APIVerb
    ) throws(StatusError) -> ResourceHandler {
        if let subresource { return try handler(definition, subresource.name) }
        switch verb {
        case .get: return .get
        case .list: return .list
        case .watch: return .watch
        case .create where definition.gvk == APIServer.bindingKind: return .bindByCollection
        case .create where AccessReview.kinds.contains(definition.groupResource): return .review
        case .create: return .create
        case .update: return .update
        case .patch: return .patch
        case .delete: return .delete
        case .deletecollection: return .deleteCollection
        }
    }

    private static func handler(
        _ definition: ResourceDefinition,
        _ subresource: String
    ) throws(StatusError) -> ResourceHandler {
        switch (definition.groupResource, subresource) {
        case (.pods, "binding"): return .bind
        case (.pods, "eviction"): return .evict
        case (.pods, "log"): return .log
        case (.pods, "exec"), (.pods, "attach"), (.pods, "portforward"): return .connect
        case (.pods, "proxy"), (.nodes, "proxy"), (.services, "proxy"): return .proxy
        case (.serviceAccounts, "token"): return .issueToken
        case (_, "scale"): return .scale
        case (_, let subresource):
            guard let strategy = definition.rules.strategy(of: subresource) else { throw .pathNotFound }
            return .part(strategy)
        }
    }
}

extension ResourcePath {
    /// What is asked for by `verb`, in the words of authorization.
    // Kubernetes: apiserver/pkg/endpoints/request/requestinfo.go
    func access(_ verb: APIVerb?, _ query: QueryParameters) -> AccessRequest {
        var attributes = ResourceAttributes(
            verb: verb?.rawValue ?? "",
            group: groupVersion.group,
            version: groupVersion.version,
            resource: plural,
            subresource: subresource ?? "",
            namespace: namespace,
            name: name ?? ""
        )
        // A namespace is an object within itself.
        if plural == "namespaces", namespace.isEmpty, groupVersion.group.isEmpty {
            attributes.namespace = attributes.name
        }
        if attributes.name.isEmpty, verb == .list || verb == .watch, let name = Self.selectedName(query) {
            attributes.name = name
        }
        return .resource(attributes)
    }

    /// The one name that a field selector leaves of a collection.
    private static func selectedName(_ query: QueryParameters) -> String? {
        guard let text = query["fieldSelector"], !text.isEmpty else { return nil }
        let terms = text.split(separator: ",").map { $0.split(separator: "=", omittingEmptySubsequences: false) }
        // `a=b` and `a==b` alike; `!=` leaves the mark at the end of the key.
        let names = terms.filter { $0.first == "metadata.name" && ($0.count == 2 || $0.count == 3 && $0[1].isEmpty) }
        guard names.count == 1, let name = names[0].last, NameValidation.pathSegmentName(String(name)).isEmpty else {
            return nil
        }
        return String(name)
    }
}

extension AccessRequest {
    /// A request for a path outside of the resources, whose verb is its method.
    init(_ request: HTTPRequest, parts: [String]) {
        var path = "/" + parts.joined(separator: "/")
        // The slash at the end, which routing overlooks, is part of what rules are compared with.
        let hasSlash = ["/", "%2F", "%2f"].contains { request.rawPath.hasSuffix($0) }
        if hasSlash, path != "/" { path += "/" }
        self = .path(path, verb: request.method.lowercased())
    }

    /// A request to the administration, or to a cluster as a whole: paths with the verbs of resources.
    package init(administration path: String, method: String) {
        let verb =
            switch method {
            case "GET", "HEAD": "get"
            case "POST": "create"
            case "PUT": "update"
            default: method.lowercased()
            }
        self = .path(path, verb: verb)
    }
}
