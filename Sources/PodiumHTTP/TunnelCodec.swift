// SPDX-License-Identifier: Apache-2.0
// SPDY within the messages of a WebSocket.

import PodiumExchange

/// Carries the bytes of another protocol in binary messages, which mean nothing by themselves.
// Kubernetes: apiserver/pkg/util/proxy/streamtunnel.go
struct TunnelCodec: ChannelCodec {
    private var inner = SPDYCodec()
    private var link = WebSocketLink()

    var isEnded: Bool { link.isEnded }

    mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        _ session: any ChannelSession,
        replies: inout [UInt8]
    ) throws(ChannelFailure) {
        var inner = inner
        defer { self.inner = inner }
        try link.read(bytes, replies: &replies) { piece, _, _, replies throws(ChannelFailure) in
            var answer: [UInt8] = []
            var failure: ChannelFailure?
            piece.withUnsafeBytes { piece in
                do throws(ChannelFailure) {
                    try inner.read(piece, session, replies: &answer)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            if !answer.isEmpty { WebSocketFrame.append(.binary, answer, to: &replies) }
        }
    }

    mutating func write(_ piece: ChannelPiece, to output: inout [UInt8]) {
        var bytes: [UInt8] = []
        inner.write(piece, to: &bytes)
        if !bytes.isEmpty { WebSocketFrame.append(.binary, bytes, to: &output) }
    }

    mutating func finish(_ failure: ChannelFailure?, to output: inout [UInt8]) {
        var bytes: [UInt8] = []
        inner.finish(failure, to: &bytes)
        WebSocketFrame.append(.binary, bytes, to: &output)
        WebSocketFrame.appendClose(failure, to: &output)
    }
}
