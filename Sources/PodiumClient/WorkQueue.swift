// SPDX-License-Identifier: Apache-2.0
// Which key is to be reconciled next: each once however often it was added, never twice at a time, later on request.

import DequeModule
import HeapModule
package import PodiumMachinery

/// How long a key that failed waits: doubling from `initial` up to `maximum`.
package struct Backoff: Hashable, Sendable {
    package var initial: Duration
    package var maximum: Duration

    package init(initial: Duration, maximum: Duration) {
        self.initial = initial
        self.maximum = maximum
    }

    /// What Kubernetes' controllers use: 5 ms, 10 ms, 20 ms … 1000 s.
    package static let controllers = Backoff(initial: .milliseconds(5), maximum: .seconds(1000))

    /// The wait after `failures` failures in a row; the first failure is number 1.
    package func delay(afterFailures failures: Int) -> Duration {
        var delay = initial
        for _ in 1..<max(1, failures) {
            if delay >= maximum { break }
            delay = delay + delay
        }
        return min(delay, maximum)
    }
}

/// A queue of keys to work on, as a value: it has no clock, no lock and no queue of its own.
///
/// A key is *dirty* from `add` until `next` hands it out, and *processing* from then until `done`. Adding a dirty key
/// changes nothing; adding one that is being processed makes it dirty again, and `done` puts it back into the queue. So
/// a key is in the queue exactly when it is dirty and not being processed:
///
/// ```
/// add a, add a      queue [a]  dirty {a}  processing {}
/// next → a          queue []   dirty {}   processing {a}
/// add a             queue []   dirty {a}  processing {a}
/// done a            queue [a]  dirty {a}  processing {}
/// ```
///
/// Its length is limited by the number of different keys, which is the number of objects.
// Kubernetes: client-go/util/workqueue/queue.go, delaying_queue.go, rate_limiting_queue.go
package struct WorkQueue<Key: Hashable & Sendable>: Sendable {
    private struct DelayedKey: Comparable {
        let deadline: Timestamp
        /// Breaks ties, so that keys of one deadline come out in the order they went in.
        let sequence: Int
        let key: Key

        static func < (left: DelayedKey, right: DelayedKey) -> Bool {
            (left.deadline, left.sequence) < (right.deadline, right.sequence)
        }
        static func == (left: DelayedKey, right: DelayedKey) -> Bool { left.sequence == right.sequence }
    }

    private let backoff: Backoff
    private var queue: Deque<Key> = []
    private var dirty: Set<Key> = []
    private var processing: Set<Key> = []
    private var failures: [Key: Int] = [:]
    /// Entries whose deadline is not the one in `deadlines` are stale and are passed over.
    private var delayed: Heap<DelayedKey> = []
    private var deadlines: [Key: Timestamp] = [:]
    private var sequence = 0

    /// An empty queue whose `addRateLimited` waits as `backoff` says.
    package init(backoff: Backoff = .controllers) { self.backoff = backoff }

    /// How many keys wait to be handed out; delayed ones do not count.
    package var count: Int { queue.count }

    /// When the first delayed key is due; nil when none is delayed.
    package var nextDeadline: Timestamp? {
        mutating get {
            while let first = delayed.min {
                if deadlines[first.key] == first.deadline { return first.deadline }
                _ = delayed.popMin()
            }
            return nil
        }
    }

    /// Marks `key` as in need of work.
    package mutating func add(_ key: Key) {
        guard dirty.insert(key).inserted, !processing.contains(key) else { return }
        queue.append(key)
    }

    /// Adds `key` at `deadline`. When it is already delayed the earlier of the two deadlines holds.
    package mutating func add(_ key: Key, at deadline: Timestamp) {
        if let known = deadlines[key], known <= deadline { return }
        deadlines[key] = deadline
        sequence += 1
        delayed.insert(DelayedKey(deadline: deadline, sequence: sequence, key: key))
    }

    /// Adds `key` after a wait that grows with each call until `forget`.
    package mutating func addRateLimited(_ key: Key, now: Timestamp) {
        let count = failures[key, default: 0] + 1
        failures[key] = count
        add(key, at: now + backoff.delay(afterFailures: count))
    }

    /// Starts the waits of `key` over; it stays in the queue if it is there.
    package mutating func forget(_ key: Key) { failures[key] = nil }

    /// How often `key` was added with `addRateLimited` since it was last forgotten.
    package func failures(of key: Key) -> Int { failures[key] ?? 0 }

    /// Adds the delayed keys that are due at `now`.
    package mutating func addDue(now: Timestamp) {
        while let first = delayed.min, first.deadline <= now {
            _ = delayed.popMin()
            guard deadlines[first.key] == first.deadline else { continue }
            deadlines[first.key] = nil
            add(first.key)
        }
    }

    /// Hands out the next key, which is being processed until `done`; nil, at once, when there is none.
    package mutating func next() -> Key? {
        guard let key = queue.popFirst() else { return nil }
        dirty.remove(key)
        processing.insert(key)
        return key
    }

    /// Ends the processing of `key`, and queues it again if it was added meanwhile.
    package mutating func done(_ key: Key) {
        guard processing.remove(key) != nil, dirty.contains(key) else { return }
        queue.append(key)
    }
}
