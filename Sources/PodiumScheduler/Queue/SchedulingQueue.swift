// SPDX-License-Identifier: Apache-2.0
// Which pod is to be scheduled next, and which ones wait for a change or for time to pass.

import DequeModule
import HeapModule
import PodiumClient
package import PodiumMachinery

/// The pods that wait for nodes. A value without a clock.
///
/// A pod is in one of four places. *Active* ones are next, by priority and then by age. Those in *back-off* follow when
/// no active one is left: they failed a moment ago, and something has changed since. Those that failed for another
/// reason than that they did not fit come after *time*, at a full second. *Unschedulable* ones wait for a change that
/// may help them, or for five minutes. A pod with scheduling gates is unschedulable whatever changes but itself.
///
/// The number of pods in the cluster limits it.
// Kubernetes: pkg/scheduler/backend/queue/scheduling_queue.go, backoff_queue.go
package struct SchedulingQueue: Sendable {
    /// The times of the queue.
    package enum Limits {
        /// How long the first error keeps a pod back; each further one doubles it.
        package static let initialBackoff: Duration = .seconds(1)
        package static let maximumBackoff: Duration = .seconds(10)
        /// Back-offs end together, at multiples of this.
        package static let backoffWindow: Duration = .seconds(1)
        /// How long a pod waits for a change before it is tried all the same.
        package static let maximumUnschedulableTime: Duration = .seconds(300)
    }

    private enum Place {
        case active
        case backoff
        case errorBackoff(Timestamp)
        case unschedulable
        case gated
    }

    private struct Delayed: Comparable {
        let deadline: Timestamp
        let entry: QueueEntry

        static func < (left: Delayed, right: Delayed) -> Bool {
            left.deadline == right.deadline ? left.entry < right.entry : left.deadline < right.deadline
        }
    }

    /// Active, in back-off, or delayed.
    private var ready: [NamespacedName: (queued: QueuedPod, place: Place)] = [:]
    private var unschedulable: [NamespacedName: (queued: QueuedPod, place: Place)] = [:]
    private var active: Heap<QueueEntry> = []
    private var backoff: Heap<QueueEntry> = []
    private var delayed: Heap<Delayed> = []
    /// Unschedulable pods by the time at which they failed.
    private var expiries: Deque<(deadline: Timestamp, sequence: Int, name: NamespacedName)> = []
    private var sequence = 0

    package init() {}

    /// How many pods wait, wherever.
    package var count: Int { ready.count + unschedulable.count }

    /// The pod as it is known here; nil when it is not queued.
    package func pod(_ name: NamespacedName) -> SchedulingPod? {
        (ready[name] ?? unschedulable[name])?.queued.pod
    }

    // MARK: Changes of the pods themselves

    /// Queues a new pod.
    package mutating func add(_ pod: SchedulingPod, now: Timestamp) {
        remove(pod.name)
        var queued = QueuedPod(pod, at: now)
        put(&queued, pod.hasSchedulingGates ? .gated : .active)
    }

    /// Takes note of a change of a queued pod; one that is not queued stays out.
    /// - Parameter mayFit: whether the change may help the pod, which the given plugins refused.
    package mutating func update(
        _ pod: SchedulingPod,
        now: Timestamp,
        mayFit: (_ old: SchedulingPod, _ rejectors: Set<String>) -> Bool
    ) {
        guard let (known, place) = ready[pod.name] ?? unschedulable[pod.name] else { return }
        var queued = known
        let old = queued.pod
        queued.pod = pod
        switch place {
        case .active, .backoff, .errorBackoff:
            if old.priority != pod.priority { put(&queued, place) } else { ready[pod.name] = (queued, place) }
        case .gated:
            if pod.hasSchedulingGates {
                unschedulable[pod.name] = (queued, place)
            } else {
                queued.timestamp = now
                put(&queued, .active)
            }
        case .unschedulable:
            unschedulable[pod.name] = (queued, place)
            if mayFit(old, queued.rejectors) { retry(pod.name, now: now) }
        }
    }

    /// Takes a pod out.
    package mutating func remove(_ name: NamespacedName) {
        ready[name] = nil
        unschedulable[name] = nil
    }

    // MARK: Attempts

    /// Takes the next pod out; nil when none is to be tried now.
    package mutating func next() -> QueuedPod? {
        while let entry = active.popMin() ?? backoff.popMin() {
            guard let (queued, _) = ready[entry.name], queued.sequence == entry.sequence else { continue }
            ready[entry.name] = nil
            return queued
        }
        return nil
    }

    /// Puts back a pod that fitted nowhere, or, without `rejectors`, that failed for another reason.
    package mutating func putBack(_ queued: QueuedPod, rejectors: Set<String>, now: Timestamp) {
        var queued = queued
        queued.timestamp = now
        queued.rejectors = rejectors
        if rejectors.isEmpty {
            queued.errorCount += 1
            let delay = Backoff(initial: Limits.initialBackoff, maximum: Limits.maximumBackoff)
                .delay(afterFailures: queued.errorCount)
            put(&queued, .errorBackoff(Self.windowEnd(after: now + delay)))
        } else {
            queued.errorCount = 0
            queued.unschedulableCount += 1
            put(&queued, .unschedulable)
        }
    }

    /// The first full second at which a back-off that ends at `time` is over: the one after its window.
    private static func windowEnd(after time: Timestamp) -> Timestamp {
        let window = Limits.backoffWindow.nanoseconds
        return Timestamp(nanoseconds: (time.nanoseconds / window + 1) * window)
    }

    // MARK: Changes around the pods

    /// Tries the pods again to which `mayFit` gives hope.
    package mutating func retry(now: Timestamp, where mayFit: (SchedulingPod, Set<String>) -> Bool) {
        var hopeful: [QueuedPod] = []
        for (queued, place) in unschedulable.values {
            if case .unschedulable = place, mayFit(queued.pod, queued.rejectors) { hopeful.append(queued) }
        }
        for queued in hopeful.sorted(by: { $0.sequence < $1.sequence }) { retry(queued.pod.name, now: now) }
    }

    private mutating func retry(_ name: NamespacedName, now: Timestamp) {
        guard var queued = unschedulable[name]?.queued else { return }
        let delay = Backoff(initial: Limits.initialBackoff, maximum: Limits.maximumBackoff)
            .delay(afterFailures: queued.unschedulableCount)
        put(&queued, queued.timestamp + delay > now ? .backoff : .active)
    }

    // MARK: Time

    /// When `passTime` has something to do; nil when nothing waits for time.
    package var nextDeadline: Timestamp? {
        mutating get {
            dropStale()
            return [delayed.min?.deadline, expiries.first?.deadline].compactMap { $0 }.min()
        }
    }

    /// Lets the pods go on whose time has come.
    package mutating func passTime(now: Timestamp) {
        dropStale()
        while let first = delayed.min, first.deadline <= now {
            _ = delayed.popMin()
            if var queued = ready[first.entry.name]?.queued, queued.sequence == first.entry.sequence {
                put(&queued, .active)
            }
        }
        while let first = expiries.first, first.deadline <= now {
            expiries.removeFirst()
            if var queued = unschedulable[first.name]?.queued, queued.sequence == first.sequence {
                put(&queued, .active)
            }
        }
    }

    private mutating func dropStale() {
        while let first = delayed.min, ready[first.entry.name]?.queued.sequence != first.entry.sequence {
            _ = delayed.popMin()
        }
        while let first = expiries.first, unschedulable[first.name]?.queued.sequence != first.sequence {
            expiries.removeFirst()
        }
    }

    // MARK: Places

    private mutating func put(_ queued: inout QueuedPod, _ place: Place) {
        sequence += 1
        queued.sequence = sequence
        let name = queued.pod.name
        remove(name)
        switch place {
        case .active: active.insert(QueueEntry(queued))
        case .backoff: backoff.insert(QueueEntry(queued))
        case .errorBackoff(let deadline): delayed.insert(Delayed(deadline: deadline, entry: QueueEntry(queued)))
        case .gated: break
        case .unschedulable:
            expiries.append((queued.timestamp + Limits.maximumUnschedulableTime, sequence, name))
        }
        switch place {
        case .active, .backoff, .errorBackoff: ready[name] = (queued, place)
        case .unschedulable, .gated: unschedulable[name] = (queued, place)
        }
    }
}
