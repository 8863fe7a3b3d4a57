// SPDX-License-Identifier: Apache-2.0
// Learns of the end of answers that come later: for counts, journals and whatever follows from a request.

import Synchronization

/// An answer that comes later, and passes somebody on its way.
// State  | guarded by | why separate
// isOver | atomic     | set once by whichever end comes first, on any thread
private final class ObservedAnswer: LaterAnswer {
    private let answer: any LaterAnswer
    private let answered: @Sendable (HTTPResponse) -> HTTPResponse
    private let abandoned: @Sendable () -> Void
    private let isOver = Atomic<Bool>(false)

    init(
        _ answer: any LaterAnswer,
        answered: @escaping @Sendable (HTTPResponse) -> HTTPResponse,
        abandoned: @escaping @Sendable () -> Void
    ) {
        self.answer = answer
        self.answered = answered
        self.abandoned = abandoned
    }

    // When the server ended before it began.
    deinit { abandon() }

    func start(complete: @escaping @Sendable (HTTPResponse) -> Void) {
        answer.start { response in
            if self.isOver.exchange(true, ordering: .relaxed) { return }
            complete(self.answered(response))
        }
    }

    func cancel() {
        // First, because its end may bring an answer that reaches nobody.
        abandon()
        answer.cancel()
    }

    private func abandon() {
        if !isOver.exchange(true, ordering: .relaxed) { abandoned() }
    }
}

extension HTTPResponse {
    /// The same answer. If it comes later, it passes `answered` when it does, and `abandoned` is called if nobody waits
    /// for it any more; one of both, once, on any thread.
    package func observed(
        answered: @escaping @Sendable (HTTPResponse) -> HTTPResponse,
        abandoned: @escaping @Sendable () -> Void
    ) -> HTTPResponse {
        guard case .later(let answer) = body else { return self }
        var response = self
        response.body = .later(ObservedAnswer(answer, answered: answered, abandoned: abandoned))
        return response
    }
}
