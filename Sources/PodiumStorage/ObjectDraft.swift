// SPDX-License-Identifier: Apache-2.0
// An object on its way into storage: its parts in the order in which they are stored, and where each of them is.

package import PodiumCodec
import PodiumMachinery

/// An object on its way into storage: encoded but for its revision, which only the commit knows.
package struct ObjectDraft: Sendable {
    /// The limits of an object.
    package enum Limits {
        /// The largest text that is stored, as with etcd, whose requests may be as large.
        // etcd: server/embed/config.go DefaultMaxRequestBytes
        package static let maximumBytes = 3 << 19
    }

    /// The JSON text with an empty string as `metadata.resourceVersion`, ending in a newline.
    let template: [UInt8]
    /// Where in `template` the digits of the revision go.
    let revisionOffset: Int
    /// The length of `{"kind":…,"apiVersion":…,` at the beginning.
    let typeLength: Int
    /// Where in `template` the metadata end.
    let metadataEnd: Int
    /// How long `,"managedFields":[…]` at the end of the metadata is; 0 when nobody owns fields.
    let accountLength: Int
    /// Where in `template` the specification ends, if it follows the metadata; else where these end.
    let specEnd: Int
    package let facts: ObjectFacts
    /// Whether it says no more than that its writer is alive.
    let isHeartbeat: Bool

    /// Encodes `object`, which must have `kind`, `apiVersion` and `metadata`.
    /// - Parameter managedFields: the text of `metadata.managedFields`; nil takes that in `object`, if there is one.
    package init(_ object: JSONValue, managedFields: BytesSlice? = nil, facts: ObjectFacts) {
        var writer = JSONWriter(capacity: 4096)
        let layout = writer.writeObject(object, managedFields: managedFields)
        typeLength = layout.typeLength
        revisionOffset = layout.revisionOffset
        metadataEnd = layout.metadataEnd
        accountLength = layout.accountLength
        specEnd = layout.specEnd
        template = writer.bytes
        self.facts = facts
        isHeartbeat = false
    }

    /// A heartbeat: `object` with texts, which need no escapes, in the place of parts of its bytes on which none of its
    /// facts depends. Behind the metadata they may be of any length; in them, of the one that was there.
    /// - Parameter texts: with the slices of `object` that they replace, in the order of the bytes.
    package init(heartbeatOf object: StoredObject, replacing texts: [(slice: BytesSlice, text: String)]) {
        let original = object.bytes
        defer { withExtendedLifetime(original) {} }
        let bytes = original.buffer
        let digits = object.revisionRange
        var template: [UInt8] = []
        template.reserveCapacity(bytes.count + 16)
        var offset = 0
        var revisionOffset = 0
        /// Copies up to `end`, without the digits of the revision.
        func copy(to end: Int) {
            if offset <= digits.lowerBound, digits.lowerBound < end {
                template += bytes[offset..<digits.lowerBound]
                revisionOffset = template.count
                offset = digits.upperBound
            }
            template += bytes[offset..<end]
            offset = end
        }
        for (slice, text) in texts {
            let isSafe = slice.range.lowerBound >= object.metadataEnd || slice.range.count == text.utf8.count
            precondition(isSafe, "the metadata keep their length")
            copy(to: slice.range.lowerBound)
            template += text.utf8
            offset = slice.range.upperBound
        }
        copy(to: bytes.count)
        self.template = template
        self.revisionOffset = revisionOffset
        typeLength = object.typeLength
        metadataEnd = object.metadataEnd - digits.count
        // Nobody may rely on a specification in which something was replaced.
        specEnd = metadataEnd
        accountLength = object.accountLength
        facts = object.facts
        isHeartbeat = true
    }

    /// Whether it is larger than what is stored.
    var isTooLarge: Bool { template.count > Limits.maximumBytes }

    /// The bytes of the object at `revision`.
    func encoded(at revision: Revision) -> EncodedBytes {
        var digits = String(revision.number)
        return digits.withUTF8 { digits in
            EncodedBytes(count: template.count + digits.count) { target in
                template.withUnsafeBytes { source in
                    let tail = revisionOffset + digits.count
                    UnsafeMutableRawBufferPointer(rebasing: target[..<revisionOffset])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<revisionOffset]))
                    UnsafeMutableRawBufferPointer(rebasing: target[revisionOffset..<tail])
                        .copyMemory(from: UnsafeRawBufferPointer(digits))
                    UnsafeMutableRawBufferPointer(rebasing: target[tail...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[revisionOffset...]))
                }
            }
        }
    }
}

