// SPDX-License-Identifier: Apache-2.0
// Regular expressions as programs, and the machine that runs them without recursion.

import PodiumCodec
import PodiumRuntime

/// The instructions that an expression becomes.
///
///     a(b|c)*    0 unit a   1 split 2, 11   2 save 4   3 save 2   4 split 5, 7   5 unit b   6 jump 8   7 unit c
///                8 save 3   9 progress 4   10 jump 1   11 match
struct RegularProgram: Sendable {
    /// Instructions of one expression; one that needs more is faulty.
    static let maximumInstructions = 20_000
    /// Nodes that are looked at for them, of which copies of nothing become no instructions.
    private static let maximumVisits = 4 * maximumInstructions

    /// Where words begin or end.
    enum WordEdge: Sendable {
        /// `\b`, `\<`, `\>` and, for neither of them, `\B`.
        case any, start, end, none
    }

    enum Instruction: Sendable {
        case unit(UInt8)
        case any
        case set(ByteSet)
        case start, end
        case lineStart, lineEnd
        case edge(WordEdge)
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

    private let ignoresCase: Bool
    private var visits = 0
    /// Whether a match can only begin at the beginning.
    private(set) var isAnchored = false
    /// Whether some group is referred to.
    private(set) var hasReferences = false
    /// The bytes that a match can begin with; nil when it can also be empty.
    private var first: ByteSet?

    /// Translates an expression; nil when it is too large.
    init?(_ root: RegularExpression.Node, groups: Int, ignoresCase: Bool) {
        self.groups = groups
        self.ignoresCase = ignoresCase
        slots = 2 * (groups + 1)
        add(root)
        instructions.append(.match)
        if isTooLarge { return nil }
        if case .start = instructions[0] { isAnchored = true }
        first = firstBytes()
    }

    /// The first position at or after `index` at which a match can begin, as far as its first byte tells.
    func firstPossible(in text: [UInt8], from index: Int) -> Int? {
        if isAnchored { return index == 0 ? 0 : nil }
        guard let first else { return index }
        var place = index
        while place < text.count {
            if first.contains(text[place]) { return place }
            place += 1
        }
        return nil
    }

    private func firstBytes() -> ByteSet? {
        var bytes = ByteSet()
        var seen: Set<Int> = []
        var pending = [0]
        while let place = pending.popLast() {
            guard seen.insert(place).inserted else { continue }
            switch instructions[place] {
            case .unit(let unit): bytes.insert(unit)
            case .set(let set): bytes.formUnion(set)
            case .any: return nil
            case .start, .lineStart, .edge, .save, .progress: pending.append(place + 1)
            case .split(let one, let other): pending += [one, other]
            case .jump(let target): pending.append(target)
            case .end, .lineEnd, .reference, .match: return nil
            }
        }
        return bytes
    }

    private var isTooLarge: Bool { instructions.count > Self.maximumInstructions || visits > Self.maximumVisits }

    private mutating func add(_ node: RegularExpression.Node) {
        // Beyond the limit nothing more is translated; the whole is refused.
        visits += 1
        guard !isTooLarge else { return }
        switch node {
        case .unit(let unit):
            let isFolded = ignoresCase && unit.isLetter
            instructions.append(isFolded ? .set(ByteSet([unit...unit]).foldingCase) : .unit(unit))
        case .any: instructions.append(.any)
        case .set(let set): instructions.append(.set(ignoresCase ? set.foldingCase : set))
        case .start: instructions.append(.start)
        case .end: instructions.append(.end)
        case .lineStart: instructions.append(.lineStart)
        case .lineEnd: instructions.append(.lineEnd)
        case .edge(let edge): instructions.append(.edge(edge))
        case .reference(let number):
            hasReferences = true
            instructions.append(.reference(number))
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
        for _ in 0..<from {
            guard !isTooLarge else { return }
            add(inner)
        }
        guard to == .max else {
            // Each further turn may be left out, and with it those behind it.
            var splits: [Int] = []
            for _ in from..<max(from, to) {
                guard !isTooLarge else { return }
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
