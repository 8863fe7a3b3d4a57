// SPDX-License-Identifier: Apache-2.0
// Queues of clusters on the threads that they share.

import Dispatch
import Foundation
import PodiumHost
import PodiumMachinery
import Synchronization
import Testing

/// Work that has queues busy until it is told to end, and remembers on which threads.
private final class BusyWork: Sendable {
    private let ended = Atomic<Bool>(false)
    private let seen = Mutex<Set<UInt>>([])

    var threads: Int { seen.withLock { $0.count } }

    func end() { ended.store(true, ordering: .relaxed) }

    /// One block; the next is there before it ends.
    func run(on queue: any SerialQueue) {
        _ = seen.withLock { $0.insert(UInt(pthread_self())) }
        if ended.load(ordering: .relaxed) { return }
        queue.async { self.run(on: queue) }
        // About as long as a turn of a pod.
        var sum: UInt64 = 1
        for number in 0..<UInt64(20_000) { sum = sum &* 31 &+ number }
        if sum == 0 { end() }
    }
}

@Suite struct ClockQueueTests {
    private static let cores = ProcessInfo.processInfo.activeProcessorCount

    @Test func queuesThatAreNeverEmptyKeepNoOtherFromItsTurn() {
        let clock = ClusterClock(mode: .real)
        let busy = BusyWork()
        for number in 0..<4 * Self.cores {
            let queue = clock.makeQueue(label: "busy \(number)")
            queue.async { busy.run(on: queue) }
        }
        let quiet = clock.makeQueue(label: "quiet")
        let done = DispatchSemaphore(value: 0)
        quiet.async { quiet.schedule(at: clock.now + .milliseconds(5)) { done.signal() } }
        #expect(done.wait(timeout: .now() + 30) == .success)
        busy.end()
    }

    @Test func manyClustersShareAFewThreads() {
        let clocks = (0..<100).map { _ in ClusterClock(mode: .real) }
        let busy = BusyWork()
        let done = DispatchSemaphore(value: 0)
        let queues = clocks.flatMap { clock in (0..<3).map { clock.makeQueue(label: "\($0)") } }
        for queue in queues { queue.async { busy.run(on: queue) } }
        for queue in queues { queue.async { done.signal() } }
        for _ in queues { done.wait() }
        busy.end()
        #expect(busy.threads <= 4 * Self.cores + 8)
    }

    @Test func theBlocksOfAQueueRunOneByOneInTheirOrder() {
        let clock = ClusterClock(mode: .real)
        let queue = clock.makeQueue(label: "q")
        let order = Mutex<[Int]>([])
        let done = DispatchSemaphore(value: 0)
        for number in 0..<2_000 {
            queue.async {
                queue.preconditionCurrent()
                order.withLock { $0.append(number) }
                if number == 1_999 { done.signal() }
            }
        }
        done.wait()
        #expect(order.withLock { $0 } == Array(0..<2_000))
    }
}
