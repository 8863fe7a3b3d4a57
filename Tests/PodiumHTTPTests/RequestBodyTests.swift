// SPDX-License-Identifier: Apache-2.0
// Bodies in all forms, and what is too large.

import PodiumExchange
import PodiumHTTP
import Testing

@Suite struct RequestBodyTests {
    private static func small() -> HTTPLimits {
        var limits = HTTPLimits()
        limits.bodyBytes = 1_000
        limits.discardedBodyBytes = 100_000
        return limits
    }

    private static let tooLarge = """
        {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",\
        "message":"Request entity too large: limit is 1000","reason":"RequestEntityTooLarge","code":413}
        """

    private func expectTooLarge(_ answer: RawAnswer) {
        #expect(answer.status == 413)
        #expect(answer.body == Self.tooLarge)
        #expect(answer.fields["connection"] == "close")
    }

    @Test func takesBodiesOfAnySizeUpToTheLimit() throws {
        let server = try TestServer()
        let client = try server.connect()
        for size in [1, 4_000, 16_384, 100_000, 3 << 20] {
            client.request("PUT", "/p", body: String(repeating: "x", count: size))
            #expect(try client.answer().body == "PUT /p? \(size)")
        }
        #expect(server.responder.requests.last?.body.allSatisfy { $0 == UInt8(ascii: "x") } == true)
    }

    @Test func takesChunkedBodies() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("PUT", "/p", ["Transfer-Encoding: chunked"])
        client.send("3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n")
        #expect(try client.answer().body == "PUT /p? 13")
        #expect(server.responder.requests.first.map { String(decoding: $0.body, as: UTF8.self) } == "abc0123456789")
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
    }

    // What stands behind the first bad byte is neither body nor request.
    @Test(arguments: [
        "x\r\n", "-3\r\nabc\r\n", "+3\r\nabc\r\n", " 3\r\nabc\r\n", "0x3\r\nabc\r\n", "3 4\r\nabc\r\n",
        "\r\n", ";a=b\r\n", "3\r\nabcd\r\n", "3\r\nabc0\r\n", "3\rabc\r\n",
        "FFFFFFFFFFFFFFFFF\r\n", "10000000000000000\r\n", "7FFFFFFFFFFFFFFF\r\nabc\r\n",
    ])
    func closesOnABadChunk(_ chunk: String) throws {
        var limits = Self.small()
        // The sweep, which notices half requests, should come often.
        limits.stalledStreamDeadline = .milliseconds(40)
        let server = try TestServer(limits: limits)
        let client = try server.connect()
        client.request("PUT", "/p", ["Transfer-Encoding: chunked"])
        client.send(chunk + "0\r\n\r\n" + BadHead.smuggled)
        client.closeWriting()
        _ = try client.rest()
        #expect(server.responder.requests.isEmpty)
    }

    @Test func takesBodiesInSmallPieces() throws {
        let server = try TestServer()
        let client = try server.connect()
        for byte in Array("PUT /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde".utf8) { client.send([byte]) }
        #expect(try client.answer().body == "PUT /p? 5")
    }

    @Test func asksForTheBodyWhenTheClientWaits() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("PUT", "/p", ["Content-Length: 3", "Expect: 100-continue"])
        #expect(try client.head().status == 100)
        client.send("abc")
        #expect(try client.answer().body == "PUT /p? 3")
    }

    @Test func refusesOtherExpectations() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("PUT", "/p", ["Content-Length: 3", "Expect: money"])
        #expect(try client.answer().status == 417)
        #expect(try client.isClosedByServer())
    }

    @Test func refusesAKnownSizeAtOnceWhenTheClientWaits() throws {
        let server = try TestServer(limits: Self.small())
        let client = try server.connect()
        client.request("PUT", "/p", ["Content-Length: 1001", "Expect: 100-continue"])
        expectTooLarge(try client.answer())
        #expect(try client.isClosedByServer())
    }

    @Test func refusesAHugeKnownSizeAtOnce() throws {
        let server = try TestServer(limits: Self.small())
        let client = try server.connect()
        client.request("PUT", "/p", ["Content-Length: 100001"])
        expectTooLarge(try client.answer())
        #expect(try client.isClosedByServer())
    }

    @Test func readsAwayAKnownSizeSoThatTheClientSeesWhy() throws {
        let server = try TestServer(limits: Self.small())
        let client = try server.connect()
        client.request("PUT", "/p", body: String(repeating: "x", count: 90_000))
        expectTooLarge(try client.answer())
        #expect(try client.isClosedByServer())
        #expect(server.responder.requests.isEmpty)
    }

    @Test func refusesAChunkedBodyThatGrowsTooLarge() throws {
        let server = try TestServer(limits: Self.small())
        let client = try server.connect()
        client.request("PUT", "/p", ["Transfer-Encoding: chunked"])
        for _ in 0..<20 { client.send("64\r\n" + String(repeating: "x", count: 100) + "\r\n") }
        client.send("0\r\n\r\n")
        expectTooLarge(try client.answer())
        #expect(try client.isClosedByServer())
        #expect(server.responder.requests.isEmpty)
    }

    @Test func takesAChunkedBodyOfExactlyTheLimit() throws {
        let server = try TestServer(limits: Self.small())
        let client = try server.connect()
        client.request("PUT", "/p", ["Transfer-Encoding: chunked"])
        for _ in 0..<10 { client.send("64\r\n" + String(repeating: "x", count: 100) + "\r\n") }
        client.send("0\r\n\r\n")
        #expect(try client.answer().body == "PUT /p? 1000")
    }

    @Test func cutsAChunkedBodyWithoutEnd() throws {
        let server = try TestServer(limits: Self.small())
        let client = try server.connect()
        client.request("PUT", "/p", ["Transfer-Encoding: chunked"])
        let chunk = "1000\r\n" + String(repeating: "x", count: 4_096) + "\r\n"
        for _ in 0..<100 { client.send(chunk) }
        #expect(try client.answer().status == 413)
        #expect(try client.isClosedByServer())
        #expect(server.responder.requests.isEmpty)
    }

    @Test func refusesALongTarget() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/" + String(repeating: "x", count: 8 << 10))
        let answer = try client.answer()
        #expect(answer.status == 414)
        #expect(answer.body.contains("Request URI too long: limit is 8192"))
        #expect(try client.isClosedByServer())
        let other = try server.connect()
        other.request("GET", "/" + String(repeating: "x", count: (8 << 10) - 1))
        #expect(try other.answer().status == 200)
    }

    @Test func refusesALargeHead() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/", (0..<17).map { "X-\($0): " + String(repeating: "x", count: 1_000) })
        let answer = try client.answer()
        #expect(answer.status == 431)
        #expect(answer.body.contains("Request header fields too large: limit is 16384"))
        #expect(try client.isClosedByServer())
        let other = try server.connect()
        other.request("PUT", "/", (0..<15).map { "X-\($0): " + String(repeating: "x", count: 1_000) }, body: "abc")
        #expect(try other.answer().status == 200)
    }

    // The library's memory is full before the head is complete, so the answer is its own.
    @Test(arguments: [
        ("GET /" + String(repeating: "x", count: 40_000), 414),
        ("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "A: xxxxxxxxxxxxxxxxxxx\r\n", count: 3_000), 431),
    ])
    func theLibraryRefusesWhatDoesNotFit(_ bytes: String, _ status: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(bytes)
        #expect(try client.head().status == status)
        #expect(server.responder.requests.isEmpty)
    }
}
