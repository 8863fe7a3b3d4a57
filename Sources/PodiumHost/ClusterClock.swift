// SPDX-License-Identifier: Apache-2.0
// The clock of one cluster: real, scaled or moved by hand, with one heap of timers for all of its queues.

import Dispatch
import HeapModule
package import PodiumMachinery
import Synchronization

/// How a cluster's time passes.
package enum ClockMode: Hashable, Sendable {
    /// With the machine's clock.
    case real
    /// `rate` times as fast as the machine's clock.
    case scaled(rate: Double)
    /// Only when it is advanced.
    case virtual
}

/// What a clock shows of itself.
package struct ClockStatus: Sendable {
    package let mode: ClockMode
    package let now: Timestamp
    /// How many timers wait.
    package let pendingTimers: Int
    /// The deadline of the first of them.
    package let nextTimer: Timestamp?
}

/// The clock, the timers and the serial queues of one cluster.
///
/// While time runs, each queue is a Dispatch queue and one Dispatch timer is armed to the earliest deadline of the
/// heap. On the virtual clock all blocks of all queues go through one list, first in, first out, and timers are taken
/// from the same heap by `advance`: the order is a function of the requests alone.
// State | guarded by | why separate
// state | mutex      | one leaf lock: nothing is called while it is held
// isReal | atomic | asked by every request, changed with `state`
// alarm | mutex of its own | Dispatch is called while it is held; taken before `state`, never after
// virtual run loop | runLoop queue | at most one thread runs blocks of the virtual clock
// advances | queue of its own | one advance at a time; outside of the run loop, which it takes turn by turn
// waiting | atomic | how many threads wait for the run loop, which an advance then lets go of
// holds | group, atomic | how many wait for something outside, which is to be there before time goes on
// ended | atomic | set once, asked between blocks
package final class ClusterClock: HostClock, WorkScheduling {
    /// The limits of a clock.
    package enum Limits {
        /// How many blocks `settle` runs at one instant before it gives up waiting for quiet and returns; the rest runs
        /// at the next occasion.
        package static let maximumBlocksPerSettle = 20_000_000
        /// Cancelled timers are swept from the heap when they are more than this and more than the live ones.
        package static let maximumCancelledTimers = 1024
        /// How many advances may wait for their turn or run; further ones are refused.
        package static let maximumAdvances = 64
        /// How far one advance may go: ten years.
        package static let maximumAdvance = Duration.seconds(10 * 365 * 86_400)
        /// Where every clock stops that does not run with the machine's: far from the end of what can be counted, so
        /// that whoever adds to the time need not think of it.
        package static let latest = Timestamp(seconds: 7_258_118_400)
    }

    /// How late the alarm may be: far below what an API shows, and enough for the kernel to join wake-ups.
    private static let leeway = DispatchTimeInterval.microseconds(100)
    /// Where the virtual clock of every new cluster stands.
    package static let virtualEpoch = Timestamp(seconds: 1_767_225_600)

    private struct ReadyBlock: Sendable {
        let queue: ClockQueue
        let work: @Sendable () -> Void
    }

    private struct State {
        var mode: ClockMode
        /// The cluster's time at `anchor` (scaled), or now (virtual).
        var base: Timestamp
        /// The machine's monotonic time that belongs to `base`.
        var anchor: Int64
        var timers = Heap<TimerEntry>()
        var cancelled = 0
        var sequence: UInt64 = 0
        var ready: ReadyList<ReadyBlock> = ReadyList()
        /// Whether a block that was taken from `ready` may still be running.
        var isBusy = false
        var armedFor: Timestamp?
        /// How many advances wait or run.
        var advances = 0
    }

    private let state: Mutex<State>
    /// The same as in `state`, for the two questions that every request asks: what time it is, and whether to settle.
    private let isReal: Atomic<Bool>
    /// Whether a thread is on its way to settle what is ready.
    private let isSettlingSoon = Atomic<Bool>(false)
    private let runLoop: DispatchQueue
    private let advances: DispatchQueue
    private let alarm: Mutex<any DispatchSourceTimer>
    private let waiting = Atomic<Int>(0)
    private let holds = DispatchGroup()
    private let holdCount = Atomic<Int>(0)
    private let ended = Atomic<Bool>(false)

    /// Makes a clock that begins where one of `mode` does; a virtual one stands at ``virtualEpoch``.
    /// - Parameter isHeld: whether it stands, as a virtual one, until `setMode` lets time run: what is to be done
    ///   before anybody looks is then done when `settle` returns.
    package init(mode: ClockMode, label: String = "podium", isHeld: Bool = false) {
        let base = mode == .virtual ? Self.virtualEpoch : MachineTime.wall
        let first = isHeld ? .virtual : mode
        state = Mutex(State(mode: first, base: base, anchor: MachineTime.monotonic))
        isReal = Atomic(first == .real)
        runLoop = DispatchQueue(label: "\(label).clock")
        advances = DispatchQueue(label: "\(label).advances")
        alarm = Mutex(DispatchSource.makeTimerSource(queue: SharedThreads.alarms))
        alarm.withLock { alarm in
            alarm.setEventHandler { [weak self] in self?.fireDueTimers() }
            alarm.activate()
        }
    }

    deinit { alarm.withLock { $0.cancel() } }

    package var now: Timestamp {
        isReal.load(ordering: .acquiring) ? MachineTime.wall : state.withLock { Self.time($0) }
    }

    /// How time passes.
    package var mode: ClockMode { state.withLock { $0.mode } }

    /// The mode, the time and the timers.
    package var status: ClockStatus {
        state.withLock { state in
            Self.dropCancelled(&state)
            return ClockStatus(
                mode: state.mode,
                now: Self.time(state),
                pendingTimers: state.timers.unordered.count { !$0.token.isSpent },
                nextTimer: state.timers.min?.deadline
            )
        }
    }

    private static func time(_ state: borrowing State) -> Timestamp {
        switch state.mode {
        case .real: MachineTime.wall
        case .virtual: state.base
        case .scaled(let rate):
            min(state.base + scaled(MachineTime.monotonic - state.anchor, by: rate), Limits.latest)
        }
    }

    private static func scaled(_ nanoseconds: Int64, by rate: Double) -> Duration {
        let passed = Double(nanoseconds) * rate
        return .nanoseconds(passed < Double(Int64.max) ? Int64(passed) : .max)
    }

    package func makeQueue(label: String) -> any SerialQueue { ClockQueue(label: label, clock: self) }

    /// Changes how time passes. Time goes on from where it stands, except that `real` jumps to the machine's time.
    package func setMode(_ mode: ClockMode) {
        let released: [ReadyBlock] = state.withLock { state in
            state.base = mode == .real ? MachineTime.wall : Self.time(state)
            state.anchor = MachineTime.monotonic
            state.mode = mode
            isReal.store(mode == .real, ordering: .releasing)
            state.armedFor = nil
            return mode == .virtual ? [] : state.ready.removeAll()
        }
        for block in released { block.queue.submit(block.work) }
        arm()
    }

    // MARK: Work

    func enqueue(_ queue: ClockQueue, _ work: @escaping @Sendable () -> Void) {
        let runsNow = state.withLock { state in
            if state.mode != .virtual { return true }
            state.ready.append(ReadyBlock(queue: queue, work: work))
            return false
        }
        if runsNow { queue.submit(work) }
    }

    func schedule(
        on queue: ClockQueue,
        at deadline: Timestamp,
        _ work: @escaping @Sendable () -> Void
    ) -> any Cancellable {
        let token = TimerToken(clock: self)
        state.withLock { state in
            state.sequence += 1
            state.timers.insert(
                TimerEntry(deadline: deadline, sequence: state.sequence, queue: queue, token: token, work: work)
            )
        }
        arm()
        return token
    }

    fileprivate func noteCancelled() {
        state.withLock { state in
            state.cancelled += 1
            if state.cancelled > Limits.maximumCancelledTimers, state.cancelled * 2 > state.timers.count {
                let live = state.timers.unordered.filter { !$0.token.isSpent }
                state.cancelled = 0
                state.timers = Heap(live)
            }
        }
    }

    // MARK: Running time

    /// Sets the Dispatch timer to the earliest deadline, when time runs.
    private func arm() {
        // The decision and its execution are one step: else a later deadline could overwrite an earlier one.
        alarm.withLock { alarm in
            guard let delay = delayToEarlierTimer() else { return }
            alarm.schedule(deadline: .now() + .nanoseconds(Int(delay)), leeway: Self.leeway)
        }
    }

    /// Nanoseconds until the first timer, when that is earlier than what the alarm is set to.
    private func delayToEarlierTimer() -> Int64? {
        state.withLock { state in
            guard state.mode != .virtual else { return nil }
            Self.dropCancelled(&state)
            guard let next = state.timers.min?.deadline, state.armedFor.map({ next < $0 }) ?? true else { return nil }
            state.armedFor = next
            let wait = max(0, (next - Self.time(state)).nanoseconds)
            if case .scaled(let rate) = state.mode { return Int64(Double(wait) / rate) }
            return wait
        }
    }

    private func fireDueTimers() {
        let due: [TimerEntry] = state.withLock { state in
            state.armedFor = nil
            guard state.mode != .virtual else { return [] }
            let now = Self.time(state)
            var due: [TimerEntry] = []
            while let next = state.timers.min, next.deadline <= now || next.token.isSpent {
                state.timers.removeMin()
                if next.token.spend() { due.append(next) } else { state.cancelled -= 1 }
            }
            return due
        }
        for entry in due { entry.queue.submit(entry.work) }
        arm()
    }

    private static func dropCancelled(_ state: inout State) {
        while let next = state.timers.min, next.token.isSpent {
            state.timers.removeMin()
            state.cancelled -= 1
        }
    }
}

