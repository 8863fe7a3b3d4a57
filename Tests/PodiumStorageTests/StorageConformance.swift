// SPDX-License-Identifier: Apache-2.0
// The contract of storage as tests that every backend must pass.

import PodiumCodec
import PodiumMachinery
import PodiumStorage
import Synchronization
import Testing

/// A backend under test.
struct StorageBackend: Sendable, CustomTestStringConvertible {
    let name: String
    let make: @Sendable (_ historyCapacity: Int) -> any Storage

    var testDescription: String { name }

    static let all = [
        StorageBackend(name: "memory") {
            WatchCache(startingAfter: Revision(100), historyLimit: HistoryLimit(events: $0))
        }
    ]
}

/// Builds what the tests store.
enum Sample {
    static func draft(
        _ name: String,
        namespace: String = "ns",
        labels: JSONValue = [:],
        value: Int64 = 0
    ) -> ObjectDraft {
        let object: JSONValue = [
            "kind": "ConfigMap", "apiVersion": "v1",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "uid": "u", "labels": labels],
            "data": ["value": .string(String(value))],
        ]
        return ObjectDraft(object, facts: ObjectFacts(of: object))
    }

    static func key(_ name: String, namespace: String = "ns") -> ObjectKey {
        ObjectKey(.configMaps, namespace: namespace, name: name)
    }
}

/// Counts wake-ups.
final class WakeCounter: Sendable {
    private let state = Mutex(0)
    var count: Int { state.withLock { $0 } }
    func wake() { state.withLock { $0 += 1 } }
}

@Suite struct StorageConformance {
    @Test(arguments: StorageBackend.all)
    func everyWriteTakesTheNextRevision(backend: StorageBackend) throws {
        let storage = backend.make(100)
        #expect(storage.revision == Revision(100))
        let created = try storage.create(Sample.key("a"), Sample.draft("a"))
        #expect(created.revision == Revision(101))
        let updated = try storage.update(Sample.key("a"), expecting: created.revision, Sample.draft("a", value: 1))
        #expect(updated.revision == Revision(102))
        let deleted = try storage.delete(Sample.key("a"), expecting: updated.revision)
        #expect(deleted.revision == Revision(103))
        #expect(storage.revision == Revision(103))
    }

