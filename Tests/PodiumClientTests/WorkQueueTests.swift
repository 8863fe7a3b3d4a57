// SPDX-License-Identifier: Apache-2.0
// The work queue: every key once, none twice at a time, later on request.

import PodiumClient
import PodiumMachinery
import Testing

@Suite struct WorkQueueTests {
    private let start = Timestamp(seconds: 1000)

    @Test func aKeyIsQueuedOnceHoweverOftenItIsAdded() {
        var queue = WorkQueue<String>()
        queue.add("a")
        queue.add("b")
        queue.add("a")
        #expect(queue.count == 2)
        #expect(queue.next() == "a")
        #expect(queue.next() == "b")
        #expect(queue.next() == nil)
    }

    @Test func aKeyAddedWhileItIsProcessedComesAgainWhenDone() {
        var queue = WorkQueue<String>()
        queue.add("a")
        #expect(queue.next() == "a")
        queue.add("a")
        #expect(queue.next() == nil)
        queue.done("a")
        #expect(queue.next() == "a")
        queue.done("a")
        #expect(queue.next() == nil)
        #expect(queue.count == 0)
        #expect(queue.nextDeadline == nil)
    }

    @Test func delayedKeysComeInTheOrderOfTheirDeadlines() {
        var queue = WorkQueue<String>()
        queue.add("late", at: start + .seconds(5))
        queue.add("early", at: start + .seconds(1))
        queue.add("also early", at: start + .seconds(1))
        #expect(queue.nextDeadline == start + .seconds(1))
        queue.addDue(now: start + .seconds(1))
        #expect(queue.next() == "early")
        #expect(queue.next() == "also early")
        #expect(queue.next() == nil)
        #expect(queue.nextDeadline == start + .seconds(5))
    }

    @Test func theEarlierOfTwoDeadlinesHolds() {
        var queue = WorkQueue<String>()
        queue.add("a", at: start + .seconds(5))
        queue.add("a", at: start + .seconds(1))
        queue.add("a", at: start + .seconds(9))
        #expect(queue.nextDeadline == start + .seconds(1))
        queue.addDue(now: start + .seconds(10))
        #expect(queue.next() == "a")
        queue.done("a")
        #expect(queue.next() == nil)
        #expect(queue.nextDeadline == nil)
    }

    @Test func waitsDoubleUntilForgotten() {
        var queue = WorkQueue<String>(backoff: Backoff(initial: .seconds(1), maximum: .seconds(5)))
        var waits: [Timestamp?] = []
        for _ in 0..<4 {
            queue.addRateLimited("a", now: start)
            waits.append(queue.nextDeadline)
            queue.addDue(now: start + .seconds(100))
            #expect(queue.next() == "a")
            queue.done("a")
        }
        #expect(waits == [1, 2, 4, 5].map { start + .seconds($0) })
        #expect(queue.failures(of: "a") == 4)
        queue.forget("a")
        queue.addRateLimited("a", now: start)
        #expect(queue.nextDeadline == start + .seconds(1))
    }

    @Test(arguments: [(1, 5), (2, 10), (3, 20), (60, 1_000_000)])
    func controllersBackOffFromFiveMilliseconds(failures: Int, milliseconds: Int) {
        #expect(Backoff.controllers.delay(afterFailures: failures) == .milliseconds(milliseconds))
    }
}
