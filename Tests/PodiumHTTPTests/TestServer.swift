// SPDX-License-Identifier: Apache-2.0
// A server for tests: it says what it was asked, and hands out streams that the test feeds.

import Dispatch
import Glibc
import Logging
import PodiumCodec
import PodiumExchange
import PodiumHTTP
import Synchronization
import Testing

/// A server on a port of its own, stopped with the value.
final class TestServer: Sendable {
    let responder: EchoResponder
    let server: HTTPServer
    let address: ListenAddress

    init(
        _ listen: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
        threads: Int = 2,
        limits: HTTPLimits = HTTPLimits(),
        isOpenToOthers: Bool = true,
        browsers: BrowserPolicy? = nil
    ) throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        responder = EchoResponder()
        server = HTTPServer(
            configuration: .init(
                listen: listen,
                isOpenToOthers: isOpenToOthers,
                browsers: browsers,
                threads: threads,
                limits: limits,
                logger: logger
            ),
            responder: responder
        )
        address = try server.start()
    }

    deinit { server.shutdown() }

    func connect(receiveBuffer: Int32 = 0) throws -> RawClient {
        try RawClient(address, receiveBuffer: receiveBuffer)
    }

    /// Opens a stream, reads its header, and returns both ends.
    func openStream(receiveBuffer: Int32 = 0) throws -> (RawClient, TestStream) {
        let client = try connect(receiveBuffer: receiveBuffer)
        client.request("GET", "/stream")
        _ = try client.head()
        return (client, try #require(eventually { responder.takeStream() }))
    }
}

/// Asks again and again until there is a value.
func eventually<Value>(_ probe: () -> Value?) -> Value? {
    let end = ContinuousClock.now + .milliseconds(Int64(RawClient.patience))
    repeat {
        if let value = probe() { return value }
        poll(nil, 0, 2)
    } while ContinuousClock.now < end
    return nil
}

/// Asks again and again until it is so.
func becomesTrue(_ probe: () -> Bool) -> Bool {
    eventually { probe() ? true : nil } ?? false
}

/// Runs `body` on so many threads at once, and waits for all.
func concurrently(_ threads: Int, _ body: @Sendable (Int) -> Void) {
    DispatchQueue.concurrentPerform(iterations: threads) { body($0) }
}

/// Runs something on another thread.
final class Background: Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Void) {
        DispatchQueue.global().async { [done] in
            body()
            done.signal()
        }
    }

    func wait() { done.wait() }
}

/// Answers with what it was asked.
// State   | guarded by | why separate
// state   | state      | requests arrive on several threads
final class EchoResponder: RequestResponder {
    private struct State {
        var requests: [HTTPRequest] = []
        var streams: [TestStream] = []
        var answers: [TestAnswer] = []
        var sessions: [EchoSession] = []
        var held = 0
    }

    /// Where requests for `/held` wait.
    private let gate = DispatchSemaphore(value: 0)
    private let state = Mutex(State())

    /// All requests so far.
    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    /// The oldest stream not taken yet.
    func takeStream() -> TestStream? {
        state.withLock { $0.streams.isEmpty ? nil : $0.streams.removeFirst() }
    }

    /// The oldest later answer not taken yet.
    func takeAnswer() -> TestAnswer? {
        state.withLock { $0.answers.isEmpty ? nil : $0.answers.removeFirst() }
    }

    /// The oldest session not taken yet.
    func takeSession() -> EchoSession? {
        state.withLock { $0.sessions.isEmpty ? nil : $0.sessions.removeFirst() }
    }

    /// What `/shared` answers, and `/part` without its first byte.
    let shared = Mutex(EncodedBytes("shared"))

    /// How many requests have come to the gate.
    var heldCount: Int { state.withLock { $0.held } }

    /// Lets one request through the gate.
    func release() { gate.signal() }

