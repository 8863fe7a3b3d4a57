// SPDX-License-Identifier: Apache-2.0
// Connections from outside: requests in pieces and one after the other, bodies, and what is no HTTP.

import PodiumRuntime
import Testing

@Suite struct ServedConnectionTests {
    /// What comes back for what is said, in pieces of a size; the answer names what was asked.
    private func exchange(_ text: String, by size: Int = .max) -> (text: String, isOver: Bool) {
        var connection = ServedConnection()
        var rest = Array(text.utf8)[...]
        var bytes: [UInt8] = []
        while !rest.isEmpty {
            connection.receive(Array(rest.prefix(size))) { request in
                if request.path == "/silent" { return nil }
                let location = request.path == "/moved" ? "/there" : nil
                return HTTPAnswer(status: 200, body: "\(request.method) \(request.body)|", location: location)
            }
            rest = rest.dropFirst(size)
            while connection.isBusy { bytes += connection.take(limit: 7) }
        }
        return (String(decoding: bytes, as: UTF8.self), connection.isOver)
    }

    /// The bodies of answers.
    private func bodies(_ text: String) -> [String] {
        text.split(separator: "\r\n\r\n").dropFirst().map { String($0.prefix { $0 != "|" }) }
    }

    @Test(arguments: [1, 3, 50, .max])
    func requestsAreAnsweredInTurn(size: Int) {
        let asked =
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
            + "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
            + "DELETE / HTTP/1.1\r\n\r\n"
        let (text, isOver) = exchange(asked, by: size)
        #expect(bodies(text) == ["GET ", "POST body", "PUT abcde", "DELETE "])
        #expect(!isOver)
    }

    @Test func aHeadHasNoBody() {
        let (text, _) = exchange("HEAD / HTTP/1.1\r\n\r\n")
        #expect(text.hasSuffix("Content-Length: 6\r\n\r\n"))
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", true), ("GET / HTTP/1.0\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false), ("GET / HTTP/1.1\r\n\r\n", false),
    ])
    func aConnectionEndsWhenItIsWanted(asked: String, ends: Bool) {
        let (text, isOver) = exchange(asked)
        #expect(isOver == ends)
        #expect(text.contains("\r\nConnection: close\r\n") == ends)
    }

    @Test func whoWaitsToSendABodyIsToldTo() {
        let head = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        #expect(exchange(head).text == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(exchange(head + "abc", by: head.utf8.count).text.contains("POST abc|"))
    }

    @Test func aRedirectionNamesItsPlace() {
        #expect(exchange("GET /moved HTTP/1.1\r\n\r\n").text.contains("\r\nLocation: /there\r\n"))
    }

    @Test func whoSpeaksNoHTTPSaysNothing() {
        let (text, isOver) = exchange("GET /silent HTTP/1.1\r\n\r\n")
        #expect(text.isEmpty && !isOver)
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET nowhere HTTP/1.1\r\n\r\n", "GET / SPDY/3\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        String(repeating: "a", count: 100_000),
        "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + String(repeating: "a", count: 9 << 20),
    ])
    func whatIsNoRequestIsRefused(asked: String) {
        let (text, isOver) = exchange(asked, by: 1 << 20)
        #expect(text.hasPrefix("HTTP/1.1 400 "))
        #expect(isOver)
    }
}
