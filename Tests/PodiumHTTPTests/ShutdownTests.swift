// SPDX-License-Identifier: Apache-2.0
// A server ends without breaking off what can still be finished.

import PodiumHTTP
import Testing

@Suite struct ShutdownTests {
    @Test func letsRequestsInFlightFinish() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/held")
        #expect(becomesTrue { server.responder.heldCount == 1 })
        let shutdown = Background { server.server.shutdown() }
        #expect(becomesTrue { (try? server.connect()) == nil })
        #expect(!client.hasNews(within: 30))
        server.responder.release()
        let answer = try client.answer()
        #expect(answer.body == "held")
        #expect(answer.fields["connection"] == "close")
        #expect(try client.isClosedByServer())
        shutdown.wait()
    }

    @Test func doesNotWaitForeverForARequestThatIsBeingAnswered() throws {
        var limits = HTTPLimits()
        limits.shutdownDeadline = .milliseconds(50)
        let server = try TestServer(limits: limits)
        let client = try server.connect()
        client.request("GET", "/held")
        #expect(becomesTrue { server.responder.heldCount == 1 })
        #expect(!server.server.shutdown())
        server.responder.release()
        _ = try client.rest()
    }

    @Test func endsStreamsWithTheirLastChunk() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        stream.push("one")
        #expect(try client.chunk() == "one")
        server.server.shutdown()
        #expect(try client.chunk() == nil)
        #expect(try client.isClosedByServer())
        #expect(stream.cancellations == 1)
    }

    @Test func finishesAChunkThatIsHalfSent() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream(receiveBuffer: 4_096)
        let event = String(repeating: "x", count: 8 << 20)
        stream.push(event)
        #expect(becomesTrue { stream.backlog == 0 })
        let shutdown = Background { server.server.shutdown() }
        #expect(becomesTrue { stream.cancellations == 1 })
        #expect(try client.chunk() == event)
        #expect(try client.chunk() == nil)
        shutdown.wait()
    }

    @Test func givesUpAClientThatDoesNotRead() throws {
        var limits = HTTPLimits()
        limits.shutdownDeadline = .milliseconds(50)
        let server = try TestServer(limits: limits)
        let (client, stream) = try server.openStream(receiveBuffer: 4_096)
        stream.push(String(repeating: "x", count: 16 << 20))
        #expect(becomesTrue { stream.backlog == 0 })
        server.server.shutdown()
        #expect(stream.cancellations == 1)
        #expect(throws: RawClientError.closed) { _ = try client.chunk() }
    }

    @Test func closesConnectionsThatRest() throws {
        let server = try TestServer()
        let clients = try (0..<10).map { _ in try server.connect() }
        for client in clients {
            client.request("GET", "/p")
            _ = try client.answer()
        }
        server.server.shutdown()
        for client in clients { #expect(try client.isClosedByServer()) }
        #expect(throws: RawClientError.self) { _ = try server.connect() }
    }

    @Test func mayBeAskedTwiceAndAtOnce() throws {
        let server = try TestServer()
        concurrently(4) { _ in server.server.shutdown() }
        server.server.shutdown()
    }

    @Test func happensWhenTheServerIsDropped() throws {
        let address: ListenAddress
        do {
            let server = try TestServer()
            address = server.address
        }
        #expect(throws: RawClientError.self) { _ = try RawClient(address) }
    }

    @Test func wakingAStreamAfterwardsDoesNothing() throws {
        let server = try TestServer()
        let (_, stream) = try server.openStream()
        server.server.shutdown()
        for _ in 0..<100 { stream.push("x") }
        stream.finish()
        #expect(stream.cancellations == 1)
    }

    @Test func survivesRequestsAndStreamsThatArriveMeanwhile() throws {
        for _ in 0..<20 {
            let server = try TestServer()
            let clients = try (0..<20).map { _ in try server.connect() }
            let shutdown = Background { server.server.shutdown() }
            for client in clients { client.request("GET", "/stream") }
            shutdown.wait()
            // Each was answered and ended, or cut; none hangs.
            for client in clients { _ = try client.rest() }
            var streams: [TestStream] = []
            while let stream = server.responder.takeStream() { streams.append(stream) }
            #expect(streams.allSatisfy { $0.cancellations == 1 })
        }
    }
}
