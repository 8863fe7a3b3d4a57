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
}
