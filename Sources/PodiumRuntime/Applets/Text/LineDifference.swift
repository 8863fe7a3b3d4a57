// SPDX-License-Identifier: Apache-2.0
// Which lines of two texts differ, and the hunks that show it.

/// Lines that differ, with those around them.
struct DifferenceHunk: Sendable {
    /// The first line of each side, counted from 0.
    var oldStart: Int
    var newStart: Int
    var lines: [(mark: UInt8, line: [UInt8])] = []

    /// How many lines of a side the hunk has.
    func count(_ other: UInt8) -> Int { lines.count { $0.mark != other } }
}

/// The differences of two texts.
struct LineDifference: Sendable {
    /// Differences that are looked for; beyond them everything between is said to differ.
    private static let maximumEdits = 500

    /// What stays, goes or comes, in order.
    private enum Edit { case keep, remove, insert }

    private let old: [[UInt8]]
    private let new: [[UInt8]]
    private var edits: [Edit] = []

    /// Compares lines by their keys, and shows them as they are.
    init(_ old: [[UInt8]], _ new: [[UInt8]], key: ([UInt8]) -> [UInt8]) {
        self.old = old
        self.new = new
        let (first, second) = (old.map(key), new.map(key))
        let head = zip(first, second).prefix { $0 == $1 }.count
        let room = min(first.count, second.count) - head
        let tail = min(room, zip(first.reversed(), second.reversed()).prefix { $0 == $1 }.count)
        let middle = Self.path(Array(first[head..<first.count - tail]), Array(second[head..<second.count - tail]))
        edits = Array(repeating: .keep, count: head) + middle + Array(repeating: .keep, count: tail)
    }

    /// The shortest way from one list to the other (Myers, "An O(ND) Difference Algorithm").
    private static func path(_ old: [[UInt8]], _ new: [[UInt8]]) -> [Edit] {
        let (n, m) = (old.count, new.count)
        if n == 0 { return Array(repeating: .insert, count: m) }
        if m == 0 { return Array(repeating: .remove, count: n) }
        let limit = min(n + m, maximumEdits)
        var ends = Array(repeating: 0, count: 2 * limit + 3)
        var history: [[Int]] = []
        for depth in 0...limit {
            history.append(Array(ends[(limit - depth)...(limit + depth + 2)]))
            for diagonal in stride(from: -depth, through: depth, by: 2) {
                let place = limit + 1 + diagonal
                let goesDown = diagonal == -depth || diagonal != depth && ends[place - 1] < ends[place + 1]
                var x = goesDown ? ends[place + 1] : ends[place - 1] + 1
                var y = x - diagonal
                while x < n, y < m, x >= 0, y >= 0, old[x] == new[y] {
                    x += 1
                    y += 1
                }
                ends[place] = x
                if x >= n, y >= m { return trace(history, n, m) }
            }
        }
        return Array(repeating: .remove, count: n) + Array(repeating: .insert, count: m)
    }

    private static func trace(_ history: [[Int]], _ n: Int, _ m: Int) -> [Edit] {
        var edits: [Edit] = []
        var (x, y) = (n, m)
        for depth in history.indices.reversed() {
            let ends = history[depth]
            let diagonal = x - y
            // What was kept of each round begins one diagonal below the lowest.
            let place = depth + 1 + diagonal
            let goesDown = diagonal == -depth || diagonal != depth && ends[place - 1] < ends[place + 1]
            let before = diagonal + (goesDown ? 1 : -1)
            let startX = depth == 0 ? 0 : ends[depth + 1 + before]
            let startY = startX - before
            let stopX = depth == 0 ? 0 : startX
            let stopY = depth == 0 ? 0 : startY
            while x > stopX, y > stopY {
                edits.append(.keep)
                x -= 1
                y -= 1
            }
            if depth > 0 {
                edits.append(goesDown ? .insert : .remove)
                x = startX
                y = startY
            }
        }
        return edits.reversed()
    }

    /// Whether there is any difference.
    var isEmpty: Bool {
        edits.allSatisfy { edit in
            if case .keep = edit { true } else { false }
        }
    }

    /// The hunks with so many equal lines around each difference.
    func hunks(context: Int) -> [DifferenceHunk] {
        var hunks: [DifferenceHunk] = []
        var hunk: DifferenceHunk?
        var quiet = 0
        var (i, j) = (0, 0)
        for edit in edits {
            if case .keep = edit {
                hunk?.lines.append((0x20, new[j]))
                quiet += 1
                i += 1
                j += 1
                if quiet > 2 * context, var done = hunk {
                    done.lines.removeLast(quiet - context)
                    hunks.append(done)
                    hunk = nil
                }
                continue
            }
            if hunk == nil {
                let before = min(context, min(i, j))
                hunk = DifferenceHunk(oldStart: i - before, newStart: j - before)
                for back in stride(from: before, to: 0, by: -1) { hunk?.lines.append((0x20, new[j - back])) }
            }
            quiet = 0
            if case .remove = edit {
                hunk?.lines.append((UInt8(ascii: "-"), old[i]))
                i += 1
            } else {
                hunk?.lines.append((UInt8(ascii: "+"), new[j]))
                j += 1
            }
        }
        if var done = hunk {
            done.lines.removeLast(max(0, quiet - context))
            hunks.append(done)
        }
        return hunks
    }
}
