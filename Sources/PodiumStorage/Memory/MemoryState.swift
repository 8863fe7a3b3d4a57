// SPDX-License-Identifier: Apache-2.0
// The memory backend as a value: every decision of storage, without a lock and without time.

import PodiumMachinery

/// All collections of a cluster and the one order of their revisions.
struct MemoryState: Sendable {
    /// One collection.
    struct Collection: Sendable {
        var objects = OrderedObjects()
        var log: EventLog
        var watchers = WatcherGroup()
    }

    private(set) var revision: Revision
    private var collections: [GroupResource: Collection] = [:]
    private let firstRevision: Revision
    private let historyLimit: HistoryLimit

    init(revision: Revision, historyLimit: HistoryLimit) {
        self.revision = revision
        self.historyLimit = historyLimit
        firstRevision = revision
    }

    private func collection(_ resource: GroupResource) -> Collection {
        collections[resource] ?? Collection(log: EventLog(after: firstRevision, limit: historyLimit))
    }

    /// The storage key inside a collection; sorts like etcd's.
    static func storageKey(_ name: NamespacedName) -> String {
        name.namespace.isEmpty ? name.name : "\(name.namespace)/\(name.name)"
    }

    func get(_ key: ObjectKey) -> StoredObject? {
        collections[key.resource]?.objects[Self.storageKey(key.name)]
    }
}

// MARK: Writing

extension MemoryState {
    /// What a write did: the object as it is now stored, and whom to tell.
    struct Commit: Sendable {
        let object: StoredObject
        let wakeup: WatcherGroup.Wakeup
    }

    mutating func create(_ key: ObjectKey, _ draft: ObjectDraft) throws(StorageError) -> Commit {
        if get(key) != nil { throw .keyExists(key) }
        return commit(.added, StoredObject(key: key, revision: nextRevision, draft: draft), previous: nil)
    }

    mutating func update(
        _ key: ObjectKey,
        expecting expected: Revision,
        _ draft: ObjectDraft
    ) throws(StorageError) -> Commit {
        let previous = try current(key, expecting: expected)
        return commit(.modified, StoredObject(key: key, revision: nextRevision, draft: draft), previous: previous)
    }

    mutating func delete(_ key: ObjectKey, expecting expected: Revision) throws(StorageError) -> Commit {
        let previous = try current(key, expecting: expected)
        return commit(.deleted, StoredObject(previous, at: nextRevision), previous: previous)
    }

    private var nextRevision: Revision { Revision(revision.number + 1) }

    private func current(_ key: ObjectKey, expecting expected: Revision) throws(StorageError) -> StoredObject {
        guard let object = get(key) else { throw .keyNotFound(key) }
        guard object.revision == expected else { throw .conflict(key, actual: object.revision) }
        return object
    }

    private mutating func commit(
        _ kind: StorageEvent.Kind,
        _ object: StoredObject,
        previous: StoredObject?
    ) -> Commit {
        revision = object.revision
        let resource = object.key.resource
        if collections[resource] == nil { collections[resource] = collection(resource) }
        let storageKey = Self.storageKey(object.key.name)
        if kind == .deleted {
            collections[resource]?.objects.remove(storageKey)
        } else {
            collections[resource]?.objects.update(storageKey, object)
        }
        collections[resource]?.log.append(StorageEvent(kind: kind, object: object, previous: previous))
        let wakeup = collections[resource]?.watchers.interested(in: object.key.name)
        return Commit(object: object, wakeup: wakeup ?? WatcherGroup.Wakeup(groups: []))
    }
}

// MARK: Listing

/// What a list works on once the lock is left: a snapshot and the changes to take back from it.
struct ListPlan: Sendable {
    /// The revision that is shown.
    let revision: Revision
    let objects: OrderedObjects
    /// For a past revision: keys that changed since, with what stood there then (nil: nothing).
    let past: [String: StoredObject?]
}

