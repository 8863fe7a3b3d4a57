// SPDX-License-Identifier: Apache-2.0
// Whatever arrives is met with exactly one answer, at once, and then with the end of the connection.

import PodiumHTTP
import Testing

/// Bytes that are no request, or only a part of one.
struct BadArrival: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: String
    let code: Int
    /// Whether the client sends nothing more.
    var ends = false
    var testDescription: String { name }

    private static let post = "POST / HTTP/1.1\r\nHost: h\r\n"
    private static let chunked = post + "Transfer-Encoding: chunked\r\n\r\n"

    private static let lengths = ["+3", "-1", "0x3", "", "3, 3", "3 3", "3;", "\"3\"", "3.0", "3e0", "x"].map {
        BadArrival(name: "length \($0)", bytes: post + "Content-Length: \($0)\r\n\r\nabc", code: 400)
    }

    static let all: [BadArrival] =
        lengths + [
            BadArrival(name: "beyond 64 bits", bytes: post + "Content-Length: 18446744073709551616\r\n\r\n", code: 413),
            BadArrival(name: "far too long", bytes: post + "Content-Length: 9223372036854775807\r\n\r\n", code: 413),
            BadArrival(name: "size with LF", bytes: chunked + "3\nabc\r\n0\r\n\r\n", code: 400),
            BadArrival(name: "data with LF", bytes: chunked + "3\r\nabc\n0\r\n\r\n", code: 400),
            BadArrival(name: "extension with LF", bytes: chunked + "3;a=b\nabc\r\n0\r\n\r\n", code: 400),
            BadArrival(name: "last chunk with LF", bytes: chunked + "3\r\nabc\r\n0\n\n", code: 400),
            BadArrival(name: "trailer with LF", bytes: chunked + "3\r\nabc\r\n0\r\nA: b\n\r\n", code: 400),
            BadArrival(name: "end with LF", bytes: chunked + "3\r\nabc\r\n0\r\n\n", code: 400),
            BadArrival(name: "size with CR", bytes: chunked + "3\rabc\r\n0\r\n\r\n", code: 400),
            BadArrival(name: "size with a sign", bytes: chunked + "+3\r\nabc\r\n0\r\n\r\n", code: 400),
            BadArrival(name: "size with a prefix", bytes: chunked + "0x3\r\nabc\r\n0\r\n\r\n", code: 400),
            BadArrival(name: "no size", bytes: chunked + "\r\nabc\r\n0\r\n\r\n", code: 400),
            BadArrival(name: "data beyond the size", bytes: chunked + "3\r\nabcd\r\n0\r\n\r\n", code: 400),
            BadArrival(name: "control byte in an extension", bytes: chunked + "3;\u{1}\r\nabc\r\n0\r\n\r\n", code: 400),
            BadArrival(name: "largest size", bytes: chunked + "ffffffffffffffff\r\nabc", code: 413),
            BadArrival(name: "largest signed size", bytes: chunked + "7fffffffffffffff\r\nabc", code: 413),
            BadArrival(name: "size of many digits", bytes: chunked + "10000000000000003\r\nabc", code: 413),
            BadArrival(
                name: "endless extension",
                bytes: chunked + "3;" + String(repeating: "a", count: 5_000) + "\r\nabc\r\n0\r\n\r\n",
                code: 400
            ),
            BadArrival(
                name: "endless trailer",
                bytes: chunked + "0\r\n" + String(repeating: "A: b\r\n", count: 3_000) + "\r\n",
                code: 431
            ),
            BadArrival(name: "no blank in the line", bytes: "GET\r\n\r\n", code: 400),
            BadArrival(name: "not HTTP", bytes: "\u{16}\u{3}\u{1}\r\n\r\n", code: 400),
            BadArrival(name: "tabulators in the line", bytes: "GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", code: 400),
            BadArrival(name: "half a head", bytes: "GET / HTTP/1.1\r\nHost:", code: 400, ends: true),
            BadArrival(name: "half a body", bytes: post + "Content-Length: 9\r\n\r\nabc", code: 400, ends: true),
            BadArrival(name: "half a chunk", bytes: chunked + "9\r\nabc", code: 400, ends: true),
            BadArrival(
                name: "a head that leaves no room",
                bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: " + String(repeating: "x", count: 20_300) + "\r\n\r\n",
                code: 431
            ),
            BadArrival(
                name: "fields that leave no room",
                bytes: "GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "A: b\r\n", count: 1_000) + "\r\n",
                code: 431
            ),
        ]
}

