// SPDX-License-Identifier: Apache-2.0
// The watch cache as a value: every decision of it, without a lock and without time.

import PodiumMachinery

/// All collections of a cluster and the one order of their revisions.
struct CacheState: Sendable {
    /// One collection.
    struct Collection: Sendable {
        var objects = OrderedObjects()
        var log: EventLog
        var watchers = WatcherGroup()
    }

    private(set) var revision: Revision
    /// In the order of their first use. In an array, whose elements are read and changed in place: a dictionary hands
    /// out copies, and each would count references while everybody waits.
    private var collections: [Collection] = []
    /// Where they stand, by the row of their name.
    private var rows = [[(resource: GroupResource, index: Int)]](repeating: [], count: NameRow.count)
    /// Where histories begin.
    private var firstRevision: Revision
    private(set) var isEnded = false
    private var waiters = RevisionWaiters()
    private let historyLimit: HistoryLimit

    init(revision: Revision, historyLimit: HistoryLimit) {
        self.revision = revision
        self.historyLimit = historyLimit
        firstRevision = revision
    }

    private var emptyCollection: Collection { Collection(log: EventLog(after: firstRevision, limit: historyLimit)) }

    /// Where a collection stands; nil when nobody has used it.
    private func knownIndex(of resource: GroupResource) -> Int? {
        let row = NameRow.of(resource.resource)
        // By places: whoever goes over a row itself counts a reference to it, under the lock.
        for place in rows[row].indices where rows[row][place].resource == resource { return rows[row][place].index }
        return nil
    }

    /// Where a collection stands, which is made when it is new.
    private mutating func index(of resource: GroupResource) -> Int {
        if let index = knownIndex(of: resource) { return index }
        collections.append(emptyCollection)
        rows[NameRow.of(resource.resource)].append((resource, collections.count - 1))
        return collections.count - 1
    }

    /// The storage key inside a collection; sorts like etcd's.
    static func storageKey(_ name: NamespacedName) -> String {
        if name.namespace.isEmpty { return name.name }
        // At one go: every request makes one, and an interpolation takes longer than the search for it.
        let namespace = name.namespace.utf8
        let object = name.name.utf8
        let count = namespace.count + 1 + object.count
        return String(unsafeUninitializedCapacity: count) { target in
            let slash = target.initialize(from: namespace).index
            target.initializeElement(at: slash, to: UInt8(ascii: "/"))
            _ = UnsafeMutableBufferPointer(rebasing: target[(slash + 1)...]).initialize(from: object)
            return count
        }
    }

    /// The object at `storageKey` of a collection.
    func get(_ resource: GroupResource, _ storageKey: String) -> StoredObject? {
        guard let index = knownIndex(of: resource) else { return nil }
        return collections[index].objects[storageKey]
    }
}

// MARK: Writing

extension CacheState {
    /// Fills an empty state with the objects that a cluster begins with.
    ///
    /// They are there before anybody can watch, so no history of them is kept.
    mutating func begin(with templates: [ObjectTemplate], at time: Timestamp, uid: () -> String) {
        precondition(collections.isEmpty, "only an empty state can begin")
        firstRevision = Revision(revision.number + Int64(templates.count))
        for template in templates {
            revision = nextRevision
            let index = index(of: template.key.resource)
            let object = StoredObject(template, uid: uid(), revision: revision, time: time)
            collections[index].objects.update(template.storageKey, object)
        }
    }

    /// What a write did: the object as it is now stored, and whom to tell.
    struct Commit: Sendable {
        let object: StoredObject
        let wakeup: WatcherGroup.Wakeup
        /// Who waited for its revision.
        let reached: [RevisionWaiters.Token]
    }

    mutating func commit(_ change: Change) throws(StorageError) -> Commit {
        switch change {
        case .create(let key, let draft): try create(key, draft)
        case .update(let key, let expected, let draft): try update(key, expecting: expected, draft)
        case .delete(let key, let expected): try delete(key, expecting: expected)
        }
    }

    /// Registers one who waits for a revision that is yet to come.
    mutating func addWaiter(_ waiter: RevisionWaiters.Waiter) { waiters.add(waiter) }

    private mutating func create(_ key: ObjectKey, _ draft: ObjectDraft) throws(StorageError) -> Commit {
        if get(key.resource, Self.storageKey(key.name)) != nil { throw .keyExists(key) }
        return commit(.added, StoredObject(key: key, revision: nextRevision, draft: draft), previous: nil)
    }

