// SPDX-License-Identifier: Apache-2.0
// Requests that are answered at once.

import PodiumCodec
import PodiumExchange
import PodiumHTTP
import Synchronization
import Testing

@Suite struct PlainAnswerTests {
    @Test func answersWithStatusFieldsAndBody() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/api?watch=0")
        let answer = try client.answer()
        #expect(answer.status == 200)
        #expect(answer.body == "GET /api?watch=0 0")
        #expect(answer.fields["content-type"] == "text/plain")
        #expect(answer.fields["x-test"] == "yes")
        #expect(answer.fields["content-length"] == "18")
        #expect(answer.fields["date"] != nil)
        #expect(answer.fields["cache-control"] == "no-cache, private")
        #expect(answer.fields["audit-id"]?.count == 36)
        // Nothing that a client does not need.
        #expect(answer.fields.count == 6)
    }

    @Test func everyAnswerHasAnAuditID() throws {
        let server = try TestServer()
        var seen: Set<String> = []
        for _ in 0..<3 {
            let client = try server.connect()
            // The same answer again and again, which is kept in the form of the library; streams; refusals of ours.
            for path in ["/shared", "/shared", "/marked", "/shared", "/large", "/finished", "/empty", "/nonsense"] {
                client.request("GET", path)
                let id = try #require(try client.answer().fields["audit-id"])
                let form = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
                #expect(id.wholeMatch(of: form) != nil)
                #expect(seen.insert(id).inserted)
            }
        }
    }

    @Test func aClientsOwnAuditIDIsGivenBack() throws {
        let server = try TestServer()
        let client = try server.connect()
        let long = String(repeating: "y", count: 5_000)
        let ids: [String?] = [nil, "mine", nil, String(repeating: "x", count: 36), nil, long]
        for id in ids {
            client.request("GET", "/shared", id.map { ["Audit-ID: \($0)"] } ?? [])
            let answer = try client.answer()
            #expect(answer.body == "shared")
            #expect(answer.fields["audit-id"]?.count == id?.count ?? 36)
            if let id { #expect(answer.fields["audit-id"] == id) }
        }
    }

    @Test func fieldsThatDoNotFitAreA500() throws {
        let server = try TestServer()
        for size in stride(from: 500, through: 16_000, by: 500) {
            let client = try server.connect()
            client.request("GET", "/shared", ["Audit-ID: \(String(repeating: "x", count: size))"])
            let answer = try client.answer()
            #expect([200, 500].contains(answer.status))
            if answer.status == 500 { #expect(answer.body.hasPrefix(#"{"kind":"Status""#)) }
            if size <= 8_000 { #expect(answer.status == 200) }
        }
    }

    @Test func keepsTheConnection() throws {
        let server = try TestServer()
        let client = try server.connect()
        for index in 0..<50 {
            client.request("GET", "/\(index)")
            #expect(try client.answer().body == "GET /\(index)? 0")
        }
    }

    @Test func answersPipelinedRequestsInOrder() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(
            String(repeating: "GET /a HTTP/1.1\r\nHost: h\r\n\r\n", count: 400)
                + "PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /c HTTP/1.1\r\nHost: h\r\n\r\n"
        )
        for _ in 0..<400 { #expect(try client.answer().body == "GET /a? 0") }
        #expect(try client.answer().body == "PUT /b? 3")
        #expect(try client.answer().body == "GET /c? 0")
    }

    @Test(arguments: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO", "get", "PROPFIND"])
    func passesEveryVerbOn(_ verb: String) throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request(verb, "/p")
        #expect(try client.answer().body == "\(verb) /p? 0")
        client.request(verb, "/p", body: "12345")
        #expect(try client.answer().body == "\(verb) /p? 5")
    }

    @Test func answersHeadWithTheFieldsOfGet() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("HEAD", "/p")
        let head = try client.answer(hasBody: false)
        #expect(head.fields["content-length"] == "10")
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
    }

    @Test func closesWhenTheClientAsksForIt() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/p", ["Connection: close"])
        let answer = try client.answer()
        #expect(answer.body == "GET /p? 0")
        #expect(answer.fields["connection"] == "close")
        #expect(try client.isClosedByServer())
    }

    @Test func keepsTheConnectionOfAnOldClientOnlyWhenAsked() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("GET /p HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let kept = try client.answer()
        #expect(kept.body == "GET /p? 0")
        #expect(kept.fields["connection"] == "Keep-Alive")
        client.send("GET /q HTTP/1.0\r\n\r\n")
        #expect(try client.answer().body == "GET /q? 0")
        #expect(try client.isClosedByServer())
    }

    @Test func sendsNoBodyWhereThereIsNone() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/empty")
        let answer = try client.answer()
        #expect(answer.status == 204)
        #expect(answer.fields["content-length"] == nil)
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
    }

    @Test func turnsAnImpossibleStatusIntoAnError() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.request("GET", "/nonsense")
        let answer = try client.answer()
        #expect(answer.status == 500)
        #expect(answer.body.contains(#""reason":"InternalError""#))
    }

    @Test func sendsLargeAnswersToSlowReaders() throws {
        let server = try TestServer()
        let client = try server.connect(receiveBuffer: 4_096)
        client.request("GET", "/large")
        let other = try server.connect()
        other.request("GET", "/p")
        #expect(try other.answer().body == "GET /p? 0")
        let body = try client.answer().body
        #expect(body.utf8.count == 8 << 20)
        #expect(body.utf8.allSatisfy { $0 == UInt8(ascii: "x") })
    }

    @Test func readsEveryHeadForItself() throws {
        let server = try TestServer()
        let client = try server.connect()
        // Alike in length, so that only a comparison of the bytes tells them apart.
        let lines = ["X-A: 1", "X-A: 2", "X-B: 2", "X-B: 2", "X-A: 1"]
        for line in lines {
            client.request("GET", "/p", [line])
            #expect(try client.answer().status == 200)
        }
        #expect(server.responder.requests.map { $0.headers["x-a"] } == ["1", "2", nil, nil, "1"])
        #expect(server.responder.requests.map { $0.headers["x-b"] } == [nil, nil, "2", "2", nil])
    }

    @Test(arguments: ["X-A: \0", "X-A: \u{1}", "X/A: 1", "Host: i", "X A: 1"])
    func refusesABadHeadBehindAGoodOne(_ line: String) throws {
        let server = try TestServer()
        let client = try server.connect()
        for _ in 0..<2 {
            client.request("GET", "/p", ["X-A: 1"])
            #expect(try client.answer().status == 200)
        }
        client.request("GET", "/p", [line])
        #expect(try client.answer().status == 400)
        #expect(try client.isClosedByServer())
        #expect(server.responder.requests.count == 2)
    }

    // The optimizer of Swift 6.3.1 merges retains that it takes for free of effects; then this over-releases.
    @Test func holdsBytesExactlyAsLongAsTheyAreSent() throws {
        let server = try TestServer()
        weak var bytes: EncodedBytes?
        do {
            let first = EncodedBytes("first")
            bytes = first
            server.responder.shared.withLock { $0 = first }
        }
        let clients = try (0..<10).map { _ in try server.connect() }
        for _ in 0..<50 {
            // By turns, so that no answer is the same as the last one.
            for (path, text) in [("/shared", "first"), ("/part", "irst")] {
                for client in clients { client.request("GET", path) }
                for client in clients { #expect(try client.answer().body == text) }
            }
        }
        #expect(bytes != nil)
        server.responder.shared.withLock { $0 = EncodedBytes("second") }
        for client in clients {
            client.request("GET", "/shared")
            #expect(try client.answer().body == "second")
        }
        #expect(becomesTrue { bytes == nil })
    }

    @Test func givesOutAgainOnlyWhatIsTheSame() throws {
        let server = try TestServer()
        let client = try server.connect()
        func answer(_ method: String, _ path: String) throws -> RawAnswer {
            client.request(method, path)
            return try client.answer(hasBody: method != "HEAD")
        }
        for path in ["/shared", "/shared", "/part", "/part", "/shared", "/marked", "/marked", "/shared"] {
            let answer = try answer("GET", path)
            #expect(answer.status == (path == "/marked" ? 404 : 200))
            #expect(answer.body == (path == "/part" ? "hared" : "shared"))
            #expect(answer.fields["x-test"] == (path == "/marked" ? "yes" : nil))
            #expect(answer.fields["content-type"] == "text/plain")
        }
        #expect(try answer("HEAD", "/shared").fields["content-length"] == "6")
        #expect(try answer("GET", "/shared").body == "shared")
        server.responder.shared.withLock { $0 = EncodedBytes("SHARED") }
        #expect(try answer("GET", "/shared").body == "SHARED")
    }

    @Test func forgetsTheLastAnswerWithItsConnection() throws {
        let server = try TestServer()
        weak var bytes: EncodedBytes?
        do {
            let first = EncodedBytes("first")
            bytes = first
            server.responder.shared.withLock { $0 = first }
        }
        let client = try server.connect()
        for _ in 0..<3 {
            client.request("GET", "/shared")
            #expect(try client.answer().body == "first")
        }
        server.responder.shared.withLock { $0 = EncodedBytes("second") }
        client.close()
        #expect(becomesTrue { bytes == nil })
    }

    @Test func severalServersShareNothing() throws {
        let servers = try (0..<5).map { _ in try TestServer() }
        for (index, server) in servers.enumerated() {
            let client = try server.connect()
            client.request("GET", "/\(index)")
            #expect(try client.answer().body == "GET /\(index)? 0")
            #expect(server.responder.requests.count == 1)
        }
        servers[0].server.shutdown()
        // Kept, because a server that nobody needs any more ends.
        try withExtendedLifetime(servers) {
            let client = try servers[1].connect()
            client.request("GET", "/p")
            #expect(try client.answer().body == "GET /p? 0")
        }
    }

    @Test func servesManyClientsAtOnce() throws {
        let server = try TestServer()
        concurrently(4) { thread in
            for index in 0..<100 {
                guard let client = try? server.connect() else {
                    Issue.record("no connection")
                    return
                }
                for _ in 0..<5 {
                    client.request("PUT", "/\(thread)/\(index)", body: "body")
                    #expect((try? client.answer().body) == "PUT /\(thread)/\(index)? 4")
                }
            }
        }
        #expect(server.responder.requests.count == 2_000)
    }

    @Test func survivesBytesThatMakeNoSense() throws {
        var limits = HTTPLimits()
        // Half requests are noticed by the sweep, which should come often.
        limits.stalledStreamDeadline = .milliseconds(40)
        let server = try TestServer(limits: limits)
        let request = Array(
            """
            PUT /a?b=c%20 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-A: \t1 \r\n\r\nhello\
            POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\n
            """.utf8
        )
        var seed: UInt64 = 42
        func random(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        func mangled() -> [UInt8] {
            var bytes = request
            for _ in 0...random(3) {
                let at = random(bytes.count)
                switch random(4) {
                case 0: bytes[at] = UInt8(random(256))
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + random(40))], at: random(bytes.count))
                default: bytes[at] = [0, 10, 13, 32, 58][random(5)]
                }
            }
            return bytes
        }
        for _ in 0..<20 {
            let clients = try (0..<100).map { _ in try server.connect() }
            for client in clients {
                client.send(mangled())
                client.closeWriting()
            }
            for client in clients { _ = try client.rest() }
        }
        let client = try server.connect()
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
    }
}
