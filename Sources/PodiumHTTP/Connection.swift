// SPDX-License-Identifier: Apache-2.0
// One connection: gathers a request from the library's calls, and gives the answer.

import CMicroHTTPD
import CPodiumHTTP
import Logging
import PodiumExchange
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
        /// The connection was upgraded; when the library is asked again, it is over.
        case upgraded
    }

    let watch: ConnectionWatch
    let context: ServerContext
    private let peer: String
    private let memory = HeadMemory()
    private let answers = AnswerMemory()
    /// What the shim in front of the library knows of the socket.
    private let arrivals: UnsafeMutablePointer<podium_http_arrivals>
    private var stage = Stage.head
    private var target = RequestTarget()
    /// The head of the present request, once it is known to be in order.
    private var head: RequestHead?
    /// How many fields the head has, those among them that are not kept.
    private var fieldCount = 0
    private var body: [UInt8] = []
    private var auditIDs: AuditIDs

    init(context: ServerContext, watch: ConnectionWatch, peer: String) {
        self.context = context
        self.watch = watch
        self.peer = peer
        auditIDs = AuditIDs(seed: context.auditSeed, connection: watch.id)
        arrivals = .allocate(capacity: 1)
        _ = podium_http_watch(arrivals, watch.descriptor)
    }

    deinit { arrivals.deallocate() }

    /// The socket is about to be closed.
    func close() { podium_http_forget(arrivals) }

    /// A request line has arrived.
    ///
    /// `text` is its target as sent.
    func begin(target text: UnsafePointer<CChar>) {
        stage = .head
        arrivals.pointee.debt = podium_http_debt_owed
        arrivals.pointee.place = 0
        target = RequestTarget(
            UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self),
            limit: context.limits.targetBytes
        )
        if !target.query.isEmpty || target.refusal != nil { hideQuery(UnsafeMutablePointer(mutating: text)) }
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
            return room < step.piece.count ? cut(413) : .YES
        case .waiting(let ticket): return send(ticket.take(), on: step)
        case .upgraded: return .NO
        case .excess: return refuse(.bodyTooLarge(limit: context.limits.bodyBytes), on: step)
        }
    }

    /// The request is over, answered or not.
    func end() {
        stage = .head
        target = RequestTarget()
        head = nil
        body = []
        arrivals.pointee.debt = podium_http_debt_none
        arrivals.pointee.place = 0
        arrivals.pointee.end = nil
        _ = watch.enter(.idle)
    }

    /// Makes one parameter of all that stand in the library's copy of the target.
    ///
    /// It would spend the connection's memory on each, and refuse in a state in which its refusal gets lost; nobody
    /// reads them there.
    private func hideQuery(_ text: UnsafeMutablePointer<CChar>) {
        for index in 0..<target.size where text[index] == CChar(UInt8(ascii: "&")) {
            text[index] = CChar(UInt8(ascii: "."))
        }
    }

    // MARK: Steps

    private func readHead(_ step: Step) -> MHD_Result {
        let head = head(of: step)
        guard watch.enter(head.hasBody ? .body : .answer) else { return .NO }
        fieldCount = head.fieldCount
        if let refusal = target.refusal ?? head.refusal { return refuse(refusal, on: step) }
        if roomForFields(of: step) < 0 { return refuse(.headTooLarge(limit: context.limits.headBytes), on: step) }
        self.head = head
        stage = .body
        let limit = context.limits.bodyBytes
        if head.isChunked, context.checksInPlace, let refusal = followChunks(of: step) {
            return refuse(refusal, on: step)
        }
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

    /// Sees to it that the chunks are what they should be, from the first to the last.
    private func followChunks(of step: Step) -> Refusal? {
        let end = step.line.method + podium_http_head_size(step.handle)
        let start = UnsafeRawPointer(end).assumingMemoryBound(to: CChar.self)
        switch podium_http_follow(arrivals, start, UInt64(context.limits.discardedBodyBytes)) {
        case 0: return nil
        case 413: return .bodyTooLarge(limit: context.limits.bodyBytes)
        case 431: return .headTooLarge(limit: context.limits.headBytes)
        default: return .malformed("malformed chunk")
        }
    }

    private func head(of step: Step) -> RequestHead {
        // The request line is among what must lie in place, and what is remembered must not depend on it.
        let remembers = context.checksInPlace && target.refusal == nil && target.authority == nil
        let size = target.size
        if remembers, let known = memory.recall(connection: step.handle, line: step.line, targetSize: size) {
            return known
        }
        let head = RequestHead(connection: step.handle, line: step.line, target: target, context: context)
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
        let method = step.line.isGet ? "GET" : String(copying: step.line.methodBytes)
        switch head?.verdict {
        case nil, .free: break
        // Only now that the body is here: a client that still sends may never read an answer.
        case .refused(let refusal): return refuse(refusal, on: step)
        case .navigation: if method != "GET" { return refuse(.crossSite, on: step) }
        case .shared: if method == "OPTIONS" { return answerPreflight(step) }
        }
        guard watch.enter(.answer) else { return .NO }
        let request = HTTPRequest(
            method: method,
            rawPath: target.path,
            rawQuery: target.query,
            headers: head?.fields ?? .none,
            body: body,
            peer: peer
        )
        body = []
        return send(context.responder.respond(to: request), on: step)
    }

    private func answerPreflight(_ step: Step) -> MHD_Result {
        guard watch.enter(.answer) else { return .NO }
        body = []
        return send(CrossOrigin.preflight, on: step)
    }

    private func refuse(_ refusal: Refusal, on step: Step) -> MHD_Result {
        guard watch.enter(.answer) else { return .NO }
        context.logger.debug("refused a request", metadata: ["peer": "\(peer)", "reason": "\(refusal)"])
        // The library has no memory left for the answer either.
        if roomForFields(of: step) < 0 { return cut(431) }
        return send(refusal.response, on: step)
    }

    /// Writes a refusal past the library, which closes the connection.
    private func cut(_ code: UInt32) -> MHD_Result {
        arrivals.pointee.debt = podium_http_debt_paid
        podium_http_refuse(watch.descriptor, code)
        return .NO
    }

    private func send(_ response: HTTPResponse, on step: Step) -> MHD_Result {
        if case .upgrade(let upgrade) = response.body { return self.upgrade(upgrade, on: step) }
        if !(200...999).contains(response.status) {
            context.logger.error("an answer had an impossible status", metadata: ["status": "\(response.status)"])
            return send(.impossibleStatus, on: step)
        }
        if case .shared(let origin) = head?.verdict {
            var shared = response
            shared.headers += CrossOrigin.headers(origin)
            return deliver(shared, on: step)
        }
        return deliver(response, on: step)
    }

    private func deliver(_ response: HTTPResponse, on step: Step) -> MHD_Result {
        if case .later(let answer) = response.body {
            let ticket = AnswerTicket(answer, on: step.handle, of: watch)
            stage = .waiting(ticket)
            ticket.park(with: context.fanOut)
            return .YES
        }
        let echoed = head?.fields.auditID
        if !response.headers.isEmpty || echoed != nil {
            let size = response.fieldBytes + (echoed?.utf8.count ?? 0)
            if size > roomForFields(of: step) {
                // With a client's own field, or those for a page, that were no better.
                head = nil
                if case .stream(let stream) = response.body { stream.cancel() }
                return send(.headTooLarge, on: step)
            }
        }
        // Kubernetes: apiserver/pkg/endpoints/filters/audit_init.go
        if let echoed, !echoed.isEmpty { return echoed.withCString { queue(response, on: step, auditID: $0) } }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: AuditIDs.size + 1) { text in
            guard let start = text.baseAddress else { return .NO }
            auditIDs.write(to: start)
            start[AuditIDs.size] = 0
            return queue(response, on: step, auditID: start)
        }
    }

    private func upgrade(_ upgrade: Upgrade, on step: Step) -> MHD_Result {
        let fields = head?.fields ?? .none
        guard !step.line.isVersion10,
            let answer = UpgradeHead.answer(upgrade.framing, to: fields, auditID: auditID(echoing: fields))
        else {
            upgrade.session.cancel()
            return refuse(.malformed("not a valid upgrade"), on: step)
        }
        stage = .upgraded
        // The head is the answer; nothing of HTTP may follow it.
        arrivals.pointee.debt = podium_http_debt_paid
        UpgradeTicket(upgrade, head: answer, on: step.handle, of: watch).park(with: context.fanOut)
        return .YES
    }

    // Kubernetes: apiserver/pkg/endpoints/filters/audit_init.go
    private func auditID(echoing fields: HTTPHeaders) -> String {
        if let echoed = fields.auditID, !echoed.isEmpty { return echoed }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: AuditIDs.size) { text in
            if let start = text.baseAddress { auditIDs.write(to: start) }
            return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private func queue(_ response: HTTPResponse, on step: Step, auditID: UnsafePointer<CChar>) -> MHD_Result {
        if !context.isClosing, case .bytes(let bytes) = response.body,
            let known = answers.recall(response, bytes, auditID: auditID)
        {
            return podium_http_queue(step.handle, UInt32(response.status), known)
        }
        let wire = WireResponse(
            response: response,
            connection: step.handle,
            auditID: auditID,
            isLast: context.isClosing
        )
        switch response.body {
        case .bytes(let bytes): return wire.send(bytes, memory: answers)
        case .later, .upgrade: preconditionFailure("an answer without a head of its own is parked before it is written")
        case .stream(let stream): return StreamTicket.send(wire, stream, on: step, of: self)
        }
    }

    /// How many bytes of header fields fit into an answer beside those that every answer has.
    private func roomForFields(of step: Step) -> Int {
        context.limits.answerRoom(headSize: podium_http_head_size(step.handle), fields: fieldCount)
    }
}
