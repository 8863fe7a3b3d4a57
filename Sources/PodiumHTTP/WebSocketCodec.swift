// SPDX-License-Identifier: Apache-2.0
// The channels of a WebSocket: which message belongs to which.

import PodiumCodec
import PodiumExchange

/// Frames channels as the messages of a WebSocket.
// Kubernetes: apimachinery/pkg/util/httpstream/wsstream/conn.go
struct WebSocketCodec: ChannelCodec {
    /// On this channel a client says that it ends another one.
    // Kubernetes: apimachinery/pkg/util/remotecommand/constants.go StreamClose
    private static let endingChannel = 255
    /// The most of a channel that goes into one message.
    private static let messageBytes = 32 << 10

    private let channels: WebSocketChannels
    private var link = WebSocketLink()
    /// The channel of the message that is being read; nil before its first byte.
    private var channel: Int?
    /// Characters of base64 that wait for their group to be complete.
    private var characters: [UInt8] = []

    var isEnded: Bool { link.isEnded }

    init(_ channels: WebSocketChannels) { self.channels = channels }

    mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        _ session: any ChannelSession,
        replies: inout [UInt8]
    ) throws(ChannelFailure) {
        var link = link
        defer { self.link = link }
        try link.read(bytes, replies: &replies) { piece, isFirst, isLast, _ throws(ChannelFailure) in
            if isFirst { (channel, characters) = (nil, []) }
            try take(piece[...], isLast: isLast, session)
        }
    }

    private mutating func take(
        _ piece: ArraySlice<UInt8>,
        isLast: Bool,
        _ session: any ChannelSession
    ) throws(ChannelFailure) {
        var piece = piece
        if channel == nil {
            guard let first = piece.popFirst() else { return }
            channel = Int(channels.isBase64 ? first &- UInt8(ascii: "0") : first)
        }
        guard let channel, !piece.isEmpty || channels.isBase64 else { return }
        if channel == Self.endingChannel, channels.canEndChannels {
            for ended in piece { session.end(Int(ended)) }
            return
        }
        let content = channels.isBase64 ? try decode(piece, isLast: isLast) : Array(piece)
        if !content.isEmpty { session.receive(content, on: channel) }
    }

    private mutating func decode(_ piece: ArraySlice<UInt8>, isLast: Bool) throws(ChannelFailure) -> [UInt8] {
        characters += piece
        let whole = isLast ? characters.count : characters.count / 4 * 4
        let text = String(decoding: characters[..<whole], as: UTF8.self)
        guard case .success(let content) = Base64.decode(text) else { throw .violation("message that is not base64") }
        characters.removeFirst(whole)
        return content
    }

    mutating func write(_ piece: ChannelPiece, to output: inout [UInt8]) {
        // That a channel ends cannot be said.
        if piece.isLast, piece.bytes.count == 0 { return }
        var rest = piece.bytes.buffer[...]
        repeat {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.messageBytes))
            rest = rest.dropFirst(part.count)
            if channels.isBase64 {
                let text = [UInt8(ascii: "0") &+ UInt8(piece.channel)] + Array(Base64.encode(part).utf8)
                WebSocketFrame.append(.text, text, to: &output)
            } else {
                WebSocketFrame.appendHead(.binary, size: part.count + 1, to: &output)
                output.append(UInt8(piece.channel))
                output.append(contentsOf: part)
            }
        } while !rest.isEmpty
    }

    func finish(_ failure: ChannelFailure?, to output: inout [UInt8]) {
        WebSocketFrame.appendClose(failure, to: &output)
    }
}
