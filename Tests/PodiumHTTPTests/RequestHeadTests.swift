// SPDX-License-Identifier: Apache-2.0
// Heads that two servers could read differently are refused, and nothing behind them is taken for a request.

import PodiumExchange
import PodiumHTTP
import Testing

struct BadHead: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: String
    var testDescription: String { name }

    static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

    static let all: [BadHead] = [
        BadHead(
            name: "transfer encoding and content length",
            bytes: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        BadHead(
            name: "content length and transfer encoding",
            bytes: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"
        ),
        BadHead(
            name: "two content lengths",
            bytes: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n"
        ),
        BadHead(
            name: "the same content length twice",
            bytes: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"
        ),
        BadHead(name: "gzip", bytes: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"),
        BadHead(name: "gzip, chunked", bytes: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        BadHead(name: "identity", bytes: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n"),
        BadHead(
            name: "chunked with a blank",
            bytes: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked \r\n\r\n"
        ),
        BadHead(
            name: "two transfer encodings",
            bytes: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
        ),
        BadHead(
            name: "transfer encoding in 1.0",
            bytes: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        BadHead(name: "blank before the colon", bytes: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\n"),
        BadHead(name: "tabulator before the colon", bytes: "POST / HTTP/1.1\r\nHost: h\r\nContent-Length\t: 3\r\n\r\n"),
        BadHead(name: "no name", bytes: "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n"),
        BadHead(name: "name with a slash", bytes: "GET / HTTP/1.1\r\nHost: h\r\na/b: x\r\n\r\n"),
        BadHead(name: "name that is not ASCII", bytes: "GET / HTTP/1.1\r\nHost: h\r\nä: x\r\n\r\n"),
        BadHead(name: "NUL in a value", bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: x\0y\r\nB: z\r\n\r\n"),
        BadHead(name: "NUL in the last value", bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: x\0y\r\n\r\n"),
        BadHead(name: "NUL at the end of the last value", bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: x\0\r\n\r\n"),
        BadHead(name: "carriage return in a value", bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: x\ry\r\n\r\n"),
        BadHead(name: "control byte in a value", bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: x\u{1}\r\n\r\n"),
        BadHead(name: "DEL in a value", bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: \u{7F}\r\n\r\n"),
        BadHead(name: "folded line", bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: x\r\n y\r\nB: z\r\n\r\n"),
        BadHead(name: "folded last line", bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: x\r\n\ty\r\n\r\n"),
        BadHead(name: "folded first line", bytes: "GET / HTTP/1.1\r\nHost: h\r\n i\r\n\r\n"),
        BadHead(name: "bare line feed after the request line", bytes: "GET / HTTP/1.1\nHost: h\r\n\r\n"),
        BadHead(name: "bare line feed after a field", bytes: "GET / HTTP/1.1\r\nHost: h\nA: x\r\n\r\n"),
        BadHead(name: "bare line feed at the end", bytes: "GET / HTTP/1.1\r\nHost: h\r\nA: x\r\n\n"),
        BadHead(name: "only line feeds", bytes: "GET / HTTP/1.1\nHost: h\n\n"),
        BadHead(name: "only line feeds in 1.0", bytes: "GET / HTTP/1.0\n\n"),
        BadHead(name: "two hosts", bytes: "GET / HTTP/1.1\r\nHost: h\r\nhost: i\r\n\r\n"),
        BadHead(name: "no host", bytes: "GET / HTTP/1.1\r\nA: x\r\n\r\n"),
        BadHead(name: "no fields", bytes: "GET / HTTP/1.1\r\n\r\n"),
        BadHead(name: "blank in the target", bytes: "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"),
        BadHead(name: "two blanks before the target", bytes: "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"),
        BadHead(name: "two blanks behind the target", bytes: "GET /  HTTP/1.1\r\nHost: h\r\n\r\n"),
        BadHead(name: "NUL in the target", bytes: "GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n"),
        BadHead(name: "NUL in the query", bytes: "GET /a?b\0c=1&d HTTP/1.1\r\nHost: h\r\n\r\n"),
        BadHead(name: "NUL in the method", bytes: "GE\0T / HTTP/1.1\r\nHost: h\r\n\r\n"),
        BadHead(name: "control byte in the target", bytes: "GET /\u{1} HTTP/1.1\r\nHost: h\r\n\r\n"),
        BadHead(name: "tabulator in the target", bytes: "GET /\t HTTP/1.1\r\nHost: h\r\n\r\n"),
        BadHead(name: "method that is no name", bytes: "GE(T / HTTP/1.1\r\nHost: h\r\n\r\n"),
    ]
}

@Suite struct RequestHeadTests {
    @Test(arguments: BadHead.all)
    func refusesAmbiguousHeads(_ head: BadHead) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(head.bytes + BadHead.smuggled)
        let answer = try client.answer()
        #expect(answer.status == 400)
        #expect(answer.fields["content-type"] == "application/json")
        #expect(answer.fields["connection"] == "close")
        #expect(
            answer.body.hasPrefix(#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":""#)
        )
        #expect(answer.body.hasSuffix(#"","reason":"BadRequest","code":400}"#))
        #expect(try client.isClosedByServer())
        #expect(server.responder.requests.isEmpty)
    }

    @Test(arguments: [
        "GET /ok HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /ok HTTP/1.1\r\nhost:h\r\nA:\r\nB: \r\nC:  x\t y  \r\n\r\n",
        "GET /ok HTTP/1.1\r\nHost: \r\n\r\n",
        "\r\nGET /ok HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /ok HTTP/1.1\r\nHost: h\r\nA: café\r\n\r\n",
        "GET /ok HTTP/1.2\r\nHost: h\r\n\r\n",
        "GET /ok HTTP/1.1\r\nHost: h\r\nCookie: a=b; c=\"d\"\r\n\r\n",
        "GET /ok HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        "GET /ok HTTP/1.0\r\n\r\n",
        "GET http://h:1/ok HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET HTTPS://h/ok HTTP/1.1\r\nHost: h\r\n\r\n",
    ])
    func takesWhatIsUnusualButClear(_ head: String) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(head)
        #expect(try client.answer().body == "GET /ok? 0")
    }

    // The library refuses these itself, with a body of its own, before anybody can be asked.
    @Test(arguments: [
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3x\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost\0: h\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        ("GET / XTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    ])
    func theLibraryRefusesByItself(_ bytes: String, _ status: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(bytes + BadHead.smuggled)
        #expect(try client.head().status == status)
        _ = try client.rest()
        #expect(server.responder.requests.isEmpty)
    }

    @Test(arguments: ["\u{16}\u{3}\u{1}\0\u{1}\r\n", "garbage\r\n", " \r\n", "\0\r\n\r\n"])
    func closesOnGarbage(_ bytes: String) throws {
        var limits = HTTPLimits()
        limits.stalledStreamDeadline = .milliseconds(40)
        let server = try TestServer(limits: limits)
        let client = try server.connect()
        client.send(bytes)
        client.closeWriting()
        _ = try client.rest()
        #expect(server.responder.requests.isEmpty)
    }

    @Test(arguments: [
        ("/a%2Fb", "/a%2Fb", ""), ("/a%00b", "/a%00b", ""), ("/%zz", "/%zz", ""), ("/%", "/%", ""),
        ("/a?x=1%002&y=a+b&flag&e=", "/a", "x=1%002&y=a+b&flag&e="), ("/a??b?c", "/a", "?b?c"), ("/a?", "/a", ""),
        ("//a/../b/./", "//a/../b/./", ""), ("/ü", "/ü", ""), ("*", "/*", ""), ("h:80", "/h:80", ""),
        ("http://h", "/", ""), ("http://h/a/b?c", "/a/b", "c"), ("?q", "/", "q"),
        ("/a?b=\(String(repeating: "&c=d", count: 50))", "/a", "b=\(String(repeating: "&c=d", count: 50))"),
    ])
    func passesTheTargetOnUndecoded(_ target: String, _ path: String, _ query: String) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", target)
        #expect(try client.answer().status == 200)
        #expect(server.responder.requests.first?.rawPath == path)
        #expect(server.responder.requests.first?.rawQuery == query)
    }

    @Test func keepsTheFieldsThatTheAPIReads() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request(
            "GET",
            "/",
            [
                "Accept: a", "ACCEPT: b", "Content-Type: c", "User-Agent: d", "Authorization: Bearer e",
                "Impersonate-User: f", "Impersonate-Extra-Foo: g", "Accept-Encoding: gzip", "If-None-Match: \"h\"",
                "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: i", "X-Forwarded-For: j",
                "Cookie: k", "Acceptor: l", "X: m", "Content-Encoding: n", "Origin: o", "Audit-ID: p", "Sec-Fetch: q",
            ]
        )
        _ = try client.answer()
        let headers = try #require(server.responder.requests.first?.headers)
        #expect(headers.all("accept") == ["a", "b"])
        #expect(headers["content-type"] == "c")
        #expect(headers["user-agent"] == "d")
        #expect(headers["authorization"] == "Bearer e")
        #expect(headers["impersonate-user"] == "f")
        #expect(headers["impersonate-extra-foo"] == "g")
        #expect(headers["accept-encoding"] == "gzip")
        #expect(headers["if-none-match"] == "\"h\"")
        #expect(headers["upgrade"] == "websocket")
        #expect(headers["connection"] == "Upgrade")
        #expect(headers["sec-websocket-key"] == "i")
        #expect(headers["x-forwarded-for"] == "j")
        #expect(headers["content-encoding"] == "n")
        #expect(headers["origin"] == "o")
        #expect(headers["audit-id"] == "p")
        #expect(headers["host"] == "test")
        for absent in ["cookie", "acceptor", "x", "sec-fetch"] { #expect(headers[absent] == nil) }
    }

    @Test func doesNotMixTheFieldsOfOneRequestIntoTheNext() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("PUT", "/a?b", ["Authorization: secret", "Content-Type: c"], body: "12345")
        _ = try client.answer()
        client.request("PUT", "/a")
        #expect(try client.answer().body == "PUT /a? 0")
        let headers = try #require(server.responder.requests.last?.headers)
        #expect(headers["authorization"] == nil)
        #expect(headers["content-type"] == nil)
    }

    @Test func namesThePeer() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/")
        _ = try client.answer()
        #expect(server.responder.requests.first?.peer.hasPrefix("127.0.0.1:") == true)
    }
}
