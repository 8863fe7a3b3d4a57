// SPDX-License-Identifier: Apache-2.0
// State of which each thread has a copy, for what every request touches and hardly anybody looks at as a whole.

import Synchronization

/// As many copies of some state as threads serve requests, mostly.
///
/// What all threads write to moves from core to core with every request, be it a lock, a number or the count of
/// references to an object; that takes longer than all that is done with it.
// State | guarded by | why separate
// state | a mutex a copy | mostly one thread's, so that it need not wait
package final class ThreadShards<State: Sendable>: Sendable {
    private final class Shard: Sendable {
        let state: Mutex<State>
        /// Keeps the next copy off the cache lines of this one.
        private let padding = InlineArray<16, UInt64>(repeating: 0)

        init(_ state: State) { self.state = Mutex(state) }
    }

    private let shards: [Shard]

    /// Makes copies of `state`.
    package init(_ state: State) { shards = (0..<ThreadShard.count).map { _ in Shard(state) } }

    /// Gives the present thread's copy to `body`.
    package func withOwn<Result>(_ body: (inout sending State) -> sending Result) -> sending Result {
        shards[ThreadShard.present].state.withLock(body)
    }

    /// All copies, one after the other.
    package var all: [State] { shards.map { shard in shard.state.withLock { $0 } } }

    /// Puts `state` in the place of all copies, one after the other.
    package func replaceAll(with state: State) { for shard in shards { shard.state.withLock { $0 = state } } }
}

/// Tells threads apart, mostly.
private enum ThreadShard {
    /// How many copies there are of what each thread has one of.
    static let count = 8

    /// The same number below `count` for a thread each time: stacks lie megabytes apart.
    static var present: Int {
        var here: UInt8 = 0
        return withUnsafePointer(to: &here) { Int(UInt(bitPattern: $0) >> 23) % count }
    }
}
