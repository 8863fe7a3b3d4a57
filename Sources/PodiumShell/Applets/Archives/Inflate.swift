// SPDX-License-Identifier: Apache-2.0
// Expands what DEFLATE (RFC 1951) made small.

/// Reads DEFLATE.
struct Inflater: ByteConverter {
    /// The bits of a code at most.
    private static let longestCode = 15

    static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145, 8193, 12_289, 16_385, 24_577,
    ]
    private static let codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let fixedLiterals = PrefixCodes(
        Array(repeating: 8, count: 144) + Array(repeating: 9, count: 112) + Array(repeating: 7, count: 24)
            + Array(repeating: 8, count: 8),
        longest: longestCode
    )
    private static let fixedDistances = PrefixCodes(Array(repeating: 5, count: 30), longest: longestCode)

    private let input: [UInt8]
    /// The first byte that was not looked at.
    private(set) var index: Int
    private var bits: UInt32 = 0
    private var bitCount = 0
    private(set) var output: [UInt8] = []
    private var isLast = false

    var effort: Int { index + output.count }

    /// The codes of the block that is being read.
    private var codes: (literals: PrefixCodes, distances: PrefixCodes)?

    /// A reader of data from `index` on.
    init(_ input: [UInt8], from index: Int = 0) {
        self.input = input
        self.index = index
    }

    private mutating func take(_ count: Int) throws(ExpansionFault) -> Int {
        while bitCount < count {
            guard index < input.count else { throw .short }
            bits |= UInt32(input[index]) << UInt32(bitCount)
            index += 1
            bitCount += 8
        }
        let value = bits & (1 << UInt32(count) - 1)
        bits >>= UInt32(count)
        bitCount -= count
        return Int(value)
    }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool {
        let goal = output.count + count
        while output.count < goal {
            if let (literals, distances) = codes {
                if try compressed(literals, distances, goal) { codes = nil }
            } else if isLast {
                return true
            } else {
                try block()
            }
        }
        return false
    }

    /// Begins a block.
    private mutating func block() throws(ExpansionFault) {
        isLast = try take(1) == 1
        switch try take(2) {
        case 0: try stored()
        case 1: codes = (Self.fixedLiterals, Self.fixedDistances)
        case 2: codes = try readCodes()
        default: throw .corrupt
        }
    }

    private mutating func stored() throws(ExpansionFault) {
        bits = 0
        bitCount = 0
        guard index + 4 <= input.count else { throw .short }
        let length = Int(input[index]) | Int(input[index + 1]) << 8
        let check = Int(input[index + 2]) | Int(input[index + 3]) << 8
        guard length ^ check == 0xFFFF else { throw .corrupt }
        index += 4
        guard index + length <= input.count else { throw .short }
        output += input[index..<index + length]
        index += length
        if output.count > CompressionFormat.maximumBytes { throw .tooLarge }
    }

    private mutating func readCodes() throws(ExpansionFault) -> (PrefixCodes, PrefixCodes) {
        let literals = try take(5) + 257
        let distances = try take(5) + 1
        let count = try take(4) + 4
        var lengths = Array(repeating: 0, count: 19)
        for place in Self.codeOrder.prefix(count) { lengths[place] = try take(3) }
        let codes = PrefixCodes(lengths, longest: Self.longestCode)
        lengths = []
        while lengths.count < literals + distances {
            let symbol = try codes.symbol { () throws(ExpansionFault) in try take(1) }
            switch symbol {
            case 16:
                guard let last = lengths.last else { throw .corrupt }
                lengths += Array(repeating: last, count: try take(2) + 3)
            case 17: lengths += Array(repeating: 0, count: try take(3) + 3)
            case 18: lengths += Array(repeating: 0, count: try take(7) + 11)
            default: lengths.append(symbol)
            }
        }
        guard lengths.count == literals + distances else { throw .corrupt }
        return (
            PrefixCodes(lengths[..<literals], longest: Self.longestCode),
            PrefixCodes(lengths[literals...], longest: Self.longestCode)
        )
    }

    /// Expands what a block holds, up to a length; whether that was all of it.
    private mutating func compressed(
        _ literals: PrefixCodes,
        _ distances: PrefixCodes,
        _ goal: Int
    ) throws(ExpansionFault) -> Bool {
        while output.count < goal {
            let symbol = try literals.symbol { () throws(ExpansionFault) in try take(1) }
            if symbol < 256 {
                output.append(UInt8(symbol))
            } else if symbol == 256 {
                return true
            } else {
                guard symbol - 257 < Self.lengthBases.count else { throw .corrupt }
                let length = Self.lengthBases[symbol - 257] + (try take(Self.lengthBits[symbol - 257]))
                let code = try distances.symbol { () throws(ExpansionFault) in try take(1) }
                guard code < Self.distanceBases.count else { throw .corrupt }
                let distance = Self.distanceBases[code] + (try take(code < 2 ? 0 : code / 2 - 1))
                guard distance <= output.count else { throw .corrupt }
                for _ in 0..<length { output.append(output[output.count - distance]) }
            }
            if output.count > CompressionFormat.maximumBytes { throw .tooLarge }
        }
        return false
    }
}
