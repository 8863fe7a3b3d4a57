// SPDX-License-Identifier: Apache-2.0
// Recognises a head that a connection has sent before: most clients repeat theirs byte by byte.

import CMicroHTTPD
import Glibc

/// The last head of a connection that was in order, and the bytes it was read from.
///
/// Comparing some hundred bytes is a fraction of the work of checking them and of making strings of them.
// Not Sendable: part of a `Connection`. A class, so that asking it copies nothing.
final class HeadMemory {
    /// What is remembered at most; a head above it is read each time.
    private static let maxBytes = 4 << 10

    private var bytes: [UInt8] = []
    private var head: RequestHead?

    /// The head of the present request, if its header lines are those of the last one.
    ///
    /// The request line is checked.
    func recall(connection: OpaquePointer, line: RequestHead.Line, targetSize: Int) -> RequestHead? {
        guard let head, line.isTight(targetSize: targetSize), line.hasValidMethod else { return nil }
        let count = line.method + podium_http_head_size(connection) - line.fields
        guard count == bytes.count, !line.isVersion10 else { return nil }
        let isSame = bytes.withUnsafeBytes { known in
            known.baseAddress.map { memcmp($0, line.fields, count) == 0 } ?? false
        }
        return isSame ? head : nil
    }

    /// Remembers `head`, unless it was refused, has a body, or is not worth it.
    func keep(_ head: RequestHead, connection: OpaquePointer, line: RequestHead.Line) {
        let count = line.method + podium_http_head_size(connection) - line.fields
        guard head.refusal == nil, !head.hasBody, !line.isVersion10, count <= Self.maxBytes else { return }
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: UnsafeBufferPointer(start: line.fields, count: count))
        self.head = head
    }
}
