// SPDX-License-Identifier: Apache-2.0
// Which lines of two texts differ, and the hunks that show it.

/// A text as `diff` compares it.
struct ComparedText: Sendable {
    var lines: [[UInt8]]
    /// Whether the last line has its newline.
    var isFinished: Bool

    init(_ bytes: [UInt8]) {
        lines = Applets.lines(of: bytes)
        isFinished = bytes.last ?? 0x0A == 0x0A
    }

    /// Whether a line is the last one and has no newline.
    func lacksEnd(_ index: Int) -> Bool { !isFinished && index == lines.count - 1 }
}

/// A line of a hunk.
struct DifferenceLine: Sendable {
    enum Kind: Sendable { case kept, removed, inserted }

    var kind: Kind
    var text: [UInt8]
    var lacksEnd: Bool
}

/// Lines that differ, with those around them.
struct DifferenceHunk: Sendable {
    /// The first line of each side, counted from 0.
    var oldStart: Int
    var newStart: Int
    var lines: [DifferenceLine] = []

    /// The lines of one side: of the old one without those that came, of the new one without those that went.
    func count(without kind: DifferenceLine.Kind) -> Int { lines.count { $0.kind != kind } }
}

/// The differences of two texts.
struct LineDifference: Sendable {
    /// Differences that are looked for, and lines that are compared; beyond them everything between is said to differ.
    private static let maximumEdits = 500
    private static let maximumComparisons = 4_000_000

    private let old: ComparedText
    private let new: ComparedText
    private var edits: [DifferenceLine.Kind] = []

    /// Compares lines by their keys, and shows them as they are. The comparing is counted as work.
    init(_ old: ComparedText, _ new: ComparedText, _ meter: WorkMeter, key: (ComparedText, Int) -> [UInt8]) {
        self.old = old
        self.new = new
        // Equal lines have equal numbers, so that each line is looked at once.
        var numbers: [[UInt8]: Int] = [:]
        func numbered(_ text: ComparedText) -> [Int] {
            text.lines.indices.map { index in
                let key = key(text, index)
                if let number = numbers[key] { return number }
                numbers[key] = numbers.count
                return numbers.count - 1
            }
        }
        let (first, second) = (numbered(old), numbered(new))
        let head = zip(first, second).prefix { $0 == $1 }.count
        let room = min(first.count, second.count) - head
        let tail = min(room, zip(first.reversed(), second.reversed()).prefix { $0 == $1 }.count)
        let middle = Self.path(
            Array(first[head..<first.count - tail]),
            Array(second[head..<second.count - tail]),
            meter
        )
        edits = Array(repeating: .kept, count: head) + middle + Array(repeating: .kept, count: tail)
    }

    /// The shortest way from one list to the other (Myers, "An O(ND) Difference Algorithm").
    private static func path(_ old: [Int], _ new: [Int], _ meter: WorkMeter) -> [DifferenceLine.Kind] {
        let (n, m) = (old.count, new.count)
        if n == 0 { return Array(repeating: .inserted, count: m) }
        if m == 0 { return Array(repeating: .removed, count: n) }
        let limit = min(n + m, maximumEdits)
        var ends = Array(repeating: 0, count: 2 * limit + 3)
        var history: [[Int]] = []
        var comparisons = 0
        defer { meter.charge(bytes: 8 * comparisons) }
        for depth in 0...limit where comparisons < maximumComparisons {
            history.append(Array(ends[(limit - depth)...(limit + depth + 2)]))
            comparisons += 2 * depth + 1
            for diagonal in stride(from: -depth, through: depth, by: 2) {
                let place = limit + 1 + diagonal
                let goesDown = diagonal == -depth || diagonal != depth && ends[place - 1] < ends[place + 1]
                var x = goesDown ? ends[place + 1] : ends[place - 1] + 1
                var y = x - diagonal
                while x < n, y < m, x >= 0, y >= 0, old[x] == new[y] {
                    x += 1
                    y += 1
                    comparisons += 1
                }
                ends[place] = x
                if x >= n, y >= m { return trace(history, n, m) }
            }
        }
        return Array(repeating: .removed, count: n) + Array(repeating: .inserted, count: m)
    }

    private static func trace(_ history: [[Int]], _ n: Int, _ m: Int) -> [DifferenceLine.Kind] {
        var edits: [DifferenceLine.Kind] = []
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
                edits.append(.kept)
                x -= 1
                y -= 1
            }
            if depth > 0 {
                edits.append(goesDown ? .inserted : .removed)
                x = startX
                y = startY
            }
        }
        return edits.reversed()
    }

    /// Whether there is any difference.
    var isEmpty: Bool { edits.allSatisfy { $0 == .kept } }

    /// The hunks with so many equal lines around each difference; those are shown as the old text has them.
    func hunks(context: Int) -> [DifferenceHunk] {
        var hunks: [DifferenceHunk] = []
        var hunk: DifferenceHunk?
        var quiet = 0
        var (i, j) = (0, 0)
        for edit in edits {
            if edit == .kept {
                hunk?.lines.append(line(.kept, of: old, i))
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
                for back in stride(from: before, to: 0, by: -1) { hunk?.lines.append(line(.kept, of: old, i - back)) }
            }
            quiet = 0
            if edit == .removed {
                hunk?.lines.append(line(.removed, of: old, i))
                i += 1
            } else {
                hunk?.lines.append(line(.inserted, of: new, j))
                j += 1
            }
        }
        if var done = hunk {
            done.lines.removeLast(max(0, quiet - context))
            hunks.append(done)
        }
        return hunks
    }

    private func line(_ kind: DifferenceLine.Kind, of text: ComparedText, _ index: Int) -> DifferenceLine {
        DifferenceLine(kind: kind, text: text.lines[index], lacksEnd: text.lacksEnd(index))
    }
}
