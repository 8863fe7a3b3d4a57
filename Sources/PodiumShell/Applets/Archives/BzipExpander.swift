// SPDX-License-Identifier: Apache-2.0
// Expands what bzip2 made small.

import PodiumRuntime

/// The check sums of bzip2, whose highest bits come first.
struct BzipChecksum: Sendable {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index) << 24) { word, _ in word >> 31 != 0 ? word << 1 ^ 0x04C1_1DB7 : word << 1 }
    }

    private var state: UInt32 = 0xFFFF_FFFF

    mutating func add(_ unit: UInt8) { state = state << 8 ^ Self.table[Int(state >> 24 ^ UInt32(unit))] }

    var value: UInt32 { ~state }
}

/// Reads bzip2.
struct BzipExpander: ByteConverter {
    static let blockMagic = 0x3141_5926_5359
    static let endMagic = 0x1772_4538_5090
    /// How many symbols one choice of a table is for.
    static let groupSymbols = 50
    private static let maximumCodeBits = 20

    /// A block whose order is being undone.
    private struct Block: Sendable {
        /// Each byte, with the place of the next one above it.
        var links: [UInt32]
        var place: Int
        var left: Int
        /// How often the last byte came in a row.
        var run = 0
        var last: UInt8 = 0
        var check: UInt32
        var sum = BzipChecksum()
    }

    private let input: [UInt8]
    private var index = 0
    private var bits: UInt64 = 0
    private var bitCount = 0
    private(set) var output: [UInt8] = []
    private var block: Block?
    /// The largest block, by what the file begins with; 0 between files.
    private var blockBytes = 0
    /// The bytes of all blocks so far.
    private var sorted = 0

    var effort: Int { index + sorted + output.count }

    init(_ input: [UInt8]) { self.input = input }

    private mutating func take(_ count: Int) throws(ExpansionFault) -> Int {
        while bitCount < count {
            guard index < input.count else { throw .short }
            bits = bits << 8 | UInt64(input[index])
            index += 1
            bitCount += 8
        }
        bitCount -= count
        return Int(bits >> UInt64(bitCount) & (1 << UInt64(count) - 1))
    }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool {
        if block != nil {
            try restore(count)
            return false
        }
        if blockBytes == 0 { return try beginFile() }
        let magic = try take(24) << 24 | take(24)
        if magic == Self.blockMagic {
            try readBlock()
        } else if magic == Self.endMagic {
            // The sum of all blocks, each of which was checked.
            _ = try take(32)
            bitCount -= bitCount % 8
            blockBytes = 0
        } else {
            throw .corrupt
        }
        return false
    }

    /// Begins a file; whether there is none any more.
    private mutating func beginFile() throws(ExpansionFault) -> Bool {
        let isFirst = index == 0
        let start = index - bitCount / 8
        guard input[start...].starts(with: "BZh".utf8), start + 3 < input.count else {
            if isFirst { throw input.isEmpty || !"BZh".utf8.starts(with: input[start...]) ? .magic : .short }
            return true
        }
        let digit = Int(input[start + 3]) - 0x30
        guard (1...9).contains(digit) else {
            if isFirst { throw .magic }
            return true
        }
        (index, bits, bitCount) = (start + 4, 0, 0)
        blockBytes = digit * 100_000
        return false
    }

    private mutating func readBlock() throws(ExpansionFault) {
        let check = UInt32(try take(16) << 16 | take(16))
        // Blocks in a random order have not been written for decades.
        guard try take(1) == 0 else { throw .corrupt }
        let origin = try take(24)
        let alphabet = try readAlphabet()
        let tables = try take(3)
        let choices = try take(15)
        guard (2...6).contains(tables), choices > 0 else { throw .corrupt }
        var order = Array(0..<tables)
        var selectors: [Int] = []
        for _ in 0..<choices {
            var place = 0
            while try take(1) == 1 {
                place += 1
                guard place < tables else { throw .corrupt }
            }
            let table = order.remove(at: place)
            order.insert(table, at: 0)
            selectors.append(table)
        }
        var codes: [PrefixCodes] = []
        for _ in 0..<tables {
            codes.append(PrefixCodes(try readLengths(alphabet.count + 2), longest: Self.maximumCodeBits))
        }
        let bytes = try readSymbols(alphabet, selectors, codes)
        guard origin < bytes.count else { throw .corrupt }
        sorted += 2 * bytes.count
        block = Self.linked(bytes, origin, check)
    }

