// SPDX-License-Identifier: Apache-2.0
// Facts about stored bytes.

import PodiumCodec
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct StoredObjectTests {
    @Test func itemsOfTypedListsBeginBehindTheirType() throws {
        let storage = MemoryStorage()
        let object = try storage.create(Sample.key("a"), Sample.draft("a"))
        let tail = String(decoding: object.untypedItemTail.buffer, as: UTF8.self)
        #expect(tail.hasPrefix(#""metadata":{"name":"a""#))
        #expect(tail.hasSuffix("}}"))
        #expect(try JSONValue(json: "{" + tail)["data"] == ["value": "0"])
    }

    @Test func aRestampedObjectDiffersInItsRevisionOnly() throws {
        let storage = MemoryStorage()
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
        let draft = ObjectDraft(object, facts: ObjectFacts(of: object, in: .configMaps))
        let stored = try MemoryStorage(startingAfter: Revision(6)).create(Sample.key("a"), draft)
        let metadata =
            #"{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7","labels":{},"annotations":{},"x":1}"#
        #expect(
            stored.bytes.text
                == #"{"kind":"ConfigMap","apiVersion":"v1","metadata":\#(metadata),"data":{"a":"b"}}"# + "\n"
        )
    }
}