    private mutating func update(
        _ key: ObjectKey,
        expecting expected: Revision,
        _ draft: ObjectDraft
    ) throws(StorageError) -> Commit {
        let previous = try current(key, expecting: expected)
        return commit(.modified, StoredObject(key: key, revision: nextRevision, draft: draft), previous: previous)
    }

    private mutating func delete(_ key: ObjectKey, expecting expected: Revision) throws(StorageError) -> Commit {
        let previous = try current(key, expecting: expected)
        return commit(.deleted, StoredObject(previous, at: nextRevision), previous: previous)
    }

    private var nextRevision: Revision { Revision(revision.number + 1) }

    private func current(_ key: ObjectKey, expecting expected: Revision) throws(StorageError) -> StoredObject {
        guard let object = get(key.resource, Self.storageKey(key.name)) else { throw .keyNotFound(key) }
        guard object.revision == expected else { throw .conflict(key, actual: object.revision) }
        return object
    }

    private mutating func commit(
        _ kind: StorageEvent.Kind,
        _ object: StoredObject,
        previous: StoredObject?
    ) -> Commit {
        revision = object.revision
        let index = index(of: object.key.resource)
        let storageKey = Self.storageKey(object.key.name)
        if kind == .deleted {
            collections[index].objects.remove(storageKey)
        } else {
            collections[index].objects.update(storageKey, object)
        }
        let event = StorageEvent(kind: kind, object: object, previous: previous)
        collections[index].log.append(event)
        return Commit(
            object: object,
            wakeup: collections[index].watchers.interested(in: object.key.name, isHeartbeat: event.isHeartbeat),
            reached: waiters.take(through: revision)
        )
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

extension CacheState {
    func planList(_ resource: GroupResource, at requested: Revision?) throws(StorageError) -> ListPlan {
        let collection = knownIndex(of: resource).map { collections[$0] } ?? emptyCollection
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
        case .object(let name): CacheState.storageKey(name)
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

extension CacheState {
    /// Checks that a watch can begin after `revision`, and registers it.
    mutating func addWatcher(
        _ watcher: WatcherGroup.Watcher,
        to resource: GroupResource,
        scope: ListScope,
        after revision: Revision
    ) throws(StorageError) {
        if isEnded { throw .ended }
        let index = index(of: resource)
        let oldest = collections[index].log.compacted
        if revision < oldest { throw .compacted(requested: revision, oldest: oldest) }
        collections[index].watchers.add(watcher, scope: scope)
    }

    mutating func removeWatcher(_ id: UInt64, from resource: GroupResource, scope: ListScope) {
        if let index = knownIndex(of: resource) { collections[index].watchers.remove(id, scope: scope) }
    }

    /// The changes in scope after `position`, at most `limit`, and the position up to which nothing was left out.
    func events(
        of resource: GroupResource,
        scope: ListScope,
        after position: Revision,
        skippingHeartbeats: Bool,
        limit: Int
    ) throws(StorageError) -> (events: [StorageEvent], through: Revision) {
        guard let index = knownIndex(of: resource) else {
            if isEnded { throw .ended }
            return ([], max(position, revision))
        }
        let log = collections[index].log
        if position < log.compacted { throw .compacted(requested: position, oldest: log.compacted) }
        var events: [StorageEvent] = []
        var through = max(position, revision)
        log.forEach(after: position) { event in
            if skippingHeartbeats && event.isHeartbeat { return true }
            guard Self.contains(scope, event.object.key.name) else { return true }
            if events.count == limit {
                through = events.last?.revision ?? position
                return false
            }
            events.append(event)
            return true
        }
        // Not before what came until then has been seen.
        if isEnded, events.isEmpty { throw .ended }
        return (events, through)
    }

    private static func contains(_ scope: ListScope, _ name: NamespacedName) -> Bool {
        switch scope {
        case .all: true
        case .namespace(let namespace): name.namespace == namespace
        case .object(let object): name == object
        }
    }

    /// Ends all watches, now and in the future; returns the watchers, who are to be woken to notice.
    mutating func endWatches() -> [WatcherGroup.Wakeup] {
        isEnded = true
        return collections.map(\.watchers.all)
    }

    /// Lets go of the history of all collections up to `revision`.
    mutating func compact(through revision: Revision) {
        for index in collections.indices { collections[index].log.compact(through: min(revision, self.revision)) }
    }
}