// MARK: Virtual time

extension ClusterClock {
    /// How far to advance a virtual clock.
    package enum Advance: Sendable {
        case by(Duration)
        case to(Timestamp)
        /// Until no timer is left, but no longer than this.
        case untilIdle(limit: Duration)
    }

    /// What an advance did.
    package struct AdvanceResult: Sendable {
        package let now: Timestamp
        /// How many timers fired.
        package let fired: Int
        package let nextTimer: Timestamp?
    }

    /// Why a clock was not advanced, or not as far as it should have been.
    package enum AdvanceError: Error, Sendable {
        case notVirtual
        case backwards(now: Timestamp)
        /// It may go no further than `limit`.
        case tooFar(limit: Timestamp)
        /// Too many others are waiting for their turn.
        case tooMany
        /// Whoever asked for it gave it up; it has come to `now`.
        case givenUp(now: Timestamp)
        /// The clock has ended; it had come to `now`.
        case ended(now: Timestamp)
    }

    /// An advance that was asked for.
    package final class AdvanceRequest: Sendable {
        private let givenUp = Atomic<Bool>(false)

        /// Has the advance end at the next timer, or not begin.
        package func giveUp() { givenUp.store(true, ordering: .releasing) }

        fileprivate var isGivenUp: Bool { givenUp.load(ordering: .acquiring) }
    }

