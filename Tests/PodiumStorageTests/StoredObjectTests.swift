// SPDX-License-Identifier: Apache-2.0
// Facts about stored bytes.

import PodiumCodec
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct StoredObjectTests {
    @Test func itemsOfTypedListsBeginBehindTheirType() throws {
        let storage = WatchCache()
        let object = try storage.create(Sample.key("a"), Sample.draft("a"))
        let tail = String(decoding: object.untypedItemTail.buffer, as: UTF8.self)
        #expect(tail.hasPrefix(#""metadata":{"name":"a""#))
        #expect(tail.hasSuffix("}}"))
        #expect(try JSONValue(json: "{" + tail)["data"] == ["value": "0"])
    }

    @Test func aRestampedObjectDiffersInItsRevisionOnly() throws {
        let storage = WatchCache()
        let object = try storage.create(Sample.key("a"), Sample.draft("a", labels: ["x": "y"]))
        let later = StoredObject(object, at: Revision(123_456_789))
        var expected = object.value()
        expected[path: "metadata", "resourceVersion"] = "123456789"
        #expect(later.value() == expected)
        #expect(StoredObject(later, at: Revision(7)).value()[path: "metadata", "resourceVersion"] == "7")
    }

    @Test func typeAndMetadataStandInUpstreamsOrder() throws {
        let object = try JSONValue(
            json: Array(
                #"""
                {"data":{"a":"b"},"metadata":{"annotations":{},"x":1,"labels":{},"uid":"u","namespace":"ns","name":"a"},
                "apiVersion":"v1","kind":"ConfigMap"}
                """#.utf8
            )
        )
        let draft = ObjectDraft(object, facts: ObjectFacts(of: object))
        let stored = try WatchCache(startingAfter: Revision(6)).create(Sample.key("a"), draft)
        let metadata =
            #"{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7","labels":{},"annotations":{},"x":1}"#
        #expect(
            stored.bytes.text
                == #"{"kind":"ConfigMap","apiVersion":"v1","metadata":\#(metadata),"data":{"a":"b"}}"# + "\n"
        )
    }

    @Test func theAccountStandsBesideWhatIsRead() throws {
        let object = try JSONValue(
            json: #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","x":1},"data":{"a":"b"}}"#
        )
        let account = EncodedBytes(#"[{"manager":"m","fieldsV1":{"f:data":{}}}]"#)
        let facts = ObjectFacts(of: object)
        let storage = WatchCache(startingAfter: Revision(9))
        let draft = ObjectDraft(object, managedFields: account.slice, facts: facts)
        let made = try storage.create(Sample.key("a"), draft)
        // At each other revision, whatever its length, and where the account came with the tree.
        let copy = ObjectDraft(made.value(), facts: facts)
        let updated = try storage.update(made.key, expecting: made.revision, copy)
        for stored in [made, updated, StoredObject(made, at: Revision(123_456))] {
            #expect(stored.hasAccount)
            #expect(stored.managedFields.map { String(decoding: $0.buffer, as: UTF8.self) } == account.text)
            #expect(stored.value()[path: "metadata", "managedFields"] == (try JSONValue(json: account)))
            #expect(stored.read().value[path: "metadata", "managedFields"] == nil)
            #expect(stored.read().value["data"] == ["a": "b"])
            #expect(stored.read().value[path: "metadata", "x"] == 1)
        }
        let plain = try storage.create(Sample.key("b"), ObjectDraft(object, facts: facts))
        #expect(!plain.hasAccount && plain.managedFields == nil)
        #expect(plain.read().value == plain.value())
    }

    @Test(arguments: [
        (#"{"name":"a","ownerReferences":[{"uid":"u"}]}"#, true), (#"{"name":"a","ownerReferences":[]}"#, true),
        (#"{"name":"a","labels":{"ownerReferences":"x"}}"#, true), (#"{"name":"ownerReferences"}"#, false),
        (#"{"name":"a","annotations":{"x":"{\"ownerReferences\":[]}"}}"#, false),
        (#"{"name":"a","labels":{"xownerReferences":"ownerReferences"}}"#, false),
        (#"{"name":"ownerReferencesownerReferences","ownerReferences":null}"#, true), (#"{"name":"a"}"#, false),
    ])
    func membersOfMetadataAreFoundInTheText(metadata: String, expected: Bool) throws {
        let text = #"{"kind":"ConfigMap","apiVersion":"v1","metadata":\#(metadata),"data":{"ownerReferences":"x"}}"#
        let object = try store(text, in: WatchCache(), as: Sample.key("a"))
        #expect(object.mayHaveMetadata("ownerReferences") == expected)
        #expect(!object.mayHaveMetadata("deletionTimestamp"))
        #expect(object.mayHaveMetadata("resourceVersion"))
    }

    private func store(_ object: String, in storage: WatchCache, as key: ObjectKey) throws -> StoredObject {
        let value = try JSONValue(json: Array(object.utf8))
        let draft = ObjectDraft(value, facts: ObjectFacts(of: value))
        if let old = storage.get(key) { return try storage.update(key, expecting: old.revision, draft) }
        return try storage.create(key, draft)
    }

    @Test(arguments: [
        (#"{"renewTime":"t1"}"#, "t1"), (#"{"a":"b","renewTime":"2026-01-01T00:00:00.000000Z","z":1}"#, nil),
        (#"{"holderIdentity":"\"renewTime\":\"no\"","renewTime":"yes"}"#, "yes"),
        (#"{"holderIdentity":"\"renewTime\":\"no\""}"#, ""), (#"{"renewTime":null}"#, ""), (#"{"renewTime":7}"#, ""),
        (#"{"renewTime":"with \"quotes\""}"#, ""), (#"{"renewTimes":"x","xrenewTime":"x"}"#, ""), ("{}", ""),
        (#"{"renewTime":""}"#, nil),
    ])
    func theTextOfAMemberIsFoundBehindTheMetadata(_ spec: String, _ expected: String?) throws {
        // Labels may be called like members of the specification.
        let metadata = #"{"name":"a","labels":{"renewTime":"l"}}"#
        let text = #"{"kind":"Lease","apiVersion":"v1","metadata":\#(metadata),"spec":\#(spec)}"#
        let stored = try store(text, in: WatchCache(), as: Sample.key("a"))
        let found = stored.text(ofMember: "renewTime")
        let read = stored.value()["spec"]?["renewTime"]?.string
        #expect(found.map { String(decoding: $0.buffer, as: UTF8.self) } ?? "" == expected ?? read)
        guard let found else { return }
        let storage = WatchCache(startingAfter: Revision(99_999))
        let draft = ObjectDraft(heartbeatOf: stored, replacing: [(found, "another")])
        let changed = try storage.create(Sample.key("a"), draft)
        var value = stored.value()
        value[path: "spec", "renewTime"] = "another"
        value[path: "metadata", "resourceVersion"] = "100000"
        #expect(changed.value() == value)
        #expect(changed.facts.labels == ["renewTime": "l"])
        #expect(StoredObject(changed, at: Revision(7)).text(ofMember: "renewTime").map { $0.count } == 7)
    }

    @Test func onlyTheRevisionAndWhatFollowsMayDifferInTheSameMetadata() throws {
        let storage = WatchCache(startingAfter: Revision(98))
        func put(_ metadata: String, _ rest: String) throws -> StoredObject {
            let text = #"{"kind":"A","apiVersion":"v1","metadata":{"name":"a",\#(metadata)},"spec":\#(rest)}"#
            return try store(text, in: storage, as: Sample.key("a"))
        }
        let first = try put(#""uid":"u","labels":{"x":"y"}"#, "{}")
        let later = try put(#""uid":"u","labels":{"x":"y"}"#, #"{"a":[1,2,3]}"#)
        #expect(first.revision == Revision(99))
        #expect(later.revision == Revision(100))
        #expect(later.hasSameMetadata(as: first))
        #expect(StoredObject(later, at: Revision(7)).hasSameMetadata(as: first))
        #expect(!(try put(#""uid":"v","labels":{"x":"y"}"#, "{}")).hasSameMetadata(as: first))
        #expect(!(try put(#""uid":"u","labels":{"x":"z"}"#, "{}")).hasSameMetadata(as: first))
        #expect(!(try put(#""uid":"u","labels":{"x":"y"},"finalizers":["f"]"#, "{}")).hasSameMetadata(as: first))
        // Who owns fields is not looked at, and belongs to no name that is looked for.
        let owned = try put(#""uid":"u","labels":{"x":"y"},"managedFields":[{"manager":"m"}]"#, "{}")
        #expect(owned.hasSameMetadata(as: first))
        #expect(owned.mayHaveMetadata("labels") && !owned.mayHaveMetadata("manager"))
    }

    @Test func specificationsAreComparedWhereTheyAreKnown() throws {
        let storage = WatchCache(startingAfter: Revision(98))
        func put(_ metadata: String, _ rest: String) throws -> StoredObject {
            let text = #"{"kind":"A","apiVersion":"v1","metadata":{"name":"a"\#(metadata)}\#(rest)}"#
            return try store(text, in: storage, as: Sample.key("a"))
        }
        let first = try put("", #","spec":{"a":[1,2]},"status":{"b":1}"#)
        let later = try put(#","labels":{"x":"y"}"#, #","spec":{"a":[1,2]},"status":{"b":"other"}"#)
        #expect(later.revision == Revision(100))
        #expect(later.hasSameSpec(as: first))
        #expect(StoredObject(later, at: Revision(7)).hasSameSpec(as: first))
        #expect(!(try put("", #","spec":{"a":[1,3]},"status":{"b":1}"#)).hasSameSpec(as: first))
        #expect(!(try put("", #","spec":{"a":[1,2,3]}"#)).hasSameSpec(as: first))
        // Without one, or with something else before it, nothing is said.
        let bare = try put("", #","data":{"a":"b"}"#)
        #expect(!bare.hasSameSpec(as: bare))
        let behind = try put("", #","data":{},"spec":{"a":[1,2]}"#)
        #expect(!behind.hasSameSpec(as: behind))
    }

    @Test func aTreeIsReadOnceForAllWhoHoldIt() throws {
        let stored = try store(
            #"{"kind":"A","apiVersion":"v1","metadata":{"name":"a"}}"#,
            in: WatchCache(),
            as: Sample.key("a")
        )
        let held = stored.read()
        #expect(stored.read() === held)
        #expect(held.value == stored.value())
    }
}
