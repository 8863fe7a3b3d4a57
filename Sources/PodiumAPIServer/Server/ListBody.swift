// SPDX-License-Identifier: Apache-2.0
// The body of a list: stored bytes between brackets.

import PodiumCodec
import PodiumStorage
import Synchronization

/// The pieces of a list.
struct ListBody: Sendable {
    /// Lists beyond this many bytes are streamed, so that no thread is held by copying one.
    static let maximumCopiedBytes = 512 * 1024

    /// Everything in front of the first item.
    let head: EncodedBytes
    let objects: [StoredObject]
    /// Whether items keep their kind and apiVersion.
    let isTyped: Bool

    fileprivate static let open = EncodedBytes("{")
    fileprivate static let separator = EncodedBytes(",")
    fileprivate static let untypedSeparator = EncodedBytes(",{")
    fileprivate static let end = EncodedBytes("]}\n")

    /// The body, copied or streamed.
    var responseBody: HTTPResponse.Body {
        var size = head.count
        for object in objects {
            size += object.bytes.count
            if size > Self.maximumCopiedBytes { return .stream(ListStream(self)) }
        }
        var writer = JSONWriter(capacity: size + 16)
        writer.raw(head.buffer)
        for index in objects.indices {
            for piece in pieces(of: index) { writer.raw(piece.buffer) }
        }
        writer.raw(Self.end.buffer)
        return .bytes(EncodedBytes(writer.bytes).slice)
    }

    /// The pieces of one item, with what separates it from the one before.
    func pieces(of index: Int) -> [BytesSlice] {
        if isTyped { return index == 0 ? [objects[0].item] : [Self.separator.slice, objects[index].item] }
        return [(index == 0 ? Self.open : Self.untypedSeparator).slice, objects[index].untypedItemTail]
    }
}

/// A large list on its way to a client; a snapshot, so that it needs no lock and copies nothing.
final class ListStream: ResponseStream {
    private let body: ListBody
    /// The next item; -1 before the head was sent. Moved by the one thread that pulls.
    private let next = Atomic<Int>(-1)

    init(_ body: ListBody) { self.body = body }

    func start(wake: @escaping @Sendable () -> Void) { wake() }

    func cancel() {}

    func pull(into pieces: inout [BytesSlice], limit: Int) -> StreamProgress {
        var index = next.load(ordering: .relaxed)
        var size = 0
        if index < 0 {
            pieces.append(body.head.slice)
            index = 0
        }
        while index < body.objects.count {
            for piece in body.pieces(of: index) {
                pieces.append(piece)
                size += piece.count
            }
            index += 1
            if size >= limit {
                next.store(index, ordering: .relaxed)
                return .more
            }
        }
        pieces.append(ListBody.end.slice)
        return .finished
    }
}
