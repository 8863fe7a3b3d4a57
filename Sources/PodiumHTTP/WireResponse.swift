// SPDX-License-Identifier: Apache-2.0
// Hands an answer to libmicrohttpd.

import CMicroHTTPD
import CPodiumHTTP
import PodiumAPIServer
import PodiumCodec
import PodiumMachinery

/// Answers whose bytes are all there.
enum WireResponse {
    /// Queues `response` with `bytes` as its body, uncopied: head and body leave in one system call.
    ///
    /// Closes the connection afterwards when `isLast`; else `memory` is that of the connection.
    static func send(
        _ response: HTTPResponse,
        _ bytes: BytesSlice,
        on connection: OpaquePointer,
        isLast: Bool,
        memory: AnswerMemory
    ) -> MHD_Result {
        guard bytes.count > 0 else { return queue(response, empty(), on: connection, isLast: isLast) }
        if !isLast, let known = memory.recall(response, bytes) {
            return podium_http_queue(connection, UInt32(response.status), known)
        }
        // The retain stands beside the call that takes it over. In a function of its own, Swift 6.3.1 with -O takes
        // it for free of effects and merges two of them (facts: over-release under load).
        let kept = Unmanaged.passRetained(bytes.bytes)
        let created = MHD_create_response_from_buffer_with_free_callback_cls(
            bytes.count,
            UnsafeMutableRawPointer(mutating: bytes.buffer.baseAddress),
            releaseBytes,
            kept.toOpaque()
        )
        guard let created else {
            kept.release()
            return .NO
        }
        if isLast { return queue(response, created, on: connection, isLast: true) }
        addHeaders(of: response, to: created)
        let result = podium_http_queue(connection, UInt32(response.status), created)
        memory.keep(created, of: response, bytes)
        return result
    }

    /// An answer without a body.
    static func empty() -> OpaquePointer? { MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT) }

    /// Adds the header fields, queues, and drops our own reference to `created`.
    static func queue(
        _ response: HTTPResponse,
        _ created: OpaquePointer?,
        on connection: OpaquePointer,
        isLast: Bool
    ) -> MHD_Result {
        guard let created else { return .NO }
        defer { MHD_destroy_response(created) }
        addHeaders(of: response, to: created)
        if isLast { MHD_add_response_header(created, "Connection", "close") }
        return podium_http_queue(connection, UInt32(response.status), created)
    }

    private static func addHeaders(of response: HTTPResponse, to created: OpaquePointer) {
        if !response.contentType.isEmpty {
            // Not as an argument, which would be copied into an array first.
            response.contentType.withCString { _ = MHD_add_response_header(created, "Content-Type", $0) }
        }
        for (name, value) in response.headers { MHD_add_response_header(created, name, value) }
    }
}

extension HTTPResponse {
    /// Instead of an answer whose status is none.
    static var impossibleStatus: HTTPResponse {
        let error = StatusError.internalError("the answer had no valid status")
        return HTTPResponse(
            status: error.code,
            contentType: "application/json",
            body: .bytes(EncodedBytes(error.status.encoded()).slice)
        )
    }
}

private let releaseBytes: MHD_ContentReaderFreeCallback = { bytes in
    if let bytes { Unmanaged<EncodedBytes>.fromOpaque(bytes).release() }
}
