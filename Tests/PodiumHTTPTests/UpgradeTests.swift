// SPDX-License-Identifier: Apache-2.0
// Connections that are upgraded: both ways, in masses, to the end.

import Glibc
import PodiumCodec
import PodiumExchange
import PodiumHTTP
import Synchronization
import Testing

/// Sends back what it is sent, on the channel above.
// State | guarded by | why separate
// state | state      | used by the server's thread and by the test
final class EchoSession: ChannelSession {
    private struct State {
        var pieces: [ChannelPiece] = []
        var isTaking: Bool
        var received = 0
        var isFinished = false
        var cancellations = 0
        var wake: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>

    init(isTaking: Bool) { state = Mutex(State(isTaking: isTaking)) }

    var cancellations: Int { state.withLock { $0.cancellations } }
    var received: Int { state.withLock { $0.received } }

    func say(_ text: String, on channel: Int) { change { $0.pieces.append(Self.piece(Array(text.utf8), channel)) } }
    func finish() { change { $0.isFinished = true } }
    func takeMore() { change { $0.isTaking = true } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            return state.wake
        }?()
    }

    private static func piece(_ bytes: [UInt8], _ channel: Int) -> ChannelPiece {
        ChannelPiece(channel: channel, bytes: EncodedBytes(bytes).slice)
    }

    func start(wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }
    var hasRoom: Bool { state.withLock { $0.isTaking } }
    func open(_ headers: [String: String]) -> Int? { nil }

    func receive(_ bytes: [UInt8], on channel: Int) {
        state.withLock { state in
            state.received += bytes.count
            state.pieces.append(Self.piece(bytes, channel + 1))
        }
    }

    func end(_ channel: Int) { finish() }

    func pull(into pieces: inout [ChannelPiece], limit: Int) -> StreamProgress {
        state.withLock { state in
            pieces += state.pieces
            state.pieces = []
            return state.isFinished ? .finished : .drained
        }
    }

    func cancel() { state.withLock { $0.cancellations += 1 } }
}

@Suite struct UpgradeTests {
    private static let lines = [
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    /// Asks for an upgrade and returns both ends.
    private func open(_ server: TestServer, _ target: String = "/upgrade") throws -> (RawClient, EchoSession) {
        let client = try server.connect()
        client.request("GET", target, Self.lines)
        let head = try client.head()
        #expect(head.status == 101)
        #expect(head.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(head.fields["audit-id"]?.count == 36)
        return (client, try #require(eventually { server.responder.takeSession() }))
    }

    /// A binary message with a mask of zeros.
    private func message(_ content: [UInt8]) -> [UInt8] {
        let size: [UInt8] =
            content.count < 126
            ? [0x80 | UInt8(content.count)]
            : [UInt8(0x80 | 126), UInt8(content.count >> 8), UInt8(content.count & 0xFF)]
        return [UInt8(0x82)] + size + [0, 0, 0, 0] + content
    }

    private func hello(_ text: String) -> [UInt8] { message([0] + Array(text.utf8)) }

    @Test func bytesGoBothWays() throws {
        let server = try TestServer()
        let (client, session) = try open(server)
        for text in ["a", "bc", "def"] {
            client.send(hello(text))
            #expect(try client.bytes(text.count + 3) == [0x82, UInt8(text.count + 1), 1] + Array(text.utf8))
        }
        session.say("by itself", on: 2)
        #expect(try client.bytes(12) == [0x82, 10, 2] + Array("by itself".utf8))
        session.finish()
        #expect(try client.remainingBytes() == [0x88, 2, 0x03, 0xE8])
        #expect(session.cancellations == 0)
    }

    @Test func manySessionsAtOnce() throws {
        let server = try TestServer()
        concurrently(8) { index in
            do {
                let (client, session) = try open(server)
                for round in 0..<50 {
                    let text = "\(index)-\(round)"
                    client.send(hello(text))
                    #expect(try client.bytes(text.count + 3).suffix(text.count).elementsEqual(text.utf8))
                }
                // Each ends in another way.
                if index % 2 == 0 { client.reset() } else { client.send([0x88, 0x80, 0, 0, 0, 0]) }
                _ = session
            } catch {
                Issue.record(error)
            }
        }
    }

    @Test func whoGoesIsNoticed() throws {
        let server = try TestServer()
        let (client, session) = try open(server)
        client.close()
        #expect(becomesTrue { session.cancellations == 1 })
        let (other, second) = try open(server)
        other.reset()
        #expect(becomesTrue { second.cancellations == 1 })
    }

    /// While a session has no room its client is not read from, and goes on when it has.
    @Test func aSessionWithoutRoomIsNotGivenMore() throws {
        let server = try TestServer()
        let (client, session) = try open(server, "/upgrade?full")
        client.send(hello("waits"))
        #expect(!client.hasNews(within: 50))
        #expect(session.received == 0)
        session.takeMore()
        #expect(try client.bytes(8) == [0x82, 6, 1] + Array("waits".utf8))
    }

    @Test func theEndOfTheServerEndsSessions() throws {
        let server = try TestServer()
        let (client, session) = try open(server)
        let ending = Background { server.server.shutdown() }
        // A close with code 1001, and the end.
        let rest = try client.remainingBytes()
        #expect(rest.first == 0x88 && rest.dropFirst(2).starts(with: [0x03, 0xE9]))
        client.close()
        ending.wait()
        #expect(session.cancellations == 1)
    }

    @Test func whatIsNoUpgradeIsRefused() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/upgrade", ["Connection: Upgrade", "Upgrade: websocket"])
        #expect(try client.answer().status == 400)
        let session = try #require(eventually { server.responder.takeSession() })
        #expect(session.cancellations == 1)
    }
}
