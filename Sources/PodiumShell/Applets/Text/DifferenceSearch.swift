// SPDX-License-Identifier: Apache-2.0
// The search for the differences of two lists of numbers, which of several finds those that GNU's diff finds.

import PodiumMachinery
import PodiumRuntime

/// Finds what has to be removed from one list and added from another to come from the first to the second.
// gnulib: lib/diffseq.h; diffutils: src/analyze.c
struct DifferenceSearch: Sendable {
    /// The rounds after which a search does not look for the shortest way any more.
    private static let maximumRounds = 512
    /// What it costs to follow a diagonal or compare two numbers, in bytes that are only read.
    private static let weight = 4

    /// A part of both lists that is still to be compared.
    private struct Box: Sendable {
        var x: Range<Int>
        var y: Range<Int>
    }

    private let lists: [[Int32]]
    /// Which numbers have no partner, each list with one more at both ends that has.
    private var flags: [[Bool]]
    /// The numbers that are compared, and where they stand; the others cannot have a partner that is worth much.
    private var kept: [[Int32]] = [[], []]
    private var places: [[Int32]] = [[], []]
    private var pending: [Box] = []
    /// How far each diagonal was followed from either end.
    private var forward: [Int32] = []
    private var backward: [Int32] = []
    private let zero: Int

    /// Two lists of numbers below `kinds`.
    init(_ old: [Int32], _ new: [Int32], kinds: Int) {
        lists = [old, new]
        flags = lists.map { Array(repeating: false, count: $0.count + 2) }
        var counts = [Array(repeating: Int32(0), count: kinds), Array(repeating: Int32(0), count: kinds)]
        for (side, list) in lists.enumerated() { for number in list { counts[side][Int(number)] += 1 } }
        for side in 0..<2 {
            let marks = ConfusingLines.marks(lists[side], counts[1 - side])
            for (index, number) in lists[side].enumerated() {
                if marks[index] == .none {
                    kept[side].append(number)
                    places[side].append(Int32(index))
                } else {
                    flags[side][index + 1] = true
                }
            }
        }
        zero = kept[1].count + 1
        forward = Array(repeating: 0, count: kept[0].count + kept[1].count + 3)
        backward = forward
        pending = [Box(x: 0..<kept[0].count, y: 0..<kept[1].count)]
    }

    /// What has no partner.
    var changed: (old: [Bool], new: [Bool]) {
        (Array(flags[0].dropFirst().dropLast()), Array(flags[1].dropFirst().dropLast()))
    }

    /// Does some of the work; whether it is done.
    mutating func step(_ meter: WorkMeter) -> Bool {
        guard let box = pending.popLast() else {
            meter.charge(bytes: Self.weight * (lists[0].count + lists[1].count))
            var shifter = BoundaryShifter(lists: lists, flags: flags)
            flags = []
            for side in 0..<2 { shifter.shift(side) }
            flags = shifter.flags
            return true
        }
        var (x, y) = (box.x, box.y)
        let size = x.count + y.count
        while let a = x.first, let b = y.first, kept[0][a] == kept[1][b] {
            x.removeFirst()
            y.removeFirst()
        }
        while let a = x.last, let b = y.last, kept[0][a] == kept[1][b] {
            x.removeLast()
            y.removeLast()
        }
        meter.charge(bytes: Self.weight * (1 + size - x.count - y.count))
        if x.isEmpty || y.isEmpty {
            for index in x { flags[0][Int(places[0][index]) + 1] = true }
            for index in y { flags[1][Int(places[1][index]) + 1] = true }
            meter.charge(bytes: Self.weight * (x.count + y.count))
            return false
        }
        let (middleX, middleY) = middle(x, y, meter)
        pending.append(Box(x: middleX..<x.upperBound, y: middleY..<y.upperBound))
        pending.append(Box(x: x.lowerBound..<middleX, y: y.lowerBound..<middleY))
        return false
    }

