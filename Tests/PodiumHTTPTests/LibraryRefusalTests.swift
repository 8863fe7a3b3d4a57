// SPDX-License-Identifier: Apache-2.0
// What libmicrohttpd refuses before it asks anybody reaches the client as a Status all the same.

import PodiumHTTP
import Testing

@Suite struct LibraryRefusalTests {
    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\nA: \(String(repeating: "x", count: 100_000))\r\n\r\n", 431),
        ("GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nHost: h\r\n\r\n", 414),
        ("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", 400),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
    ])
    func refusalsOfTheLibraryAreStatusObjects(request: String, code: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(request)
        let answer = try client.answer()
        #expect(answer.status == code)
        #expect(answer.fields["content-type"] == "application/json")
        #expect(answer.body.hasPrefix(#"{"kind":"Status","apiVersion":"v1""#))
        #expect(answer.body.contains("\"code\":\(code)}"))
        #expect(server.responder.requests.isEmpty)
    }
}