    /// Runs everything that is ready on a virtual clock, without moving it; does nothing while time runs by itself.
    ///
    /// Must not be called from a block of this clock.
    package func settle() {
        if isReal.load(ordering: .acquiring) { return }
        let isNeeded = state.withLock { $0.mode == .virtual && (!$0.ready.isEmpty || $0.isBusy) }
        guard isNeeded else { return }
        waiting.wrappingAdd(1, ordering: .acquiringAndReleasing)
        runLoop.sync { runReadyBlocks { self.isEnded } }
        waiting.wrappingSubtract(1, ordering: .acquiringAndReleasing)
    }

    /// Does the same on another thread, for whoever must not be held up.
    package func settleSoon() {
        if isReal.load(ordering: .acquiring) || isSettlingSoon.exchange(true, ordering: .acquiringAndReleasing) {
            return
        }
        WorkerThreads.run { [self] in
            isSettlingSoon.store(false, ordering: .releasing)
            settle()
        }
    }

    /// Keeps advances from moving the time until what this returns is cancelled: somebody waits for something outside
    /// of the cluster, which is to happen at this instant. Time that runs by itself runs on.
    ///
    /// Who holds must let go after a while of the machine's time.
    package func hold() -> any Cancellable {
        holds.enter()
        holdCount.wrappingAdd(1, ordering: .acquiringAndReleasing)
        return TimeHold { [self] in
            holdCount.wrappingSubtract(1, ordering: .acquiringAndReleasing)
            holds.leave()
        }
    }

