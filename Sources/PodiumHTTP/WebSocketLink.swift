// SPDX-License-Identifier: Apache-2.0
// What all that speaks WebSocket does alike: messages in, pings answered, the close returned.

/// A WebSocket below whatever its messages mean.
struct WebSocketLink {
    private var reader = WebSocketReader()
    /// Whether the client has closed.
    private(set) var isEnded = false

    /// Takes what has come; hands on the pieces of messages, and answers the rest itself.
    mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        replies: inout [UInt8],
        _ take: (_ piece: [UInt8], _ isFirst: Bool, _ isLast: Bool, inout [UInt8]) throws(ChannelFailure) -> Void
    ) throws(ChannelFailure) {
        if isEnded { return }
        var events: [WebSocketReader.Event] = []
        try reader.read(bytes) { events.append($0) }
        for event in events {
            switch event {
            case .message(let piece, let isFirst, let isLast): try take(piece, isFirst, isLast, &replies)
            case .ping(let content): WebSocketFrame.append(.pong, content, to: &replies)
            case .close(let code):
                isEnded = true
                WebSocketFrame.appendClose(code, to: &replies)
                return
            }
        }
    }
}
