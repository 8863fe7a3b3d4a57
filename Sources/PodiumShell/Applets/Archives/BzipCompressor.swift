// SPDX-License-Identifier: Apache-2.0
// Makes data small as bzip2 does.

import PodiumRuntime

/// Writes bzip2.
struct BzipCompressor: ByteConverter {
    /// The bytes of a block, which the format would allow to be much larger: one is sorted at once.
    private static let blockBytes = 64 << 10
    private static let maximumRun = 255
    /// The longest code; longer ones are avoided by making rare symbols less rare.
    private static let maximumCodeBits = 17

    private let input: [UInt8]
    private var index = 0
    private(set) var output: [UInt8] = Array("BZh9".utf8)
    private var bits: UInt64 = 0
    private var bitCount = 0
    private var total: UInt32 = 0

    init(_ input: [UInt8]) { self.input = input }

    /// Sorting a byte among others takes far longer than looking at it.
    var effort: Int { 16 * index }

    private mutating func put(_ value: Int, _ count: Int) {
        bits = bits << UInt64(count) | UInt64(value)
        bitCount += count
        while bitCount >= 8 {
            bitCount -= 8
            output.append(UInt8(truncatingIfNeeded: bits >> UInt64(bitCount)))
        }
    }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool {
        if index < input.count {
            writeBlock()
            return false
        }
        put(BzipExpander.endMagic >> 24, 24)
        put(BzipExpander.endMagic & 0xFF_FFFF, 24)
        put(Int(total >> 16), 16)
        put(Int(total & 0xFFFF), 16)
        if bitCount > 0 { put(0, 8 - bitCount) }
        return true
    }

    /// The next bytes, with those that come more than four times in a row counted.
    private mutating func nextBlock() -> (bytes: [UInt8], check: UInt32) {
        var bytes: [UInt8] = []
        var sum = BzipChecksum()
        while index < input.count, bytes.count < Self.blockBytes {
            let unit = input[index]
            var run = 1
            while run < 4 + Self.maximumRun, index + run < input.count, input[index + run] == unit { run += 1 }
            for _ in 0..<run { sum.add(unit) }
            bytes += repeatElement(unit, count: min(run, 4))
            if run >= 4 { bytes.append(UInt8(run - 4)) }
            index += run
        }
        return (bytes, sum.value)
    }

    private mutating func writeBlock() {
        let (bytes, check) = nextBlock()
        total = (total << 1 | total >> 31) ^ check
        let order = Self.sortedRotations(bytes)
        let origin = order.firstIndex(of: 0) ?? 0
        put(BzipExpander.blockMagic >> 24, 24)
        put(BzipExpander.blockMagic & 0xFF_FFFF, 24)
        put(Int(check >> 16), 16)
        put(Int(check & 0xFFFF), 16)
        put(0, 1)
        put(origin, 24)
        let alphabet = Set(bytes).sorted()
        put(Self.map(alphabet.map { Int($0) >> 4 }), 16)
        for row in 0..<16 {
            let columns = alphabet.filter { Int($0) >> 4 == row }.map { Int($0) & 15 }
            if !columns.isEmpty { put(Self.map(columns), 16) }
        }
        let last = order.map { bytes[(Int($0) + bytes.count - 1) % bytes.count] }
        writeSymbols(Self.symbols(last, alphabet), count: alphabet.count + 2)
    }

    private static func map(_ places: [Int]) -> Int { places.reduce(0) { $0 | 1 << (15 - $1) } }

    private mutating func writeSymbols(_ symbols: [Int], count: Int) {
        let lengths = Self.codeLengths(symbols, count: count)
        var codes = Array(repeating: 0, count: count)
        var code = 0
        for length in 1...Self.maximumCodeBits {
            for symbol in 0..<count where lengths[symbol] == length {
                codes[symbol] = code
                code += 1
            }
            code <<= 1
        }
        let groups = (symbols.count + BzipExpander.groupSymbols - 1) / BzipExpander.groupSymbols
        // There have to be two tables; all choose the first.
        put(2, 3)
        put(groups, 15)
        for _ in 0..<groups { put(0, 1) }
        for _ in 0..<2 {
            var current = lengths[0]
            put(current, 5)
            for length in lengths {
                while current != length {
                    put(current < length ? 2 : 3, 2)
                    current += current < length ? 1 : -1
                }
                put(0, 1)
            }
        }
        for symbol in symbols { put(codes[symbol], lengths[symbol]) }
    }

