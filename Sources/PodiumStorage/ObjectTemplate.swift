// SPDX-License-Identifier: Apache-2.0
// An object that many clusters have alike: its text once a process, what differs put in when somebody reads it.

package import PodiumCodec
package import PodiumMachinery

/// An object but for its UID, its revision and the time at which it was made.
///
/// Every cluster begins with some two hundred objects that differ in nothing else. Their text is encoded once; a
/// cluster holds who they are, and a reader gets a copy with the gaps filled.
package final class ObjectTemplate: Sendable {
    /// Strings that stand for what is not known yet. They are recognised as whole values only.
    package enum Mark {
        /// The UID of the object.
        package static let uid = "@uid@"
        /// The time at which the object was made, in seconds.
        package static let time = "@time@"
        /// The day of that.
        package static let date = "@date@"
        /// The same with microseconds.
        package static let microTime = "@microTime@"
    }

    /// What goes into a gap of the text.
    private enum Filling {
        case uid, time, date, microTime, revision
    }

    private struct Gap {
        let offset: Int
        let filling: Filling
    }

    package let key: ObjectKey
    /// The key inside its collection.
    let storageKey: String
    /// The facts but for the UID.
    let facts: ObjectFacts
    /// The length of `{"kind":…,"apiVersion":…,` at the beginning.
    let typeLength: Int
    private let text: [UInt8]
    /// In the order of their places in `text`.
    private let gaps: [Gap]
    /// How many bytes the UID and the times take.
    private let fillingSize: Int
    /// Where the digits of the revision stand in the finished text.
    private let revisionOffset: Int
    /// Where the metadata end, the digits of the revision not counted.
    private let metadataSize: Int

    /// Encodes `object`, a member of `resource`, which names itself and its type.
    package init(_ object: JSONValue, in resource: GroupResource, selectableFields: [SelectableField] = []) {
        var object = object
        object[path: "metadata", "uid"] = .string(Mark.uid)
        if object[path: "metadata", "creationTimestamp"] == nil {
            object[path: "metadata", "creationTimestamp"] = .string(Mark.time)
        }
        key = ObjectKey(
            resource,
            namespace: object[path: "metadata", "namespace"]?.string ?? "",
            name: object[path: "metadata", "name"]?.string ?? ""
        )
        storageKey = CacheState.storageKey(key.name)
        facts = ObjectFacts(of: object, fields: selectableFields)
        var writer = JSONWriter(capacity: 4096)
        let layout = writer.writeObject(object)
        precondition(layout.accountLength == 0, "nobody owns fields of what a cluster begins with")
        typeLength = layout.typeLength
        var parts = Parts(writer.bytes, revisionAt: layout.revisionOffset)
        let inMetadata = parts.read(to: layout.metadataEnd)
        _ = parts.read(to: writer.count)
        text = parts.text
        gaps = parts.gaps
        // The metadata stand in front: what of them is text and what goes into their gaps gives their end.
        var size = 0
        var before = 0
        var sizeInMetadata = 0
        for (index, gap) in gaps.enumerated() {
            if case .revision = gap.filling { before = gap.offset + size } else { size += Self.length(gap.filling) }
            if index < inMetadata.gaps { sizeInMetadata = size }
        }
        fillingSize = size
        revisionOffset = before
        metadataSize = inMetadata.text + sizeInMetadata
    }

    /// The text without the marks, and where they stood.
    private struct Parts {
        private static let marks: [(text: [UInt8], filling: Filling)] = [
            (Array("\"\(Mark.uid)\"".utf8), .uid), (Array("\"\(Mark.time)\"".utf8), .time),
            (Array("\"\(Mark.date)\"".utf8), .date), (Array("\"\(Mark.microTime)\"".utf8), .microTime),
        ]
        private static let quote = UInt8(ascii: "\"")

        private let bytes: [UInt8]
        private let revision: Int
        private var index = 0
        private(set) var text: [UInt8] = []
        private(set) var gaps: [Gap] = []

        init(_ bytes: [UInt8], revisionAt revision: Int) {
            self.bytes = bytes
            self.revision = revision
            text.reserveCapacity(bytes.count)
        }

        /// Goes on to `end`, which lies outside of marks.
        /// - Returns: how much text and how many gaps there are by then.
        mutating func read(to end: Int) -> (text: Int, gaps: Int) {
            var start = index
            while index < end {
                if index == revision {
                    text += bytes[start..<index]
                    start = index
                    gaps.append(Gap(offset: text.count, filling: .revision))
                }
                // Marks begin like this; most texts do not.
                if bytes[index] == Self.quote, index + 1 < end, bytes[index + 1] == UInt8(ascii: "@"),
                    let mark = Self.marks.first(where: { bytes[index...].starts(with: $0.text) })
                {
                    text += bytes[start...index]
                    gaps.append(Gap(offset: text.count, filling: mark.filling))
                    text.append(Self.quote)
                    index += mark.text.count
                    start = index
                } else {
                    index += 1
                }
            }
            text += bytes[start..<index]
            return (text.count, gaps.count)
        }
    }

    private static func length(_ filling: Filling) -> Int {
        switch filling {
        case .uid: 36
        case .time: "2026-01-02T03:04:05Z".utf8.count
        case .date: "2026-01-02".utf8.count
        case .microTime: "2026-01-02T03:04:05.000000Z".utf8.count
        case .revision: 0
        }
    }

    /// Whether somewhere in the text an object has a member `name`.
    func mayHaveMember(_ name: StaticString) -> Bool { text.withUnsafeBytes { $0.hasMember(name) } }

    /// The length of the finished text.
    func byteCount(at revision: Revision) -> Int { text.count + fillingSize + revision.description.utf8.count }

    /// Where the digits of the revision stand in the finished text.
    func revisionRange(at revision: Revision) -> Range<Int> {
        revisionOffset..<revisionOffset + revision.description.utf8.count
    }

    /// Where the metadata end in the finished text.
    func metadataEnd(at revision: Revision) -> Int { metadataSize + revision.description.utf8.count }

    /// The finished text.
    func encoded(uid: String, revision: Revision, time: Timestamp) -> EncodedBytes {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount(at: revision))
        var start = 0
        for gap in gaps {
            bytes += text[start..<gap.offset]
            start = gap.offset
            switch gap.filling {
            case .uid: bytes += uid.utf8
            case .time: bytes += time.rfc3339.utf8
            case .date: bytes += time.rfc3339.utf8.prefix(Self.length(.date))
            case .microTime: bytes += time.rfc3339Micro.utf8
            case .revision: bytes += revision.description.utf8
            }
        }
        bytes += text[start...]
        return EncodedBytes(bytes)
    }
}
