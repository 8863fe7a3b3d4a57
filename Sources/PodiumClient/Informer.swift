// SPDX-License-Identifier: Apache-2.0
// Keeps a copy of a collection and tells its owner of every change, on the owner's queue.

import Logging
import OrderedCollections
package import PodiumHost
package import PodiumMachinery
package import PodiumStorage
import Synchronization

/// A change that an informer saw.
package enum InformerEvent: Sendable {
    /// The object is new to this informer.
    case added(APIObject)
    /// The object changed; the first value is the one this informer knew before.
    case updated(old: APIObject, new: APIObject)
    /// The object is gone; the value is its last state.
    case deleted(APIObject)

    /// The object after the change, or the last state of a deleted one.
    package var object: APIObject {
        switch self {
        case .added(let object), .updated(_, let object), .deleted(let object): object
        }
    }
}

/// A list and a watch of one collection.
///
/// Its handler first gets `added` for everything there is and then every change, in the order of revisions and always
/// on the queue given. When it fell behind the history it lists again and reports the differences.
// State | guarded by | why separate
// cache, cursor | queue | they change together with the handler's own state
// pending | atomic | set by writers on any thread, so that many changes cost one block
// Kubernetes: client-go/tools/cache/shared_informer.go, reflector.go
package final class Informer: Sendable {
    /// The limits of an informer.
    package enum Limits {
        /// How many events are taken from the history at a time.
        package static let maximumEventsPerPull = 256
    }

    private struct State {
        var cache: OrderedDictionary<NamespacedName, APIObject> = [:]
        var cursor: (any WatchCursor)?
        var backOff = RelistBackOff()
        var stopped = false
    }

    private let storage: any Storage
    private let host: Host
    private let resource: GroupResource
    private let scope: ListScope
    private let skipsHeartbeats: Bool
    private let state: Confined<State>
    private let pending = Atomic<Bool>(false)
    private let handler: @Sendable (InformerEvent) -> Void

    /// Makes an informer; nothing happens before `start`. `handler` runs on `queue` only. An informer that skips
    /// heartbeats knows the state before them.
    package init(
        client: ResourceClient,
        resource: GroupResource,
        scope: ListScope = .all,
        skipsHeartbeats: Bool = false,
        queue: any SerialQueue,
        handler: @escaping @Sendable (InformerEvent) -> Void
    ) {
        storage = client.storage
        host = client.host
        self.resource = resource
        self.scope = scope
        self.skipsHeartbeats = skipsHeartbeats
        self.handler = handler
        state = Confined(State(), on: queue)
    }

    /// Begins to list and watch.
    package func start() { state.queue.async { self.relist() } }

    /// Ends the watch; the handler is not called again once the queue has come to this.
    package func stop() {
        state.async { state in
            state.stopped = true
            state.cursor?.close()
            state.cursor = nil
        }
    }

    /// The object this informer knows under `name`. Only on the queue.
    package func object(_ name: NamespacedName) -> APIObject? { state.withState { $0.cache[name] } }

    /// All objects this informer knows, in no particular but a repeatable order. Only on the queue.
    package var objects: [APIObject] { state.withState { Array($0.cache.values) } }

    /// Called by storage after a change, on any thread.
    private func wake() {
        if pending.exchange(true, ordering: .acquiringAndReleasing) { return }
        state.queue.async { self.drain() }
    }

    private func drain() {
        pending.store(false, ordering: .releasing)
        while true {
            guard let cursor = state.withState({ $0.cursor }) else { return }
            do throws(StorageError) {
                let (events, _) = try cursor.next(limit: Limits.maximumEventsPerPull)
                if events.isEmpty { return }
                for event in events { apply(event) }
            } catch .ended {
                return
            } catch .compacted {
                // The history moved on without this informer.
                relist()
            } catch {
                relistLater(error)
                return
            }
        }
    }

    private func apply(_ event: StorageEvent) {
        let object = APIObject(event.object)
        switch event.kind {
        case .added, .modified:
            let old = state.withState { $0.cache.updateValue(object, forKey: object.key.name) }
            handler(old.map { .updated(old: $0, new: object) } ?? .added(object))
        case .deleted:
            if state.withState({ $0.cache.removeValue(forKey: object.key.name) }) != nil { handler(.deleted(object)) }
        }
    }

    private func relist() {
        state.withState { $0.cursor?.close() }
        if state.withState({ $0.stopped }) { return }
        do throws(StorageError) {
            let snapshot = try storage.list(resource, scope: scope, from: nil, limit: nil, at: nil)
            let cursor = try storage.watch(
                resource,
                scope: scope,
                after: snapshot.revision,
                skippingHeartbeats: skipsHeartbeats
            ) { [weak self] in self?.wake() }
            state.withState { state in
                state.cursor = cursor
                state.backOff.reset()
            }
            replaceCache(with: snapshot.objects)
            wake()
        } catch .ended {
            return
        } catch .compacted {
            // The history was cut between the list and the watch: both again.
            state.queue.async { self.relist() }
        } catch {
            relistLater(error)
        }
    }

    /// Lists again after a while of the machine's time: what keeps storage from answering has nothing to do with the
    /// time of the cluster. Until then this informer knows what it knew.
    private func relistLater(_ error: StorageError) {
        let delay = state.withState { state in
            state.cursor?.close()
            state.cursor = nil
            return state.backOff.next()
        }
        host.logger.warning("\(resource) cannot be listed, again in \(delay): \(error)")
        _ = host.timeouts.schedule(after: delay) { [weak self] in
            guard let self else { return }
            self.state.queue.async { self.relist() }
        }
    }

    private func replaceCache(with objects: [StoredObject]) {
        let names = Set(objects.map(\.key.name))
        for gone in state.withState({ $0.cache.values.filter { !names.contains($0.key.name) } }) {
            _ = state.withState { $0.cache.removeValue(forKey: gone.key.name) }
            handler(.deleted(gone))
        }
        for stored in objects {
            let known = state.withState { $0.cache[stored.key.name] }
            if known?.revision == stored.revision { continue }
            let object = APIObject(stored)
            state.withState { $0.cache[object.key.name] = object }
            handler(known.map { .updated(old: $0, new: object) } ?? .added(object))
        }
    }
}