    private mutating func readAlphabet() throws(ExpansionFault) -> [UInt8] {
        let rows = try take(16)
        var alphabet: [UInt8] = []
        for row in 0..<16 where rows >> (15 - row) & 1 != 0 {
            let columns = try take(16)
            for column in 0..<16 where columns >> (15 - column) & 1 != 0 { alphabet.append(UInt8(row * 16 + column)) }
        }
        guard !alphabet.isEmpty else { throw .corrupt }
        return alphabet
    }

    private mutating func readLengths(_ count: Int) throws(ExpansionFault) -> [Int] {
        var length = try take(5)
        var lengths: [Int] = []
        for _ in 0..<count {
            while try take(1) == 1 { length += try take(1) == 0 ? 1 : -1 }
            guard (1...Self.maximumCodeBits).contains(length) else { throw .corrupt }
            lengths.append(length)
        }
        return lengths
    }

    /// The last column of the sorted block, from moves to the front and from runs.
    private mutating func readSymbols(
        _ alphabet: [UInt8],
        _ selectors: [Int],
        _ codes: [PrefixCodes]
    ) throws(ExpansionFault) -> [UInt8] {
        var order = alphabet
        var bytes: [UInt8] = []
        var run = 0
        var weight = 1
        for selector in selectors {
            for _ in 0..<Self.groupSymbols {
                let symbol = try codes[selector].symbol { () throws(ExpansionFault) in try take(1) }
                if symbol < 2 {
                    run += weight << symbol
                    weight <<= 1
                    guard run <= blockBytes else { throw .corrupt }
                    continue
                }
                if run > 0 {
                    guard bytes.count + run <= blockBytes else { throw .corrupt }
                    bytes += repeatElement(order[0], count: run)
                    (run, weight) = (0, 1)
                }
                if symbol == alphabet.count + 1 { return bytes }
                guard symbol - 1 < order.count, bytes.count < blockBytes else { throw .corrupt }
                let unit = order.remove(at: symbol - 1)
                order.insert(unit, at: 0)
                bytes.append(unit)
            }
        }
        throw .corrupt
    }

    private static func linked(_ bytes: [UInt8], _ origin: Int, _ check: UInt32) -> Block {
        var starts = Array(repeating: 0, count: 257)
        for unit in bytes { starts[Int(unit) + 1] += 1 }
        for index in 1..<257 { starts[index] += starts[index - 1] }
        var links = bytes.map { UInt32($0) }
        for (place, unit) in bytes.enumerated() {
            links[starts[Int(unit)]] |= UInt32(place) << 8
            starts[Int(unit)] += 1
        }
        return Block(links: links, place: Int(links[origin] >> 8), left: bytes.count, check: check)
    }

    /// Undoes the order and the runs of a block, up to about so many bytes.
    private mutating func restore(_ count: Int) throws(ExpansionFault) {
        guard var current = block else { return }
        // Held here only, so that nothing is copied.
        block = nil
        let goal = output.count + count
        while current.left > 0, output.count < goal {
            let link = current.links[current.place]
            let unit = UInt8(truncatingIfNeeded: link)
            current.place = Int(link >> 8)
            current.left -= 1
            if current.run == 4 {
                // The byte behind four equal ones says how many more there are.
                for _ in 0..<unit {
                    output.append(current.last)
                    current.sum.add(current.last)
                }
                current.run = 0
                continue
            }
            current.run = current.run > 0 && unit == current.last ? current.run + 1 : 1
            current.last = unit
            output.append(unit)
            current.sum.add(unit)
        }
        if output.count > CompressionFormat.maximumBytes { throw .tooLarge }
        if current.left > 0 {
            block = current
        } else if current.sum.value != current.check {
            throw .check
        }
    }
}
