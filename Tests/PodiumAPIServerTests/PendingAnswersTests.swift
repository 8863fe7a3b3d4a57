// SPDX-License-Identifier: Apache-2.0
// Answers that come later: one end each, whoever brings it.

import Dispatch
import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumTestKit
import Synchronization
import Testing

/// Collects the answers that a client gets.
private final class Client: Sendable {
    private let codes = Mutex<[Int]>([])
    private let arrived = DispatchSemaphore(value: 0)

    func take(_ response: HTTPResponse) {
        codes.withLock { $0.append(response.status) }
        arrived.signal()
    }

    /// The codes once so many answers are there.
    func codes(_ count: Int) -> [Int] {
        for _ in 0..<count { arrived.wait() }
        return codes.withLock { $0 }
    }
}

/// Something that goes on and can be cancelled.
private final class Work: Cancellable {
    let cancellations = Mutex(0)
    func cancel() { cancellations.withLock { $0 += 1 } }
}

@Suite struct PendingAnswersTests {
    private let timeouts = ManualTimeouts()
    private let pending: PendingAnswers
    private let clock = ClusterClock(mode: .virtual)
    private let client = Client()
    private let work = Work()

    init() { pending = PendingAnswers(timeouts: timeouts) { [clock] in clock.hold() } }

    private func response(_ status: Int) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "", body: .bytes(EncodedBytes("").slice))
    }

    /// A request that waits; `begin` may answer.
    private func wait(
        for subject: PendingAnswers.Subject = .cluster,
        begin: @escaping @Sendable (PendingAnswer) -> Void
    ) throws -> any LaterAnswer {
        let late = response(504)
        let answer = pending.answer(within: .seconds(3), waitingFor: subject, late: { late }) { [work] in
            begin($0)
            return work
        }
        guard case .later(let later) = answer.body else { throw StatusError.internalError("no later answer") }
        later.start(complete: client.take)
        return later
    }

    @Test func theFirstAnswerCounts() throws {
        let (first, second) = (response(200), response(201))
        let given = Mutex<PendingAnswer?>(nil)
        let later = try wait { answer in given.withLock { $0 = answer } }
        #expect(pending.count == 1)
        let answer = try #require(given.withLock { $0 })
        answer.give { first }
        #expect(client.codes(1) == [200])
        answer.give { second }
        later.cancel()
        timeouts.pass()
        #expect(client.codes(0) == [200])
        #expect(pending.count == 0 && timeouts.pendingCount == 0)
        #expect(work.cancellations.withLock { $0 } == 1)
    }

    @Test func whatIsThereAtOnceIsGivenAtOnce() throws {
        let answer = response(200)
        _ = try wait { $0.give { answer } }
        #expect(client.codes(1) == [200])
        #expect(timeouts.delays == [.seconds(3)])
    }

    @Test func whoIsLateIsAnsweredThat() throws {
        _ = try wait { _ in }
        timeouts.pass()
        #expect(client.codes(1) == [504])
        #expect(pending.count == 0)
    }

    @Test func nobodyIsKeptWhoHasGone() throws {
        let later = try wait { _ in }
        later.cancel()
        #expect(pending.count == 0 && timeouts.pendingCount == 0)
        #expect(work.cancellations.withLock { $0 } == 1)
    }

    @Test func theEndOfTheClusterAnswersAll() throws {
        _ = try wait { _ in }
        _ = try wait { _ in }
        pending.end()
        #expect(client.codes(2) == [503, 503])
        // And those who come too late.
        _ = try wait { _ in Issue.record("nothing begins any more") }
        #expect(client.codes(1) == [503, 503, 503])
    }

    @Test func thereIsALimit() throws {
        for _ in 0..<PendingAnswers.Limits.maximumCount { _ = try wait { _ in } }
        #expect(pending.count == PendingAnswers.Limits.maximumCount)
        _ = try wait { _ in Issue.record("nothing begins any more") }
        #expect(client.codes(1) == [429])
        pending.end()
    }

    @Test func timeStandsForWhatIsOutside() throws {
        let given = Mutex<PendingAnswer?>(nil)
        _ = try wait(for: .outside) { answer in given.withLock { $0 = answer } }
        let done = DispatchSemaphore(value: 0)
        _ = clock.beginAdvance(.by(.seconds(1))) { _ in done.signal() }
        #expect(done.wait(timeout: .now() + .milliseconds(50)) == .timedOut)
        let answer = response(200)
        try #require(given.withLock { $0 }).give { answer }
        #expect(client.codes(1) == [200])
        done.wait()
        // What waits for the cluster waits for its time as well.
        _ = try wait(for: .cluster) { _ in }
        #expect(try clock.advance(.by(.seconds(1))).now == ClusterClock.virtualEpoch + .seconds(2))
        pending.end()
    }
}
