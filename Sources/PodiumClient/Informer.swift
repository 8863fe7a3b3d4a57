// SPDX-License-Identifier: Apache-2.0
// Keeps a copy of a collection and tells its owner of every change, on the owner's queue.

import OrderedCollections
package import PodiumHost
package import PodiumMachinery
package import PodiumStorage

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

/// A copy of one collection.
///
/// Its handler first gets `added` for everything there is and then every change, in the order of revisions and always
/// on the queue given. When it fell behind the history, or storage could not be reached, it reports the differences.
// State | guarded by | why separate
// cache | queue | it changes together with the handler's own state
// Kubernetes: client-go/tools/cache/shared_informer.go
package final class Informer: Sendable {
    /// What is kept of each object.
    package enum Retention: Sendable {
        /// Its tree too, once somebody has read it: for collections of which the same few objects are looked at often.
        case trees
        /// What is stored of it and nothing more, for large collections: a tree is four times as large. It is read for
        /// a change, if a handler asks for it, and let go after that.
        case bytes
    }

    private struct Cache {
        var objects: OrderedDictionary<NamespacedName, APIObject> = [:]
        /// Every change up to this one is known.
        var revision = Revision(0)
    }

    private let cache: Confined<Cache>
    private let retention: Retention
    private let reflector: Reflector

    /// Makes an informer; nothing happens before `start`. `handler` runs on `queue` only. An informer that skips
    /// heartbeats knows the state before them. `whenListed` is called after the differences to a list were told.
    package init(
        client: ResourceClient,
        resource: GroupResource,
        scope: ListScope = .all,
        keeps retention: Retention = .trees,
        skipsHeartbeats: Bool = false,
        queue: any SerialQueue,
        whenListed: @escaping @Sendable () -> Void = {},
        handler: @escaping @Sendable (InformerEvent) -> Void
    ) {
        let cache = Confined(Cache(), on: queue)
        self.cache = cache
        self.retention = retention
        reflector = Reflector(
            resource,
            scope: scope,
            skipsHeartbeats: skipsHeartbeats,
            client: client,
            queue: queue
        ) { event in
            switch event {
            case .listed(let objects, let revision):
                cache.withState { $0.revision = revision }
                Self.replace(cache, with: objects, retention, handler)
                whenListed()
            case .changed(let object):
                cache.withState { $0.revision = object.revision }
                Self.take(object, into: cache, retention, handler)
            case .removed(let object):
                let known = cache.withState { cache in
                    cache.revision = object.revision
                    return cache.objects.removeValue(forKey: object.key.name)
                }
                if known != nil { handler(.deleted(APIObject(object))) }
            }
        }
    }

    /// Begins to list and watch.
    package func start() { reflector.start() }

    /// Ends the watch; the handler is not called again once the queue has come to this.
    package func stop() { reflector.stop() }

    /// The object this informer knows under `name`. Only on the queue.
    package func object(_ name: NamespacedName) -> APIObject? {
        cache.withState { $0.objects[name] }.map { retention.given($0) }
    }

    /// All objects this informer knows, in no particular but a repeatable order. Only on the queue.
    package var objects: [APIObject] { cache.withState { $0.objects.values.map(retention.given) } }

    /// Every change of the collection up to this revision is known. Only on the queue.
    package var revision: Revision { cache.withState { $0.revision } }

    private static func take(
        _ stored: StoredObject,
        into cache: Confined<Cache>,
        _ retention: Retention,
        _ handler: (InformerEvent) -> Void
    ) {
        let object = APIObject(stored)
        let old = cache.withState { $0.objects.updateValue(retention.given(object), forKey: object.key.name) }
        handler(old.map { .updated(old: $0, new: object) } ?? .added(object))
    }

    private static func replace(
        _ cache: Confined<Cache>,
        with objects: [StoredObject],
        _ retention: Retention,
        _ handler: (InformerEvent) -> Void
    ) {
        let names = Set(objects.map(\.key.name))
        for gone in cache.withState({ $0.objects.values.filter { !names.contains($0.key.name) } }) {
            _ = cache.withState { $0.objects.removeValue(forKey: gone.key.name) }
            handler(.deleted(gone))
        }
        for stored in objects where cache.withState({ $0.objects[stored.key.name]?.revision }) != stored.revision {
            take(stored, into: cache, retention, handler)
        }
    }
}

extension Informer.Retention {
    /// What is given away of an object that is kept, or kept of one that is given away: of either the other does not
    /// keep the tree.
    fileprivate func given(_ object: APIObject) -> APIObject {
        switch self {
        case .trees: object
        case .bytes: APIObject(object.stored)
        }
    }
}
