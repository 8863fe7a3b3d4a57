// SPDX-License-Identifier: Apache-2.0
// An object as it is stored: its encoded bytes, and beside them the few facts that filters need.

import Glibc
package import PodiumCodec
import PodiumMachinery
import Synchronization

/// The tree of a stored object, read once for all who hold on to it.
package final class ObjectReading: Sendable {
    /// The object without `metadata.managedFields`, which is of use to nobody but who writes to it.
    package let value: JSONValue

    fileprivate init(_ value: JSONValue) { self.value = value }
}

/// An object in storage. Immutable.
// State | guarded by | why separate
// reading | mutex | set by who reads it when nobody holds a reading, on any thread; nothing is read while it is held
package final class StoredObject: Sendable {
    private struct LatestReading {
        weak var reading: ObjectReading?
    }

    private let latest = Mutex(LatestReading())

    /// Where the text is.
    private enum Content {
        case encoded(EncodedBytes)
        /// Of an object that all clusters have, which is read too seldom to keep a text of each cluster's own.
        case template(ObjectTemplate, time: Timestamp)
    }

    package let key: ObjectKey
    /// The revision of the last write to it.
    package let revision: Revision
    package let facts: ObjectFacts
    /// Whether the last write to it said no more than that its writer is alive.
    package let isHeartbeat: Bool
    /// The length of the JSON text.
    package let byteCount: Int
    /// Where the digits of the revision stand in `bytes`.
    let revisionRange: Range<Int>
    private let content: Content
    let typeLength: Int
    /// Where the metadata end in `bytes`.
    let metadataEnd: Int
    /// How long `,"managedFields":[…]` at the end of the metadata is; 0 when nobody owns fields.
    let accountLength: Int
    /// Where the specification ends in `bytes`, if it follows the metadata; else where these end.
    let specEnd: Int

    init(key: ObjectKey, revision: Revision, draft: ObjectDraft) {
        self.key = key
        self.revision = revision
        let bytes = draft.encoded(at: revision)
        content = .encoded(bytes)
        byteCount = bytes.count
        facts = draft.facts
        isHeartbeat = draft.isHeartbeat
        typeLength = draft.typeLength
        let digits = bytes.count - draft.template.count
        revisionRange = draft.revisionOffset..<(digits + draft.revisionOffset)
        metadataEnd = draft.metadataEnd + digits
        specEnd = draft.specEnd + digits
        accountLength = draft.accountLength
    }

    /// One of the objects that a cluster begins with.
    init(_ template: ObjectTemplate, uid: String, revision: Revision, time: Timestamp) {
        key = template.key
        self.revision = revision
        content = .template(template, time: time)
        byteCount = template.byteCount(at: revision)
        var facts = template.facts
        facts.uid = uid
        self.facts = facts
        isHeartbeat = false
        typeLength = template.typeLength
        revisionRange = template.revisionRange(at: revision)
        metadataEnd = template.metadataEnd(at: revision)
        specEnd = metadataEnd
        accountLength = 0
    }

    /// The same object at another revision, as a deletion shows it, and a watch whose selector it no longer matches.
    package init(_ object: StoredObject, at revision: Revision) {
        key = object.key
        typeLength = object.typeLength
        self.revision = revision
        facts = object.facts
        isHeartbeat = false
        var digits = String(revision.number)
        let old = object.revisionRange
        let original = object.bytes
        let source = original.buffer
        let bytes = digits.withUTF8 { digits in
            EncodedBytes(count: source.count - old.count + digits.count) { target in
                let tail = old.lowerBound + digits.count
                UnsafeMutableRawBufferPointer(rebasing: target[..<old.lowerBound])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<old.lowerBound]))
                UnsafeMutableRawBufferPointer(rebasing: target[old.lowerBound..<tail])
                    .copyMemory(from: UnsafeRawBufferPointer(digits))
                UnsafeMutableRawBufferPointer(rebasing: target[tail...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[old.upperBound...]))
            }
        }
        let growth = bytes.count - source.count
        revisionRange = old.lowerBound..<(growth + old.upperBound)
        metadataEnd = object.metadataEnd + growth
        specEnd = object.specEnd + growth
        accountLength = object.accountLength
        byteCount = bytes.count
        content = .encoded(bytes)
        withExtendedLifetime(original) {}
    }

    /// The JSON text, ending in a newline. Of some objects it is made anew for each reader, who holds on to it for as
    /// long as its buffer is looked at.
    package var bytes: EncodedBytes {
        switch content {
        case .encoded(let bytes): bytes
        case .template(let template, let time): template.encoded(uid: facts.uid, revision: revision, time: time)
        }
    }

    /// The object as a tree, read anew from its bytes at each call.
    package func value() -> JSONValue { value(leavingOut: nil) }

    private func value(leavingOut hole: Range<Int>?) -> JSONValue {
        do {
            return try JSONValue(json: bytes, leavingOut: hole)
        } catch {
            preconditionFailure("stored bytes of \(key) were written by JSONWriter and must be JSON: \(error)")
        }
    }

    /// Whether somebody owns fields of it.
    package var hasAccount: Bool { accountLength > 0 }

    /// The text of `metadata.managedFields`; nil when nobody owns fields.
    package var managedFields: BytesSlice? {
        accountRange.map { range in
            BytesSlice(bytes: bytes, range: range.dropFirst(Self.accountName.utf8CodeUnitCount))
        }
    }

    static let accountName: StaticString = ",\"managedFields\":"

    /// Where `,"managedFields":[…]` stands in `bytes`.
    private var accountRange: Range<Int>? {
        accountLength == 0 ? nil : metadataEnd - 1 - accountLength..<metadataEnd - 1
    }

    /// The object as a tree: the one that somebody else still holds, or read anew.
    package func read() -> ObjectReading {
        if let reading = latest.withLock({ $0.reading }) { return reading }
        let reading = ObjectReading(value(leavingOut: accountRange))
        latest.withLock { $0.reading = reading }
        return reading
    }

    /// Whether the metadata are the same as those of `other`, apart from the revision and from who owns fields.
    package func hasSameMetadata(as other: StoredObject) -> Bool {
        let (digits, others) = (revisionRange, other.revisionRange)
        return hasSameText(typeLength..<digits.lowerBound, as: other, other.typeLength..<others.lowerBound)
            && hasSameText(
                digits.upperBound..<metadataEnd - 1 - accountLength,
                as: other,
                others.upperBound..<other.metadataEnd - 1 - other.accountLength
            )
    }

    /// Whether the specification is known to be the same as that of `other`; of some objects it is not known.
    package func hasSameSpec(as other: StoredObject) -> Bool {
        specEnd > metadataEnd && hasSameText(metadataEnd..<specEnd, as: other, other.metadataEnd..<other.specEnd)
    }

    private func hasSameText(_ mine: Range<Int>, as other: StoredObject, _ theirs: Range<Int>) -> Bool {
        guard mine.count == theirs.count else { return false }
        let texts = (bytes, other.bytes)
        defer { withExtendedLifetime(texts) {} }
        guard let left = texts.0.buffer.baseAddress, let right = texts.1.buffer.baseAddress else { return false }
        return memcmp(left + mine.lowerBound, right + theirs.lowerBound, mine.count) == 0
    }

    /// Whether somewhere in the metadata an object has a member `name`: not the case for most objects and most members,
    /// and then nobody has to read the tree and to keep it. A label of that name counts, a text that contains it does
    /// not.
    package func mayHaveMetadata(_ name: StaticString) -> Bool {
        let text = self.bytes
        defer { withExtendedLifetime(text) {} }
        return UnsafeRawBufferPointer(rebasing: text.buffer[typeLength..<metadataEnd - accountLength]).hasMember(name)
    }

    /// The same for the whole of the object.
    package func mayHaveMember(_ name: StaticString) -> Bool {
        switch content {
        case .encoded(let text):
            defer { withExtendedLifetime(text) {} }
            return text.buffer.hasMember(name)
        case .template(let template, _): return template.mayHaveMember(name)
        }
    }

    /// The text of the string member `name`, if there is one behind the metadata. Meant for kinds that have this name
    /// in one place, and no names that clients choose: all that is looked for is the name.
    package func text(ofMember name: StaticString) -> BytesSlice? {
        text(ofMember: name, in: metadataEnd..<byteCount)?.slice
    }

    /// The same wherever such a member stands behind the metadata, in their order.
    package func texts(ofMember name: StaticString) -> [BytesSlice] {
        var texts: [BytesSlice] = []
        var start = metadataEnd
        while let (slice, end) = text(ofMember: name, in: start..<byteCount) {
            texts.append(slice)
            start = end
        }
        return texts
    }

    private func text(ofMember name: StaticString, in range: Range<Int>) -> (slice: BytesSlice, end: Int)? {
        let text = self.bytes
        defer { withExtendedLifetime(text) {} }
        let bytes = text.buffer
        let count = name.utf8CodeUnitCount
        let quote = UInt8(ascii: "\"")
        guard let base = bytes.baseAddress else { return nil }
        var index = range.lowerBound
        // From quotation mark to quotation mark, by the C library: searches of the standard one take a hundred times as
        // long.
        while index + count + 4 <= range.upperBound {
            guard let mark = memchr(base + index, Int32(quote), range.upperBound - index) else { return nil }
            index = base.distance(to: UnsafeRawPointer(mark))
            if index + count + 4 > range.upperBound { return nil }
            if bytes[index + count + 1] == quote, bytes[index + count + 2] == UInt8(ascii: ":"),
                bytes[index + count + 3] == quote, memcmp(base + index + 1, name.utf8Start, count) == 0
            {
                let start = index + count + 4
                return Self.string(in: text, from: start).map { ($0, $0.range.upperBound) }
            }
            index += 1
        }
        return nil
    }

    /// What stands from `start` to the next quotation mark; nil when an escape may hide the end.
    private static func string(in text: EncodedBytes, from start: Int) -> BytesSlice? {
        var end = start
        while end < text.count, text.buffer[end] != UInt8(ascii: "\"") {
            if text.buffer[end] == UInt8(ascii: "\\") { return nil }
            end += 1
        }
        return BytesSlice(bytes: text, range: start..<end)
    }

    /// The JSON text without the newline, as it stands in watch events.
    package var item: BytesSlice { BytesSlice(bytes: bytes, range: 0..<byteCount - 1) }

    /// The JSON text without `{"kind":…,"apiVersion":…,` and the newline: what follows a `{` in a typed list, whose
    /// items do not repeat their type.
    package var untypedItemTail: BytesSlice { BytesSlice(bytes: bytes, range: typeLength..<byteCount - 1) }
}

extension BytesSlice {
    /// Whether an entry of an account, which this is, has a field called `name`, wherever it stands.
    package func ownsField(_ name: StaticString) -> Bool { buffer.hasMember(name, prefix: "f:") }
}

extension UnsafeRawBufferPointer {
    /// Whether in these bytes, a part of a JSON text, an object has a member `name`, which needs no escapes.
    func hasMember(_ name: StaticString, prefix: StaticString = "") -> Bool {
        let quote = UInt8(ascii: "\"")
        let (before, size) = (prefix.utf8CodeUnitCount, prefix.utf8CodeUnitCount + name.utf8CodeUnitCount)
        guard let start = baseAddress else { return false }
        var next = 0
        while let found = memchr(start + next, Int32(quote), count - next) {
            next = UnsafeRawPointer(found) - start + 1
            let end = next + size
            if end + 1 >= count { return false }
            if self[end] == quote, self[end + 1] == UInt8(ascii: ":"),
                memcmp(start + next, prefix.utf8Start, before) == 0,
                memcmp(start + next + before, name.utf8Start, size - before) == 0
            {
                return true
            }
        }
        return false
    }
}
