// SPDX-License-Identifier: Apache-2.0
// Makes data small by DEFLATE (RFC 1951), with the codes that need no table.

import PodiumRuntime

/// Writes DEFLATE.
struct Deflater: ByteConverter {
    private static let window = 1 << 15
    private static let minimumMatch = 3
    private static let maximumMatch = 258
    /// Earlier places that are tried for each one.
    private static let maximumTries = 16
    private static let hashBits = 14

    var effort: Int { index ?? 0 }

    private let input: [UInt8]
    private(set) var output: [UInt8] = []
    /// The place in the input; nil before the block is begun.
    private var index: Int?
    private var bits: UInt64 = 0
    private var bitCount = 0
    /// The last place of each hash, and the place before each place with the same one.
    private var heads: [Int32]
    private var previous: [Int32]

    /// A writer of one block.
    init(_ input: [UInt8]) {
        self.input = input
        heads = Array(repeating: -1, count: 1 << Self.hashBits)
        previous = Array(repeating: -1, count: Self.window)
    }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool {
        if index == nil {
            put(1, 1)
            put(1, 2)
        }
        var place = index ?? 0
        let goal = min(input.count, place + count)
        while place < goal {
            let (length, distance) = longestMatch(at: place)
            if length >= Self.minimumMatch {
                putLength(length)
                putDistance(distance)
                for matched in place..<place + length { remember(matched) }
                place += length
            } else {
                putLiteral(Int(input[place]))
                remember(place)
                place += 1
            }
        }
        index = place
        guard place >= input.count else { return false }
        putLiteral(256)
        if bitCount > 0 { put(0, 8 - bitCount % 8) }
        return true
    }

    private func hash(at index: Int) -> Int? {
        guard index + 2 < input.count else { return nil }
        let word = UInt32(input[index]) << 16 | UInt32(input[index + 1]) << 8 | UInt32(input[index + 2])
        return Int((word &* 0x9E37_79B1) >> UInt32(32 - Self.hashBits))
    }

    private mutating func remember(_ index: Int) {
        guard let hash = hash(at: index) else { return }
        previous[index & (Self.window - 1)] = heads[hash]
        heads[hash] = Int32(index)
    }

    private func longestMatch(at index: Int) -> (length: Int, distance: Int) {
        guard let hash = hash(at: index) else { return (0, 0) }
        var best = (length: 0, distance: 0)
        var place = Int(heads[hash])
        var tries = 0
        let limit = min(Self.maximumMatch, input.count - index)
        while place >= 0, index - place < Self.window, tries < Self.maximumTries {
            var length = 0
            while length < limit, input[place + length] == input[index + length] { length += 1 }
            if length > best.length { best = (length, index - place) }
            let next = Int(previous[place & (Self.window - 1)])
            guard next < place else { break }
            place = next
            tries += 1
        }
        return best
    }

    /// Writes bits, the lowest first.
    private mutating func put(_ value: Int, _ count: Int) {
        bits |= UInt64(value) << UInt64(bitCount)
        bitCount += count
        while bitCount >= 8 {
            output.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
            bitCount -= 8
        }
    }

    /// Writes a code, whose highest bit comes first.
    private mutating func putCode(_ code: Int, _ count: Int) {
        var reversed = 0
        for bit in 0..<count where code >> bit & 1 != 0 { reversed |= 1 << (count - 1 - bit) }
        put(reversed, count)
    }

    private mutating func putLiteral(_ symbol: Int) {
        switch symbol {
        case ..<144: putCode(0x30 + symbol, 8)
        case ..<256: putCode(0x190 + symbol - 144, 9)
        case ..<280: putCode(symbol - 256, 7)
        default: putCode(0xC0 + symbol - 280, 8)
        }
    }

    private mutating func putLength(_ length: Int) {
        let (symbol, bits, extra) = Self.place(of: length, in: Inflater.lengths)
        putLiteral(257 + symbol)
        put(extra, bits)
    }

    private mutating func putDistance(_ distance: Int) {
        let (symbol, bits, extra) = Self.place(of: distance, in: Inflater.distances)
        putCode(symbol, 5)
        put(extra, bits)
    }

    private static func place(of value: Int, in table: [(base: Int, bits: Int)]) -> (Int, Int, Int) {
        var symbol = table.count - 1
        while table[symbol].base > value { symbol -= 1 }
        return (symbol, table[symbol].bits, value - table[symbol].base)
    }
}

extension Inflater {
    /// The shortest length of each symbol, and the bits that say how much longer.
    static let lengths = zip(lengthBases, lengthBits).map { (base: $0, bits: $1) }
    /// The shortest distance of each symbol, and the bits that say how much farther.
    static let distances = distanceBases.enumerated().map { (base: $1, bits: $0 < 2 ? 0 : $0 / 2 - 1) }
}