    /// Ends the clock of a cluster that is over: advances end at the next timer, and what `stop` adds to the queues, to
    /// end everything there, is done when this returns, if the clock is virtual.
    ///
    /// Must not be called from a block of this clock.
    package func end(_ stop: () -> Void) {
        ended.store(true, ordering: .releasing)
        stop()
        if state.withLock({ $0.mode == .virtual }) { runLoop.sync { runReadyBlocks { false } } }
    }

    private var isEnded: Bool { ended.load(ordering: .acquiring) }

    /// Moves a virtual clock, running each timer at its time and all that follows from it before the next.
    ///
    /// One advance runs at a time. Between two timers it lets go of the run loop when others wait for it, so that
    /// requests that come meanwhile are answered, with the time that it has come to.
    package func advance(_ advance: Advance) throws(AdvanceError) -> AdvanceResult {
        let request = AdvanceRequest()
        return try advances.sync { attempt(advance, request) }.get()
    }

    /// Does the same on a thread of the clock's own, which calls `completion` in the end.
    package func beginAdvance(
        _ advance: Advance,
        completion: @escaping @Sendable (Result<AdvanceResult, AdvanceError>) -> Void
    ) -> AdvanceRequest {
        let request = AdvanceRequest()
        let isAdmitted = state.withLock { state in
            if state.advances >= Limits.maximumAdvances { return false }
            state.advances += 1
            return true
        }
        guard isAdmitted else {
            completion(.failure(.tooMany))
            return request
        }
        advances.async { [self] in
            let result = attempt(advance, request)
            state.withLock { $0.advances -= 1 }
            completion(result)
        }
        return request
    }

    private func attempt(_ advance: Advance, _ request: AdvanceRequest) -> Result<AdvanceResult, AdvanceError> {
        do throws(AdvanceError) { return .success(try run(advance, request)) } catch { return .failure(error) }
    }

    private func run(_ advance: Advance, _ request: AdvanceRequest) throws(AdvanceError) -> AdvanceResult {
        runLoop.sync { runReadyBlocks { self.mustStop(request) } }
        let target = try target(of: advance)
        var staysWhenIdle = false
        if case .untilIdle = advance { staysWhenIdle = true }
        var fired = 0
        while true {
            if isEnded { throw .ended(now: now) }
            if request.isGivenUp { throw .givenUp(now: now) }
            // Not on the run loop, where what is waited for may have to be done.
            holds.wait()
            let turn = runLoop.sync { fireTimers(upTo: target, staysWhenIdle: staysWhenIdle, request) }
            fired += turn.fired
            if turn.isLast { break }
        }
        let reached = status
        // Somebody may have let time run meanwhile.
        guard reached.mode == .virtual else { throw .notVirtual }
        return AdvanceResult(now: reached.now, fired: fired, nextTimer: reached.nextTimer)
    }