extension MemoryState {
    func planList(_ resource: GroupResource, at requested: Revision?) throws(StorageError) -> ListPlan {
        let collection = collection(resource)
        guard let requested, requested < revision else {
            if let requested, requested > revision { throw .futureRevision(requested: requested, current: revision) }
            return ListPlan(revision: revision, objects: collection.objects, past: [:])
        }
        if requested < collection.log.compacted {
            throw .compacted(requested: requested, oldest: collection.log.compacted)
        }
        var past: [String: StoredObject?] = [:]
        // Newest first, so that the oldest change of a key, which knows what stood there at `requested`, is the last
        // word.
        collection.log.forEachReversed(after: requested) { event in
            past[Self.storageKey(event.object.key.name)] = .some(event.previous)
        }
        return ListPlan(revision: requested, objects: collection.objects, past: past)
    }
}

extension ListPlan {
    /// The objects in scope from `start`, at most `limit` of them.
    func snapshot(scope: ListScope, from start: String?, limit: Int?) -> ListSnapshot {
        let prefix = Self.prefix(of: scope)
        let begin = max(start ?? "", prefix)
        var found: [StoredObject] = []
        var remaining = 0
        var restored = restoredKeys(from: begin)[...]

        func take(_ object: StoredObject) {
            if let limit, found.count >= limit { remaining += 1 } else { found.append(object) }
        }
        func takeRestored(before key: String?) {
            while let next = restored.first, key.map({ next.key < $0 }) ?? true {
                restored.removeFirst()
                if Self.contains(scope, prefix, next.key) { take(next.object) }
            }
        }
        objects.forEach(from: begin) { entry in
            guard Self.contains(scope, prefix, entry.key) else { return false }
            takeRestored(before: entry.key)
            if past.isEmpty || past[entry.key] == nil { take(entry.object) }
            return true
        }
        takeRestored(before: nil)
        return ListSnapshot(revision: revision, objects: found, remaining: remaining)
    }

    /// What stood there at the past revision, of the keys that changed since, in order.
    private func restoredKeys(from begin: String) -> [OrderedObjects.Entry] {
        past.compactMap { key, object in
            guard key >= begin, let object else { return nil }
            return OrderedObjects.Entry(key: key, object: object)
        }.sorted { $0.key < $1.key }
    }

    private static func prefix(of scope: ListScope) -> String {
        switch scope {
        case .all: ""
        case .namespace(let namespace): namespace + "/"
        case .object(let name): MemoryState.storageKey(name)
        }
    }

    private static func contains(_ scope: ListScope, _ prefix: String, _ key: String) -> Bool {
        switch scope {
        case .all: true
        case .namespace: key.hasPrefix(prefix)
        case .object: key == prefix
        }
    }
}

// MARK: Watching

extension MemoryState {
    /// Checks that a watch can begin after `revision`, and registers it.
    mutating func addWatcher(
        _ watcher: WatcherGroup.Watcher,
        to resource: GroupResource,
        scope: ListScope,
        after revision: Revision
    ) throws(StorageError) {
        if collections[resource] == nil { collections[resource] = collection(resource) }
        let oldest = collection(resource).log.compacted
        if revision < oldest { throw .compacted(requested: revision, oldest: oldest) }
        collections[resource]?.watchers.add(watcher, scope: scope)
    }

    mutating func removeWatcher(_ id: UInt64, from resource: GroupResource, scope: ListScope) {
        collections[resource]?.watchers.remove(id, scope: scope)
    }

    /// The changes in scope after `position`, at most `limit`, and the position up to which nothing was left out.
    func events(
        of resource: GroupResource,
        scope: ListScope,
        after position: Revision,
        limit: Int
    ) throws(StorageError) -> (events: [StorageEvent], through: Revision) {
        guard let collection = collections[resource] else { return ([], max(position, revision)) }
        if position < collection.log.compacted {
            throw .compacted(requested: position, oldest: collection.log.compacted)
        }
        var events: [StorageEvent] = []
        var through = max(position, revision)
        collection.log.forEach(after: position) { event in
            guard Self.contains(scope, event.object.key.name) else { return true }
            if events.count == limit {
                through = events.last?.revision ?? position
                return false
            }
            events.append(event)
            return true
        }
        return (events, through)
    }

    private static func contains(_ scope: ListScope, _ name: NamespacedName) -> Bool {
        switch scope {
        case .all: true
        case .namespace(let namespace): name.namespace == namespace
        case .object(let object): name == object
        }
    }

    /// Lets go of the history of all collections up to `revision`.
    mutating func compact(through revision: Revision) {
        for resource in collections.keys { collections[resource]?.log.compact(through: min(revision, self.revision)) }
    }
}
