// SPDX-License-Identifier: Apache-2.0
// The codes by which compressed files say frequent symbols in few bits.

/// The codes of an alphabet: how many there are of each length, and the symbols in the order of their codes.
struct PrefixCodes: Sendable {
    private var counts: [Int]
    private var symbols: [Int] = []

    /// The codes of symbols that have these lengths, none of which is above the longest one; 0 for no code.
    init(_ lengths: some Collection<Int>, longest: Int) {
        counts = Array(repeating: 0, count: longest + 1)
        for length in lengths where length > 0 { counts[length] += 1 }
        for length in counts.indices where counts[length] > 0 {
            for (symbol, other) in lengths.enumerated() where other == length { symbols.append(symbol) }
        }
    }

    /// The symbol of the code that comes next.
    func symbol(_ nextBit: () throws(ExpansionFault) -> Int) throws(ExpansionFault) -> Int {
        var code = 0
        var first = 0
        var place = 0
        for count in counts.dropFirst() {
            code |= try nextBit()
            if code - count < first { return symbols[place + code - first] }
            place += count
            first = (first + count) << 1
            code <<= 1
        }
        throw .corrupt
    }
}
