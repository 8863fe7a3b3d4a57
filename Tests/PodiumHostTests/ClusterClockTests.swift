// SPDX-License-Identifier: Apache-2.0
// The virtual clock: one order for all queues, and nothing moves by itself.

import Dispatch
import PodiumHost
import PodiumMachinery
import Synchronization
import Testing

/// Collects what ran, in order.
private final class Trace: Sendable {
    private let entries = Mutex<[String]>([])
    var all: [String] { entries.withLock { $0 } }
    func append(_ entry: String) { entries.withLock { $0.append(entry) } }
}

@Suite struct ClusterClockTests {
    @Test func virtualTimeStandsStillUntilItIsAdvanced() throws {
        let clock = ClusterClock(mode: .virtual)
        #expect(clock.now.rfc3339Micro == "2026-01-01T00:00:00.000000Z")
        let result = try clock.advance(.by(.seconds(90)))
        #expect(result.now.rfc3339 == "2026-01-01T00:01:30Z")
        #expect(clock.now == result.now)
        #expect(throws: ClusterClock.AdvanceError.self) { try clock.advance(.to(ClusterClock.virtualEpoch)) }
    }

    @Test func timersFireByDeadlineAndThenInTheOrderTheyWereSet() throws {
        let clock = ClusterClock(mode: .virtual)
        let trace = Trace()
        let first = clock.makeQueue(label: "first")
        let second = clock.makeQueue(label: "second")
        let start = clock.now
        second.schedule(at: start + .seconds(2)) { trace.append("b2 at \(clock.now.seconds - start.seconds)") }
        first.schedule(at: start + .seconds(1)) {
            trace.append("a1")
            second.async { trace.append("follows a1") }
            first.schedule(at: start + .seconds(2)) { trace.append("set later") }
        }
        first.schedule(at: start + .seconds(1)) { trace.append("a1 too") }
        let cancelled = first.schedule(at: start + .seconds(1)) { trace.append("never") }
        cancelled.cancel()
        let result = try clock.advance(.by(.seconds(5)))
        #expect(trace.all == ["a1", "follows a1", "a1 too", "b2 at 2", "set later"])
        #expect(result.fired == 4)
        #expect(result.nextTimer == nil)
    }

    @Test func anAdvanceOfManyTimersFiresEveryOneOnce() throws {
        let clock = ClusterClock(mode: .virtual)
        let trace = Trace()
        let queue = clock.makeQueue(label: "queue")
        let count = 1000
        for index in (0..<count).reversed() {
            queue.schedule(at: clock.now + .seconds(Int64(index))) { trace.append("\(index)") }
        }
        let result = try clock.advance(.by(.seconds(Int64(count))))
        #expect(result.fired == count)
        #expect(trace.all == (0..<count).map(String.init))
        #expect(clock.now == ClusterClock.virtualEpoch + .seconds(Int64(count)))
    }

    /// What ended an advance, in words that tests can compare.
    private func ending(_ result: Result<ClusterClock.AdvanceResult, ClusterClock.AdvanceError>) -> String {
        do throws(ClusterClock.AdvanceError) {
            return "at \(try result.get().now.rfc3339)"
        } catch {
            switch error {
            case .notVirtual: return "not virtual"
            case .backwards: return "backwards"
            case .tooFar(let limit): return "not beyond \(limit.rfc3339)"
            case .tooMany: return "too many"
            case .givenUp(let now): return "given up at \(now.rfc3339)"
            case .ended(let now): return "ended at \(now.rfc3339)"
            }
        }
    }

    /// A clock with a timer every hour that first waits for the test.
    private func makeHeldClock() -> (clock: ClusterClock, arrived: DispatchSemaphore, gate: DispatchSemaphore) {
        let clock = ClusterClock(mode: .virtual)
        let queue = clock.makeQueue(label: "q")
        let arrived = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        for hour in 1...3 {
            queue.schedule(at: clock.now + .seconds(Int64(hour) * 3600)) {
                arrived.signal()
                gate.wait()
            }
        }
        return (clock, arrived, gate)
    }

    @Test func anAdvanceThatIsGivenUpEndsAtTheNextTimer() {
        let (clock, arrived, gate) = makeHeldClock()
        let trace = Trace()
        let done = DispatchSemaphore(value: 0)
        let request = clock.beginAdvance(.by(.seconds(86_400))) { result in
            trace.append(self.ending(result))
            done.signal()
        }
        arrived.wait()
        request.giveUp()
        gate.signal()
        done.wait()
        #expect(trace.all == ["given up at 2026-01-01T01:00:00Z"])
        #expect(clock.now.rfc3339 == "2026-01-01T01:00:00Z")
        #expect(clock.status.pendingTimers == 2)
    }

    @Test func anAdvanceEndsWithItsClockAndSoDoThoseThatWait() {
        let (clock, arrived, gate) = makeHeldClock()
        let trace = Trace()
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<2 {
            _ = clock.beginAdvance(.by(.seconds(86_400))) { result in
                trace.append(self.ending(result))
                done.signal()
            }
        }
        arrived.wait()
        clock.end {
            gate.signal()
            clock.makeQueue(label: "stop").async { trace.append("stopped") }
        }
        #expect(trace.all.contains("stopped"))
        done.wait()
        done.wait()
        #expect(trace.all.filter { $0 == "ended at 2026-01-01T01:00:00Z" }.count == 2)
    }