    /// A point on a shortest way through a box, or on one that is short enough.
    private mutating func middle(_ x: Range<Int>, _ y: Range<Int>, _ meter: WorkMeter) -> (Int, Int) {
        let (lowest, highest) = (x.lowerBound - y.upperBound, x.upperBound - y.lowerBound)
        let (start, end) = (x.lowerBound - y.lowerBound, x.upperBound - y.upperBound)
        var (forwardLow, forwardHigh, backwardLow, backwardHigh) = (start, start, end, end)
        forward[zero + start] = Int32(x.lowerBound)
        backward[zero + end] = Int32(x.upperBound)
        let isOdd = (start - end) & 1 != 0
        var work = 0
        defer { meter.charge(bytes: Self.weight * work) }
        for _ in 0..<Self.maximumRounds {
            Self.widen(&forwardLow, &forwardHigh, lowest, highest, &forward, zero, -1)
            for diagonal in stride(from: forwardHigh, through: forwardLow, by: -2) {
                let (low, high) = (forward[zero + diagonal - 1], forward[zero + diagonal + 1])
                var i = Int(low < high ? high : low + 1)
                work += 1
                while i < x.upperBound, i - diagonal < y.upperBound, kept[0][i] == kept[1][i - diagonal] {
                    i += 1
                    work += 1
                }
                forward[zero + diagonal] = Int32(i)
                if isOdd, backwardLow <= diagonal, diagonal <= backwardHigh, Int(backward[zero + diagonal]) <= i {
                    return (i, i - diagonal)
                }
            }
            Self.widen(&backwardLow, &backwardHigh, lowest, highest, &backward, zero, .max)
            for diagonal in stride(from: backwardHigh, through: backwardLow, by: -2) {
                let (low, high) = (backward[zero + diagonal - 1], backward[zero + diagonal + 1])
                var i = Int(low < high ? low : high - 1)
                work += 1
                while i > x.lowerBound, i - diagonal > y.lowerBound, kept[0][i - 1] == kept[1][i - diagonal - 1] {
                    i -= 1
                    work += 1
                }
                backward[zero + diagonal] = Int32(i)
                if !isOdd, forwardLow <= diagonal, diagonal <= forwardHigh, i <= Int(forward[zero + diagonal]) {
                    return (i, i - diagonal)
                }
            }
        }
        return best(x, y, forwardLow...forwardHigh, backwardLow...backwardHigh)
    }

    /// Goes on to the next diagonals, as far as there are any.
    private static func widen(
        _ low: inout Int,
        _ high: inout Int,
        _ lowest: Int,
        _ highest: Int,
        _ ends: inout [Int32],
        _ zero: Int,
        _ unreached: Int32
    ) {
        if low > lowest {
            low -= 1
            ends[zero + low - 1] = unreached
        } else {
            low += 1
        }
        if high < highest {
            high += 1
            ends[zero + high + 1] = unreached
        } else {
            high -= 1
        }
    }

    /// The point that was come farthest to, from whichever end, when the shortest way would take too long to find.
    private func best(
        _ x: Range<Int>,
        _ y: Range<Int>,
        _ ahead: ClosedRange<Int>,
        _ behind: ClosedRange<Int>
    ) -> (Int, Int) {
        var (farthest, farthestX) = (-1, x.lowerBound)
        for diagonal in stride(from: ahead.upperBound, through: ahead.lowerBound, by: -2) {
            var i = min(Int(forward[zero + diagonal]), x.upperBound)
            var j = i - diagonal
            if j > y.upperBound { (i, j) = (y.upperBound + diagonal, y.upperBound) }
            if i + j > farthest { (farthest, farthestX) = (i + j, i) }
        }
        var (nearest, nearestX) = (Int.max, x.upperBound)
        for diagonal in stride(from: behind.upperBound, through: behind.lowerBound, by: -2) {
            var i = max(x.lowerBound, Int(backward[zero + diagonal]))
            var j = i - diagonal
            if j < y.lowerBound { (i, j) = (y.lowerBound + diagonal, y.lowerBound) }
            if i + j < nearest { (nearest, nearestX) = (i + j, i) }
        }
        let isAhead = x.upperBound + y.upperBound - nearest < farthest - (x.lowerBound + y.lowerBound)
        return isAhead ? (farthestX, farthest - farthestX) : (nearestX, nearest - nearestX)
    }
}

/// Lines that would only mislead a search: those that the other text does not have, and among them those that it has
/// very often.
enum ConfusingLines {
    enum Mark: Sendable { case none, certain, provisional }

