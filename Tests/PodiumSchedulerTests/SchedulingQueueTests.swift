// SPDX-License-Identifier: Apache-2.0
// The scheduling queue: order, waiting for changes, waiting for time.

import PodiumCodec
import PodiumMachinery
import PodiumScheduler
import Testing

@Suite struct SchedulingQueueTests {
    private let start = Timestamp(seconds: 1000)

    private func pod(_ name: String, priority: Int64 = 0, _ spec: JSONObject = [:]) -> SchedulingPod {
        SchedulingPod(.of(.pod(name, priority: priority, spec), .pods))
    }

    /// Takes the next pod out, which must be there.
    private func next(_ queue: inout SchedulingQueue) throws -> QueuedPod {
        let next = queue.next()
        return try #require(next)
    }

    private func name(_ name: String) -> NamespacedName { NamespacedName(namespace: "ns", name: name) }

    @Test func importanceComesBeforeAge() {
        var queue = SchedulingQueue()
        queue.add(pod("a"), now: start)
        queue.add(pod("b", priority: 5), now: start + .seconds(1))
        queue.add(pod("c"), now: start)
        #expect((0..<4).map { _ in queue.next()?.pod.name.name } == ["b", "a", "c", nil])
    }

    @Test func aPodThatFittedNowhereWaitsForAChange() throws {
        var queue = SchedulingQueue()
        queue.add(pod("a"), now: start)
        let queued = try next(&queue)
        queue.putBack(queued, rejectors: ["X"], now: start)
        #expect(queue.next() == nil)
        queue.retry(now: start) { _, rejectors in rejectors.contains("Y") }
        #expect(queue.next() == nil)
        queue.retry(now: start) { _, rejectors in rejectors.contains("X") }
        #expect(queue.next()?.pod.name == name("a"))
    }

    @Test func freshPodsComeBeforeThoseInBackoff() throws {
        var queue = SchedulingQueue()
        queue.add(pod("a", priority: 9), now: start)
        queue.putBack(try next(&queue), rejectors: ["X"], now: start)
        queue.add(pod("b"), now: start)
        queue.retry(now: start) { _, _ in true }
        #expect(queue.next()?.pod.name == name("b"))
        #expect(queue.next()?.pod.name == name("a"))
    }

    @Test func withoutAReasonAPodComesAgainAfterFullSeconds() throws {
        var queue = SchedulingQueue()
        var now = start + .milliseconds(20)
        queue.add(pod("a"), now: now)
        var deadlines: [Timestamp?] = []
        for _ in 0..<3 {
            queue.putBack(try next(&queue), rejectors: [], now: now)
            let deadline = queue.nextDeadline
            deadlines.append(deadline)
            now = try #require(deadline)
            queue.passTime(now: now)
        }
        #expect(deadlines == [2, 5, 10].map { start + .seconds($0) })
    }

    @Test func fiveMinutesAreEnough() throws {
        var queue = SchedulingQueue()
        queue.add(pod("a"), now: start)
        queue.putBack(try next(&queue), rejectors: ["X"], now: start)
        #expect(queue.nextDeadline == start + .seconds(300))
        queue.passTime(now: start + .seconds(300))
        #expect(queue.next() != nil)
    }

    @Test func removedPodsDoNotComeBack() throws {
        var queue = SchedulingQueue()
        queue.add(pod("a"), now: start)
        queue.add(pod("b"), now: start)
        queue.remove(name("a"))
        #expect(queue.next()?.pod.name == name("b"))
        #expect(queue.next() == nil)
        queue.add(pod("c"), now: start)
        queue.putBack(try next(&queue), rejectors: ["X"], now: start)
        queue.remove(name("c"))
        #expect(queue.nextDeadline == nil)
        #expect(queue.count == 0)
    }

    @Test func gatedPodsWaitForTheirGatesOnly() {
        var queue = SchedulingQueue()
        queue.add(pod("a", ["schedulingGates": [["name": "g"]]]), now: start)
        queue.retry(now: start) { _, _ in true }
        queue.passTime(now: start + .seconds(1000))
        #expect(queue.next() == nil)
        queue.update(pod("a"), now: start) { _, _ in false }
        #expect(queue.next() != nil)
    }

    @Test func aChangeOfAWaitingPodIsKnownAtItsNextAttempt() {
        var queue = SchedulingQueue()
        queue.add(pod("a"), now: start)
        queue.update(pod("a", priority: 7), now: start) { _, _ in false }
        #expect(queue.next()?.pod.priority == 7)
        #expect(queue.next() == nil)
    }
}
