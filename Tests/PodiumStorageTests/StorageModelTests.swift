// SPDX-License-Identifier: Apache-2.0
// Random operations on storage beside a naive dictionary: both must always say the same.

import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

/// What storage should hold, kept as simply as can be.
private struct NaiveModel {
    struct Change: Equatable {
        let kind: StorageEvent.Kind
        let key: ObjectKey
        let revision: Revision
    }

    var revision = Revision(100)
    var objects: [ObjectKey: (revision: Revision, value: Int64)] = [:]
    /// The whole content after each revision.
    var past: [Revision: [ObjectKey: Revision]] = [Revision(100): [:]]
    var changes: [Change] = []

    mutating func commit(_ kind: StorageEvent.Kind, _ key: ObjectKey, value: Int64?) {
        revision = Revision(revision.number + 1)
        objects[key] = value.map { (revision, $0) }
        changes.append(Change(kind: kind, key: key, revision: revision))
        past[revision] = objects.mapValues(\.revision)
    }
}

@Suite struct StorageModelTests {
    @Test(arguments: [1, 2, 3, 42, 777] as [UInt64])
    func storageAgreesWithADictionary(seed: UInt64) throws {
        let random = RandomSource(seed: seed)
        let storage = WatchCache(startingAfter: Revision(100), historyLimit: HistoryLimit(events: 10_000))
        var model = NaiveModel()
        let cursor = try storage.watch(.configMaps, scope: .all, after: Revision(100)) {}
        var seen: [NaiveModel.Change] = []
        for step in 0..<3000 {
            try mutate(storage, &model, random)
            if step % 7 == 0 { seen += try drain(cursor, limit: 1 + random.below(5)) }
            if step % 50 == 0 { try compare(storage, model, at: nil) }
            if step % 100 == 0 {
                try compare(storage, model, at: Revision(100 + Int64(random.below(Int(model.revision.number) - 99))))
            }
        }
        while true {
            let more = try drain(cursor, limit: 100)
            if more.isEmpty { break }
            seen += more
        }
        #expect(seen == model.changes)
    }

    private func mutate(_ storage: WatchCache, _ model: inout NaiveModel, _ random: RandomSource) throws {
        let key = Sample.key("n\(random.below(300))", namespace: "ns\(random.below(3))")
        let value = Int64(random.below(1000))
        let draft = Sample.draft(key.name.name, namespace: key.name.namespace, value: value)
        switch (random.below(3), model.objects[key]) {
        case (0, nil), (1, nil):
            _ = try storage.create(key, draft)
            model.commit(.added, key, value: value)
        case (0, let known?), (1, let known?):
            _ = try storage.update(key, expecting: known.revision, draft)
            model.commit(.modified, key, value: value)
        case (_, let known?):
            _ = try storage.delete(key, expecting: known.revision)
            model.commit(.deleted, key, value: nil)
        case (_, nil):
            #expect(throws: StorageError.keyNotFound(key)) { try storage.delete(key, expecting: Revision(1)) }
        }
        #expect(storage.revision == model.revision)
    }

    private func drain(_ cursor: any WatchCursor, limit: Int) throws -> [NaiveModel.Change] {
        try cursor.next(limit: limit).events.map { .init(kind: $0.kind, key: $0.object.key, revision: $0.revision) }
    }

    private func compare(_ storage: WatchCache, _ model: NaiveModel, at revision: Revision?) throws {
        let snapshot = try storage.list(.configMaps, scope: .all, from: nil, limit: nil, at: revision)
        let expected = try #require(model.past[revision ?? model.revision])
        let keys = expected.keys.sorted { $0.name.description < $1.name.description }
        #expect(snapshot.objects.map(\.key) == keys)
        #expect(snapshot.objects.map(\.revision) == keys.map { expected[$0] })
        // The same list in parts.
        var parts: [ObjectKey] = []
        var start: String?
        while true {
            let part = try storage.list(.configMaps, scope: .all, from: start, limit: 7, at: revision)
            parts += part.objects.map(\.key)
            guard part.remaining > 0, let last = part.objects.last else { break }
            start = last.key.name.description + "\u{0}"
        }
        #expect(parts == keys)
    }
}