    @Test func advancesTakeTheirTurnsUpToTheLimit() {
        let (clock, arrived, gate) = makeHeldClock()
        let trace = Trace()
        let done = DispatchSemaphore(value: 0)
        func begin() {
            _ = clock.beginAdvance(.by(.seconds(3600))) { result in
                trace.append(self.ending(result))
                done.signal()
            }
        }
        begin()
        arrived.wait()
        for _ in 0..<ClusterClock.Limits.maximumAdvances { begin() }
        #expect(trace.all == ["too many"])
        for _ in 0..<3 { gate.signal() }
        for _ in 0...ClusterClock.Limits.maximumAdvances { done.wait() }
        #expect(clock.now == ClusterClock.virtualEpoch + .seconds(3600 * Int64(ClusterClock.Limits.maximumAdvances)))
    }

    @Test func whoSettlesDoesNotWaitForAWholeAdvance() {
        let (clock, arrived, gate) = makeHeldClock()
        let done = DispatchSemaphore(value: 0)
        let trace = Trace()
        _ = clock.beginAdvance(.by(.seconds(86_400))) { _ in done.signal() }
        arrived.wait()
        clock.makeQueue(label: "other").async { trace.append("settled at \(clock.now.rfc3339)") }
        gate.signal()
        clock.settle()
        #expect(trace.all == ["settled at 2026-01-01T01:00:00Z"])
        gate.signal()
        gate.signal()
        done.wait()
    }

    @Test(arguments: [
        (ClusterClock.Advance.by(.seconds(11 * 365 * 86_400)), "not beyond 2035-12-30T00:00:00Z"),
        (.to(Timestamp(seconds: 253_402_300_799)), "not beyond 2035-12-30T00:00:00Z"),
        (.to(Timestamp(nanoseconds: .max)), "not beyond 2035-12-30T00:00:00Z"),
        (.untilIdle(limit: .seconds(Int64.max)), "not beyond 2035-12-30T00:00:00Z"),
        (.by(.seconds(-1)), "backwards"), (.to(Timestamp(nanoseconds: .min)), "backwards"),
        (.by(ClusterClock.Limits.maximumAdvance), "at 2035-12-30T00:00:00Z"),
    ])
    func anAdvanceHasOneLimitHoweverItIsGiven(_ advance: ClusterClock.Advance, _ expected: String) {
        let clock = ClusterClock(mode: .virtual)
        let result: Result<ClusterClock.AdvanceResult, ClusterClock.AdvanceError>
        do throws(ClusterClock.AdvanceError) {
            result = .success(try clock.advance(advance))
        } catch {
            result = .failure(error)
        }
        #expect(ending(result) == expected)
    }

    @Test func noAdvanceGoesBeyondTheLastMoment() throws {
        let clock = ClusterClock(mode: .virtual)
        for _ in 0..<17 { _ = try clock.advance(.by(ClusterClock.Limits.maximumAdvance)) }
        _ = try clock.advance(.to(ClusterClock.Limits.latest))
        #expect(throws: ClusterClock.AdvanceError.self) { try clock.advance(.by(.nanoseconds(1))) }
        #expect(clock.now.rfc3339 == "2200-01-01T00:00:00Z")
    }

    @Test func readyBlocksOfAllQueuesRunInTheOrderTheyWereAdded() {
        let clock = ClusterClock(mode: .virtual)
        let trace = Trace()
        let queues = (0..<3).map { clock.makeQueue(label: "\($0)") }
        for index in 0..<6 {
            queues[index % 3].async {
                trace.append("\(index)")
                if index == 0 { queues[2].async { trace.append("nested") } }
            }
        }
        #expect(trace.all.isEmpty)
        clock.settle()
        #expect(trace.all == ["0", "1", "2", "3", "4", "5", "nested"])
    }

    @Test func idleRunsToTheLastTimerButNotBeyondTheLimit() throws {
        let clock = ClusterClock(mode: .virtual)
        let queue = clock.makeQueue(label: "q")
        let start = clock.now
        queue.schedule(at: start + .seconds(10)) {}
        #expect(try clock.advance(.untilIdle(limit: .seconds(60))).now == start + .seconds(10))
        queue.schedule(at: start + .seconds(100)) {}
        let result = try clock.advance(.untilIdle(limit: .seconds(60)))
        #expect(result.now == start + .seconds(70))
        #expect(result.nextTimer == start + .seconds(100))
    }

    @Test func aCancelledTimerIsNotPending() {
        let clock = ClusterClock(mode: .virtual)
        let queue = clock.makeQueue(label: "q")
        let timers = (0..<5000).map { index in queue.schedule(at: clock.now + .seconds(index + 1)) {} }
        for timer in timers.dropLast() { timer.cancel() }
        #expect(clock.status.pendingTimers == 1)
        #expect(clock.status.nextTimer == clock.now + .seconds(5000))
    }

