// SPDX-License-Identifier: Apache-2.0
// WebSocket frames: the examples of the protocol, messages in pieces, and what breaks the rules.

import PodiumCodec
import PodiumExchange
import Synchronization
import Testing

@testable import PodiumHTTP

/// Remembers what it is given.
final class RecordingSession: ChannelSession {
    struct Log {
        var received: [Int: [UInt8]] = [:]
        var ended: [Int] = []
        var opened: [[String: String]] = []
    }

    let log = Mutex(Log())

    func start(wake: @escaping @Sendable () -> Void) {}
    var hasRoom: Bool { true }
    func open(_ headers: [String: String]) -> Int? {
        log.withLock { log in
            log.opened.append(headers)
            return headers["refuse"] == nil ? log.opened.count - 1 : nil
        }
    }
    func receive(_ bytes: [UInt8], on channel: Int) { log.withLock { $0.received[channel, default: []] += bytes } }
    func end(_ channel: Int) { log.withLock { $0.ended.append(channel) } }
    func pull(into pieces: inout [ChannelPiece], limit: Int) -> StreamProgress { .drained }
    func cancel() {}

    func text(_ channel: Int) -> String { String(decoding: log.withLock { $0.received[channel] ?? [] }, as: UTF8.self) }
}

extension ChannelCodec {
    /// Reads bytes in pieces of a size.
    mutating func read(
        _ bytes: [UInt8],
        by size: Int = .max,
        _ session: RecordingSession
    ) throws(ChannelFailure) -> [UInt8] {
        var replies: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            var failure: ChannelFailure?
            piece.withUnsafeBytes { bytes in
                do throws(ChannelFailure) {
                    try read(bytes, session, replies: &replies)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        }
        return replies
    }
}

@Suite struct WebSocketTests {
    private static let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    /// A frame of a client.
    private static func frame(_ first: UInt8, _ content: [UInt8], isMasked: Bool = true) -> [UInt8] {
        var bytes = [first]
        let flag: UInt8 = isMasked ? 0x80 : 0
        switch content.count {
        case ..<126: bytes.append(flag | UInt8(content.count))
        case ..<65_536: bytes += [flag | 126, UInt8(content.count >> 8), UInt8(content.count & 0xFF)]
        default: bytes += [flag | 127] + (0..<8).map { UInt8(truncatingIfNeeded: content.count >> (56 - 8 * $0)) }
        }
        if isMasked { bytes += mask }
        return bytes + content.enumerated().map { isMasked ? $1 ^ mask[$0 % 4] : $1 }
    }

    private static let binary = WebSocketChannels(name: "v5.channel.k8s.io", canEndChannels: true)

    // RFC 6455, section 5.7
    @Test func theExampleOfTheProtocol() throws {
        var events: [WebSocketReader.Event] = []
        var reader = WebSocketReader()
        let hello: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        try hello.withUnsafeBytes { bytes in try reader.read(bytes) { events.append($0) } }
        #expect(events == [.message(Array("Hello".utf8), isFirst: true, isLast: true)])
    }

    // RFC 6455, section 1.3
    @Test func theHandshakeOfTheProtocol() {
        let fields = HTTPHeaders([
            ("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ])
        let framing = ChannelFraming.webSocket(WebSocketChannels(name: "chat"))
        let head = UpgradeHead.answer(framing, to: fields, auditID: "a").map { String(decoding: $0, as: UTF8.self) }
        #expect(head?.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") == true)
        #expect(head?.contains("\r\nSec-WebSocket-Protocol: chat\r\n") == true)
        #expect(UpgradeHead.answer(framing, to: .none, auditID: "a") == nil)
    }

    @Test(arguments: [1, 2, 3, 7, 1000, .max])
    func messagesComeInPieces(size: Int) throws {
        let session = RecordingSession()
        var codec = WebSocketCodec(Self.binary)
        let long = [UInt8](repeating: 0x61, count: 70_000)
        let bytes =
            Self.frame(0x82, [0] + Array("abc".utf8)) + Self.frame(0x02, [0]) + Self.frame(0x89, Array("ping".utf8))
            + Self.frame(0x00, Array("de".utf8)) + Self.frame(0x80, Array("f".utf8)) + Self.frame(0x82, [])
            + Self.frame(0x82, [4] + long) + Self.frame(0x82, [255, 0]) + Self.frame(0x88, [0x03, 0xE8])
        let replies = try codec.read(bytes, by: size, session)
        #expect(session.text(0) == "abcdef")
        #expect(session.log.withLock { $0.received[4] } == long)
        #expect(session.log.withLock { $0.ended } == [0])
        #expect(replies == [0x8A, 4] + Array("ping".utf8) + [0x88, 2, 0x03, 0xE8])
        #expect(codec.isEnded)
    }

    @Test(arguments: [1, 5, .max])
    func channelsInBase64(size: Int) throws {
        let session = RecordingSession()
        var codec = WebSocketCodec(WebSocketChannels(name: "base64.channel.k8s.io", isBase64: true))
        _ = try codec.read(Self.frame(0x81, Array("0aGVsbG8gd29ybGQ=".utf8)), by: size, session)
        #expect(session.text(0) == "hello world")
        var output: [UInt8] = []
        codec.write(ChannelPiece(channel: 1, bytes: EncodedBytes("hello").slice), to: &output)
        #expect(output == [0x81, 9] + Array("1aGVsbG8=".utf8))
    }

    @Test(arguments: [
        ([0x83, 0x80], "unknown opcode"), ([0xC2, 0x80], "reserved bits are set"),
        ([0x82, 0x05], "frame of a client without a mask"), ([0x09, 0x80], "control frame in pieces"),
        ([0x89, 0xFE], "control frame too large"), ([0x80, 0x80], "continuation of nothing"),
        ([0x02, 0x81, 0, 0, 0, 0, 0, 0x82, 0x80], "message within a message"),
        ([0x82, 0xFF] + [UInt8](repeating: 0xFF, count: 12), "frame too large"),
    ])
    func whatBreaksTheRulesIsRefused(bytes: [UInt8], reason: String) {
        var codec = WebSocketCodec(Self.binary)
        #expect(throws: ChannelFailure.violation(reason)) { try codec.read(bytes, RecordingSession()) }
    }

    @Test func whatIsSentNamesItsChannel() {
        var codec = WebSocketCodec(Self.binary)
        var output: [UInt8] = []
        codec.write(ChannelPiece(channel: 1, bytes: EncodedBytes("out").slice), to: &output)
        #expect(output == [0x82, 4, 1] + Array("out".utf8))
        output = []
        let long = EncodedBytes([UInt8](repeating: 7, count: 40_000)).slice
        codec.write(ChannelPiece(channel: 2, bytes: long), to: &output)
        #expect(output.prefix(5) == [0x82, 126, 0x80, 0x01, 2])
        #expect(output.count == 40_000 + 2 * 5)
        output = []
        codec.finish(nil, to: &output)
        #expect(output == [0x88, 2, 0x03, 0xE8])
    }
}
