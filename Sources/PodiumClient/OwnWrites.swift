// SPDX-License-Identifier: Apache-2.0
// What a controller has written and not seen come back yet, so that it does not decide the same thing twice.

import PodiumHost
package import PodiumMachinery
package import PodiumStorage

/// The last writes of a controller for each of its keys.
///
/// A controller looks at what its informers know, which may be older than what it wrote itself a moment ago: then it
/// would do it once more. It waits until they have caught up. The change that it waits for comes to its handlers like
/// every other one, and has the key reconciled again.
///
/// Upstream counts the additions and deletions that it expects, and gives up on them after five minutes. Here storage
/// has one order of revisions, so that the revision of the last write says it all.
// Kubernetes: pkg/controller/controller_utils.go ControllerExpectations
package struct OwnWrites<Key: Hashable & Sendable>: Sendable {
    private var last: [Key: [GroupResource: Revision]] = [:]
    /// Keys that were to be looked at and had to wait.
    private var held: Set<Key> = []

    package init() {}

    /// Notes a write to `resource` for `key`.
    package mutating func note(_ revision: Revision, of resource: GroupResource, for key: Key) {
        let known = last[key]?[resource] ?? revision
        last[key, default: [:]][resource] = max(known, revision)
    }

    /// Whether everything that was written for `key` has come back; it is forgotten then.
    /// - Parameter seen: up to which revision the changes of a collection are known.
    package mutating func haveComeBack(for key: Key, _ seen: (GroupResource) -> Revision?) -> Bool {
        guard let writes = last[key] else { return true }
        for (resource, revision) in writes {
            if let known = seen(resource), known < revision {
                held.insert(key)
                return false
            }
        }
        last[key] = nil
        held.remove(key)
        return true
    }

    /// Whether a change is no more than the last own write coming back, after which nobody wanted to look.
    package func isEcho(_ revision: Revision, of resource: GroupResource, for key: Key) -> Bool {
        last[key]?[resource] == revision && !held.contains(key)
    }

    /// Forgets what was written for `key`, which is gone.
    package mutating func forget(_ key: Key) {
        last[key] = nil
        held.remove(key)
    }

    /// The keys for which something has not come back.
    package var pending: [Key] { Array(last.keys) }
}

/// Holds back keys until the informers know what was written for them.
// State | guarded by | why separate
// writes | queue | the queue of the informers, whose changes are waited for
package final class OwnWriteGate<Key: Hashable & Comparable & Sendable>: Sendable {
    private let informers: SharedInformers
    private let writes: Confined<OwnWrites<Key>>

    package init(informers: SharedInformers) {
        self.informers = informers
        writes = Confined(OwnWrites(), on: informers.queue)
    }

    /// Has `controller` look again at what waits after one of `resources` was listed anew: what was waited for may have
    /// come and gone unseen.
    package func watch(_ resources: [GroupResource], _ controller: Controller<Key>) {
        for resource in resources {
            informers.whenListed(resource) { [weak self] in
                for key in self?.writes.withState({ $0.pending }).sorted() ?? [] { controller.add(key) }
            }
        }
    }

    /// Notes a write to `resource` for `key`. Only on the queue, as all here.
    package func note(_ revision: Revision, of resource: GroupResource, for key: Key) {
        writes.withState { $0.note(revision, of: resource, for: key) }
    }

    /// Whether `key` may be looked at: everything that was written for it is known.
    package func isOpen(for key: Key) -> Bool {
        writes.withState { $0.haveComeBack(for: key, informers.revision) }
    }

    /// Whether a change is nothing but the own last write, so that there is nothing new to look at.
    package func isEcho(_ change: InformerEvent, for key: Key) -> Bool {
        guard case .updated(_, let object) = change else { return false }
        return writes.withState { $0.isEcho(object.revision, of: object.key.resource, for: key) }
    }

    package func forget(_ key: Key) { writes.withState { $0.forget(key) } }
}
