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

    fileprivate static let open = EncodedBytes("{").slice
    fileprivate static let separator = EncodedBytes(",").slice
    fileprivate static let untypedSeparator = EncodedBytes(",{").slice
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
            if let separator = separator(before: index) { writer.raw(separator.buffer) }
            writer.raw(item(index).buffer)
        }
        writer.raw(Self.end.buffer)
        return .bytes(EncodedBytes(writer.bytes).slice)
    }

    /// What stands between an item and the one before, or whatever of the item an untyped one must be given anew.
    func separator(before index: Int) -> BytesSlice? {
        if isTyped { return index == 0 ? nil : Self.separator }
        return index == 0 ? Self.open : Self.untypedSeparator
    }

    /// The bytes of one item.
    func item(_ index: Int) -> BytesSlice { isTyped ? objects[index].item : objects[index].untypedItemTail }
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
            if let separator = body.separator(before: index) { pieces.append(separator) }
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
