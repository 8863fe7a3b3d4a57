// SPDX-License-Identifier: Apache-2.0
// Gives an answer out again that a connection has had before: clients that poll mostly find nothing changed.

import CMicroHTTPD
import PodiumAPIServer
import PodiumCodec

/// The last answer of a connection, in the library's form, with the stored bytes that it is made of.
///
/// To make that form takes the library half a dozen allocations, which is more than to find the object.
// Not Sendable: part of a `Connection`.
final class AnswerMemory {
    /// What is remembered at most: a connection that rests keeps the memory of its last answer.
    private static let maxBytes = 16 << 10

    private var body: BytesSlice?
    private var contentType = ""
    private var kept: OpaquePointer?

    /// The form of `response`, whose body is `bytes`, if it is the one that was kept.
    func recall(_ response: HTTPResponse, _ bytes: BytesSlice) -> OpaquePointer? {
        guard let body, body.bytes === bytes.bytes, body.range == bytes.range, response.headers.isEmpty,
            response.contentType == contentType
        else { return nil }
        return kept
    }

    /// Keeps `created` as the form of `response`, whose body is `bytes`, or drops it when it is not worth it.
    func keep(_ created: OpaquePointer, of response: HTTPResponse, _ bytes: BytesSlice) {
        guard response.headers.isEmpty, bytes.bytes.count <= Self.maxBytes else { return MHD_destroy_response(created) }
        forget()
        body = bytes
        contentType = response.contentType
        kept = created
    }

    private func forget() {
        if let kept { MHD_destroy_response(kept) }
        kept = nil
        body = nil
    }

    deinit { forget() }
}
