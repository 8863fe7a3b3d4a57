// SPDX-License-Identifier: Apache-2.0
// One connection: gathers a request from the library's calls, and gives the answer.

import CMicroHTTPD
import Logging
import PodiumAPIServer
import PodiumMachinery

/// What is remembered of a connection between its acceptance and its end.
///
/// The library calls with a request in this order: `begin` with its target, `step` when the head is complete, `step`
/// with each piece of the body, `step` when all is there, `end`. An answer given at the first step closes the
/// connection, so only refusals are.
// Not Sendable: only the thread of the library that owns the connection uses it; others see its `watch`.
final class Connection {
    /// How far the request has been read.
    private enum Stage {
        case head
        case body
        /// The body is too large; this many bytes of it are still thrown away.
        case excess(Int)
        /// The answer comes later, or has come.
        case waiting(AnswerTicket)
    }

    let watch: ConnectionWatch
    private let context: ServerContext
    private let peer: String
    private let memory = HeadMemory()
    private let answers = AnswerMemory()
    private var stage = Stage.head
    private var target = RequestTarget()
    private var fields = HTTPHeaders()
    private var body: [UInt8] = []

    init(context: ServerContext, watch: ConnectionWatch, peer: String) {
        self.context = context
        self.watch = watch
        self.peer = peer
    }

    /// A request line has arrived.
    ///
    /// `text` is its target as sent.
    func begin(target text: UnsafePointer<CChar>) {
        stage = .head
        target = RequestTarget(
            UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self),
            limit: context.limits.targetBytes
        )
        // A cut connection is noticed at the next step.
        _ = watch.enter(.head)
    }

    /// What the library hands over at one step.
    struct Step {
        let handle: OpaquePointer
        let line: RequestHead.Line
        let piece: UnsafeRawBufferPointer
    }

    /// The library goes on with the request; `.NO` cuts the connection.
    func step(_ step: Step) -> MHD_Result {
        switch stage {
        case .head: return readHead(step)
        case .body where !step.piece.isEmpty: return gather(step.piece)
        case .body: return answer(step)
        case .excess(let room) where !step.piece.isEmpty:
            stage = .excess(room - step.piece.count)
            return room < step.piece.count ? .NO : .YES
        case .waiting(let ticket): return send(ticket.take(), on: step)
        case .excess: return refuse(.bodyTooLarge(limit: context.limits.bodyBytes), on: step)
        }
    }

    /// The request is over, answered or not.
    func end() {
        stage = .head
        target = RequestTarget()
        fields = HTTPHeaders()
        body = []
        _ = watch.enter(.idle)
    }

    // MARK: Steps

    private func readHead(_ step: Step) -> MHD_Result {
        let head = head(of: step)
        guard watch.enter(head.hasBody ? .body : .answer) else { return .NO }
        if let refusal = target.refusal ?? head.refusal { return refuse(refusal, on: step) }
        fields = head.fields
        stage = .body
        let limit = context.limits.bodyBytes
        guard let length = head.contentLength else { return .YES }
        if length <= limit {
            // A client may announce much and send nothing: room is made as it comes.
            body.reserveCapacity(min(length, 64 << 10))
            return .YES
        }
        let excess = context.limits.discardedBodyBytes
        // Without this the client sees a reset connection while it still sends, and may never read its 413.
        if head.expectsContinue || length > excess { return refuse(.bodyTooLarge(limit: limit), on: step) }
        stage = .excess(excess)
        return .YES
    }

    private func head(of step: Step) -> RequestHead {
        // The request line is among what must lie in place.
        let remembers = context.checksInPlace && target.refusal == nil
        let size = target.size
        if remembers, let known = memory.recall(connection: step.handle, line: step.line, targetSize: size) {
            return known
        }
        let head = RequestHead(
            connection: step.handle,
            line: step.line,
            targetSize: size,
            limits: context.limits,
            checksInPlace: context.checksInPlace
        )
        if remembers { memory.keep(head, connection: step.handle, line: step.line) }
        return head
    }

    private func gather(_ piece: UnsafeRawBufferPointer) -> MHD_Result {
        if body.count + piece.count <= context.limits.bodyBytes {
            body.append(contentsOf: piece)
            return .YES
        }
        stage = .excess(context.limits.discardedBodyBytes - body.count - piece.count)
        body = []
        return .YES
    }

    private func answer(_ step: Step) -> MHD_Result {
        guard watch.enter(.answer) else { return .NO }
        let request = HTTPRequest(
            method: String(copying: step.line.methodBytes),
            rawPath: target.path,
            rawQuery: target.query,
            headers: fields,
            body: body,
            peer: peer
        )
        body = []
        return send(context.responder.respond(to: request), on: step)
    }

    private func refuse(_ refusal: Refusal, on step: Step) -> MHD_Result {
        guard watch.enter(.answer) else { return .NO }
        context.logger.debug("refused a request", metadata: ["peer": "\(peer)", "reason": "\(refusal)"])
        return send(refusal.response, on: step)
    }

    private func send(_ response: HTTPResponse, on step: Step) -> MHD_Result {
        if !(200...999).contains(response.status) {
            context.logger.error("an answer had an impossible status", metadata: ["status": "\(response.status)"])
            return send(.impossibleStatus, on: step)
        }
        switch response.body {
        case .later(let answer):
            let ticket = AnswerTicket(answer, on: step.handle)
            stage = .waiting(ticket)
            ticket.park(with: context.fanOut)
            return .YES
        case .bytes(let bytes):
            return WireResponse.send(
                response,
                bytes,
                on: step.handle,
                isLast: context.isClosing,
                memory: answers
            )
        case .stream(let stream):
            return StreamTicket.send(response, stream, on: step, context: context)
        }
    }
}
