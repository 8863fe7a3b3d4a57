// SPDX-License-Identifier: Apache-2.0
// Where a server listens, and what it says when it cannot.

import Glibc
import PodiumExchange
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

    @Test func leavesAFileAloneThatIsNoSocket() throws {
        let path = Self.path("c")
        let link = Self.path("d")
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        symlink(path, link)
        defer {
            unlink(path)
            unlink(link)
        }
        for path in [path, link] {
            #expect(throws: HTTPServerError.cannotListen(on: "unix:\(path)", reason: "Address already in use")) {
                _ = try TestServer(.unix(path: path))
            }
            var info = stat()
            #expect(stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG)
        }
    }

    @Test func saysWhyItCannotListen() throws {
        let server = try TestServer()
        #expect(throws: HTTPServerError.cannotListen(on: "\(server.address)", reason: "Address already in use")) {
            _ = try TestServer(server.address)
        }
        #expect(throws: HTTPServerError.self) { _ = try TestServer(.tcp(host: "127.0.0.1", port: 70_000)) }
        #expect(throws: HTTPServerError.self) {
            _ = try TestServer(.tcp(host: String(repeating: "x", count: 300), port: 0))
        }
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
