// SPDX-License-Identifier: Apache-2.0
// Makes data small by DEFLATE (RFC 1951), with the codes that need no table.

/// Writes DEFLATE.
struct Deflater {
    private static let window = 1 << 15
    private static let minimumMatch = 3
    private static let maximumMatch = 258
    /// Earlier places that are tried for each one.
    private static let maximumTries = 16
    private static let hashBits = 14

    private let input: [UInt8]
    private var output: [UInt8] = []
    private var bits: UInt64 = 0
    private var bitCount = 0
    /// The last place of each hash, and the place before each place with the same one.
    private var heads: [Int32]
    private var previous: [Int32]

    private init(_ input: [UInt8]) {
        self.input = input
        heads = Array(repeating: -1, count: 1 << Self.hashBits)
        previous = Array(repeating: -1, count: Self.window)
    }

    /// The data as one block.
    static func compress(_ input: [UInt8]) -> [UInt8] {
        var deflater = Deflater(input)
        deflater.run()
        return deflater.output
    }

    private mutating func run() {
        put(1, 1)
        put(1, 2)
        var index = 0
        while index < input.count {
            let (length, distance) = longestMatch(at: index)
            if length >= Self.minimumMatch {
                putLength(length)
                putDistance(distance)
                for place in index..<index + length { remember(place) }
                index += length
            } else {
                putLiteral(Int(input[index]))
                remember(index)
                index += 1
            }
        }
        putLiteral(256)
        if bitCount > 0 { put(0, 8 - bitCount % 8) }
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

/// The format of gzip (RFC 1952).
enum Gzip {
    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]

    static func compress(_ input: [UInt8]) -> [UInt8] {
        header + Deflater.compress(input) + word(Checksum32.of(input)) + word(UInt32(truncatingIfNeeded: input.count))
    }

    private static func word(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    /// Whether data begins as gzip does.
    static func isMagic(_ input: some Collection<UInt8>) -> Bool { input.starts(with: header.prefix(2)) }

    /// What all members of a file expand to. What is no member any more ends it.
    static func expand(_ input: [UInt8]) throws(GzipFault) -> [UInt8] {
        var output: [UInt8] = []
        var index = 0
        repeat {
            guard isMagic(input[index...]), index + 10 <= input.count else { throw .magic }
            let start = try self.start(of: input, at: index)
            let member: (bytes: [UInt8], end: Int)
            do {
                member = try Inflater.expand(input, from: start)
            } catch {
                throw error == .short ? .short : error == .corrupt ? .corrupt : .tooLarge
            }
            guard member.end + 8 <= input.count else { throw .short }
            guard Array(input[member.end..<member.end + 4]) == word(Checksum32.of(member.bytes)) else { throw .check }
            output += member.bytes
            if output.count > Inflater.maximumBytes { throw .tooLarge }
            index = member.end + 8
        } while isMagic(input[index...])
        return output
    }

    private static func start(of input: [UInt8], at index: Int) throws(GzipFault) -> Int {
        let flags = input[index + 3]
        var start = index + 10
        if flags & 4 != 0 {
            guard start + 2 <= input.count else { throw .short }
            start += 2 + Int(input[start]) + Int(input[start + 1]) << 8
        }
        for flag: UInt8 in [8, 16] where flags & flag != 0 {
            guard start < input.count, let end = input[start...].firstIndex(of: 0) else { throw .short }
            start = end + 1
        }
        if flags & 2 != 0 { start += 2 }
        return start
    }
}

/// Why a gzip file cannot be read, in the words of busybox.
enum GzipFault: String, Error {
    case magic = "invalid magic"
    case short = "unexpected end of file"
    case corrupt = "corrupted data"
    case check = "crc error"
    case tooLarge = "out of memory"
}
