// SPDX-License-Identifier: Apache-2.0
// Lists and watches a collection without reading or keeping its objects, for whoever does one or the other.

import Logging
package import PodiumHost
package import PodiumMachinery
package import PodiumStorage
import Synchronization

/// What a reflector sees.
package enum ReflectorEvent: Sendable {
    /// These are all there are at a revision, in key order.
    case listed([StoredObject], at: Revision)
    case changed(StoredObject)
    /// It is gone; this was its last state.
    case removed(StoredObject)
}

/// A list and a watch of a collection.
// State | guarded by | why separate
// cursor | queue | events are handled there, one after the other
// pending | atomic | set by writers on any thread, so that many changes cost one block
// Kubernetes: client-go/tools/cache/reflector.go
package final class Reflector: Sendable {
    /// The limits of a reflector.
    package enum Limits {
        /// How many changes are taken from the history at a time.
        package static let maximumEventsPerPull = 256
    }

    private struct State {
        var cursor: (any WatchCursor)?
        var backOff = RelistBackOff()
        var isStopped = false
    }

    private let storage: any Storage
    private let host: Host
    private let resource: GroupResource
    private let scope: ListScope
    private let skipsHeartbeats: Bool
    private let state: Confined<State>
    private let pending = Atomic<Bool>(false)
    private let handler: @Sendable (ReflectorEvent) -> Void

    /// A reflector that calls `handler` on `queue` only; nothing happens before `start`.
    package init(
        _ resource: GroupResource,
        scope: ListScope = .all,
        skipsHeartbeats: Bool = false,
        client: ResourceClient,
        queue: any SerialQueue,
        handler: @escaping @Sendable (ReflectorEvent) -> Void
    ) {
        self.resource = resource
        self.scope = scope
        self.skipsHeartbeats = skipsHeartbeats
        storage = client.storage
        host = client.host
        self.handler = handler
        state = Confined(State(), on: queue)
    }

    /// Begins with a list.
    package func start() { state.queue.async { self.relist() } }

    /// Ends the watch; the handler is not called again once the queue has come to this.
    package func stop() {
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
                // The history moved on without this reflector.
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
            handler(.listed(snapshot.objects, at: snapshot.revision))
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
    /// time of the cluster.
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
