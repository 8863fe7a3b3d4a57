// SPDX-License-Identifier: Apache-2.0
// One informer a collection for all controllers on one queue, so that an object is read once for all of them.

package import PodiumHost
package import PodiumMachinery
package import PodiumRegistry
package import PodiumStorage

/// The informers of a group of controllers that share a queue.
///
/// Controllers register their handlers before `start`; each change reaches them in the order of registration.
// Kubernetes: client-go/informers/factory.go SharedInformerFactory
// State | guarded by | why separate
// handlers, informers | queue | the queue of the controllers
package final class SharedInformers: Sendable {
    /// Called with every change of a collection.
    package typealias Handler = @Sendable (InformerEvent) -> Void

    private struct State {
        /// In the order of the first registration, which is the order in which collections are listed.
        var resources: [GroupResource] = []
        var handlers: [GroupResource: [Handler]] = [:]
        var listHandlers: [GroupResource: [@Sendable () -> Void]] = [:]
        var informers: [GroupResource: Informer] = [:]
        var isStarted = false
        var stopped = false
    }

    package let client: ResourceClient
    private let state: Confined<State>

    /// Makes informers that run on `queue`.
    package init(client: ResourceClient, queue: any SerialQueue) {
        self.client = client
        state = Confined(State(), on: queue)
    }

    private init(_ other: SharedInformers, client: ResourceClient) {
        self.client = client
        state = other.state
    }

    /// The same informers with a client that writes as `user`.
    package func acting(as user: UserInfo, fieldManager: String) -> SharedInformers {
        SharedInformers(self, client: client.acting(as: user, fieldManager: fieldManager))
    }

    /// The queue on which handlers run and objects may be read.
    package var queue: any SerialQueue { state.queue }

    /// Has `handler` called with what there is in a collection and then with every change. Only on the queue.
    package func handle(_ resource: GroupResource, _ handler: @escaping Handler) {
        let informer = state.withState { state -> Informer? in
            if state.handlers[resource] == nil { state.resources.append(resource) }
            state.handlers[resource, default: []].append(handler)
            return state.isStarted && state.informers[resource] == nil ? makeInformer(resource, &state) : nil
        }
        informer?.start()
    }

    /// Has `handler` called whenever a collection was listed, at the beginning and after changes were missed, once all
    /// differences have been told. Only on the queue.
    package func whenListed(_ resource: GroupResource, _ handler: @escaping @Sendable () -> Void) {
        state.withState { $0.listHandlers[resource, default: []].append(handler) }
    }

    /// Begins to list and watch. Only on the queue.
    package func start() {
        let informers = state.withState { state -> [Informer] in
            if state.isStarted || state.stopped { return [] }
            state.isStarted = true
            return state.resources.map { makeInformer($0, &state) }
        }
        for informer in informers { informer.start() }
    }

    /// Ends all watches. Only on the queue.
    package func stop() {
        let informers = state.withState { state in
            state.stopped = true
            state.handlers = [:]
            state.listHandlers = [:]
            defer { state.informers = [:] }
            return state.resources.compactMap { state.informers[$0] }
        }
        for informer in informers { informer.stop() }
    }

    private func makeInformer(_ resource: GroupResource, _ state: inout State) -> Informer {
        let informer = Informer(
            client: client,
            resource: resource,
            keeps: resource == .pods ? .bytes : .trees,
            // Whose controller goes by them looks for itself, when it is time.
            skipsHeartbeats: true,
            queue: self.state.queue,
            whenListed: { [weak self] in
                for handler in self?.state.withState({ $0.listHandlers[resource] ?? [] }) ?? [] { handler() }
            }
        ) { [weak self] event in
            guard let self else { return }
            for handler in self.state.withState({ $0.handlers[resource] ?? [] }) { handler(event) }
        }
        state.informers[resource] = informer
        return informer
    }

    /// The object of this name as the informers know it. Only on the queue.
    package func object(_ resource: GroupResource, _ name: NamespacedName) -> APIObject? {
        state.withState { $0.informers[resource] }?.object(name)
    }

    /// The object as it is in storage, which may be newer than what the informers know. When it is not, it is theirs,
    /// whose tree is read once for all. Only on the queue.
    package func current(_ key: ObjectKey) throws(StatusError) -> APIObject? {
        guard let stored = try client.storage.object(key) else { return nil }
        if let known = object(key.resource, key.name), known.revision == stored.revision { return known }
        return APIObject(stored)
    }

    /// The cluster-scoped object of this name as the informers know it. Only on the queue.
    package func object(_ resource: GroupResource, _ name: String) -> APIObject? {
        object(resource, NamespacedName(namespace: "", name: name))
    }

    /// Up to which revision every change of a collection is known; nil when nobody follows it. Only on the queue.
    package func revision(of resource: GroupResource) -> Revision? {
        state.withState { $0.informers[resource] }?.revision
    }

    /// All objects of a collection as the informers know them, in a repeatable order. Only on the queue.
    package func objects(_ resource: GroupResource) -> [APIObject] {
        state.withState { $0.informers[resource] }?.objects ?? []
    }
}
