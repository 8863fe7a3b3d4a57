// SPDX-License-Identifier: Apache-2.0
// What a request asks for in the words of authorization, read from its method, path and query alone.

import PodiumMachinery

extension AccessRequest {
    /// A request for a path outside of the resources.
    init(_ request: HTTPRequest, parts: [String]) {
        var path = "/" + parts.joined(separator: "/")
        // The slash at the end, which routing overlooks, is part of what rules are compared with.
        if request.rawPath.hasSuffix("/"), path != "/" { path += "/" }
        self = .path(path, verb: request.method.lowercased())
    }

    /// A request for a resource, whether or not there is such a resource.
    // Kubernetes: apiserver/pkg/endpoints/request/requestinfo.go
    init(_ request: HTTPRequest, _ path: ResourcePath, _ query: QueryParameters) {
        var attributes = ResourceAttributes(
            verb: Self.verb(request.method, path, query),
            group: path.groupVersion.group,
            version: path.groupVersion.version,
            resource: path.plural,
            subresource: path.subresource ?? "",
            namespace: path.namespace,
            name: path.name ?? ""
        )
        // A namespace is an object within itself.
        if path.plural == "namespaces", path.groupVersion.group.isEmpty { attributes.namespace = attributes.name }
        if attributes.name.isEmpty, let name = Self.selectedName(attributes.verb, query) { attributes.name = name }
        self = .resource(attributes)
    }

    private static func verb(_ method: String, _ path: ResourcePath, _ query: QueryParameters) -> String {
        if path.isLegacyWatch { return "watch" }
        switch method {
        case "POST": return "create"
        case "PUT": return "update"
        case "PATCH": return "patch"
        case "DELETE": return path.name == nil ? "deletecollection" : "delete"
        case "GET", "HEAD":
            if path.name != nil { return "get" }
            return query.flag("watch") ? "watch" : "list"
        default: return ""
        }
    }

    /// The one name that a field selector leaves of a collection.
    private static func selectedName(_ verb: String, _ query: QueryParameters) -> String? {
        guard verb == "list" || verb == "watch", let text = query["fieldSelector"], !text.isEmpty else { return nil }
        let terms = text.split(separator: ",").map { $0.split(separator: "=", omittingEmptySubsequences: false) }
        // `a=b` and `a==b` alike; `!=` leaves the mark at the end of the key.
        let names = terms.filter { $0.first == "metadata.name" && ($0.count == 2 || $0.count == 3 && $0[1].isEmpty) }
        guard names.count == 1, let name = names[0].last, NameValidation.pathSegmentName(String(name)).isEmpty else {
            return nil
        }
        return String(name)
    }
}
