// SPDX-License-Identifier: Apache-2.0
// Parks a connection whose body is a stream, and ends it: in between, the fan-out writes to its socket.

import CMicroHTTPD
import Glibc
import PodiumExchange
import Synchronization

/// A stream on its way: first the library's, then the fan-out's, in the end the library's again.
///
/// The library sends the header and asks for the body. That is when the connection is parked and handed to the
/// fan-out, which owns the socket until it calls `settle`; then the library asks again, and is told how to end.
// State   | guarded by | why separate
// outcome | atomic     | written by the fan-out before it resumes, read by the library's thread afterwards
final class StreamTicket: Sendable {
    /// Where the stream stands.
    enum Outcome: Int, Sendable {
        /// The header is being sent.
        case announced
        /// The fan-out has it.
        case parked
        /// It ends as it should: the last chunk, and the connection can serve another request; without chunks, the
        /// close.
        case finished
        /// The client is gone or too slow: the connection is closed.
        case aborted
    }

    let stream: any ResponseStream
    /// The connection's socket, valid while the stream is parked.
    let descriptor: Int32
    /// Whether the body is sent in chunks; an HTTP/1.0 client gets it plain and knows the end by the close.
    let isChunked: Bool
    /// Its number in the table.
    let connectionID: UInt64
    private let fanOut: FanOut
    /// The library's connection: pointers are not Sendable, and this one is only ever given back to the library.
    private let connection: UInt
    private let outcome = Atomic<Int>(Outcome.announced.rawValue)

    private init(stream: any ResponseStream, on step: Connection.Step, of connection: Connection) {
        self.stream = stream
        fanOut = connection.context.fanOut
        connectionID = connection.watch.id
        descriptor = podium_http_connection_socket(step.handle)
        isChunked = !step.line.isVersion10
        self.connection = UInt(bitPattern: step.handle)
    }

    /// Queues `wire` with `stream` as its body.
    static func send(
        _ wire: WireResponse,
        _ stream: any ResponseStream,
        on step: Connection.Step,
        of connection: Connection
    ) -> MHD_Result {
        if step.line.isHead {
            // The library would send the last chunk after the header, which a HEAD must not have.
            stream.cancel()
            return wire.queue(WireResponse.empty())
        }
        let ticket = Unmanaged.passRetained(StreamTicket(stream: stream, on: step, of: connection))
        // MHD_SIZE_UNKNOWN; the block is a buffer that only an HTTP/1.0 body would use.
        let created = MHD_create_response_from_callback(.max, 1, readStream, ticket.toOpaque(), releaseTicket)
        if created == nil {
            stream.cancel()
            ticket.release()
        }
        return wire.queue(created)
    }

    /// Hands the connection back to the library, which ends it as `outcome` says.
    ///
    /// Only the fan-out calls this, once.
    func settle(_ outcome: Outcome) {
        self.outcome.store(outcome.rawValue, ordering: .releasing)
        // What the library sends then does not get out, so it closes the connection. Told to close it (-2, or -1
        // without chunks), version 0.9.75 would forget to, until every connection that rested longer has gone.
        if outcome == .aborted || !isChunked { shutdown(descriptor, Int32(SHUT_RDWR)) }
        MHD_resume_connection(OpaquePointer(bitPattern: connection))
    }

    /// The library wants the body: -1 is its end, 0 while the connection is parked.
    ///
    /// `buffer` has room for one byte.
    fileprivate func read(into buffer: UnsafeMutablePointer<CChar>) -> Int {
        switch Outcome(rawValue: outcome.load(ordering: .acquiring)) {
        case .announced:
            outcome.store(Outcome.parked.rawValue, ordering: .relaxed)
            // Before the hand-over, so that the fan-out can resume at once.
            MHD_suspend_connection(OpaquePointer(bitPattern: connection))
            if !fanOut.park(.stream(self)) {
                stream.cancel()
                settle(.finished)
            }
            return 0
        case .parked: return 0
        case .finished, .aborted, nil:
            if isChunked { return -1 }
            // The socket takes nothing any more: this is only for the library to find that out.
            buffer.pointee = 0
            return 1
        }
    }

    /// The library has let go of the answer.
    ///
    /// If it never asked for the body, the client had gone before.
    fileprivate func forget() {
        if outcome.load(ordering: .relaxed) == Outcome.announced.rawValue { stream.cancel() }
    }
}

private let readStream: MHD_ContentReaderCallback = { ticket, _, buffer, _ in
    guard let ticket, let buffer else { return -2 }
    return Unmanaged<StreamTicket>.fromOpaque(ticket)._withUnsafeGuaranteedRef { $0.read(into: buffer) }
}

private let releaseTicket: MHD_ContentReaderFreeCallback = { pointer in
    guard let pointer else { return }
    let ticket = Unmanaged<StreamTicket>.fromOpaque(pointer)
    ticket._withUnsafeGuaranteedRef { $0.forget() }
    ticket.release()
}