    @Test func realTimersFireOnTheirQueue() {
        let clock = ClusterClock(mode: .real)
        let queue = clock.makeQueue(label: "q")
        let fired = DispatchSemaphore(value: 0)
        queue.schedule(at: clock.now + .seconds(3600)) {}
        queue.schedule(at: clock.now + .milliseconds(5)) {
            queue.preconditionCurrent()
            fired.signal()
        }
        #expect(fired.wait(timeout: .now() + 10) == .success)
    }

    @Test func switchingToRealTimeReleasesWhatWaits() {
        let clock = ClusterClock(mode: .virtual)
        let queue = clock.makeQueue(label: "q")
        let ran = DispatchSemaphore(value: 0)
        queue.async { ran.signal() }
        queue.schedule(at: clock.now + .seconds(1)) { ran.signal() }
        clock.setMode(.real)
        #expect(ran.wait(timeout: .now() + 10) == .success)
        #expect(ran.wait(timeout: .now() + 10) == .success)
    }

    @Test(arguments: [ClockMode.real, .scaled(rate: 60), .virtual])
    func whatAHeldClockHasToDoIsDoneWhenItHasSettled(mode: ClockMode) {
        let clock = ClusterClock(mode: mode, isHeld: true)
        let trace = Trace()
        let (first, second) = (clock.makeQueue(label: "first"), clock.makeQueue(label: "second"))
        first.async { second.async { first.async { trace.append("third hand") } } }
        clock.settle()
        #expect(trace.all == ["third hand"])
        let before = clock.now
        #expect((before == ClusterClock.virtualEpoch) == (mode == .virtual))
        clock.setMode(mode)
        #expect(clock.status.mode == mode)
        #expect(clock.now >= before)
    }
}

@Suite struct RandomSourceTests {
    @Test func theSameSeedGivesTheSameNumbers() {
        let left = RandomSource(seed: 5)
        let right = RandomSource(seed: 5)
        #expect((0..<100).allSatisfy { _ in left.next() == right.next() })
    }

    @Test func uidsAreOfVersion4AndNamesOfTheirAlphabet() {
        let random = RandomSource(seed: 9)
        for _ in 0..<100 {
            let uid = Array(random.uid().utf8)
            #expect(uid.count == 36)
            #expect(uid[14] == UInt8(ascii: "4"))
            #expect("89ab".utf8.contains(uid[19]))
            #expect(random.nameSuffix().utf8.allSatisfy { "bcdfghjklmnpqrstvwxz2456789".utf8.contains($0) })
        }
    }

    @Test func numbersStayBelowTheirBound() {
        let random = RandomSource(seed: 3)
        #expect((0..<1000).allSatisfy { _ in (0..<7).contains(random.below(7)) })
        #expect((0..<1000).allSatisfy { _ in (0..<1).contains(random.unit()) })
    }
}

@Suite struct TimeHoldTests {
    @Test func timeStandsWhileSomebodyHoldsIt() throws {
        let clock = ClusterClock(mode: .virtual)
        let trace = Trace()
        let queue = clock.makeQueue(label: "queue")
        for second in 1...3 { queue.schedule(at: clock.now + .seconds(Int64(second))) { trace.append("\(second)") } }
        let holds = [clock.hold(), clock.hold()]
        let done = DispatchSemaphore(value: 0)
        _ = clock.beginAdvance(.by(.seconds(10))) { result in
            trace.append((try? result.get().now.rfc3339) ?? "failed")
            done.signal()
        }
        // What is ready happens, and so does what is done by hand.
        queue.async { trace.append("ready") }
        clock.settle()
        holds[0].cancel()
        holds[0].cancel()
        #expect(done.wait(timeout: .now() + .milliseconds(50)) == .timedOut)
        #expect(trace.all == ["ready"])
        #expect(clock.now == ClusterClock.virtualEpoch)
        holds[1].cancel()
        done.wait()
        #expect(trace.all == ["ready", "1", "2", "3", "2026-01-01T00:00:10Z"])
    }

    @Test func aHoldThatBeginsOnTheWayStopsTimeThere() throws {
        let clock = ClusterClock(mode: .virtual)
        let queue = clock.makeQueue(label: "queue")
        let held = Mutex<(any Cancellable)?>(nil)
        let reached = DispatchSemaphore(value: 0)
        queue.schedule(at: clock.now + .seconds(1)) {
            held.withLock { $0 = clock.hold() }
            reached.signal()
        }
        queue.schedule(at: clock.now + .seconds(2)) {}
        let done = DispatchSemaphore(value: 0)
        _ = clock.beginAdvance(.by(.seconds(5))) { _ in done.signal() }
        reached.wait()
        #expect(done.wait(timeout: .now() + .milliseconds(50)) == .timedOut)
        #expect(clock.now == ClusterClock.virtualEpoch + .seconds(1))
        held.withLock { $0 }?.cancel()
        done.wait()
        #expect(clock.now == ClusterClock.virtualEpoch + .seconds(5))
    }
}
