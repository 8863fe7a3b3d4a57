// SPDX-License-Identifier: Apache-2.0
// An answer as the API server gives it: bytes that are ready, a stream that goes on, or a promise of either.

package import PodiumCodec

/// An HTTP answer.
package struct HTTPResponse: Sendable {
    /// What follows the header.
    package enum Body: Sendable {
        /// Bytes that are all there.
        case bytes(BytesSlice)
        /// Bytes that are still being made: a watch, a log that is followed.
        case stream(any ResponseStream)
        /// Nothing yet: the whole answer, its head too, comes later.
        case later(any LaterAnswer)
        /// No body: the connection goes on as something else. The HTTP layer writes the whole head.
        case upgrade(Upgrade)
    }

    /// The HTTP code.
    package var status: Int
    /// The value of `Content-Type`; none when empty.
    package var contentType: String
    /// Further header fields.
    package var headers: [(name: String, value: String)]
    /// The flow that the request belongs to, which the head names.
    package var flow: FlowIdentity?
    package var body: Body

    package init(status: Int, contentType: String, headers: [(name: String, value: String)] = [], body: Body) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }
}

/// The FlowSchema that a request falls under, and the priority level of that.
// A class: one for all answers of a flow, so that to give it to an answer costs next to nothing.
// Kubernetes: api/flowcontrol/v1/types.go ResponseHeaderMatchedFlowSchemaUID
package final class FlowIdentity: Sendable {
    /// The header fields of answers.
    package let headers: [(name: String, value: String)]

    /// Names both by their UIDs.
    package init(schema: String, level: String) {
        headers = [("X-Kubernetes-Pf-Flowschema-Uid", schema), ("X-Kubernetes-Pf-Prioritylevel-Uid", level)]
    }
}

extension HTTPResponse {
    /// Switches protocols.
    package static func upgrade(_ upgrade: Upgrade) -> HTTPResponse {
        HTTPResponse(status: 101, contentType: "", body: .upgrade(upgrade))
    }

    /// An answer that comes later, with a head of its own.
    package static func later(_ answer: any LaterAnswer) -> HTTPResponse {
        HTTPResponse(status: 200, contentType: "", body: .later(answer))
    }
}

/// An answer that its producer gives later, from any thread.
///
/// The connection rests meanwhile and holds no thread, so that others are served and the end of the client is noticed.
package protocol LaterAnswer: AnyObject, Sendable {
    /// Called once, when the connection rests; never when the server ends before. `complete` may be called from any
    /// thread, also before this returns; it returns at once. Of several answers the first counts, and one that comes
    /// when nobody waits any more is dropped. It must not be an answer that comes later itself.
    func start(complete: @escaping @Sendable (HTTPResponse) -> Void)

    /// The client has gone, or the server ends; what is under way should end soon. If the client is still there, an
    /// answer is welcome. Called at most once, after `start`, by a thread that must not be held up.
    func cancel()
}

/// How far a stream has come.
package enum StreamProgress: Sendable {
    /// Everything there is has been handed out; `wake` will be called when there is more.
    case drained
    /// The limit was reached; there is more right now.
    case more
    /// What was handed out now is the end.
    case finished
}

/// A response body that its producer extends while it is being sent.
///
/// The HTTP layer pulls; the producer only says that there is something to pull. So the history in storage is the
/// buffer, a slow client holds no memory, and a writer never waits for a reader.
package protocol ResponseStream: AnyObject, Sendable {
    /// Called once before the first `pull`. `wake` may be called from any thread, at any time, any number of times,
    /// also before this returns and after the end; it returns at once and calls nobody back.
    func start(wake: @escaping @Sendable () -> Void)

    /// Hands out what is ready without waiting, until `limit` bytes are reached or passed. Never called by two threads
    /// at a time, and not again after `finished` or `cancel`.
    func pull(into pieces: inout [BytesSlice], limit: Int) -> StreamProgress

    /// The client has gone, or the server ends. Called once, unless `finished` was returned.
    func cancel()
}

/// What answers requests: the seam between sockets and API.
package protocol RequestResponder: AnyObject, Sendable {
    /// Answers at once; whatever must wait is a stream or an answer that comes later. Called from many threads at a
    /// time.
    func respond(to request: HTTPRequest) -> HTTPResponse
}
