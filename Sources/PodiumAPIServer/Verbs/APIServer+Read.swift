// SPDX-License-Identifier: Apache-2.0
// GET of an object and of a collection: stored bytes, joined but never parsed.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumRegistry
import PodiumSchema
import PodiumStorage

extension APIServer {
    func get(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        guard let version = request.query["resourceVersion"] else { return try getNow(request) }
        return try answer(request, reaching: try ListOptions.revision(version)) { server throws(StatusError) in
            try server.getNow(request)
        }
    }

    private func getNow(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        if let answer = try computed(request) { return answer }
        // Without a store, which knows more than is needed to read one object.
        let resource = request.definition.storage
        let key = ObjectKey(resource, namespace: request.path.namespace, name: request.name)
        guard let object = try api.storage.object(key) else { throw .notFound(resource, request.name) }
        return try AnswerWriter(request, self).object(object)
    }

    func list(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        if let answer = try computed(request) { return answer }
        let options = try ListOptions(query: request.query, of: request.definition)
        return try answer(request, reaching: try options.awaitedRevision) { server throws(StatusError) in
            try AnswerWriter(request, server).list(try server.store(request).list(options))
        }
    }

    func watch(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        var options = try ListOptions(query: watchQuery(request), of: request.definition)
        options.isWatch = true
        if let name = request.path.name { options.fields = FieldSelector([.init("metadata.name", name)]) }
        let awaited = options.showsInitialEvents(try options.revision()) ? try options.revision() : nil
        return try answer(request, reaching: awaited) { [options] server throws(StatusError) in
            try server.watchNow(request, options)
        }
    }

    private func watchNow(
        _ request: ResourceRequest,
        _ options: ListOptions
    ) throws(StatusError) -> HTTPResponse {
        let store = store(request)
        let scope = store.scope(of: options)
        let plan = try watchPlan(request, store, options)
        let storage = api.storage
        let resource = request.definition.storage
        let revision = plan.revision
        let stream = WatchStream(
            plan,
            encoding: try AnswerWriter(request, self).watchEncoding(),
            host: api.host,
            counting: { [metrics, definition = request.definition] in metrics.countWatchEvents($0, of: definition) }
        ) { wake throws(StorageError) in
            try storage.watch(resource, scope: scope, after: revision, wake: wake)
        }
        return HTTPResponse(status: 200, contentType: request.form.watchContentType, body: .stream(stream))
    }

    private func watchQuery(_ request: ResourceRequest) throws(StatusError) -> QueryParameters {
        if request.query.contains("watch") { return request.query }
        return try QueryParameters(request.http.rawQuery + "&watch=true")
    }

    /// Where a watch begins: at a revision, or with everything that is there.
    // Kubernetes: storage/cacher/cacher.go Watch; the table of resourceVersion semantics in the API concepts
    private func watchPlan(
        _ request: ResourceRequest,
        _ store: ResourceStore,
        _ options: ListOptions
    ) throws(StatusError) -> WatchPlan {
        let requested = try options.revision()
        let seconds = options.timeout ?? .zero
        let timeout =
            seconds > .zero
            ? seconds : WatchTimeout.minimum + .seconds(watchTimeouts.below(WatchTimeout.spread))
        guard options.showsInitialEvents(requested) else {
            let revision = requested.flatMap { $0.number > 0 ? $0 : nil } ?? api.storage.revision
            return WatchPlan(revision: revision, options: options, timeout: timeout, bookmark: bookmark(of: request))
        }
        var everything = options
        everything.limit = 0
        everything.continueToken = ""
        everything.resourceVersion = ""
        let list = try store.list(everything)
        var plan = WatchPlan(
            revision: list.revision,
            options: options,
            timeout: timeout,
            bookmark: bookmark(of: request)
        )
        plan.initial = list.objects
        // Also where nobody asked for the objects in so many words: no revision, or 0, means the same.
        // Kubernetes: apimachinery/pkg/apis/meta/internalversion/defaults.go SetListOptionsDefaults
        plan.marksInitialEnd = options.allowsBookmarks
        return plan
    }

    /// An object of the request's kind in which nothing is set.
    private func bookmark(of request: ResourceRequest) -> JSONValue {
        let definition = request.definition
        let type = definition.rules.conversion == nil ? definition.gvk : definition.storedAs
        let object: JSONValue = [
            "kind": .string(type.kind), "apiVersion": .string(type.groupVersion.description), "metadata": [:],
        ]
        guard let schema = request.surface.schemas.schema(for: type),
            let empty = try? SchemaDecoder.decode(object, as: schema)
        else { return object }
        return empty.value
    }
}

extension ListOptions {
    /// Whether a watch begins with what is there.
    fileprivate func showsInitialEvents(_ revision: Revision?) -> Bool {
        sendsInitialEvents ?? (revision == nil || revision == Revision(0))
    }
}

/// How long a watch lasts when its client does not say: at random, so that clients do not come back all at once.
// Kubernetes: --min-request-timeout
private enum WatchTimeout {
    static let minimum = Duration.seconds(1800)
    static let spread = 1800
}
