// SPDX-License-Identifier: Apache-2.0
// Who waits for a revision that is yet to come.

import HeapModule
import PodiumHost
import Synchronization

/// The waiters of a store, the first to be told in front.
struct RevisionWaiters: Sendable {
    /// One who waits.
    struct Waiter: Sendable, Comparable {
        let revision: Revision
        let token: Token

        static func == (left: Waiter, right: Waiter) -> Bool { left.token === right.token }
        static func < (left: Waiter, right: Waiter) -> Bool { left.revision < right.revision }
    }

    /// Tells a waiter, unless he has gone or been told.
    // State | guarded by | why separate
    // reached | mutex | taken by who tells or by who goes, whoever comes first
    final class Token: Cancellable {
        private let reached: Mutex<(@Sendable () -> Void)?>

        init(_ reached: @escaping @Sendable () -> Void) { self.reached = Mutex(reached) }

        var isSpent: Bool { reached.withLock { $0 == nil } }

        /// Outside of every lock.
        func tell() { take()?() }

        func cancel() { _ = take() }

        private func take() -> (@Sendable () -> Void)? {
            reached.withLock { reached in
                defer { reached = nil }
                return reached
            }
        }
    }

    /// Those who have gone are swept out when there are as many more.
    private static let sweepSize = 64

    private var waiters = Heap<Waiter>()
    private var nextSweep = sweepSize

    mutating func add(_ waiter: Waiter) {
        if waiters.count >= nextSweep {
            waiters = Heap(waiters.unordered.filter { !$0.token.isSpent })
            nextSweep = waiters.count * 2 + Self.sweepSize
        }
        waiters.insert(waiter)
    }

    /// Takes those for whom `revision` is enough.
    mutating func take(through revision: Revision) -> [Token] {
        guard let first = waiters.min, first.revision <= revision else { return [] }
        var tokens: [Token] = []
        while let next = waiters.min, next.revision <= revision { tokens.append(waiters.removeMin().token) }
        return tokens
    }
}
