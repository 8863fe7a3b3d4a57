// SPDX-License-Identifier: Apache-2.0
// Hands an answer to libmicrohttpd, with the header fields that every answer has.

import CMicroHTTPD
import CPodiumHTTP
import PodiumCodec
import PodiumExchange
import PodiumMachinery

/// One answer on its way to the library.
struct WireResponse {
    let response: HTTPResponse
    let connection: OpaquePointer
    /// The text of the `Audit-Id` field, ended by a NUL.
    let auditID: UnsafePointer<CChar>
    /// Whether the connection is closed afterwards.
    let isLast: Bool

    /// Queues the answer with `bytes` as its body, uncopied: head and body leave in one system call.
    ///
    /// `memory` is that of the connection.
    func send(_ bytes: BytesSlice, memory: AnswerMemory) -> MHD_Result {
        guard bytes.count > 0 else { return queue(Self.empty()) }
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
        if isLast { return queue(created) }
        addHeaders(to: created)
        let result = podium_http_queue(connection, UInt32(response.status), created)
        memory.keep(created, of: response, bytes)
        return result
    }

    /// An answer without a body.
    static func empty() -> OpaquePointer? { MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT) }

    /// Adds the header fields, queues, and drops our own reference to `created`.
    func queue(_ created: OpaquePointer?) -> MHD_Result {
        guard let created else { return .NO }
        defer { MHD_destroy_response(created) }
        addHeaders(to: created)
        if isLast { MHD_add_response_header(created, "Connection", "close") }
        return podium_http_queue(connection, UInt32(response.status), created)
    }

    private func addHeaders(to created: OpaquePointer) {
        MHD_add_response_header(created, "Audit-Id", auditID)
        if !response.contentType.isEmpty {
            // Not as an argument, which would be copied into an array first.
            response.contentType.withCString { _ = MHD_add_response_header(created, "Content-Type", $0) }
        }
        var hasCacheControl = false
        for (name, value) in response.headers {
            if name == "Cache-Control" { hasCacheControl = true }
            MHD_add_response_header(created, name, value)
        }
        if let flow = response.flow {
            for (name, value) in flow.headers { MHD_add_response_header(created, name, value) }
        }
        // Kubernetes: apiserver/pkg/endpoints/filters/cachecontrol.go
        if !hasCacheControl { MHD_add_response_header(created, "Cache-Control", "no-cache, private") }
    }
}

extension HTTPResponse {
    /// Instead of an answer whose status is none.
    static var impossibleStatus: HTTPResponse { internalError("the answer had no valid status") }

    /// Instead of an answer whose header fields the library has no room for.
    static var headTooLarge: HTTPResponse {
        internalError("the request was carried out, but the header fields of the answer are too large")
    }

    private static func internalError(_ problem: String) -> HTTPResponse {
        let error = StatusError.internalError(problem)
        return HTTPResponse(
            status: error.code,
            contentType: "application/json",
            body: .bytes(error.status.encodedBytes.slice)
        )
    }

    /// The bytes of the header fields that an answer does not always have.
    var fieldBytes: Int {
        (headers + (flow?.headers ?? [])).reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    }
}

private let releaseBytes: MHD_ContentReaderFreeCallback = { bytes in
    if let bytes { Unmanaged<EncodedBytes>.fromOpaque(bytes).release() }
}
