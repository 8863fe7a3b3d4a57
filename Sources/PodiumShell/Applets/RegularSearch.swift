// SPDX-License-Identifier: Apache-2.0
// The machine that runs the programs of regular expressions without recursion.

import PodiumCodec
import PodiumRuntime

/// A search under way: backtracking over choices that are kept on a stack of its own.
///
/// Of the matches that begin at a place the longest is found, as POSIX wants it. Every way to a place in the program at
/// a position of the text leads to the same ends, so none is gone twice once a search has become long; only expressions
/// that refer to groups have to try every way.
struct RegularSearch {
    private enum Choice {
        case branch(instruction: Int, index: Int)
        case restore(slot: Int, value: Int)
    }

    /// Steps before the ways that were gone are kept in mind.
    private static let stepsBeforeMemory = 2000
    /// Bytes of a group that are compared, or slots that are emptied, in a step.
    private static let unitsPerStep = 64
    /// Bits of that memory.
    private static let maximumMemoryBits = 1 << 26

    private let program: RegularProgram
    private let text: [UInt8]
    private let isMiddle: Bool
    private var slots: [Int]
    private var choices: [Choice] = []
    /// One bit for each place of the program and each position of the text.
    private var gone: [UInt64] = []
    /// The steps so far, of all attempts together.
    private(set) var steps = 0
    /// The bytes that were compared or set aside besides.
    private(set) var bytes = 0

    init(_ program: RegularProgram, _ text: [UInt8], isMiddle: Bool) {
        self.program = program
        self.text = text
        self.isMiddle = isMiddle
        slots = Array(repeating: -1, count: program.slots)
    }

    /// The longest match that begins at a position.
    mutating func match(at begin: Int) -> RegularExpression.Match? {
        choices.removeAll(keepingCapacity: true)
        for slot in slots.indices { slots[slot] = -1 }
        steps += slots.count / Self.unitsPerStep
        var instruction = 0
        var index = begin
        var best: RegularExpression.Match?
        while steps <= RegularExpression.maximumSteps {
            steps += 1
            if case .match = program.instructions[instruction] {
                if index > best?.range.upperBound ?? -1 { best = found(begin..<index) }
                // Nothing can be longer than up to the end.
                guard index < text.count, backtrack(&instruction, &index) else { break }
                continue
            }
            if step(&instruction, &index) { continue }
            guard backtrack(&instruction, &index) else { break }
        }
        return best
    }

    private func found(_ range: Range<Int>) -> RegularExpression.Match {
        let groups = (0...program.groups).map { group -> Range<Int>? in
            let (low, high) = (slots[2 * group], slots[2 * group + 1])
            return group > 0 && low >= 0 && high >= low ? low..<high : nil
        }
        return RegularExpression.Match(range: range, groups: groups)
    }

    /// Takes the last choice back; false when there is none.
    private mutating func backtrack(_ instruction: inout Int, _ index: inout Int) -> Bool {
        while let choice = choices.popLast() {
            switch choice {
            case .restore(let slot, let value): slots[slot] = value
            case .branch(let place, let position):
                instruction = place
                index = position
                return true
            }
        }
        return false
    }

    /// Whether a place was passed at a position before, as far as that is kept in mind.
    private mutating func wasGone(_ instruction: Int, _ index: Int) -> Bool {
        guard steps > Self.stepsBeforeMemory, !program.hasReferences else { return false }
        if gone.isEmpty {
            let bits = program.instructions.count.multipliedReportingOverflow(by: text.count + 1)
            guard !bits.overflow, bits.partialValue <= Self.maximumMemoryBits else { return false }
            gone = Array(repeating: 0, count: bits.partialValue / 64 + 1)
            bytes += bits.partialValue / 8
        }
        let bit = instruction * (text.count + 1) + index
        let mask: UInt64 = 1 << UInt64(bit & 63)
        if gone[bit >> 6] & mask != 0 { return true }
        gone[bit >> 6] |= mask
        return false
    }

    /// Does one instruction; false when it fails.
    private mutating func step(_ instruction: inout Int, _ index: inout Int) -> Bool {
        switch program.instructions[instruction] {
        case .unit(let wanted):
            guard index < text.count, text[index] == wanted else { return false }
            index += 1
        case .set(let set):
            guard index < text.count, set.contains(text[index]) else { return false }
            index += 1
        case .any:
            guard index < text.count else { return false }
            index += 1
        case .start: if index != 0 || isMiddle { return false }
        case .end: if index != text.count { return false }
        case .lineStart: if index == 0 ? isMiddle : text[index - 1] != 0x0A { return false }
        case .lineEnd: if index != text.count, text[index] != 0x0A { return false }
        case .edge(let edge): if !isAt(edge, index) { return false }
        case .save(let slot):
            choices.append(.restore(slot: slot, value: slots[slot]))
            slots[slot] = index
        case .split(let first, let second):
            if wasGone(instruction, index) { return false }
            choices.append(.branch(instruction: second, index: index))
            instruction = first
            return true
        case .jump(let place):
            instruction = place
            return true
        case .progress(let slot): if slots[slot] == index { return false }
        case .reference(let group):
            guard 2 * group + 1 < slots.count, slots[2 * group] >= 0, slots[2 * group + 1] >= slots[2 * group] else {
                return false
            }
            let range = slots[2 * group]..<slots[2 * group + 1]
            // A long text is as much as many steps.
            steps += range.count / Self.unitsPerStep
            guard text[index...].starts(with: text[range]) else { return false }
            index += range.count
        case .match: return true
        }
        instruction += 1
        return true
    }

    private func isAt(_ edge: RegularProgram.WordEdge, _ index: Int) -> Bool {
        let before = index > 0 && text[index - 1].isNameUnit
        let after = index < text.count && text[index].isNameUnit
        switch edge {
        case .any: return before != after
        case .none: return before == after
        case .start: return !before && after
        case .end: return before && !after
        }
    }
}
