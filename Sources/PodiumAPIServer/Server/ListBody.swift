// SPDX-License-Identifier: Apache-2.0
// The body of a list: stored bytes between brackets.

import PodiumCodec
import PodiumExchange
import PodiumStorage
import Synchronization

/// The pieces of a list.
struct ListBody: Sendable {
    /// Lists beyond this many bytes are streamed, so that no thread is held by copying one.
    static let maximumCopiedBytes = 512 * 1024

    /// Everything in front of the first item.
    let head: EncodedBytes
    let objects: [StoredObject]

    /// What stands between two items, with the brace that an item without its type must be given anew.
    // A list's own: ten thousand references to one that all threads share would take longer than the rest of the list.
    private let between = EncodedBytes(",{")

    fileprivate static let end = EncodedBytes("]}\n").slice

    /// The body, copied or streamed.
    var responseBody: HTTPResponse.Body {
        var size = head.count
        for object in objects {
            size += object.byteCount
            if size > Self.maximumCopiedBytes { return .stream(ListStream(self)) }
        }
        var writer = JSONWriter(capacity: size + 16)
        writer.raw(head.buffer)
        for index in objects.indices {
            writer.raw(separator(before: index).buffer)
            writer.raw(item(index).buffer)
        }
        writer.raw(Self.end.buffer)
        return .bytes(writer.encoded.slice)
    }

    /// What stands in front of an item.
    func separator(before index: Int) -> BytesSlice {
        BytesSlice(bytes: between, range: index == 0 ? 1..<2 : 0..<2)
    }

    /// The bytes of one item, without kind and apiVersion.
    func item(_ index: Int) -> BytesSlice { objects[index].untypedItemTail }
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
            pieces.append(body.separator(before: index))
            let item = body.item(index)
            pieces.append(item)
            size += item.count + 1
            index += 1
            if size >= limit {
                next.store(index, ordering: .relaxed)
                return .more
            }
        }
        pieces.append(ListBody.end)
        return .finished
    }
}
