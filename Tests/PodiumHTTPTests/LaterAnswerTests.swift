// SPDX-License-Identifier: Apache-2.0
// Answers that come later: their connections hold no thread, and who waits for them may go or be sent away.

import PodiumHTTP
import Testing

@Suite struct LaterAnswerTests {
    /// Asks for an answer and returns both ends.
    private func open(_ server: TestServer) throws -> (RawClient, TestAnswer) {
        let client = try server.connect()
        client.request("GET", "/later")
        let answer = try #require(eventually { server.responder.takeAnswer() })
        #expect(becomesTrue { answer.starts == 1 })
        return (client, answer)
    }

    @Test func theAnswerComesWhenItIsCompletedAndTheConnectionGoesOn() throws {
        let server = try TestServer()
        let (client, later) = try open(server)
        #expect(!client.hasNews(within: 20))
        later.complete("here", status: 201)
        let answer = try client.answer()
        #expect(answer.status == 201)
        #expect(answer.body == "here")
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
        #expect(later.cancellations == 0)
    }

    @Test func anAnswerThatIsThereAlreadyComesAtOnce() throws {
        let server = try TestServer()
        let client = try server.connect()
        for _ in 0..<50 {
            client.request("GET", "/promptly")
            #expect(try client.answer().body == "at once")
        }
    }

    @Test func whoWaitsHoldsUpNobody() throws {
        let server = try TestServer(threads: 1)
        let waiting = try (0..<20).map { _ in try open(server) }
        let other = try server.connect()
        other.request("GET", "/p")
        #expect(try other.answer().body == "GET /p? 0")
        for (index, (client, later)) in waiting.enumerated().reversed() {
            later.complete("\(index)")
            #expect(try client.answer().body == "\(index)")
        }
    }

    @Test func aClientThatGoesCancelsItsAnswerOnce() throws {
        let server = try TestServer()
        let later: TestAnswer
        do { later = try open(server).1 }
        #expect(becomesTrue { later.cancellations == 1 })
        later.complete("too late")
        server.server.shutdown()
        #expect(later.cancellations == 1)
    }

    @Test func ofTwoAnswersTheFirstCounts() throws {
        let server = try TestServer()
        let (client, later) = try open(server)
        later.complete("first")
        later.complete("second")
        #expect(try client.answer().body == "first")
        client.request("GET", "/p")
        #expect(try client.answer().body == "GET /p? 0")
    }

    @Test func aShutdownAsksForTheEndAndTakesWhatComes() throws {
        let server = try TestServer()
        let (client, later) = try open(server)
        let shutdown = Background { server.server.shutdown() }
        #expect(becomesTrue { later.cancellations == 1 })
        later.complete("as far as it came", status: 503)
        let answer = try client.answer()
        #expect(answer.status == 503)
        #expect(answer.fields["connection"] == "close")
        shutdown.wait()
    }

    @Test func aShutdownDoesNotWaitForAnAnswerThatNeverComes() throws {
        var limits = HTTPLimits()
        limits.shutdownDeadline = .milliseconds(50)
        let server = try TestServer(limits: limits)
        let (client, later) = try open(server)
        #expect(server.server.shutdown())
        #expect(later.cancellations == 1)
        _ = try client.rest()
        later.complete("too late")
    }

    @Test func survivesRequestsThatArriveWhileItEnds() throws {
        for _ in 0..<20 {
            let server = try TestServer()
            let clients = try (0..<20).map { _ in try server.connect() }
            let shutdown = Background { server.server.shutdown() }
            for client in clients { client.request("GET", "/promptly") }
            shutdown.wait()
            // Each was answered, or cut; none hangs.
            for client in clients { _ = try client.rest() }
        }
    }
}
