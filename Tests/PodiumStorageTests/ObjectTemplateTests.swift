// SPDX-License-Identifier: Apache-2.0
// Facts about objects that many clusters have alike.

import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct ObjectTemplateTests {
    private static let time = Timestamp(seconds: 1_767_323_045)

    private static func template(_ name: String) -> ObjectTemplate {
        ObjectTemplate(
            [
                "kind": "ConfigMap", "apiVersion": "v1",
                "metadata": ["name": .string(name), "namespace": "ns", "labels": ["a": "b"]],
                "data": [
                    "at": .string(ObjectTemplate.Mark.time), "exactly": .string(ObjectTemplate.Mark.microTime),
                    "on": .string(ObjectTemplate.Mark.date), "plain": "@uid@ @time@", "\(ObjectTemplate.Mark.uid)x": "",
                ],
            ],
            in: .configMaps
        )
    }

    private static func storage(seed: UInt64, _ names: String...) -> WatchCache {
        WatchCache(
            startingAfter: Revision(9),
            templates: names.map(template),
            time: time,
            random: RandomSource(seed: seed)
        )
    }

    private static func key(_ name: String) -> ObjectKey { ObjectKey(.configMaps, namespace: "ns", name: name) }

    @Test func theGapsAreFilled() throws {
        let object = try #require(Self.storage(seed: 1, "a", "b").get(Self.key("b")))
        let value = try JSONValue(json: object.bytes)
        let uid = RandomSource(seed: 1)
        _ = uid.uid()
        #expect(
            value["metadata"]
                == [
                    "name": "b", "namespace": "ns", "uid": .string(uid.uid()), "resourceVersion": "11",
                    "creationTimestamp": "2026-01-02T03:04:05Z", "labels": ["a": "b"],
                ]
        )
        #expect(
            value["data"]
                == [
                    "at": "2026-01-02T03:04:05Z", "exactly": "2026-01-02T03:04:05.000000Z", "on": "2026-01-02",
                    "plain": "@uid@ @time@", "@uid@x": "",
                ]
        )
        #expect(object.bytes.count == object.byteCount)
        #expect(object.facts.uid == value[path: "metadata", "uid"]?.string)
        #expect(object.facts.labels == ["a": "b"])
    }

    @Test func theySeemStoredLikeAllOthers() throws {
        let storage = Self.storage(seed: 1, "a")
        let object = try #require(storage.get(Self.key("a")))
        func text(_ slice: BytesSlice) -> String {
            String(decoding: slice.bytes.array[slice.range], as: UTF8.self)
        }
        #expect(text(object.item) + "\n" == object.bytes.text)
        #expect(text(object.untypedItemTail).hasPrefix(#""metadata":{"name":"a""#))
        var later = object.value()
        later[path: "metadata", "resourceVersion"] = "123456"
        #expect(StoredObject(object, at: Revision(123_456)).value() == later)
        let draft = ObjectDraft(later, facts: ObjectFacts(of: later))
        let changed = try storage.update(object.key, expecting: Revision(10), draft)
        #expect(changed.revision == Revision(11))
        #expect(try storage.delete(object.key, expecting: Revision(11)).facts.uid == object.facts.uid)
    }

    @Test func theyHaveNoHistory() throws {
        let storage = Self.storage(seed: 1, "a", "b")
        #expect(storage.revision == Revision(11))
        #expect(throws: StorageError.self) {
            try storage.watch(.configMaps, scope: .all, after: Revision(10)) {}
        }
        let cursor = try storage.watch(.configMaps, scope: .all, after: Revision(11)) {}
        #expect(try cursor.next(limit: 10).events.isEmpty)
        let list = try storage.list(.configMaps, scope: .all, from: nil, limit: nil, at: nil)
        #expect(list.objects.map(\.key.name.name) == ["a", "b"])
        // A collection that nobody has used yet begins at the same place.
        #expect(throws: StorageError.self) { try storage.watch(.pods, scope: .all, after: Revision(10)) {} }
    }

    @Test func theSameSeedGivesTheSameObjects() {
        func text(_ seed: UInt64) -> String? { Self.storage(seed: seed, "a", "b").get(Self.key("b"))?.bytes.text }
        #expect(text(7) == text(7))
        #expect(text(7) != text(8))
    }
}
