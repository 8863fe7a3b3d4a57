// SPDX-License-Identifier: Apache-2.0
// The numbers of one kind of request: how many by code, how long they took, counted without a lock.

import Synchronization

/// Numbers that many threads raise at a time, each in a place of its own, as far as that goes.
// State | guarded by | why separate
// shards | atomics | every request raises some; a lock would have all threads wait for each other
final class RequestSeries: Sendable {
    /// How many copies of the numbers there are.
    static let shardCount = 4

    /// The codes that are counted each for itself, in the order of the copies; the last place is for all others.
    static let codes = [
        200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 501, 503, 504,
    ]

    /// The upper bounds of the buckets of durations, in milliseconds.
    // Kubernetes: apiserver/pkg/endpoints/metrics/metrics.go requestLatencies
    static let bounds: [Int64] = [
        5, 25, 50, 100, 200, 400, 600, 800, 1_000, 1_250, 1_500, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 10_000,
        15_000, 20_000, 30_000, 45_000, 60_000,
    ]

    private final class Shard: Sendable {
        let counts = InlineArray<22, Atomic<Int>> { _ in Atomic(0) }
        let buckets = InlineArray<24, Atomic<Int>> { _ in Atomic(0) }
        let nanoseconds = Atomic<Int>(0)
    }

    private let shards: [Shard] = (0..<shardCount).map { _ in Shard() }
    /// How many of them go on: watches and followed logs.
    let open = Atomic<Int>(0)

    /// Counts a request that was answered with `code` after `nanoseconds`.
    func record(code: Int, nanoseconds: Int64) {
        let shard = shards[ShardIndex.present % Self.shardCount]
        let place = code == 200 ? 0 : Self.codes.firstIndex(of: code) ?? Self.codes.count
        shard.counts[place].add(1, ordering: .relaxed)
        shard.nanoseconds.add(Int(nanoseconds), ordering: .relaxed)
        var bucket = 0
        while bucket < Self.bounds.count, nanoseconds > Self.bounds[bucket] * 1_000_000 { bucket += 1 }
        shard.buckets[bucket].add(1, ordering: .relaxed)
    }

    /// The counts by code, in the order of `codes`, that of all others last.
    var counts: [Int] {
        (0...Self.codes.count).map { place in shards.reduce(0) { $0 + $1.counts[place].load(ordering: .relaxed) } }
    }

    /// How many requests took at most as long as each bound, and all.
    var cumulated: [Int] {
        var sum = 0
        return (0...Self.bounds.count).map { bucket in
            sum += shards.reduce(0) { $0 + $1.buckets[bucket].load(ordering: .relaxed) }
            return sum
        }
    }

    /// How long all requests took together.
    var seconds: Double { Double(shards.reduce(0) { $0 + $1.nanoseconds.load(ordering: .relaxed) }) / 1e9 }
}

/// One number that many threads raise and lower at a time.
// State | guarded by | why separate
// shards | atomics | as for RequestSeries
final class ShardedCounter: Sendable {
    private final class Shard: Sendable { let value = Atomic<Int>(0) }

    private let shards: [Shard] = (0..<RequestSeries.shardCount).map { _ in Shard() }

    /// Raises it by `amount`, or lowers it.
    func add(_ amount: Int) {
        shards[ShardIndex.present % RequestSeries.shardCount].value.add(amount, ordering: .relaxed)
    }

    var value: Int { shards.reduce(0) { $0 + $1.value.load(ordering: .relaxed) } }
}

/// Tells threads apart, mostly.
private enum ShardIndex {
    /// The same number for a thread each time: stacks lie megabytes apart.
    static var present: Int {
        var here: UInt8 = 0
        return withUnsafePointer(to: &here) { Int(UInt(bitPattern: $0) >> 23 & 0xFF) }
    }
}
