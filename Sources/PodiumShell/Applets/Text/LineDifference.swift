// SPDX-License-Identifier: Apache-2.0
// Which lines of two texts differ, found step by step.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// A text as `diff` compares it: its bytes, and where its lines begin.
struct ComparedText: Sendable {
    /// Texts with more lines are not compared.
    static let maximumLines = 1 << 18

    let bytes: [UInt8]
    private var starts: [Int32] = []
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The lines that were found so far.
    var count: Int { starts.count }

    /// Looks for further lines in so many bytes; whether all were found.
    mutating func scan(_ limit: Int) -> Bool {
        let end = min(bytes.count, offset + limit)
        while offset < end {
            if offset == 0 || bytes[offset - 1] == 0x0A { starts.append(Int32(offset)) }
            offset = bytes[offset..<end].firstIndex(of: 0x0A).map { $0 + 1 } ?? end
        }
        return offset == bytes.count
    }

    /// A line without its newline.
    func line(_ index: Int) -> ArraySlice<UInt8> {
        let start = Int(starts[index])
        let next = index + 1 < starts.count ? Int(starts[index + 1]) : bytes.count
        return bytes[start..<(lacksEnd(index) ? next : next - 1)]
    }

    /// Whether a line is the last one and has no newline.
    func lacksEnd(_ index: Int) -> Bool { index == starts.count - 1 && bytes.last != 0x0A }
}

/// Lines of the old text in whose place stand lines of the new one; either may be none.
struct LineChange: Sendable {
    var old: Range<Int>
    var new: Range<Int>
}

/// The differences of two texts.
struct LineDifference: Sendable {
    /// What comes of a step.
    enum Step: Sendable { case working, done, tooLarge }

    /// What a line costs beside its bytes: its place, its number, its key and what is known of it.
    static let bytesPerLine = 128
    /// The bytes and lines that are looked at in one step, and what a line costs in bytes that are only read.
    private static let bytesPerStep = 32 << 10
    private static let linesPerStep = 256
    private static let lineWeight = 64
    private static let keyWeight = 4

    private enum Phase: Sendable { case scanning, numbering, searching, done }

    private(set) var texts: [ComparedText]
    private let horizon: Int
    private let key: @Sendable (ComparedText, Int) -> [UInt8]
    private var phase = Phase.scanning
    private var side = 0
    /// Equal lines have equal numbers, so that each line is looked at once.
    private var numbers: [[Int32]] = [[], []]
    private var known: [[UInt8]: Int32] = [:]
    private var search: DifferenceSearch?
    /// The first line that the search was given.
    private var first = 0
    private(set) var changes: [LineChange] = []

    /// Compares lines by their keys. `horizon` are the equal lines around all differences into which one may move.
    init(
        _ old: ComparedText,
        _ new: ComparedText,
        horizon: Int,
        key: @escaping @Sendable (ComparedText, Int) -> [UInt8]
    ) {
        texts = [old, new]
        self.horizon = horizon
        self.key = key
    }

    var heldBytes: Int { texts.reduce(0) { $0 + $1.bytes.count + $1.count * Self.bytesPerLine } }

    /// Does some of the work, and counts it.
    mutating func step(_ meter: WorkMeter) -> Step {
        switch phase {
        case .scanning:
            meter.charge(bytes: Self.bytesPerStep)
            let isScanned = texts[side].scan(Self.bytesPerStep)
            if texts[side].count > ComparedText.maximumLines { return .tooLarge }
            if isScanned { advance(to: .numbering) }
        case .numbering:
            number(meter)
            if numbers[side].count == texts[side].count { advance(to: .searching) }
        case .searching:
            if search == nil { begin(meter) }
            if search?.step(meter) ?? true { finish(meter) }
        case .done: return .done
        }
        return .working
    }

    /// Goes on to the other text, or to the next phase when that had its turn.
    private mutating func advance(to next: Phase) {
        if side == 1 { phase = next }
        side = 1 - side
    }

    private mutating func number(_ meter: WorkMeter) {
        let text = texts[side]
        let start = numbers[side].count
        for index in start..<min(text.count, start + Self.linesPerStep) {
            let key = key(text, index)
            meter.charge(bytes: Self.lineWeight + Self.keyWeight * text.line(index).count)
            let number = known[key] ?? Int32(known.count)
            if number == known.count { known[key] = number }
            numbers[side].append(number)
        }
    }

    /// Leaves out what is equal at both ends.
    private mutating func begin(_ meter: WorkMeter) {
        let (old, new) = (numbers[0], numbers[1])
        let least = min(old.count, new.count)
        var head = 0
        while head < least, old[head] == new[head] { head += 1 }
        var tail = 0
        while tail < least - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] { tail += 1 }
        meter.charge(bytes: Self.keyWeight * (head + tail))
        first = max(0, head - horizon)
        let left = max(0, tail - horizon)
        search = DifferenceSearch(
            Array(old[first..<(old.count - left)]),
            Array(new[first..<(new.count - left)]),
            kinds: known.count
        )
        known = [:]
    }

    private mutating func finish(_ meter: WorkMeter) {
        phase = .done
        guard let (old, new) = search?.changed else { return }
        meter.charge(bytes: Self.keyWeight * (old.count + new.count))
        search = nil
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            let (startI, startJ) = (i, j)
            while i < old.count, old[i] { i += 1 }
            while j < new.count, new[j] { j += 1 }
            if i > startI || j > startJ {
                changes.append(LineChange(old: first + startI..<first + i, new: first + startJ..<first + j))
            } else {
                i += 1
                j += 1
            }
        }
    }
}

/// Differences that stand so close together that they are shown as one, with the equal lines around them.
struct DifferenceHunk: Sendable {
    var changes: ArraySlice<LineChange>
    var old: Range<Int>
    var new: Range<Int>
}

extension LineDifference {
    /// The hunk that begins with a change, with so many equal lines around each difference.
    func hunk(from start: Int, context: Int) -> DifferenceHunk {
        var end = start + 1
        while end < changes.count, changes[end].old.lowerBound - changes[end - 1].old.upperBound <= 2 * context {
            end += 1
        }
        let (head, tail) = (changes[start], changes[end - 1])
        let before = min(context, head.old.lowerBound, head.new.lowerBound)
        let after = min(context, texts[0].count - tail.old.upperBound, texts[1].count - tail.new.upperBound)
        return DifferenceHunk(
            changes: changes[start..<end],
            old: head.old.lowerBound - before..<tail.old.upperBound + after,
            new: head.new.lowerBound - before..<tail.new.upperBound + after
        )
    }

    /// Whether a hunk is of lines with nothing but blanks.
    func isBlank(_ hunk: DifferenceHunk) -> Bool {
        hunk.changes.allSatisfy { change in
            change.old.allSatisfy { texts[0].line($0).allSatisfy(\.isBlank) }
                && change.new.allSatisfy { texts[1].line($0).allSatisfy(\.isBlank) }
        }
    }
}