extension JSONWriter {
    /// Where the parts of an object are in its text.
    struct ObjectLayout {
        /// The length of `{"kind":…,"apiVersion":…,` in front.
        var typeLength = 0
        /// Where the digits of the revision go.
        var revisionOffset = 0
        var metadataEnd = 0
        /// How long `,"managedFields":[…]` at the end of the metadata is.
        var accountLength = 0
        /// Where the specification ends, if it follows the metadata; else where these end.
        var specEnd = 0
    }

    /// Writes an API object and a newline, with an empty `metadata.resourceVersion`.
    ///
    /// Its type and its metadata come first, and the parts of these in upstream's order, however the client had them.
    /// - Parameter managedFields: the text of `metadata.managedFields`; nil takes that in `object`, if there is one.
    mutating func writeObject(_ object: JSONValue, managedFields: BytesSlice? = nil) -> ObjectLayout {
        guard case .object(let metadata)? = object["metadata"] else {
            preconditionFailure("an object without metadata cannot be stored")
        }
        var layout = ObjectLayout()
        raw("{\"kind\":")
        write(object["kind"]?.string ?? "")
        raw(",\"apiVersion\":")
        write(object["apiVersion"]?.string ?? "")
        raw(",")
        layout.typeLength = count
        raw("\"metadata\":")
        layout.revisionOffset = writeMetadata(metadata)
        let account = count
        if let managedFields {
            raw(StoredObject.accountName)
            raw(managedFields.buffer)
        } else if let value = metadata[Self.accountName] {
            raw(StoredObject.accountName)
            write(value)
        }
        layout.accountLength = count - account
        raw("}")
        layout.metadataEnd = count
        layout.specEnd = count
        var isNext = true
        for (key, value) in object.object ?? [:] where key != "kind" && key != "apiVersion" && key != "metadata" {
            raw(",")
            write(key)
            raw(":")
            write(value)
            if isNext, key == "spec" { layout.specEnd = count }
            isNext = false
        }
        raw("}\n")
        return layout
    }

    /// Writes the metadata but for the account and the closing brace.
    private mutating func writeMetadata(_ metadata: JSONObject) -> Int {
        raw("{")
        writeMembers(Self.metadataBeforeRevision, of: metadata)
        raw("\"resourceVersion\":\"")
        let offset = count
        raw("\",")
        writeMembers(Self.metadataBehindRevision, of: metadata)
        for (key, value) in metadata where !Self.metadataNames.contains(key) { writeMember(key, value) }
        removeLast()
        return offset
    }

    private mutating func writeMembers(_ names: [String], of object: JSONObject) {
        for name in names {
            if let value = object[name] { writeMember(name, value) }
        }
    }

    private mutating func writeMember(_ name: String, _ value: JSONValue) {
        write(name)
        raw(":")
        write(value)
        raw(",")
    }

    // Kubernetes: apimachinery/pkg/apis/meta/v1/types.go ObjectMeta
    private static let metadataBeforeRevision = ["name", "generateName", "namespace", "selfLink", "uid"]
    private static let metadataBehindRevision = [
        "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations",
        "ownerReferences", "finalizers",
    ]
    private static let accountName = "managedFields"
    private static let metadataNames = Set(
        metadataBeforeRevision + ["resourceVersion", accountName] + metadataBehindRevision
    )
}