    /// The marks of a list, by how often the other one has each number.
    // diffutils: src/analyze.c discard_confusing_lines
    static func marks(_ list: [Int32], _ counts: [Int32]) -> [Mark] {
        var many = 5
        var size = list.count / 64 / 4
        while size > 0 {
            many *= 2
            size /= 4
        }
        var marks = list.map { number -> Mark in
            let count = Int(counts[Int(number)])
            return count == 0 ? .certain : count > many ? .provisional : .none
        }
        var index = 0
        while index < marks.count {
            if marks[index] == .provisional { marks[index] = .none }
            if marks[index] == .certain { index = settle(&marks, from: index) }
            index += 1
        }
        return marks
    }

    /// Decides about a run of marks that begins with a certain one; the last line of it.
    private static func settle(_ marks: inout [Mark], from start: Int) -> Int {
        var end = start
        while end < marks.count, marks[end] != .none { end += 1 }
        while end > start, marks[end - 1] == .provisional {
            end -= 1
            marks[end] = .none
        }
        let length = end - start
        let provisional = marks[start..<end].count { $0 == .provisional }
        if provisional * 4 > length {
            for index in start..<end where marks[index] == .provisional { marks[index] = .none }
            // As there, what was cancelled is looked at again, to no effect.
            return start
        }
        var least = 1
        var size = length / 4 / 4
        while size > 0 {
            least *= 2
            size /= 4
        }
        least += 1
        cancelRuns(of: least, &marks, start..<end)
        trim(&marks, Array(start..<end))
        trim(&marks, (start..<end).reversed())
        return end - 1
    }

    /// Cancels provisional marks of which so many stand in a row.
    private static func cancelRuns(of least: Int, _ marks: inout [Mark], _ range: Range<Int>) {
        var start = range.lowerBound
        while start < range.upperBound {
            guard marks[start] == .provisional else {
                start += 1
                continue
            }
            var end = start
            while end < range.upperBound, marks[end] == .provisional { end += 1 }
            if end - start >= least { for index in start..<end { marks[index] = .none } }
            start = end
        }
    }

    /// Cancels provisional marks before three others in a row, or before another one at least eight lines in.
    private static func trim(_ marks: inout [Mark], _ indices: [Int]) {
        var row = 0
        for (offset, index) in indices.enumerated() {
            if offset >= 8, marks[index] == .certain { return }
            switch marks[index] {
            case .provisional:
                marks[index] = .none
                row = 0
            case .none: row = 0
            case .certain: row += 1
            }
            if row == 3 { return }
        }
    }
}

/// Moves differences that could stand in several places to where GNU's diff shows them.
// diffutils: src/analyze.c shift_boundaries
struct BoundaryShifter: Sendable {
    let lists: [[Int32]]
    /// The numbers without a partner, each list with one more at both ends that has one.
    var flags: [[Bool]]

    private func isChanged(_ side: Int, _ index: Int) -> Bool { flags[side][index + 1] }

    private mutating func set(_ side: Int, _ index: Int, _ value: Bool) { flags[side][index + 1] = value }

    /// Moves the differences of one list.
    mutating func shift(_ side: Int) {
        let (list, other) = (lists[side], 1 - side)
        let end = list.count
        var (i, j) = (0, 0)
        while true {
            // On to the next run, and the place in the other list.
            while i < end, !isChanged(side, i) {
                while isChanged(other, j) { j += 1 }
                j += 1
                i += 1
            }
            if i == end { return }
            var start = i
            repeat { i += 1 } while isChanged(side, i)
            while isChanged(other, j) { j += 1 }
            var length: Int
            var corresponding: Int
            repeat {
                length = i - start
                // Back as long as the line before is like the last one, which joins runs.
                while start > 0, list[start - 1] == list[i - 1] {
                    start -= 1
                    set(side, start, true)
                    i -= 1
                    set(side, i, false)
                    while isChanged(side, start - 1) { start -= 1 }
                    repeat { j -= 1 } while isChanged(other, j)
                }
                corresponding = isChanged(other, j - 1) ? i : end
                // And forth as far as it goes.
                while i != end, list[start] == list[i] {
                    set(side, start, false)
                    start += 1
                    set(side, i, true)
                    i += 1
                    while isChanged(side, i) { i += 1 }
                    j += 1
                    while isChanged(other, j) {
                        corresponding = i
                        j += 1
                    }
                }
            } while length != i - start
            // Beside a run of the other list, when there is one.
            while corresponding < i {
                start -= 1
                set(side, start, true)
                i -= 1
                set(side, i, false)
                repeat { j -= 1 } while isChanged(other, j)
            }
        }
    }
}
