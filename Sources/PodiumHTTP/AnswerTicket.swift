// SPDX-License-Identifier: Apache-2.0
// Parks a connection whose answer comes later, and gives it back to the library when the answer is there.

import CMicroHTTPD
import Glibc
import PodiumExchange
import Synchronization

/// A connection that waits for its answer.
///
/// It holds no thread: the library has suspended it, and the server's own thread watches its socket for the end of the
/// client. Whoever completes the answer has that thread resume the connection; then the library asks again, and is
/// given what there is.
// State    | guarded by | why separate
// content  | mutex      | given by the producer on any thread, taken by the library's thread
// isAsked  | atomic     | whether the producer was asked to end, by the server's thread
final class AnswerTicket: Sendable {
    private enum Content {
        case missing
        case given(HTTPResponse)
        /// It was taken, or nobody waits for it any more.
        case over
    }

    /// The connection's socket, valid while the connection is parked.
    let descriptor: Int32
    /// Its number in the table.
    let connectionID: UInt64
    private let answer: any LaterAnswer
    /// The library's connection: pointers are not Sendable, and this one is only ever given back to the library.
    private let connection: UInt
    private let content = Mutex(Content.missing)
    private let isAsked = Atomic<Bool>(false)

    init(_ answer: any LaterAnswer, on connection: OpaquePointer, of watch: ConnectionWatch) {
        self.answer = answer
        descriptor = watch.descriptor
        connectionID = watch.id
        self.connection = UInt(bitPattern: connection)
    }

    /// Suspends the connection and hands it to the fan-out; when that is ending, the answer is that the server is.
    func park(with fanOut: FanOut) {
        // Before the hand-over, so that the fan-out can resume at once.
        MHD_suspend_connection(OpaquePointer(bitPattern: connection))
        if !fanOut.park(.answer(self)) { resume() }
    }

    // MARK: From the server's thread

    /// Has the answer made; `wake` is called once, from any thread, when it is there.
    func start(wake: @escaping @Sendable () -> Void) {
        answer.start { response in
            if self.give(response) { wake() }
        }
    }

    private func give(_ response: HTTPResponse) -> Bool {
        content.withLock { content in
            guard case .missing = content else { return false }
            content = .given(response)
            return true
        }
    }

    /// Asks the producer to come to an end.
    func cancel() {
        if !isAsked.exchange(true, ordering: .relaxed) { answer.cancel() }
    }

    /// Hands the connection back to the library, which asks for the answer again.
    ///
    /// Only who has taken the ticket over calls this, once.
    func resume() { MHD_resume_connection(OpaquePointer(bitPattern: connection)) }

    /// Hands the connection back to be closed: its client is gone, or the server cannot wait any longer.
    func abort() {
        content.withLock { $0 = .over }
        cancel()
        // What the library sends then does not get out, so it closes the connection.
        shutdown(descriptor, Int32(SHUT_RDWR))
        resume()
    }

    // MARK: From the library's thread

    /// The answer, once.
    ///
    /// When there is none, the server ends or the socket takes nothing any more.
    func take() -> HTTPResponse {
        content.withLock { content in
            defer { content = .over }
            if case .given(let response) = content { return response }
            return Refusal.ending.response
        }
    }
}
