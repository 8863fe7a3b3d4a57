// SPDX-License-Identifier: Apache-2.0
// Listening, deadlines and the end.

import Glibc
import PodiumAPIServer
import PodiumHTTP
import Testing

@Suite struct ListenTests {
    private static func path(_ name: String) -> String { "/tmp/podium-http-\(getpid())-\(name).sock" }

    @Test(arguments: [("::1", "[::1]:"), ("[::1]", "[::1]:"), ("127.0.0.1", "127.0.0.1:"), ("localhost", "localhost:")])
    func listensOnOneAddress(_ host: String, _ prefix: String) throws {
        let server = try TestServer(.tcp(host: host, port: 0))
        #expect(server.address.description.hasPrefix(prefix))
        let client = try server.connect()
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
    }

    @Test func listensOnBothFamilies() throws {
        let server = try TestServer(.tcp(host: "", port: 0))
        guard case .tcp(_, let port) = server.address else { throw RawClientError.closed }
        for host in ["127.0.0.1", "::1"] {
            let client = try RawClient(.tcp(host: host, port: port))
            client.request("GET", "/p")
            #expect(try client.answer().body == "GET /p? 0")
        }
        #expect(server.responder.requests.last?.peer.hasPrefix("[::1]:") == true)
    }

    @Test func choosesAPort() throws {
        let first = try TestServer()
        let second = try TestServer()
        guard case .tcp("127.0.0.1", let port) = first.address else { throw RawClientError.closed }
        #expect(port > 0)
        #expect(first.address != second.address)
    }

    @Test func listensOnAUnixSocket() throws {
        let path = Self.path("a")
        let server = try TestServer(.unix(path: path))
        #expect(server.address == .unix(path: path))
        let client = try server.connect()
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
        #expect(server.responder.requests.first?.peer == "unix")
        let (streaming, stream) = try server.openStream()
        for index in 0..<100 {
            stream.push("\(index)")
            #expect(try streaming.chunk() == "\(index)")
        }
        server.server.shutdown()
        #expect(try streaming.chunk() == nil)
        #expect(access(path, F_OK) != 0)
    }

    @Test func replacesTheSocketOfADeadServerOnly() throws {
        let path = Self.path("b")
        let server = try TestServer(.unix(path: path))
        #expect(throws: HTTPServerError.cannotListen(on: "unix:\(path)", reason: "Address already in use")) {
            _ = try TestServer(.unix(path: path))
        }
        server.server.shutdown()
        // As a crash leaves it: bound, but nobody there.
        let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafeBytes(of: &name) { bytes in
            _ = bytes.withMemoryRebound(to: sockaddr.self) {
                bind(left, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(left)
        #expect(access(path, F_OK) == 0)
        let next = try TestServer(.unix(path: path))
        let client = try next.connect()
        client.request("GET", "/p")
        #expect(try client.answer().status == 200)
    }

    @Test func saysWhyItCannotListen() throws {
        let server = try TestServer()
        #expect(throws: HTTPServerError.cannotListen(on: "\(server.address)", reason: "Address already in use")) {
            _ = try TestServer(server.address)
        }
        #expect(throws: HTTPServerError.self) { _ = try TestServer(.tcp(host: "127.0.0.1", port: 70_000)) }
        #expect(throws: HTTPServerError.self) { _ = try TestServer(.tcp(host: String(repeating: "x", count: 300), port: 0)) }
        #expect(throws: HTTPServerError.self) { _ = try TestServer(.unix(path: "")) }
        #expect(throws: HTTPServerError.self) {
            _ = try TestServer(.unix(path: "/tmp/" + String(repeating: "x", count: 200)))
        }
        #expect(throws: HTTPServerError.self) { _ = try TestServer(.unix(path: "/nowhere/podium.sock")) }
        #expect(throws: HTTPServerError.alreadyStarted) { _ = try server.server.start() }
    }

    @Test func refusesLimitsThatMakeNoSense() throws {
        func expectRefusal(_ name: String, _ change: (inout HTTPLimits) -> Void) {
            var limits = HTTPLimits()
            change(&limits)
            #expect(throws: HTTPServerError.invalidLimit(name)) { _ = try TestServer(limits: limits) }
        }
        expectRefusal("bodyBytes") { $0.bodyBytes = 0 }
        expectRefusal("connections") { $0.connections = -1 }
        expectRefusal("idleTimeout") { $0.idleTimeout = .milliseconds(999) }
        expectRefusal("headDeadline") { $0.headDeadline = .zero }
        expectRefusal("headBytes") { $0.headBytes = 20 << 10 }
        expectRefusal("targetBytes") { $0.targetBytes = 17 << 10 }
        expectRefusal("chunkBytes") { $0.chunkBytes = 1 << 40 }
    }

    @Test func servesOnOneThread() throws {
        let server = try TestServer(threads: 1)
        let client = try server.connect()
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
        let (streaming, stream) = try server.openStream()
        stream.push("x")
        #expect(try streaming.chunk() == "x")
    }

    @Test func acceptsNoMoreThanTheLimitOfConnections() throws {
        var limits = HTTPLimits()
        limits.connections = 4
        let server = try TestServer(limits: limits)
        let clients = try (0..<4).map { _ in try server.connect() }
        for client in clients {
            client.request("GET", "/p")
            #expect(try client.answer().status == 200)
        }
        let waiting = try server.connect()
        waiting.request("GET", "/late")
        #expect(!waiting.hasNews(within: 50))
        for client in clients { client.close() }
        #expect(try waiting.answer().body == "GET /late? 0")
    }
}

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
        #expect(answer.body.hasSuffix(#""reason":"Timeout","code":408}"#))
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
    @Test(arguments: ["", "GE", "GET / HTTP/1.1\r\n", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"])
    func closesAConnectionWhoseEndCameWithItsData(_ bytes: String) throws {
        var limits = HTTPLimits()
        // Sweeps come often, but no deadline of a request is near.
        limits.stalledStreamDeadline = .milliseconds(40)
        let server = try TestServer(limits: limits)
        let clients = try (0..<20).map { _ in try server.connect() }
        for client in clients {
            client.send(bytes)
            client.closeWriting()
        }
        for client in clients { #expect(try client.isClosedByServer()) }
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