    @Test(arguments: StorageBackend.all)
    func storedBytesCarryTheirRevision(backend: StorageBackend) throws {
        let storage = backend.make(100)
        let created = try storage.create(Sample.key("a"), Sample.draft("a", value: 7))
        #expect(
            created.bytes.text
                == #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"101","#
                + #""labels":{}},"data":{"value":"7"}}"# + "\n"
        )
        let deleted = try storage.delete(Sample.key("a"), expecting: created.revision)
        #expect(deleted.value()[path: "metadata", "resourceVersion"] == "102")
    }

    @Test(arguments: StorageBackend.all)
    func writesAreConditional(backend: StorageBackend) throws {
        let storage = backend.make(100)
        let created = try storage.create(Sample.key("a"), Sample.draft("a"))
        #expect(throws: StorageError.keyExists(Sample.key("a"))) {
            try storage.create(Sample.key("a"), Sample.draft("a"))
        }
        #expect(throws: StorageError.conflict(Sample.key("a"), actual: created.revision)) {
            try storage.update(Sample.key("a"), expecting: Revision(5), Sample.draft("a"))
        }
        #expect(throws: StorageError.conflict(Sample.key("a"), actual: created.revision)) {
            try storage.delete(Sample.key("a"), expecting: Revision(5))
        }
        #expect(throws: StorageError.keyNotFound(Sample.key("b"))) {
            try storage.update(Sample.key("b"), expecting: Revision(5), Sample.draft("b"))
        }
        #expect(storage.revision == created.revision, "a refused write takes no revision")
    }

    @Test(arguments: StorageBackend.all)
    func listsAreInKeyOrderAndCutByScopeStartAndLimit(backend: StorageBackend) throws {
        let storage = backend.make(100)
        for (namespace, name) in [("b", "x"), ("a-b", "z"), ("a", "y"), ("a", "x"), ("a.b", "w")] {
            _ = try storage.create(Sample.key(name, namespace: namespace), Sample.draft(name, namespace: namespace))
        }
        func keys(_ scope: ListScope, _ start: String? = nil, _ limit: Int? = nil) throws -> ([String], Int) {
            let snapshot = try storage.list(.configMaps, scope: scope, from: start, limit: limit, at: nil)
            return (snapshot.objects.map(\.key.name.description), snapshot.remaining)
        }
        // As in etcd, "-" and "." sort before "/".
        #expect(try keys(.all) == (["a-b/z", "a.b/w", "a/x", "a/y", "b/x"], 0))
        #expect(try keys(.namespace("a")) == (["a/x", "a/y"], 0))
        #expect(try keys(.object(NamespacedName(namespace: "a", name: "y"))) == (["a/y"], 0))
        #expect(try keys(.all, "a/y") == (["a/y", "b/x"], 0))
        #expect(try keys(.all, nil, 2) == (["a-b/z", "a.b/w"], 3))
        #expect(try keys(.namespace("nosuch")) == ([], 0))
    }

    @Test(arguments: StorageBackend.all)
    func aPastRevisionIsShownAsItWas(backend: StorageBackend) throws {
        let storage = backend.make(100)
        let a = try storage.create(Sample.key("a"), Sample.draft("a"))
        let b = try storage.create(Sample.key("b"), Sample.draft("b"))
        let then = storage.revision
        _ = try storage.update(Sample.key("a"), expecting: a.revision, Sample.draft("a", value: 1))
        _ = try storage.delete(Sample.key("b"), expecting: b.revision)
        _ = try storage.create(Sample.key("c"), Sample.draft("c"))
        let past = try storage.list(.configMaps, scope: .all, from: nil, limit: nil, at: then)
        #expect(past.objects.map(\.key.name.name) == ["a", "b"])
        #expect(past.objects.map(\.revision) == [a.revision, b.revision])
        #expect(past.revision == then)
        #expect(throws: StorageError.futureRevision(requested: Revision(999), current: storage.revision)) {
            try storage.list(.configMaps, scope: .all, from: nil, limit: nil, at: Revision(999))
        }
    }

    @Test(arguments: StorageBackend.all)
    func aWatchShowsEveryChangeOnceAndInOrder(backend: StorageBackend) throws {
        let storage = backend.make(100)
        let a = try storage.create(Sample.key("a"), Sample.draft("a"))
        let counter = WakeCounter()
        let cursor = try storage.watch(.configMaps, scope: .namespace("ns"), after: a.revision) { counter.wake() }
        let changed = try storage.update(Sample.key("a"), expecting: a.revision, Sample.draft("a", value: 1))
        _ = try storage.create(Sample.key("z", namespace: "other"), Sample.draft("z", namespace: "other"))
        let deleted = try storage.delete(Sample.key("a"), expecting: changed.revision)
        #expect(counter.count == 2, "changes of other namespaces wake nobody here")
        let first = try cursor.next(limit: 1)
        #expect(first.events.map(\.kind) == [.modified])
        #expect(first.events.first?.previous?.revision == a.revision)
        let second = try cursor.next(limit: 10)
        #expect(second.events.map(\.revision) == [deleted.revision])
        #expect(second.through == storage.revision)
        #expect(try cursor.next(limit: 10).events.isEmpty)
        cursor.close()
        _ = try storage.create(Sample.key("b"), Sample.draft("b"))
        #expect(counter.count == 2)
    }

    @Test(arguments: StorageBackend.all)
    func whatLeftTheHistoryIsCompacted(backend: StorageBackend) throws {
        let storage = backend.make(3)
        let cursor = try storage.watch(.configMaps, scope: .all, after: storage.revision) {}
        for index in 0..<4 { _ = try storage.create(Sample.key("k\(index)"), Sample.draft("k\(index)")) }
        let gone = StorageError.compacted(requested: Revision(100), oldest: Revision(101))
        #expect(throws: gone) { try cursor.next(limit: 10) }
        #expect(throws: gone) { try storage.watch(.configMaps, scope: .all, after: Revision(100)) {} }
        #expect(throws: gone) { try storage.list(.configMaps, scope: .all, from: nil, limit: nil, at: Revision(100)) }
        let late = try storage.watch(.configMaps, scope: .all, after: Revision(101)) {}
        #expect(try late.next(limit: 10).events.count == 3)
    }

    @Test(arguments: StorageBackend.all)
    func heartbeatsAreWritesThatAWatcherCanSkip(backend: StorageBackend) throws {
        let storage = backend.make(100)
        let (all, few) = (WakeCounter(), WakeCounter())
        let full = try storage.watch(.configMaps, scope: .all, after: Revision(100), wake: all.wake)
        let skipping = try storage.watch(
            .configMaps,
            scope: .all,
            after: Revision(100),
            skippingHeartbeats: true,
            wake: few.wake
        )
        var object = try storage.create(Sample.key("a"), Sample.draft("a"))
        for beat in 1...3 {
            let place = try #require(object.text(ofMember: "value"))
            let draft = ObjectDraft(heartbeatOf: object, replacing: [(place, "beat \(beat)")])
            object = try storage.update(object.key, expecting: object.revision, draft)
        }
        #expect(object.isHeartbeat)
        #expect(object.revision == Revision(104))
        #expect(try storage.get(object.key)?.value()["data"]?["value"] == "beat 3")
        let last = try storage.delete(object.key, expecting: object.revision)
        #expect(!last.isHeartbeat)
        #expect(all.count == 5)
        #expect(few.count == 2)
        #expect(try full.next(limit: 10).events.map(\.revision.number) == [101, 102, 103, 104, 105])
        let seen = try skipping.next(limit: 10)
        #expect(seen.events.map(\.revision.number) == [101, 105])
        #expect(seen.through == Revision(105))
    }

    @Test func theEndOfWatchesComesAfterAllThatWasWritten() throws {
        let storage = WatchCache(startingAfter: Revision(100))
        let wakes = WakeCounter()
        let scopes: [ListScope] = [.all, .namespace("ns"), .object(Sample.key("a").name)]
        let cursors = try scopes.map { scope in
            try storage.watch(.configMaps, scope: scope, after: Revision(100), wake: wakes.wake)
        }
        let unused = try storage.watch(.secrets, scope: .all, after: Revision(100), wake: wakes.wake)
        _ = try storage.create(Sample.key("a"), Sample.draft("a"))
        #expect(wakes.count == 3)
        storage.endWatches()
        #expect(wakes.count == 7)
        for cursor in cursors {
            #expect(try cursor.next(limit: 10).events.count == 1)
            #expect(throws: StorageError.ended) { try cursor.next(limit: 10) }
        }
        #expect(throws: StorageError.ended) { try unused.next(limit: 10) }
        #expect(throws: StorageError.ended) {
            try storage.watch(.configMaps, scope: .all, after: Revision(101), wake: wakes.wake)
        }
        // Requests under way are none the wiser.
        #expect(try storage.create(Sample.key("b"), Sample.draft("b")).revision == Revision(102))
    }
}
