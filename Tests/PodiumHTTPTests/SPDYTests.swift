// SPDX-License-Identifier: Apache-2.0
// SPDY frames: streams that a client opens, ends and resets, and what breaks the rules.

import CPodiumHTTP
import PodiumCodec
import PodiumExchange
import Synchronization
import Testing

@testable import PodiumHTTP

@Suite struct SPDYTests {
    /// A client's side: its own compression goes on from stream to stream.
    private final class Client {
        private let headers = podium_spdy_headers_make()

        deinit { if let headers { podium_spdy_headers_free(headers) } }

        static func bytes(_ number: UInt32) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
        }

        static func control(_ kind: UInt32, _ content: [UInt8], flags: UInt32 = 0) -> [UInt8] {
            bytes(0x8003_0000 | kind) + bytes(flags << 24 | UInt32(content.count)) + content
        }

        func open(_ number: UInt32, _ fields: [(String, String)]) -> [UInt8] {
            var text = Self.bytes(UInt32(fields.count))
            for part in fields.flatMap({ [$0.0, $0.1] }) {
                text += Self.bytes(UInt32(part.utf8.count)) + Array(part.utf8)
            }
            var block = [UInt8](repeating: 0, count: 4096)
            let count = headers.map { podium_spdy_headers_compress($0, text, text.count, &block, block.count) } ?? 0
            return Self.control(1, Self.bytes(number) + Self.bytes(0) + [0, 0] + block.prefix(count))
        }

        static func data(_ number: UInt32, _ text: String, isLast: Bool = false) -> [UInt8] {
            bytes(number) + bytes(UInt32(text.utf8.count) | (isLast ? 1 << 24 : 0)) + Array(text.utf8)
        }
    }

    @Test(arguments: [1, 3, 11, .max])
    func streamsAreOpenedAndEnded(size: Int) throws {
        let (session, client) = (RecordingSession(), Client())
        var codec = SPDYCodec()
        let bytes =
            client.open(1, [("streamType", "error")]) + client.open(3, [("streamType", "stdin")])
            + Client.data(3, "given ") + Client.control(6, Client.bytes(9)) + Client.data(3, "more", isLast: true)
        let replies = try codec.read(bytes, by: size, session)
        #expect(session.log.withLock { $0.opened } == [["streamtype": "error"], ["streamtype": "stdin"]])
        #expect(session.text(1) == "given more")
        #expect(session.log.withLock { $0.ended } == [1])
        // Two replies, and the ping as it came.
        #expect(Array(replies.prefix(8)) == [0x80, 3, 0, 2] + Client.bytes(UInt32(replies[7])))
        #expect(Array(replies.suffix(12)) == Client.control(6, Client.bytes(9)))
        var output: [UInt8] = []
        codec.write(ChannelPiece(channel: 0, bytes: EncodedBytes("bad").slice, isLast: true), to: &output)
        #expect(output == Client.data(1, "bad", isLast: true))
        // Nothing comes behind an end.
        codec.write(ChannelPiece(channel: 0, bytes: EncodedBytes("late").slice), to: &output)
        #expect(output == Client.data(1, "bad", isLast: true))
    }

    @Test func theEndEndsAllStreams() throws {
        let (session, client) = (RecordingSession(), Client())
        var codec = SPDYCodec()
        _ = try codec.read(client.open(1, []) + client.open(3, []), session)
        var output: [UInt8] = []
        codec.finish(nil, to: &output)
        let ends = Client.data(1, "", isLast: true) + Client.data(3, "", isLast: true)
        #expect(output == ends + Client.control(7, Client.bytes(3) + Client.bytes(0)))
    }

    @Test func whatIsNotWantedIsReset() throws {
        let (session, client) = (RecordingSession(), Client())
        var codec = SPDYCodec()
        let refused = try codec.read(client.open(1, [("refuse", "me")]), session)
        #expect(refused == Client.control(3, Client.bytes(1) + Client.bytes(3)))
        let unknown = try codec.read(Client.data(99, "x"), session)
        #expect(unknown == Client.control(3, Client.bytes(99) + Client.bytes(2)))
        _ = try codec.read(client.open(3, []) + Client.control(3, Client.bytes(3) + Client.bytes(5)), session)
        #expect(session.log.withLock { $0.ended } == [1])
    }

    @Test func whatBreaksTheRulesIsRefused() {
        let client = Client()
        let first = client.open(5, [])
        let cases: [([UInt8], String)] = [
            ([0x80, 2, 0, 1, 0, 0, 0, 0], "not SPDY/3"),
            ([0x80, 3, 0, 1, 0, 0xFF, 0xFF, 0xFF], "control frame too large"),
            (Client.control(1, [0, 0]), "stream without headers"),
            (Client.control(1, Client.bytes(1) + Client.bytes(0) + [0, 0, 1, 2, 3]), "bad headers"),
            (first + client.open(3, []), "bad number of a stream"),
        ]
        for (bytes, reason) in cases {
            var codec = SPDYCodec()
            #expect(throws: ChannelFailure.violation(reason)) { try codec.read(bytes, RecordingSession()) }
        }
    }

    /// A small block that expands to much is none.
    @Test func headersDoNotExpandWithoutEnd() throws {
        let client = Client()
        var codec = SPDYCodec()
        let bytes = client.open(1, [("a", String(repeating: "x", count: 100_000))])
        #expect(bytes.count < 4096)
        #expect(throws: ChannelFailure.violation("bad headers")) { try codec.read(bytes, RecordingSession()) }
    }

    @Test func aTunnelCarriesTheSame() throws {
        let (session, client) = (RecordingSession(), Client())
        var codec = TunnelCodec()
        let inner = client.open(1, [("streamType", "data")]) + Client.data(1, "hello")
        let frame = [0x82, 0x80 | UInt8(inner.count), 0, 0, 0, 0] + inner
        let replies = try codec.read(frame, by: 5, session)
        #expect(session.text(0) == "hello")
        #expect(replies.prefix(1) == [0x82])
        var output: [UInt8] = []
        codec.write(ChannelPiece(channel: 0, bytes: EncodedBytes("back").slice), to: &output)
        #expect(output == [0x82, 12] + Client.data(1, "back"))
    }
}
