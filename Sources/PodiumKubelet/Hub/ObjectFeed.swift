// SPDX-License-Identifier: Apache-2.0
// Follows a collection without reading or keeping its objects: most changes are the kubelets' own, or concern none.

import Logging
import PodiumClient
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Synchronization

/// What happened to objects.
enum FeedEvent: Sendable {
    /// These are all there are, in key order.
    case listed([StoredObject])
    case changed(StoredObject)
    /// It is gone; this was its last state.
    case removed(StoredObject)
}

/// A list and a watch of a collection.
// State | guarded by | why separate
// cursor | queue | the queue of the kubelets
// pending | atomic | set by writers on any thread, so that many changes cost one block
// Kubernetes: client-go/tools/cache/reflector.go
final class ObjectFeed: Sendable {
    /// The limits of a feed.
    enum Limits {
        /// How many changes are taken from the history at a time.
        static let maximumEventsPerPull = 256
    }

    private struct State {
        var cursor: (any WatchCursor)?
        var backOff = RelistBackOff()
        var isStopped = false
    }

    private let storage: any Storage
    private let host: Host
    private let resource: GroupResource
    private let state: Confined<State>
    private let pending = Atomic<Bool>(false)
    private let handler: @Sendable (FeedEvent) -> Void

    /// A feed that calls `handler` on `queue`; nothing happens before `start`.
    init(
        _ resource: GroupResource,
        client: ResourceClient,
        queue: any SerialQueue,
        handler: @escaping @Sendable (FeedEvent) -> Void
    ) {
        self.resource = resource
        storage = client.storage
        host = client.host
        self.handler = handler
        state = Confined(State(), on: queue)
    }

    /// Begins with a list.
    func start() { state.queue.async { self.relist() } }

    /// Ends the watch; the handler is not called again once the queue has come to this.
    func stop() {
        state.async { state in
            state.isStopped = true
            state.cursor?.close()
            state.cursor = nil
        }
    }

    /// Called by storage after a change, on any thread.
    private func wake() {
        if pending.exchange(true, ordering: .acquiringAndReleasing) { return }
        state.queue.async { self.drain() }
    }

    private func drain() {
        pending.store(false, ordering: .releasing)
        while let cursor = state.withState({ $0.cursor }) {
            do throws(StorageError) {
                let (events, _) = try cursor.next(limit: Limits.maximumEventsPerPull)
                if events.isEmpty { return }
                for event in events {
                    handler(event.kind == .deleted ? .removed(event.object) : .changed(event.object))
                }
            } catch .ended {
                return
            } catch .compacted {
                // The history moved on without this feed.
                relist()
            } catch {
                relistLater(error)
                return
            }
        }
    }

    private func relist() {
        state.withState { $0.cursor?.close() }
        if state.withState({ $0.isStopped }) { return }
        do throws(StorageError) {
            let snapshot = try storage.list(resource, scope: .all, from: nil, limit: nil, at: nil)
            let cursor = try storage.watch(resource, scope: .all, after: snapshot.revision) { [weak self] in
                self?.wake()
            }
            state.withState { state in
                state.cursor = cursor
                state.backOff.reset()
            }
            handler(.listed(snapshot.objects))
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

    /// Lists again after a while of the machine's time.
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
}
