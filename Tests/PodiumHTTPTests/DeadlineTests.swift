// SPDX-License-Identifier: Apache-2.0
// Clients that are too slow, or gone unnoticed, do not keep their connection.

import PodiumHTTP
import Testing

@Suite struct DeadlineTests {
    private static func quick() -> HTTPLimits {
        var limits = HTTPLimits()
        limits.headDeadline = .milliseconds(80)
        limits.bodyDeadline = .milliseconds(80)
        return limits
    }

    /// Sends one byte every few milliseconds until the server says something; false when it never does.
    private func drip(_ client: RawClient, _ byte: String) -> Bool {
        for _ in 0..<2_000 {
            client.send(byte)
            if client.hasNews(within: 5) { return true }
        }
        return false
    }

    @Test func cutsARequestLineThatDrips() throws {
        let server = try TestServer(limits: Self.quick())
        let client = try server.connect()
        client.send("GET /")
        #expect(drip(client, "x"))
        #expect(try client.isClosedByServer())
    }

    @Test func answersAHeadThatDripsWith408() throws {
        let server = try TestServer(limits: Self.quick())
        let client = try server.connect()
        client.send("GET / HTTP/1.1\r\nHost: h\r\nA: ")
        #expect(drip(client, "x"))
        let answer = try client.answer()
        #expect(answer.status == 408)
        #expect(answer.body.contains(#""reason":"Timeout","code":408}"#))
        #expect(server.responder.requests.isEmpty)
    }

    @Test func answersABodyThatDripsWith408() throws {
        let server = try TestServer(limits: Self.quick())
        let client = try server.connect()
        client.request("PUT", "/", ["Content-Length: 100000"])
        #expect(drip(client, "x"))
        #expect(try client.answer().status == 408)
        #expect(server.responder.requests.isEmpty)
    }

    @Test func cutsAClientThatConnectsAndSaysNothing() throws {
        let server = try TestServer(limits: Self.quick())
        let client = try server.connect()
        #expect(try client.isClosedByServer())
    }

    @Test func leavesAConnectionAloneThatRestsBetweenRequests() throws {
        let server = try TestServer(limits: Self.quick())
        let client = try server.connect()
        for _ in 0..<3 {
            client.request("GET", "/p")
            #expect(try client.answer().status == 200)
            // One that never said anything shows that its deadline has passed.
            #expect(try server.connect().isClosedByServer())
        }
    }

    @Test func closesAConnectionThatRestsTooLong() throws {
        var limits = HTTPLimits()
        limits.idleTimeout = .seconds(1)
        let server = try TestServer(limits: limits)
        let client = try server.connect()
        client.request("GET", "/p")
        #expect(try client.answer().status == 200)
        #expect(try client.isClosedByServer())
    }

    // With data and end in one go, the library misses the end and keeps the connection in CLOSE_WAIT.
    @Test(
        arguments: [
            ("", nil), ("GE", nil), ("GET / HTTP/1.1\r\n", 400),
            ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab", 400),
        ] as [(String, Int?)]
    )
    func closesAConnectionWhoseEndCameWithItsData(_ bytes: String, code: Int?) throws {
        var limits = HTTPLimits()
        // Sweeps come often, but no deadline of a request is near.
        limits.stalledStreamDeadline = .milliseconds(40)
        let server = try TestServer(limits: limits)
        let clients = try (0..<20).map { _ in try server.connect() }
        for client in clients {
            client.send(bytes)
            client.closeWriting()
        }
        for client in clients {
            if let code { #expect(try client.answer().status == code) }
            #expect(try client.isClosedByServer())
        }
        #expect(server.responder.requests.isEmpty)
    }

    @Test func answersAClientThatSaysNothingAfterItsRequest() throws {
        var limits = HTTPLimits()
        limits.stalledStreamDeadline = .milliseconds(40)
        let server = try TestServer(limits: limits)
        for _ in 0..<20 {
            let client = try server.connect()
            client.request("GET", "/p")
            client.closeWriting()
            #expect(try client.answer().body == "GET /p? 0")
            #expect(try client.isClosedByServer())
        }
    }
}
