// SPDX-License-Identifier: Apache-2.0
// diff -y: two texts side by side.

/// Two columns of lines with a mark between them.
// diffutils: src/side.c
struct DifferenceColumns: Sendable, Equatable {
    private static let tabWidth = 8
    private static let gutterWidth = 3
    /// Wider lines are no wider.
    static let maximumWidth = 1 << 16

    /// Whether lines that are equal are left out.
    let hidesEqual: Bool
    private let half: Int
    private let offset: Int

    /// Columns for lines of so many characters in all.
    init(width: Int, hidesEqual: Bool) {
        let tab = Self.tabWidth
        let middle = (width + tab + Self.gutterWidth) / (2 * tab) * tab
        half = max(0, min(middle - Self.gutterWidth, width - middle))
        offset = half > 0 ? middle : width
        self.hidesEqual = hidesEqual
    }

    /// The marks of lines that only one side has.
    func leftMark(_ mark: UInt8) -> UInt8 { mark == 0x20 ? UInt8(ascii: "(") : UInt8(ascii: "<") }
    func rightMark(_ mark: UInt8) -> UInt8 { mark == 0x20 ? UInt8(ascii: ")") : UInt8(ascii: ">") }

    /// A line of each text, or of one of them, with the mark between.
    func row(_ left: Int?, _ right: Int?, _ mark: UInt8, _ texts: [ComparedText]) -> [UInt8] {
        var output: [UInt8] = []
        var column = 0
        let isLeftWhole = left.map { !texts[0].lacksEnd($0) } ?? false
        let isRightWhole = right.map { !texts[1].lacksEnd($0) } ?? false
        if let left { column = add(texts[0].line(left), at: 0, to: &output) }
        if mark != 0x20 {
            move(from: column, to: (half + offset - 1) / 2, &output)
            column = max(column, (half + offset - 1) / 2) + 1
            let differs = mark == UInt8(ascii: "|") && isLeftWhole != isRightWhole
            output.append(differs ? UInt8(ascii: isLeftWhole ? "/" : "\\") : mark)
        }
        if let right, !texts[1].line(right).isEmpty {
            move(from: column, to: offset, &output)
            _ = add(texts[1].line(right), at: max(column, offset), to: &output)
        }
        if isLeftWhole || isRightWhole { output.append(0x0A) }
        return output
    }

    /// Goes to a column by tabs and blanks.
    private func move(from start: Int, to end: Int, _ output: inout [UInt8]) {
        var column = start
        var tab = column + Self.tabWidth - column % Self.tabWidth
        while tab <= end {
            output.append(0x09)
            column = tab
            tab += Self.tabWidth
        }
        if column < end { output += repeatElement(0x20, count: end - column) }
    }

    /// What of a line fits into a column; the column behind it.
    private func add(_ line: ArraySlice<UInt8>, at indent: Int, to output: inout [UInt8]) -> Int {
        var (place, shown) = (0, 0)
        for unit in line {
            if unit == 0x09 {
                let width = Self.tabWidth - place % Self.tabWidth
                if place == shown, shown + width < half {
                    shown += width
                    output.append(unit)
                }
                place += width
            } else {
                if place < half {
                    output.append(unit)
                    shown = place + 1
                }
                place += 1
            }
        }
        return indent + shown
    }
}