    func respond(to request: HTTPRequest) -> HTTPResponse {
        state.withLock { $0.requests.append(request) }
        switch request.rawPath {
        case "/stream":
            let stream = TestStream()
            state.withLock { $0.streams.append(stream) }
            return HTTPResponse(status: 200, contentType: "application/json", body: .stream(stream))
        case "/later":
            let answer = TestAnswer()
            state.withLock { $0.answers.append(answer) }
            return .later(answer)
        case "/upgrade":
            let session = EchoSession(isTaking: request.rawQuery != "full")
            state.withLock { $0.sessions.append(session) }
            let channels = WebSocketChannels(name: "v5.channel.k8s.io", canEndChannels: true)
            return .upgrade(Upgrade(session, as: .webSocket(channels)))
        case "/promptly":
            let answer = TestAnswer()
            answer.complete("at once")
            return .later(answer)
        case "/finished":
            let stream = TestStream()
            stream.push("all of it")
            stream.finish()
            return HTTPResponse(status: 200, contentType: "text/plain", body: .stream(stream))
        case "/held":
            state.withLock { $0.held += 1 }
            gate.wait()
            return HTTPResponse(status: 200, contentType: "text/plain", body: .bytes(EncodedBytes("held").slice))
        case "/empty": return HTTPResponse(status: 204, contentType: "", body: .bytes(EncodedBytes("").slice))
        case "/nonsense": return HTTPResponse(status: 7, contentType: "", body: .bytes(EncodedBytes("").slice))
        case "/shared":
            return HTTPResponse(status: 200, contentType: "text/plain", body: .bytes(shared.withLock { $0 }.slice))
        case "/part":
            let bytes = shared.withLock { $0 }
            let part = BytesSlice(bytes: bytes, range: 1..<bytes.count)
            return HTTPResponse(status: 200, contentType: "text/plain", body: .bytes(part))
        case "/marked":
            return HTTPResponse(
                status: 404,
                contentType: "text/plain",
                headers: [("X-Test", "yes")],
                body: .bytes(shared.withLock { $0 }.slice)
            )
        case "/large":
            return HTTPResponse(
                status: 200,
                contentType: "text/plain",
                body: .bytes(EncodedBytes([UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20)).slice)
            )
        default:
            let text = "\(request.method) \(request.rawPath)?\(request.rawQuery) \(request.body.count)"
            return HTTPResponse(
                status: 200,
                contentType: "text/plain",
                headers: [("X-Test", "yes")],
                body: .bytes(EncodedBytes(text).slice)
            )
        }
    }
}

/// An answer that the test gives when it likes.
// State | guarded by | why separate
// state | state      | completed by the test, awaited by the server
final class TestAnswer: LaterAnswer {
    private struct State {
        var response: HTTPResponse?
        var complete: (@Sendable (HTTPResponse) -> Void)?
        var starts = 0
        var cancellations = 0
    }

    private let state = Mutex(State())

    var starts: Int { state.withLock { $0.starts } }
    var cancellations: Int { state.withLock { $0.cancellations } }

    func complete(_ text: String, status: Int = 200) {
        let response = HTTPResponse(status: status, contentType: "text/plain", body: .bytes(EncodedBytes(text).slice))
        state.withLock { state in
            state.response = response
            return state.complete
        }?(response)
    }

    func start(complete: @escaping @Sendable (HTTPResponse) -> Void) {
        let response = state.withLock { state in
            state.starts += 1
            state.complete = complete
            return state.response
        }
        if let response { complete(response) }
    }

    func cancel() { state.withLock { $0.cancellations += 1 } }
}

/// A stream that the test feeds.
// State | guarded by | why separate
// state | state      | fed by the test, pulled by the server
final class TestStream: ResponseStream {
    private struct State {
        var pieces: [BytesSlice] = []
        var isFinished = false
        var cancellations = 0
        var pulls = 0
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    var cancellations: Int { state.withLock { $0.cancellations } }
    var pulls: Int { state.withLock { $0.pulls } }
    /// How many pieces were not pulled yet.
    var backlog: Int { state.withLock { $0.pieces.count } }

    func push(_ text: String) { push([EncodedBytes(text).slice]) }

    func push(_ pieces: [BytesSlice]) {
        state.withLock { state in
            state.pieces += pieces
            return state.wake
        }?()
    }

    func finish() {
        state.withLock { state in
            state.isFinished = true
            return state.wake
        }?()
    }

    func start(wake: @escaping @Sendable () -> Void) {
        state.withLock { $0.wake = wake }
    }

    func pull(into pieces: inout [BytesSlice], limit: Int) -> StreamProgress {
        state.withLock { state in
            state.pulls += 1
            var size = 0
            var count = 0
            while count < state.pieces.count, size < limit {
                size += state.pieces[count].count
                count += 1
            }
            pieces += state.pieces[..<count]
            state.pieces.removeFirst(count)
            if !state.pieces.isEmpty { return .more }
            return state.isFinished ? .finished : .drained
        }
    }

    func cancel() {
        state.withLock { $0.cancellations += 1 }
    }
}
