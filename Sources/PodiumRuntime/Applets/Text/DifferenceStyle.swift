// SPDX-License-Identifier: Apache-2.0
// The forms in which diff shows differences.

/// A form.
enum DifferenceStyle: Sendable {
    /// `2c2`, of GNU's only.
    case normal
    /// Each side with so many lines around the differences, of GNU's only.
    case context(Int)
    case unified(Int)

    /// The differences between two texts, of which the names and what stands behind them are shown first.
    func text(_ difference: LineDifference, _ heads: (String, String)) -> [UInt8] {
        switch self {
        case .normal:
            return difference.hunks(context: 0).flatMap { Self.normal($0) }
        case .context(let count):
            let hunks = difference.hunks(context: count)
            return Array("*** \(heads.0)\n--- \(heads.1)\n".utf8) + hunks.flatMap { Self.context($0) }
        case .unified(let count):
            let hunks = difference.hunks(context: count)
            return Array("--- \(heads.0)\n+++ \(heads.1)\n".utf8) + hunks.flatMap { Self.unified($0) }
        }
    }

    private static func shown(_ mark: String, _ line: DifferenceLine) -> [UInt8] {
        Array(mark.utf8) + line.text + Array((line.lacksEnd ? "\n\\ No newline at end of file\n" : "\n").utf8)
    }

    /// `3`, `3,5`, or the line before when there is none.
    private static func range(_ start: Int, _ count: Int) -> String {
        count > 1 ? "\(start + 1),\(start + count)" : "\(count == 0 ? start : start + 1)"
    }

    private static func normal(_ hunk: DifferenceHunk) -> [UInt8] {
        let (old, new) = (hunk.count(without: .inserted), hunk.count(without: .removed))
        let letter = old == 0 ? "a" : new == 0 ? "d" : "c"
        var bytes = Array("\(range(hunk.oldStart, old))\(letter)\(range(hunk.newStart, new))\n".utf8)
        for line in hunk.lines where line.kind == .removed { bytes += shown("< ", line) }
        if letter == "c" { bytes += Array("---\n".utf8) }
        for line in hunk.lines where line.kind == .inserted { bytes += shown("> ", line) }
        return bytes
    }

    private static func context(_ hunk: DifferenceHunk) -> [UInt8] {
        var bytes = Array("***************\n".utf8)
        let sides: [(DifferenceLine.Kind, DifferenceLine.Kind, String, String, Int)] = [
            (.removed, .inserted, "***", "- ", hunk.oldStart), (.inserted, .removed, "---", "+ ", hunk.newStart),
        ]
        let isChanged = changed(hunk.lines)
        for (own, other, frame, mark, start) in sides {
            let range = range(start, hunk.count(without: other))
            bytes += Array("\(frame) \(range) \(frame == "***" ? "****" : "----")\n".utf8)
            guard hunk.lines.contains(where: { $0.kind == own }) else { continue }
            for (index, line) in hunk.lines.enumerated() where line.kind != other {
                bytes += shown(line.kind == .kept ? "  " : isChanged[index] ? "! " : mark, line)
            }
        }
        return bytes
    }

    /// Which lines stand in a row of differences of both sides.
    private static func changed(_ lines: [DifferenceLine]) -> [Bool] {
        var flags = Array(repeating: false, count: lines.count)
        var start = 0
        while start < lines.count {
            let row = start..<(lines[start...].firstIndex { $0.kind == .kept } ?? lines.count)
            if Set(lines[row].map(\.kind)).count == 2 { for index in row { flags[index] = true } }
            start = row.upperBound + 1
        }
        return flags
    }

    private static func unified(_ hunk: DifferenceHunk) -> [UInt8] {
        func place(_ start: Int, _ count: Int) -> String {
            count == 1 ? "\(start + 1)" : "\(count == 0 ? start : start + 1),\(count)"
        }
        let old = place(hunk.oldStart, hunk.count(without: .inserted))
        let new = place(hunk.newStart, hunk.count(without: .removed))
        return Array("@@ -\(old) +\(new) @@\n".utf8)
            + hunk.lines.flatMap { shown($0.kind == .kept ? " " : $0.kind == .removed ? "-" : "+", $0) }
    }
}