@Suite struct ArrivalTests {
    @Test(arguments: BadArrival.all)
    func badArrivalsGetOneAnswer(arrival: BadArrival) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(arrival.bytes)
        if arrival.ends { client.closeWriting() }
        let answer = try client.answer()
        #expect(answer.status == arrival.code)
        #expect(answer.fields["content-type"] == "application/json")
        #expect(answer.fields["connection"]?.lowercased() == "close")
        #expect(answer.body.hasPrefix(#"{"kind":"Status","apiVersion":"v1""#))
        #expect(answer.body.contains("\"code\":\(arrival.code)}"))
        #expect(try client.isClosedByServer())
        #expect(server.responder.requests.isEmpty)
    }

    @Test(arguments: BadArrival.all.filter { !$0.ends && $0.name != "largest size" })
    func badArrivalsGetOneAnswerWhenTheyDrip(arrival: BadArrival) throws {
        if arrival.bytes.utf8.count > 200 { return }
        let server = try TestServer()
        let client = try server.connect()
        for byte in arrival.bytes.utf8 { client.send([byte]) }
        #expect(try client.answer().status == arrival.code)
        #expect(try client.isClosedByServer())
    }

    @Test func chunksAreReadHoweverTheyAreCut() throws {
        let bytes = Array(
            "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0003;a=\"b\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n"
                .utf8
        )
        let server = try TestServer()
        let client = try server.connect()
        for cut in bytes.indices {
            client.send(Array(bytes[..<cut]))
            client.send(Array(bytes[cut...]))
            #expect(try client.answer().body == "POST /a? 13")
        }
        // In one piece with the next, whose chunks are not seen before they are read.
        client.send(bytes + bytes + Array("GET /b HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
        for body in ["POST /a? 13", "POST /a? 13", "GET /b? 0"] { #expect(try client.answer().body == body) }
    }

    @Test(arguments: ["3 ", "3\t", "  3  ", "0000000000000000000000003", "3 \t "])
    func blanksAroundALengthAreNoneOfIt(length: String) throws {
        let server = try TestServer()
        let client = try server.connect()
        for _ in 0..<2 {
            client.send("POST /a HTTP/1.1\r\nHost: h \r\nContent-Length: \(length)\r\n\r\nabc")
            #expect(try client.answer().body == "POST /a? 3")
        }
    }

    @Test(arguments: [1, 250, 300, 2_000])
    func queriesMayHaveManyParameters(count: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        let query = String(repeating: "a=b&", count: count)
        for _ in 0..<2 {
            client.request("GET", "/x?\(query)")
            #expect(try client.answer().body == "GET /x?\(query) 0")
        }
    }

    @Test func cookiesTakeNoRoom() throws {
        let server = try TestServer()
        let client = try server.connect()
        for _ in 0..<2 {
            client.request("GET", "/x", ["Cookie: \(String(repeating: "a=b; ", count: 2_000))"])
            #expect(try client.answer().body == "GET /x? 0")
        }
    }

    @Test(arguments: 1...3)
    func aClientThatSendsNothingMoreGetsItsAnswersAndTheEnd(count: Int) throws {
        let server = try TestServer()
        // Far more often than a sweep of a second would allow within the time of a test.
        for _ in 0..<50 {
            let client = try server.connect()
            client.send(String(repeating: "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", count: count))
            client.closeWriting()
            for _ in 0..<count { #expect(try client.answer().body == "GET /a? 0") }
            #expect(try client.isClosedByServer())
        }
    }
}
