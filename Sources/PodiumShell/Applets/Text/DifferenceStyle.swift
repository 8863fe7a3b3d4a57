// SPDX-License-Identifier: Apache-2.0
// The forms in which diff shows differences.

import PodiumRuntime

/// A form.
enum DifferenceStyle: Sendable, Equatable {
    /// `2c2`, of GNU's only.
    case normal
    /// Commands for `ed`, of GNU's only.
    case script
    /// Each side with so many lines around the differences, of GNU's only.
    case context(Int)
    case unified(Int)
    /// Both side by side, of GNU's only.
    case columns(DifferenceColumns)

    /// The equal lines around differences.
    var context: Int {
        switch self {
        case .normal, .script, .columns: 0
        case .context(let count), .unified(let count): count
        }
    }
}

/// Shows differences hunk by hunk and line by line.
struct DifferencePrinter: Sendable {
    /// A piece of what is shown: a text, or lines of a side with a mark before each.
    private enum Piece: Sendable {
        case text(String)
        case lines(Int, Range<Int>, String)
        /// Lines of both sides with a mark between them.
        case rows(Range<Int>, Range<Int>, UInt8)
    }

    let difference: LineDifference
    private let style: DifferenceStyle
    /// Whether hunks of blank lines are left out.
    private let skipsBlank: Bool
    /// The change with which the next hunk begins; those of a script come from the last to the first.
    private var next: Int
    /// What is left of the present hunk, the next piece last.
    private var pieces: [Piece] = []
    /// Side by side, the lines of both texts that were shown.
    private var shown = (old: 0, new: 0)

    /// A printer, whose first piece are the names of both texts where the form has them.
    init(_ difference: LineDifference, _ style: DifferenceStyle, _ heads: (String, String), skipsBlank: Bool) {
        self.difference = difference
        self.style = style
        self.skipsBlank = skipsBlank
        next = style == .script ? difference.changes.count - 1 : 0
        switch style {
        case .normal, .script, .columns: break
        case .context: pieces = [.text("*** \(heads.0)\n--- \(heads.1)\n")]
        case .unified: pieces = [.text("--- \(heads.0)\n+++ \(heads.1)\n")]
        }
    }

    /// At least so many of the bytes that come next, if there are any; nil behind the end.
    mutating func output(_ limit: Int) -> [UInt8]? {
        var output: [UInt8] = []
        while output.count < limit {
            guard let piece = pieces.popLast() else {
                guard difference.changes.indices.contains(next) else {
                    let ends = (old: difference.texts[0].count, new: difference.texts[1].count)
                    guard case .columns = style, shown != ends else { break }
                    addEqual(upTo: ends)
                    continue
                }
                begin()
                continue
            }
            switch piece {
            case .text(let text): output += Array(text.utf8)
            case .lines(let side, var range, let mark):
                while let index = range.first, output.count < limit {
                    output += Array(mark.utf8) + difference.texts[side].line(index)
                    // No script can say that a newline is missing.
                    let lacksEnd = difference.texts[side].lacksEnd(index) && style != .script
                    output += Array((lacksEnd ? "\n\\ No newline at end of file\n" : "\n").utf8)
                    range.removeFirst()
                }
                if !range.isEmpty { pieces.append(.lines(side, range, mark)) }
            case .rows(var old, var new, let mark):
                guard case .columns(let columns) = style else { break }
                while output.count < limit, !old.isEmpty || !new.isEmpty {
                    let (left, right) = (old.popFirst(), new.popFirst())
                    output += columns.row(
                        left,
                        right,
                        left == nil
                            ? columns.rightMark(mark)
                            : right == nil
                                ? columns.leftMark(mark) : mark,
                        difference.texts
                    )
                }
                if !old.isEmpty || !new.isEmpty { pieces.append(.rows(old, new, mark)) }
            }
        }
        return output.isEmpty ? nil : output
    }

