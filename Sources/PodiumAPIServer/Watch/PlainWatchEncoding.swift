// SPDX-License-Identifier: Apache-2.0
// Watch events of whole objects: the stored bytes between two constant texts, without a copy.

package import PodiumCodec
package import PodiumStorage
import Synchronization

/// Writes events as `{"type":…,"object":…}` lines around the stored bytes.
package struct PlainWatchEncoding: WatchEventEncoding {
    /// Makes the encoding.
    package init() {}

    private static let added = EncodedBytes(#"{"type":"ADDED","object":"#)
    private static let modified = EncodedBytes(#"{"type":"MODIFIED","object":"#)
    private static let deleted = EncodedBytes(#"{"type":"DELETED","object":"#)
    private static let end = EncodedBytes("}\n")

    package func append(_ type: WatchEventType, _ object: StoredObject, to pieces: inout [BytesSlice]) {
        switch type {
        case .added: pieces.append(Self.added.slice)
        case .modified: pieces.append(Self.modified.slice)
        default: pieces.append(Self.deleted.slice)
        }
        pieces.append(object.item)
        pieces.append(Self.end.slice)
    }

    package func append(_ type: WatchEventType, value: JSONValue, to pieces: inout [BytesSlice]) {
        var writer = JSONWriter()
        writer.write(["type": .string(type.rawValue), "object": value])
        writer.raw("\n")
        pieces.append(writer.encoded.slice)
    }
}

/// Writes events of objects that are transformed first: tables, metadata alone.
package struct TransformedWatchEncoding: WatchEventEncoding {
    private let transform: @Sendable (JSONValue, _ isFirst: Bool) -> JSONValue
    private let first = FirstFlag()

    /// Makes the encoding; `transform` gets each object and whether it is the first of the stream.
    package init(_ transform: @escaping @Sendable (JSONValue, _ isFirst: Bool) -> JSONValue) {
        self.transform = transform
    }

    package func append(_ type: WatchEventType, _ object: StoredObject, to pieces: inout [BytesSlice]) {
        append(type, transformed: transform(object.value(), first.take()), to: &pieces)
    }

    package func append(_ type: WatchEventType, value: JSONValue, to pieces: inout [BytesSlice]) {
        append(type, transformed: type == .bookmark ? transform(value, first.take()) : value, to: &pieces)
    }

    private func append(_ type: WatchEventType, transformed: JSONValue, to pieces: inout [BytesSlice]) {
        PlainWatchEncoding().append(type, value: transformed, to: &pieces)
    }
}

/// Shows nothing but errors.
struct EmptyWatchEncoding: WatchEventEncoding {
    func append(_ type: WatchEventType, _ object: StoredObject, to pieces: inout [BytesSlice]) {}

    func append(_ type: WatchEventType, value: JSONValue, to pieces: inout [BytesSlice]) {
        if type == .error { PlainWatchEncoding().append(type, value: value, to: &pieces) }
    }
}

/// True once.
private final class FirstFlag: Sendable {
    private let taken = Atomic<Bool>(false)

    func take() -> Bool { !taken.exchange(true, ordering: .relaxed) }
}
