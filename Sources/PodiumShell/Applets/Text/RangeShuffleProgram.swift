// SPDX-License-Identifier: Apache-2.0
// shuf -i: numbers of a range in random order, drawn one by one, however long the range is.

import PodiumRuntime

/// `shuf -i`.
struct RangeShuffleProgram: Program {
    /// The numbers that are drawn at a time.
    private static let numbersAtATime = 64
    /// What drawing a number costs beside printing it, in bytes that are only read.
    private static let drawingWeight = 64

    private let range: String
    private let limit: Int
    private let end: UInt8
    /// What stands at places whose own number stands elsewhere.
    private var moved: [Int: Int] = [:]
    private var drawn = 0

    /// Draws at most `limit` numbers of a range like `1-9`.
    init(_ range: String, limit: Int, end: UInt8) {
        self.range = range
        self.limit = limit
        self.end = end
    }

    var heldBytes: Int { moved.count * 48 }

    mutating func run(_ machine: inout Machine) -> Progress {
        let bounds = range.split(separator: "-", maxSplits: 1).map { Int($0) }
        guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last, last < .max else {
            return .exited(refuse(&machine))
        }
        let count = last - first + 1
        let wanted = min(max(0, limit), count)
        while drawn < wanted {
            if machine.mustYield { return .ready }
            var output: [UInt8] = []
            let turn = min(Self.numbersAtATime, wanted - drawn)
            for _ in 0..<turn {
                let place = drawn + Int(machine.kernel.nextRandom() % UInt64(count - drawn))
                let number = moved[place] ?? place
                moved[place] = moved[drawn] ?? drawn
                moved[drawn] = nil
                output += Array(String(first + number).utf8) + [end]
                drawn += 1
            }
            machine.charge(bytes: turn * Self.drawingWeight)
            machine.write(output, to: 1)
        }
        return .exited(0)
    }

    // busybox: coreutils/shuf.c
    private func refuse(_ machine: inout Machine) -> Int {
        let words = range.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        if machine.isGNU { return Applets.fail(&machine, "shuf", "invalid input range: '\(range)'") }
        if words.count == 2, let wrong = words.first(where: { Int($0) == nil }) {
            return Applets.fail(&machine, "shuf", "invalid number '\(wrong)'")
        }
        return Applets.fail(&machine, "shuf", "bad range '\(range)'")
    }
}