    private func target(of advance: Advance) throws(AdvanceError) -> Timestamp {
        let current = status
        guard current.mode == .virtual else { throw .notVirtual }
        let target: Timestamp
        switch advance {
        case .by(let duration): target = current.now + duration
        case .to(let time): target = time
        case .untilIdle(let limit): target = current.now + limit
        }
        guard target >= current.now else { throw .backwards(now: current.now) }
        let limit = min(current.now + Limits.maximumAdvance, Limits.latest)
        guard target <= limit else { throw .tooFar(limit: limit) }
        return target
    }

    private func mustStop(_ request: AdvanceRequest) -> Bool { isEnded || request.isGivenUp }

    /// Fires the timers of one turn, which ends when somebody waits for the run loop. The last turn moves the clock to
    /// `target`, unless it may stay because no timer is left at all.
    private func fireTimers(
        upTo target: Timestamp,
        staysWhenIdle: Bool,
        _ request: AdvanceRequest
    ) -> (fired: Int, isLast: Bool) {
        var fired = 0
        repeat {
            guard let entry = takeTimer(upTo: target) else {
                if !staysWhenIdle || status.nextTimer != nil {
                    state.withLock { if $0.mode == .virtual { $0.base = max($0.base, target) } }
                }
                return (fired, true)
            }
            fired += 1
            entry.queue.run(entry.work)
            runReadyBlocks { self.mustStop(request) }
        } while waiting.load(ordering: .acquiring) == 0 && holdCount.load(ordering: .acquiring) == 0
            && !mustStop(request)
        return (fired, false)
    }

    /// Takes the earliest timer that is due by `target` and moves the clock to its deadline.
    private func takeTimer(upTo target: Timestamp) -> TimerEntry? {
        state.withLock { state in
            Self.dropCancelled(&state)
            guard state.mode == .virtual, let next = state.timers.min, next.deadline <= target else { return nil }
            state.timers.removeMin()
            guard next.token.spend() else { preconditionFailure("a spent timer was not dropped") }
            state.base = max(state.base, next.deadline)
            return next
        }
    }

    /// Runs what is ready and what becomes ready by it, until it must stop: the rest waits for the next occasion.
    private func runReadyBlocks(until mustStop: () -> Bool) {
        for _ in 0..<Limits.maximumBlocksPerSettle {
            guard !mustStop(), let block = state.withLock({ Self.takeReady(&$0) }) else { return }
            block.queue.run(block.work)
        }
    }

    private static func takeReady(_ state: inout State) -> ReadyBlock? {
        let block = state.ready.popFirst()
        state.isBusy = block != nil
        return block
    }
}

/// Lets time go on, once.
private final class TimeHold: Cancellable {
    private let release: Mutex<(@Sendable () -> Void)?>

    init(_ release: @escaping @Sendable () -> Void) { self.release = Mutex(release) }

    deinit { cancel() }

    func cancel() {
        let release = release.withLock { release in
            defer { release = nil }
            return release
        }
        release?()
    }
}

/// One timer in the heap.
private struct TimerEntry: Comparable, Sendable {
    let deadline: Timestamp
    let sequence: UInt64
    let queue: ClockQueue
    let token: TimerToken
    let work: @Sendable () -> Void

    static func == (left: TimerEntry, right: TimerEntry) -> Bool { left.sequence == right.sequence }

    static func < (left: TimerEntry, right: TimerEntry) -> Bool {
        left.deadline == right.deadline ? left.sequence < right.sequence : left.deadline < right.deadline
    }
}

/// Whether a timer has fired or was cancelled: whichever comes first wins.
private final class TimerToken: Cancellable {
    private let spent = Atomic<Bool>(false)
    private weak let clock: ClusterClock?

    init(clock: ClusterClock) { self.clock = clock }

    var isSpent: Bool { spent.load(ordering: .acquiring) }

    /// True for the first caller only.
    func spend() -> Bool { !spent.exchange(true, ordering: .acquiringAndReleasing) }

    func cancel() { if spend() { clock?.noteCancelled() } }
}
