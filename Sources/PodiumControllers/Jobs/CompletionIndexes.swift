// SPDX-License-Identifier: Apache-2.0
// Sets of completion indexes, in the notation of `completedIndexes`: `0-2,5`.

/// A set of indexes, kept as the intervals that it is written as: a Job may have a hundred thousand.
// Kubernetes: pkg/controller/job/indexed_job_utils.go orderedIntervals
struct CompletionIndexes: Hashable, Sendable {
    /// In order, not touching each other.
    private(set) var intervals: [ClosedRange<Int>] = []

    init() {}

    /// Any indexes, in any order.
    init(_ indexes: some Sequence<Int>) {
        for index in indexes.sorted() { append(index...index) }
    }

    /// Reads the notation; what lies at or beyond `completions`, and what is no interval, is left out.
    // Kubernetes: pkg/controller/job/indexed_job_utils.go parseIndexesFromString
    init(_ text: String, completions: Int) {
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, ends.count <= 2, first <= last else { return }
            if first >= completions { return }
            append(first...min(last, completions - 1))
        }
    }

    /// How many there are.
    var count: Int { intervals.reduce(0) { $0 + $1.count } }
    var isEmpty: Bool { intervals.isEmpty }

    func contains(_ index: Int) -> Bool {
        var (low, high) = (0, intervals.count)
        while low < high {
            let middle = (low + high) / 2
            if intervals[middle].upperBound < index { low = middle + 1 } else { high = middle }
        }
        return low < intervals.count && intervals[low].contains(index)
    }

    func union(_ other: CompletionIndexes) -> CompletionIndexes {
        var result = CompletionIndexes()
        let all = (intervals + other.intervals).sorted { $0.lowerBound < $1.lowerBound }
        for interval in all { result.append(interval) }
        return result
    }

    /// How many indexes are in both.
    func countInCommon(with other: CompletionIndexes) -> Int {
        var (count, mine, theirs) = (0, 0, 0)
        while mine < intervals.count, theirs < other.intervals.count {
            let (a, b) = (intervals[mine], other.intervals[theirs])
            let overlap = min(a.upperBound, b.upperBound) - max(a.lowerBound, b.lowerBound) + 1
            count += max(0, overlap)
            if a.upperBound < b.upperBound { mine += 1 } else { theirs += 1 }
        }
        return count
    }

    /// The lowest `count` indexes below `completions` that are not in here.
    func lowestMissing(_ count: Int, completions: Int) -> [Int] {
        var missing: [Int] = []
        var candidate = 0
        func take(below end: Int) {
            while candidate < min(end, completions), missing.count < count {
                missing.append(candidate)
                candidate += 1
            }
        }
        for interval in intervals {
            take(below: interval.lowerBound)
            candidate = max(candidate, interval.upperBound + 1)
        }
        take(below: completions)
        return missing
    }

    /// Adds an interval that does not begin before the last one.
    private mutating func append(_ interval: ClosedRange<Int>) {
        guard let last = intervals.last, interval.lowerBound <= last.upperBound + 1 else {
            intervals.append(interval)
            return
        }
        intervals[intervals.count - 1] = last.lowerBound...max(last.upperBound, interval.upperBound)
    }
}

extension CompletionIndexes: CustomStringConvertible {
    /// Two neighbours are listed, three are a range: `0,1,4-6`.
    var description: String {
        intervals.map { interval in
            switch interval.count {
            case 1: "\(interval.lowerBound)"
            case 2: "\(interval.lowerBound),\(interval.upperBound)"
            default: "\(interval.lowerBound)-\(interval.upperBound)"
            }
        }.joined(separator: ",")
    }
}
