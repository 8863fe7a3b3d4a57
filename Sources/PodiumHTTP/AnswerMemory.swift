// SPDX-License-Identifier: Apache-2.0
// Gives an answer out again that a connection has had before: clients that poll mostly find nothing changed.

import CMicroHTTPD
import Glibc
import PodiumCodec
import PodiumExchange

/// The last answer of a connection, in the library's form, with the stored bytes that it is made of.
///
/// To make that form takes the library half a dozen allocations, which is more than to find the object.
// Not Sendable: part of a `Connection`.
final class AnswerMemory {
    /// What is remembered at most: a connection that rests keeps the memory of its last answer.
    private static let maxBytes = 16 << 10

    private var body: BytesSlice?
    private var contentType = ""
    private var flow: FlowIdentity?
    private var kept: OpaquePointer?
    /// The value of the `Audit-Id` field in it.
    private var keptID: UnsafeMutablePointer<CChar>?

    /// The form of `response`, whose body is `bytes`, if it is the one that was kept; it is given another `Audit-Id`.
    func recall(_ response: HTTPResponse, _ bytes: BytesSlice, auditID: UnsafePointer<CChar>) -> OpaquePointer? {
        guard let body, body.bytes === bytes.bytes, body.range == bytes.range, response.headers.isEmpty,
            response.contentType == contentType, response.flow === flow
        else { return nil }
        // In place: the library has sent the last answer, and to take the field out and put it in again would take it
        // three allocations.
        guard let keptID, strlen(auditID) == AuditIDs.size else { return nil }
        memcpy(keptID, auditID, AuditIDs.size)
        return kept
    }

    /// Keeps `created` as the form of `response`, whose body is `bytes`, or drops it when it is not worth it.
    func keep(_ created: OpaquePointer, of response: HTTPResponse, _ bytes: BytesSlice) {
        forget()
        guard response.headers.isEmpty, bytes.bytes.count <= Self.maxBytes,
            let id = MHD_get_response_header(created, "Audit-Id"), strlen(id) == AuditIDs.size
        else { return MHD_destroy_response(created) }
        keptID = UnsafeMutablePointer(mutating: id)
        body = bytes
        contentType = response.contentType
        flow = response.flow
        kept = created
    }

    private func forget() {
        if let kept { MHD_destroy_response(kept) }
        kept = nil
        keptID = nil
        body = nil
        flow = nil
    }

    deinit { forget() }
}
