// SPDX-License-Identifier: Apache-2.0
// Answers that a handler cannot give at once: what they wait for, how long, and who may end them.

package import PodiumExchange
package import PodiumHost
import PodiumMachinery
import Synchronization

/// The answers of one cluster that are yet to come.
// State   | guarded by | why separate
// answers | mutex      | they come and go on any thread; nobody is called while it is held
package final class PendingAnswers: Sendable {
    /// The limits of answers that come later.
    package enum Limits {
        /// How many requests may wait at a time; further ones are refused with 429.
        package static let maximumCount = 10_000
    }

    /// What an answer waits for.
    package enum Subject: Sendable {
        /// Something that is to happen in the cluster, of which time may be a part.
        case cluster
        /// Something outside, a disk or another server, in the machine's time: a virtual clock does not move before.
        case outside
    }

    private struct State {
        var answers: [ObjectIdentifier: PendingAnswer] = [:]
        var isEnded = false
    }

    private let timeouts: any TimeoutScheduling
    private let holdTime: @Sendable () -> any Cancellable
    private let state = Mutex(State())

    /// - Parameter holdTime: keeps a virtual clock from moving until what it returns is cancelled.
    package init(timeouts: any TimeoutScheduling, holdTime: @escaping @Sendable () -> any Cancellable) {
        self.timeouts = timeouts
        self.holdTime = holdTime
    }

    /// How many requests wait.
    package var count: Int { state.withLock { $0.answers.count } }

    /// Answers all who wait that the cluster is over, and all who would wait from now on.
    package func end() {
        let answers = state.withLock { state in
            state.isEnded = true
            return Array(state.answers.values)
        }
        for answer in answers { answer.cancel() }
    }

    /// An answer that comes later.
    /// - Parameters:
    ///   - deadline: how long the client waits at the most, in the machine's time, whatever the cluster's clock does.
    ///   - late: what it is answered then.
    ///   - begin: called once, when the client waits; has ``PendingAnswer/give(_:)`` called at last. What it returns is
    ///     cancelled when nobody waits any more.
    package func answer(
        within deadline: Duration,
        waitingFor subject: Subject,
        late: @escaping @Sendable () -> HTTPResponse,
        begin: @escaping @Sendable (PendingAnswer) -> any Cancellable
    ) -> HTTPResponse {
        .later(PendingAnswer(self, deadline, subject, late: late, begin: begin))
    }

    fileprivate func add(_ answer: PendingAnswer) -> StatusError? {
        state.withLock { state in
            if state.isEnded { return .clusterEnded }
            if state.answers.count >= Limits.maximumCount { return .tooManyPending }
            state.answers[ObjectIdentifier(answer)] = answer
            return nil
        }
    }

    fileprivate func remove(_ answer: PendingAnswer) {
        state.withLock { _ = $0.answers.removeValue(forKey: ObjectIdentifier(answer)) }
    }

    fileprivate func hold(for subject: Subject) -> (any Cancellable)? { subject == .outside ? holdTime() : nil }

    fileprivate func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any Cancellable {
        timeouts.schedule(after: delay, work)
    }
}

/// One answer that is yet to come.
// State | guarded by | why separate
// state | mutex      | the answer, the deadline, the client and the end of the cluster come on threads of their own
package final class PendingAnswer: LaterAnswer {
    private struct State {
        var complete: (@Sendable (HTTPResponse) -> Void)?
        var isOver = false
        /// What is to be ended with it.
        var parts: [any Cancellable] = []
    }

    private let pending: PendingAnswers
    private let deadline: Duration
    private let subject: PendingAnswers.Subject
    private let late: @Sendable () -> HTTPResponse
    private let begin: @Sendable (PendingAnswer) -> any Cancellable
    private let state = Mutex(State())

    fileprivate init(
        _ pending: PendingAnswers,
        _ deadline: Duration,
        _ subject: PendingAnswers.Subject,
        late: @escaping @Sendable () -> HTTPResponse,
        begin: @escaping @Sendable (PendingAnswer) -> any Cancellable
    ) {
        self.pending = pending
        self.deadline = deadline
        self.subject = subject
        self.late = late
        self.begin = begin
    }

    package func start(complete: @escaping @Sendable (HTTPResponse) -> Void) {
        state.withLock { $0.complete = complete }
        if let refusal = pending.add(self) { return finish { AnswerWriter.failure(refusal) } }
        keep(pending.hold(for: subject))
        keep(pending.schedule(after: deadline) { [weak self] in self?.finishElsewhere { $0.late() } })
        keep(begin(self))
    }

    /// Has the answer made, on a thread where it may take its time, and given to the client, if it still waits.
    ///
    /// May be called on any thread, and returns at once.
    package func give(_ make: @escaping @Sendable () -> HTTPResponse) { finishElsewhere { _ in make() } }

    package func cancel() { finish { AnswerWriter.failure(.clusterEnded) } }

    private func finishElsewhere(_ make: @escaping @Sendable (PendingAnswer) -> HTTPResponse) {
        WorkerThreads.run { self.finish { make(self) } }
    }

    /// The first to come here answers; what others would say is not even made.
    private func finish(_ make: () -> HTTPResponse) {
        guard let (complete, parts) = state.withLock({ Self.close(&$0) }) else { return }
        let response = make()
        for part in parts { part.cancel() }
        pending.remove(self)
        complete?(response)
    }

    private static func close(
        _ state: inout State
    ) -> (complete: (@Sendable (HTTPResponse) -> Void)?, [any Cancellable])? {
        if state.isOver { return nil }
        defer { state = State(isOver: true) }
        return (state.complete, state.parts)
    }

    /// Ends `part` with the answer, at once if that is over.
    private func keep(_ part: (any Cancellable)?) {
        guard let part else { return }
        let isOver = state.withLock { state in
            if !state.isOver { state.parts.append(part) }
            return state.isOver
        }
        if isOver { part.cancel() }
    }
}

extension StatusError {
    /// 503: the cluster has ended, or has been reset, or the server ends.
    fileprivate static let clusterEnded = StatusError(
        code: 503,
        reason: .serviceUnavailable,
        message: "the cluster ended while the request waited for its answer"
    )
    /// 429: too many requests wait already.
    fileprivate static let tooManyPending = StatusError(
        code: 429,
        reason: .tooManyRequests,
        message: "\(PendingAnswers.Limits.maximumCount) requests wait for their answers already"
    )
}