    private mutating func begin() {
        let hunk = difference.hunk(from: next, context: style.context)
        next = style == .script ? next - 1 : hunk.changes.endIndex
        if skipsBlank, difference.isBlank(hunk) { return }
        switch style {
        case .normal: pieces = Self.normal(hunk)
        case .script: pieces = script(hunk)
        case .context: pieces = Self.context(hunk)
        case .unified: pieces = Self.unified(hunk)
        case .columns:
            addEqual(upTo: (hunk.old.lowerBound, hunk.new.lowerBound))
            pieces.append(.rows(hunk.old, hunk.new, UInt8(ascii: "|")))
            shown = (hunk.old.upperBound, hunk.new.upperBound)
        }
        pieces.reverse()
    }

    /// Side by side, the equal lines before some place.
    private mutating func addEqual(upTo ends: (old: Int, new: Int)) {
        if case .columns(let columns) = style, !columns.hidesEqual {
            pieces.append(.rows(shown.old..<ends.old, shown.new..<ends.new, 0x20))
        }
        shown = ends
    }

    /// `3`, `3,5`, or the line before when there is none.
    private static func range(_ lines: Range<Int>) -> String {
        lines.count > 1 ? "\(lines.lowerBound + 1),\(lines.upperBound)" : "\(lines.upperBound)"
    }

    private static func normal(_ hunk: DifferenceHunk) -> [Piece] {
        let letter = hunk.old.isEmpty ? "a" : hunk.new.isEmpty ? "d" : "c"
        return [
            .text("\(range(hunk.old))\(letter)\(range(hunk.new))\n"), .lines(0, hunk.old, "< "),
            .text(letter == "c" ? "---\n" : ""), .lines(1, hunk.new, "> "),
        ]
    }

    private func script(_ hunk: DifferenceHunk) -> [Piece] {
        let letter = hunk.old.isEmpty ? "a" : hunk.new.isEmpty ? "d" : "c"
        var pieces = [Piece.text("\(Self.range(hunk.old))\(letter)\n")]
        if hunk.new.isEmpty { return pieces }
        var start = hunk.new.lowerBound
        // A line that would end the text is put in by another command.
        for index in hunk.new where difference.texts[1].line(index).elementsEqual(".".utf8) {
            pieces += [.lines(1, start..<index, ""), .text("..\n.\ns/.//\n")]
            start = index + 1
            if start < hunk.new.upperBound { pieces.append(.text("a\n")) }
        }
        if start < hunk.new.upperBound { pieces += [.lines(1, start..<hunk.new.upperBound, ""), .text(".\n")] }
        return pieces
    }

    private static func context(_ hunk: DifferenceHunk) -> [Piece] {
        var pieces = [Piece.text("***************\n")]
        for (side, lines) in [hunk.old, hunk.new].enumerated() {
            let frame = side == 0 ? ("***", "****") : ("---", "----")
            pieces.append(.text("\(frame.0) \(range(lines)) \(frame.1)\n"))
            let changes = hunk.changes.map { side == 0 ? ($0.old, $0.new) : ($0.new, $0.old) }
            guard changes.contains(where: { !$0.0.isEmpty }) else { continue }
            var start = lines.lowerBound
            for (own, other) in changes {
                let mark = other.isEmpty ? side == 0 ? "- " : "+ " : "! "
                pieces += [.lines(side, start..<own.lowerBound, "  "), .lines(side, own, mark)]
                start = own.upperBound
            }
            pieces.append(.lines(side, start..<lines.upperBound, "  "))
        }
        return pieces
    }

    private static func unified(_ hunk: DifferenceHunk) -> [Piece] {
        func place(_ lines: Range<Int>) -> String {
            lines.count == 1 ? "\(lines.upperBound)" : "\(lines.lowerBound + (lines.isEmpty ? 0 : 1)),\(lines.count)"
        }
        var pieces = [Piece.text("@@ -\(place(hunk.old)) +\(place(hunk.new)) @@\n")]
        var start = hunk.old.lowerBound
        for change in hunk.changes {
            pieces += [
                .lines(0, start..<change.old.lowerBound, " "), .lines(0, change.old, "-"), .lines(1, change.new, "+"),
            ]
            start = change.old.upperBound
        }
        pieces.append(.lines(0, start..<hunk.old.upperBound, " "))
        return pieces
    }
}