    /// The places at which the rotations of a block begin, in their order. Each round sorts by twice as many bytes as
    /// the one before, so that it takes no longer whatever repeats itself.
    private static func sortedRotations(_ bytes: [UInt8]) -> [Int32] {
        let count = bytes.count
        var order = [Int32](repeating: 0, count: count)
        var ranks = bytes.map { Int32($0) }
        var starts = [Int](repeating: 0, count: max(count, 256) + 1)
        func distribute(_ candidates: some Sequence<Int32>, _ ranks: [Int32], classes: Int) {
            for index in 0...classes { starts[index] = 0 }
            for rank in ranks { starts[Int(rank) + 1] += 1 }
            for index in 1...classes { starts[index] += starts[index - 1] }
            for place in candidates {
                let rank = Int(ranks[Int(place)])
                order[starts[rank]] = place
                starts[rank] += 1
            }
        }
        distribute((0..<count).lazy.map { Int32($0) }, ranks, classes: 256)
        var length = 0
        var classes = 0
        while true {
            // Those that are equal so far get the same rank.
            var renewed = ranks
            classes = 0
            for index in order.indices {
                let place = Int(order[index])
                if index > 0 {
                    let before = Int(order[index - 1])
                    let isEqual =
                        ranks[place] == ranks[before]
                        && (length == 0 || ranks[(place + length) % count] == ranks[(before + length) % count])
                    if !isEqual { classes += 1 }
                }
                renewed[place] = Int32(classes)
            }
            ranks = renewed
            classes += 1
            length = length == 0 ? 1 : length * 2
            if classes == count || length >= count { return order }
            let shifted = order.map { Int32((Int($0) + count - length % count) % count) }
            distribute(shifted, ranks, classes: classes)
        }
    }

    /// Moves to the front, and runs of the first as numbers.
    private static func symbols(_ bytes: [UInt8], _ alphabet: [UInt8]) -> [Int] {
        var order = alphabet
        var symbols: [Int] = []
        var run = 0
        func endRun() {
            while run > 0 {
                symbols.append(run & 1 == 1 ? 0 : 1)
                run = (run - 1) >> 1
            }
        }
        for unit in bytes {
            if unit == order[0] {
                run += 1
                continue
            }
            endRun()
            let place = order.firstIndex(of: unit) ?? 0
            order.remove(at: place)
            order.insert(unit, at: 0)
            symbols.append(place + 1)
        }
        endRun()
        symbols.append(alphabet.count + 1)
        return symbols
    }

    /// The lengths of the codes, by Huffman's method.
    private static func codeLengths(_ symbols: [Int], count: Int) -> [Int] {
        var weights = Array(repeating: 1, count: count)
        for symbol in symbols { weights[symbol] += 1 }
        while true {
            let lengths = lengths(weights)
            if lengths.allSatisfy({ $0 <= maximumCodeBits }) { return lengths }
            weights = weights.map { $0 / 2 + 1 }
        }
    }

    private static func lengths(_ weights: [Int]) -> [Int] {
        var parents = Array(repeating: -1, count: weights.count)
        var sums = weights
        var roots = Array(weights.indices)
        while roots.count > 1 {
            roots.sort { sums[$0] > sums[$1] }
            let (one, other) = (roots.removeLast(), roots.removeLast())
            parents[one] = sums.count
            parents[other] = sums.count
            roots.append(sums.count)
            sums.append(sums[one] + sums[other])
            parents.append(-1)
        }
        return weights.indices.map { symbol in
            var length = 0
            var node = symbol
            while parents[node] >= 0 {
                node = parents[node]
                length += 1
            }
            return length
        }
    }
}
