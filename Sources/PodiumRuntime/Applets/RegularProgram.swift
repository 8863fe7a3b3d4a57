// SPDX-License-Identifier: Apache-2.0
// Regular expressions as programs, and the machine that runs them without recursion.

/// The instructions that an expression becomes.
///
///     a(b|c)*    0 unit a   1 split 2, 11   2 save 4   3 save 2   4 split 5, 7   5 unit b   6 jump 8   7 unit c
///                8 save 3   9 progress 4   10 jump 1   11 match
struct RegularProgram: Sendable {
    /// Instructions of one expression; one that needs more is faulty.
    static let maximumInstructions = 20_000

    enum Instruction: Sendable {
        case unit(UInt8)
        case any
        case set([ClosedRange<UInt8>], isNegated: Bool)
        case start, end, wordEdge
        /// Keeps the position in a slot.
        case save(Int)
        /// Goes on at the first place, and at the second one when that leads nowhere.
        case split(Int, Int)
        case jump(Int)
        /// Fails when nothing was taken since the position in the slot was kept.
        case progress(Int)
        /// The text of a group once more.
        case reference(Int)
        case match
    }

    private(set) var instructions: [Instruction] = []
    /// Two slots for each group, the whole match being group 0, then one for each loop.
    private(set) var slots: Int
    let groups: Int

    /// Translates an expression; nil when it is too large.
    init?(_ root: RegularExpression.Node, groups: Int) {
        self.groups = groups
        slots = 2 * (groups + 1)
        add(root)
        instructions.append(.match)
        if instructions.count > Self.maximumInstructions { return nil }
    }

    /// Whether a match can begin at a position, as far as the first instruction tells.
    func canBegin(at index: Int, in text: [UInt8], ignoresCase: Bool) -> Bool {
        switch instructions[0] {
        case .start: index == 0
        case .unit(let unit) where !ignoresCase: index < text.count && text[index] == unit
        default: true
        }
    }

    private mutating func add(_ node: RegularExpression.Node) {
        // Beyond the limit nothing more is translated; the whole is refused.
        guard instructions.count <= Self.maximumInstructions else { return }
        switch node {
        case .unit(let unit): instructions.append(.unit(unit))
        case .any: instructions.append(.any)
        case .set(let ranges, let isNegated): instructions.append(.set(ranges, isNegated: isNegated))
        case .start: instructions.append(.start)
        case .end: instructions.append(.end)
        case .wordEdge: instructions.append(.wordEdge)
        case .reference(let number): instructions.append(.reference(number))
        case .group(let inner, let number):
            instructions.append(.save(2 * number))
            add(inner)
            instructions.append(.save(2 * number + 1))
        case .sequence(let nodes): for node in nodes { add(node) }
        case .choice(let nodes): addChoice(nodes)
        case .repeated(let inner, let from, let to): addRepeated(inner, from, to)
        }
    }

    private mutating func addChoice(_ nodes: [RegularExpression.Node]) {
        var exits: [Int] = []
        for (index, node) in nodes.enumerated() {
            guard index + 1 < nodes.count else {
                add(node)
                break
            }
            let split = instructions.count
            instructions.append(.match)
            add(node)
            exits.append(instructions.count)
            instructions.append(.match)
            instructions[split] = .split(split + 1, instructions.count)
        }
        for exit in exits { instructions[exit] = .jump(instructions.count) }
    }

    private mutating func addRepeated(_ inner: RegularExpression.Node, _ from: Int, _ to: Int) {
        for _ in 0..<from { add(inner) }
        guard to == .max else {
            // Each further turn may be left out, and with it those behind it.
            var splits: [Int] = []
            for _ in from..<max(from, to) {
                guard instructions.count <= Self.maximumInstructions else { return }
                splits.append(instructions.count)
                instructions.append(.match)
                add(inner)
            }
            for split in splits { instructions[split] = .split(split + 1, instructions.count) }
            return
        }
        let slot = slots
        slots += 1
        let split = instructions.count
        instructions.append(.match)
        instructions.append(.save(slot))
        add(inner)
        instructions.append(.progress(slot))
        instructions.append(.jump(split))
        instructions[split] = .split(split + 1, instructions.count)
    }
}

/// A search under way: backtracking over choices that are kept on a stack of its own.
struct RegularSearch {
    private enum Choice {
        case branch(instruction: Int, index: Int)
        case restore(slot: Int, value: Int)
    }

    private let program: RegularProgram
    private let text: [UInt8]
    private let ignoresCase: Bool
    private var slots: [Int]
    private var choices: [Choice] = []
    /// The steps so far, of all attempts together.
    private(set) var steps = 0

    init(_ program: RegularProgram, _ text: [UInt8], ignoresCase: Bool) {
        self.program = program
        self.text = text
        self.ignoresCase = ignoresCase
        slots = Array(repeating: -1, count: program.slots)
    }

    /// The match that begins at a position.
    mutating func match(at begin: Int) -> RegularExpression.Match? {
        choices.removeAll(keepingCapacity: true)
        for slot in slots.indices { slots[slot] = -1 }
        var instruction = 0
        var index = begin
        while steps <= RegularExpression.maximumSteps {
            steps += 1
            if case .match = program.instructions[instruction] { return found(begin..<index) }
            if step(&instruction, &index) { continue }
            guard backtrack(&instruction, &index) else { return nil }
        }
        return nil
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

    /// Does one instruction; false when it fails.
    private mutating func step(_ instruction: inout Int, _ index: inout Int) -> Bool {
        switch program.instructions[instruction] {
        case .unit, .any, .set:
            guard takes(program.instructions[instruction], index) else { return false }
            index += 1
        case .start: if index != 0 { return false }
        case .end: if index != text.count { return false }
        case .wordEdge:
            let before = index > 0 && text[index - 1].isNameUnit
            let after = index < text.count && text[index].isNameUnit
            if before == after { return false }
        case .save(let slot):
            choices.append(.restore(slot: slot, value: slots[slot]))
            slots[slot] = index
        case .split(let first, let second):
            choices.append(.branch(instruction: second, index: index))
            instruction = first
            return true
        case .jump(let place):
            instruction = place
            return true
        case .progress(let slot): if slots[slot] == index { return false }
        case .reference(let group):
            guard 2 * group + 1 < slots.count, slots[2 * group] >= 0, slots[2 * group + 1] >= slots[2 * group] else {
                break
            }
            let range = slots[2 * group]..<slots[2 * group + 1]
            guard text[index...].starts(with: text[range]) else { return false }
            index += range.count
        case .match: return true
        }
        instruction += 1
        return true
    }

    private func takes(_ instruction: RegularProgram.Instruction, _ index: Int) -> Bool {
        guard index < text.count else { return false }
        let unit = text[index]
        switch instruction {
        case .any: return true
        case .unit(let wanted): return unit == wanted || ignoresCase && unit.lowercased == wanted.lowercased
        case .set(let ranges, let isNegated):
            let isIn = ranges.contains { range in
                range.contains(unit)
                    || ignoresCase && (range.contains(unit.lowercased) || range.contains(unit.uppercased))
            }
            return isIn != isNegated
        default: return false
        }
    }
}
