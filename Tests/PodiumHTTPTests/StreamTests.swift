// SPDX-License-Identifier: Apache-2.0
// Streams: their events arrive at once and in order, slow and lost clients hold up nobody.

import PodiumCodec
import PodiumHTTP
import Testing

@Suite struct StreamTests {
    private static func text(_ index: Int, size: Int) -> String {
        let start = "event \(index) "
        return start + String(repeating: "x", count: max(0, size - start.utf8.count))
    }

    @Test func sendsTheHeaderBeforeThereIsAnyEvent() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/stream")
        let head = try client.head()
        #expect(head.status == 200)
        #expect(head.fields["transfer-encoding"] == "chunked")
        #expect(head.fields["content-length"] == nil)
        #expect(head.fields["content-type"] == "application/json")
    }

    @Test func makesOneChunkOfOnePull() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        stream.push([EncodedBytes("one\n").slice, EncodedBytes("two\n").slice, EncodedBytes("").slice])
        #expect(try client.chunk() == "one\ntwo\n")
    }

    @Test func sendsNothingForEmptyPieces() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        stream.push("")
        #expect(becomesTrue { stream.backlog == 0 })
        stream.push("one")
        #expect(try client.chunk() == "one")
    }

    @Test func endsAStreamThatWasFinishedBeforeItBegan() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/finished")
        #expect(try client.answer().body == "all of it")
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
    }

    @Test func sendsMorePiecesThanTheKernelTakesAtOnce() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        let pieces = (0..<5_000).map { EncodedBytes("\($0);").slice }
        stream.push(pieces)
        stream.finish()
        var received = ""
        while let chunk = try client.chunk() { received += chunk }
        #expect(received == (0..<5_000).map { "\($0);" }.joined())
    }

    @Test func sendsLargeEventsWhole() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        let event = Self.text(0, size: 5 << 20)
        stream.push(event)
        #expect(try client.chunk() == event)
    }

    @Test func pullsInPartsOfTheLimit() throws {
        var limits = HTTPLimits()
        limits.chunkBytes = 100
        let server = try TestServer(limits: limits)
        let (client, stream) = try server.openStream()
        stream.push((0..<10).map { EncodedBytes(Self.text($0, size: 60)).slice })
        for index in 0..<5 {
            #expect(try client.chunk() == Self.text(2 * index, size: 60) + Self.text(2 * index + 1, size: 60))
        }
    }

    @Test func noticesThatTheClientHasGoneWithoutAnyEvent() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        client.close()
        #expect(becomesTrue { stream.cancellations == 1 })
    }

    // The library looks at connections in the order of their last use, and stops at the first that is in order.
    @Test(arguments: ["1.0", "1.1"])
    func closesALostStreamBehindAConnectionThatRests(_ version: String) throws {
        var limits = HTTPLimits()
        limits.connections = 2
        let server = try TestServer(threads: 1, limits: limits)
        let resting = try server.connect()
        resting.request("GET", "/p")
        #expect(try resting.answer().status == 200)
        for _ in 0..<3 {
            let lost = try server.connect()
            lost.send("GET /stream HTTP/\(version)\r\nHost: h\r\n\r\n")
            _ = try lost.head()
            lost.close()
            // There is room for it only when the lost one has gone.
            let next = try server.connect()
            next.request("GET", "/q")
            #expect(try next.answer().body == "GET /q? 0")
        }
    }

    @Test func noticesAReset() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        client.reset()
        #expect(becomesTrue { stream.cancellations == 1 })
    }

    @Test func takesAClientThatSaysNothingMoreForGone() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        client.closeWriting()
        #expect(becomesTrue { stream.cancellations == 1 })
        #expect(try client.isClosedByServer())
    }

    @Test func cancelsOnceEvenWhenEventsGoOn() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        client.close()
        for _ in 0..<1_000 { stream.push("event") }
        #expect(becomesTrue { stream.cancellations == 1 })
        let pulls = stream.pulls
        for _ in 0..<1_000 { stream.push("event") }
        stream.finish()
        // Another stream is served after all that was woken before.
        let (other, second) = try server.openStream()
        second.push("x")
        #expect(try other.chunk() == "x")
        #expect(stream.cancellations == 1)
        #expect(stream.pulls == pulls)
    }

    @Test func aClientThatDoesNotReadHoldsUpNobody() throws {
        let server = try TestServer()
        let (slow, slowStream) = try server.openStream(receiveBuffer: 4_096)
        let (quick, quickStream) = try server.openStream()
        for index in 0..<500 { slowStream.push(Self.text(index, size: 32_000)) }
        // What it does not take is not even pulled: the history is the buffer.
        #expect(becomesTrue { slowStream.pulls > 0 })
        for index in 0..<100 {
            quickStream.push("\(index)")
            #expect(try quick.chunk() == "\(index)")
        }
        #expect(slowStream.backlog > 0)
        #expect(slowStream.cancellations == 0)
        slowStream.finish()
        var received = ""
        while let chunk = try slow.chunk() { received += chunk }
        #expect(received == (0..<500).map { Self.text($0, size: 32_000) }.joined())
        slow.request("GET", "/p")
        #expect(try slow.answer().body == "GET /p? 0")
    }

    @Test func dropsAClientThatTakesNothingForTooLong() throws {
        var limits = HTTPLimits()
        limits.stalledStreamDeadline = .milliseconds(60)
        let server = try TestServer(limits: limits)
        let (slow, stream) = try server.openStream(receiveBuffer: 4_096)
        stream.push((0..<500).map { EncodedBytes(Self.text($0, size: 32_000)).slice })
        #expect(becomesTrue { stream.cancellations == 1 })
        var chunks = 0
        #expect(throws: RawClientError.closed) {
            while try slow.chunk() != nil { chunks += 1 }
        }
        #expect(chunks < 500)
    }

    @Test func keepsAStreamWithoutEventsForEver() throws {
        var limits = HTTPLimits()
        limits.stalledStreamDeadline = .milliseconds(40)
        limits.idleTimeout = .seconds(1)
        let server = try TestServer(limits: limits)
        let (client, stream) = try server.openStream()
        // One that rests without a stream shows that the time is over.
        let resting = try server.connect()
        resting.request("GET", "/p")
        _ = try resting.answer()
        #expect(try resting.isClosedByServer())
        stream.push("late")
        #expect(try client.chunk() == "late")
    }

    @Test func sendsPlainDataToAnOldClient() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let head = try client.head()
        #expect(head.fields["transfer-encoding"] == nil)
        #expect(head.fields["connection"] == "close")
        let stream = try #require(eventually { server.responder.takeStream() })
        stream.push("one")
        #expect(try client.text(3) == "one")
        stream.push("two")
        stream.finish()
        #expect(try client.rest() == "two")
    }

    @Test func answersHeadOfAStreamWithoutStartingIt() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("HEAD", "/stream")
        #expect(try client.head().status == 200)
        let stream = try #require(eventually { server.responder.takeStream() })
        #expect(stream.cancellations == 1)
        #expect(stream.pulls == 0)
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
    }

    @Test func servesARequestThatWasSentDuringTheStream() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        client.request("GET", "/p")
        stream.push("one")
        #expect(try client.chunk() == "one")
        stream.finish()
        #expect(try client.chunk() == nil)
        #expect(try client.answer().body == "GET /p? 0")
    }

    @Test func servesManyStreamsOneAfterAnotherOnOneConnection() throws {
        let server = try TestServer()
        let client = try server.connect()
        for index in 0..<100 {
            client.request("GET", "/stream")
            _ = try client.head()
            let stream = try #require(eventually { server.responder.takeStream() })
            stream.push("\(index)")
            #expect(try client.chunk() == "\(index)")
            stream.finish()
            #expect(try client.chunk() == nil)
        }
    }

    @Test func fansOutToAThousandClients() throws {
        var limits = HTTPLimits()
        // The end of every stream is awaited here, however busy the machine is.
        limits.shutdownDeadline = .seconds(60)
        let server = try TestServer(limits: limits)
        let clients = try (0..<1_000).map { _ in try server.connect() }
        for client in clients { client.request("GET", "/stream") }
        for client in clients { _ = try client.head() }
        let streams = try clients.map { _ in try #require(eventually { server.responder.takeStream() }) }
        for index in 0..<10 {
            let event = EncodedBytes("event \(index)").slice
            for stream in streams { stream.push([event]) }
        }
        for client in clients {
            var received = ""
            while received.utf8.count < 70 { received += try #require(try client.chunk()) }
            #expect(received == (0..<10).map { "event \($0)" }.joined())
        }
        for client in clients[..<500] { client.close() }
        #expect(becomesTrue { streams.count { $0.cancellations == 1 } == 500 })
        server.server.shutdown()
        for client in clients[500...] {
            #expect(try client.chunk() == nil)
            #expect(try client.isClosedByServer())
        }
        #expect(streams.allSatisfy { $0.cancellations == 1 })
    }

    @Test func letsGoOfAStreamThatHasEnded() throws {
        let server = try TestServer()
        weak var finished: TestStream?
        weak var cancelled: TestStream?
        do {
            let (client, stream) = try server.openStream()
            finished = stream
            stream.push("one")
            stream.finish()
            while try client.chunk() != nil {}
            let (other, second) = try server.openStream()
            cancelled = second
            other.close()
        }
        #expect(becomesTrue { finished == nil && cancelled == nil })
    }

    @Test func losesNothingWhenManyThreadsWake() throws {
        let server = try TestServer()
        let (client, stream) = try server.openStream()
        let threads = 4
        let count = 2_000
        concurrently(threads) { thread in
            for index in 0..<count { stream.push("\(thread) \(index)\n") }
        }
        stream.finish()
        var received = ""
        while let chunk = try client.chunk() { received += chunk }
        let lines = received.split(separator: "\n")
        #expect(lines.count == threads * count)
        for thread in 0..<threads {
            let own = lines.filter { $0.hasPrefix("\(thread) ") }.map { Int($0.dropFirst(2)) }
            #expect(own == (0..<count).map { $0 })
        }
    }
}
