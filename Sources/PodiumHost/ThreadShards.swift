// SPDX-License-Identifier: Apache-2.0
// State of which each thread has a copy, for what every request touches and hardly anybody looks at as a whole.

public import Synchronization

// State | guarded by | why separate
// state | a mutex a copy | mostly one thread's, so that it need not wait
// Public, because only that can be inlined in other modules: the generic form of a closure under a lock takes several
// times as long as the lock.
/// As many copies of some state as threads serve requests, mostly.
///
/// What all threads write to moves from core to core with every request, be it a lock, a number or the count of
/// references to an object; that takes longer than all that is done with it.
public final class ThreadShards<State: Sendable>: Sendable {
    @usableFromInline
    struct Shard: ~Copyable, Sendable {
        @usableFromInline let state: Mutex<State>
        /// Keeps the next copy off the cache lines of this one.
        private let padding = InlineArray<16, UInt64>(repeating: 0)

        init(_ state: State) { self.state = Mutex(state) }
    }

    // In place: whoever takes an object out of an array counts a reference to it.
    @usableFromInline let shards: InlineArray<8, Shard>

    /// Makes copies of `state`.
    public init(_ state: State) { shards = InlineArray { _ in Shard(state) } }

    /// Gives the present thread's copy to `body`.
    @inlinable
    public func withOwn<Result>(_ body: (inout sending State) -> sending Result) -> sending Result {
        shards[Self.present].state.withLock(body)
    }

    /// The same number for a thread each time: stacks lie megabytes apart.
    @inlinable static var present: Int {
        var here: UInt8 = 0
        return withUnsafePointer(to: &here) { Int(UInt(bitPattern: $0) >> 23) & 7 }
    }

    /// All copies, one after the other.
    public var all: [State] { shards.indices.map { index in shards[index].state.withLock { $0 } } }

    /// Puts `state` in the place of all copies, one after the other.
    public func replaceAll(with state: State) {
        for index in shards.indices { shards[index].state.withLock { $0 = state } }
    }
}
