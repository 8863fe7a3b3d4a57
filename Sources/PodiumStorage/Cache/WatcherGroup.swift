// SPDX-License-Identifier: Apache-2.0
// Who is to be woken by a change: watchers of a collection, sorted by what they look at.

import PodiumMachinery

/// The watchers of one collection.
///
/// A change wakes those of the whole collection, of its namespace and of its object, and nobody else, so that many
/// watchers of single objects cost a write nothing.
struct WatcherGroup: Sendable {
    /// One registered watcher.
    struct Watcher: Sendable {
        let id: UInt64
        /// Whether it is not to be told of heartbeats.
        let skipsHeartbeats: Bool
        let wake: @Sendable () -> Void
    }

    private var everything: [Watcher] = []
    private var namespaces: [String: [Watcher]] = [:]
    private var objects: [NamespacedName: [Watcher]] = [:]

    mutating func add(_ watcher: Watcher, scope: ListScope) {
        switch scope {
        case .all: everything.append(watcher)
        case .namespace(let namespace): namespaces[namespace, default: []].append(watcher)
        case .object(let name): objects[name, default: []].append(watcher)
        }
    }

    mutating func remove(_ id: UInt64, scope: ListScope) {
        switch scope {
        case .all: everything.removeAll { $0.id == id }
        case .namespace(let namespace):
            namespaces[namespace]?.removeAll { $0.id == id }
            if namespaces[namespace]?.isEmpty == true { namespaces[namespace] = nil }
        case .object(let name):
            objects[name]?.removeAll { $0.id == id }
            if objects[name]?.isEmpty == true { objects[name] = nil }
        }
    }

    /// All watchers, to be told that nothing comes any more.
    var all: Wakeup {
        Wakeup(groups: [everything] + namespaces.values + objects.values)
    }

    /// The watchers that a change of `name` concerns. Shares the arrays: taking them costs no copy.
    func interested(in name: NamespacedName, isHeartbeat: Bool) -> Wakeup {
        let groups = [everything, namespaces[name.namespace] ?? [], objects[name] ?? []]
        return Wakeup(groups: isHeartbeat ? groups.map { $0.filter { !$0.skipsHeartbeats } } : groups)
    }

    /// Watchers to wake once the lock is left.
    struct Wakeup: Sendable {
        let groups: [[Watcher]]

        func callAsFunction() {
            for group in groups { for watcher in group { watcher.wake() } }
        }
    }
}
