// SPDX-License-Identifier: Apache-2.0
// The numbers of one kind of request: how many by code, and how long they took.

/// What requests that are counted together came to.
struct RequestCounts: Sendable {
    /// The codes that are counted each for itself; all others are counted together behind them.
    static let codes = [
        200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 501, 503, 504,
    ]

    /// The upper bounds of the buckets of durations, in milliseconds; what took longer is in one behind them.
    // Kubernetes: apiserver/pkg/endpoints/metrics/metrics.go requestLatencies
    static let bounds: [Int64] = [
        5, 25, 50, 100, 200, 400, 600, 800, 1_000, 1_250, 1_500, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 10_000,
        15_000, 20_000, 30_000, 45_000, 60_000,
    ]

    /// By code, in the order of `codes`.
    private(set) var codes = InlineArray<22, Int>(repeating: 0)
    /// By duration, in the order of `bounds`.
    private(set) var buckets = InlineArray<24, Int>(repeating: 0)
    /// How long all took together.
    private(set) var nanoseconds: Int64 = 0
    /// How many go on: watches and followed logs. Negative where those end that began elsewhere.
    var open = 0

    /// Counts a request that was answered with `code` after `nanoseconds`.
    mutating func record(code: Int, nanoseconds: Int64) {
        codes[code == 200 ? 0 : Self.codes.firstIndex(of: code) ?? Self.codes.count] += 1
        var bucket = 0
        while bucket < Self.bounds.count, nanoseconds > Self.bounds[bucket] * 1_000_000 { bucket += 1 }
        buckets[bucket] += 1
        self.nanoseconds += nanoseconds
    }

    /// Adds what was counted elsewhere.
    mutating func add(_ other: RequestCounts) {
        for place in codes.indices { codes[place] += other.codes[place] }
        for bucket in buckets.indices { buckets[bucket] += other.buckets[bucket] }
        nanoseconds += other.nanoseconds
        open += other.open
    }
}
