// SPDX-License-Identifier: Apache-2.0
// The decoder of LZMA, which the formats of lzma and xz share.

import PodiumRuntime

/// Decodes symbols of a range coder into an output that is its own dictionary.
struct LzmaDecoder: Sendable {
    /// Where the probabilities of each kind stand.
    private enum Offset {
        static let isMatch = 0
        static let isRepeat = 192
        static let isFirst = 204
        static let isSecond = 216
        static let isThird = 228
        static let isLong = 240
        static let slots = 432
        static let distances = 688
        static let align = 816
        static let lengths = 832
        static let repeatLengths = 1346
        static let literals = 1860
    }

    private static let initialProbability: UInt16 = 1024
    private static let minimumLength = 2
    /// A match at this distance ends the data.
    private static let endDistance: UInt32 = 0xFFFF_FFFF

    private let input: [UInt8]
    /// The next byte of the input.
    private(set) var index: Int
    private(set) var output: [UInt8] = []
    private var range: UInt32 = 0xFFFF_FFFF
    private var code: UInt32 = 0
    private var probabilities: [UInt16] = []
    private var literalContext = 0
    private var literalMask = 0
    private var placeMask = 0
    private var state = 0
    private var repeats: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    /// Where the dictionary begins.
    private var start = 0
    /// Whether the data said itself that it ends.
    private(set) var isEnded = false
    /// A match that is still being copied.
    private var pending = 0

    init(_ input: [UInt8], from index: Int) {
        self.input = input
        self.index = index
    }

    /// Takes over the properties byte, and forgets what was learned; false when it is none.
    mutating func setProperties(_ byte: UInt8) -> Bool {
        guard byte < 225 else { return false }
        let (literal, rest) = (Int(byte) % 9, Int(byte) / 9)
        literalContext = literal
        literalMask = (1 << (rest % 5)) - 1
        placeMask = (1 << (rest / 5)) - 1
        guard literal + rest % 5 <= 8 else { return false }
        probabilities = Array(repeating: 0, count: Offset.literals + 0x300 << (literal + rest % 5))
        resetState()
        return true
    }

    /// Forgets what was learned.
    mutating func resetState() {
        for place in probabilities.indices { probabilities[place] = Self.initialProbability }
        state = 0
        repeats = (0, 0, 0, 0)
        pending = 0
    }

    mutating func resetDictionary() { start = output.count }

    /// Goes to another place of the input.
    mutating func seek(to place: Int) { index = place }

    /// Takes bytes that were not compressed.
    mutating func copy(_ count: Int) throws(ExpansionFault) {
        guard index + count <= input.count else { throw .short }
        output += input[index..<index + count]
        index += count
    }

    /// Reads what the range coder begins with.
    mutating func beginRange() throws(ExpansionFault) {
        guard index + 5 <= input.count else { throw .short }
        guard input[index] == 0 else { throw .corrupt }
        range = 0xFFFF_FFFF
        code = input[index + 1..<index + 5].reduce(0) { $0 << 8 | UInt32($1) }
        index += 5
    }

    // The range coder

    private mutating func normalize() throws(ExpansionFault) {
        guard range < 1 << 24 else { return }
        guard index < input.count else { throw .short }
        range <<= 8
        code = code << 8 | UInt32(input[index])
        index += 1
    }

    private mutating func bit(_ place: Int) throws(ExpansionFault) -> Int {
        try normalize()
        let probability = probabilities[place]
        let bound = (range >> 11) * UInt32(probability)
        if code < bound {
            range = bound
            probabilities[place] = probability + (2048 - probability) >> 5
            return 0
        }
        range -= bound
        code -= bound
        probabilities[place] = probability - probability >> 5
        return 1
    }

    private mutating func directBits(_ count: Int) throws(ExpansionFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            try normalize()
            range >>= 1
            value <<= 1
            if code >= range {
                code -= range
                value |= 1
            }
        }
        return value
    }

    private mutating func tree(_ base: Int, _ count: Int) throws(ExpansionFault) -> Int {
        var node = 1
        for _ in 0..<count { node = node << 1 | (try bit(base + node)) }
        return node - 1 << count
    }

    private mutating func reverseTree(_ base: Int, _ count: Int) throws(ExpansionFault) -> UInt32 {
        var node = 1
        var value: UInt32 = 0
        for shift in 0..<count {
            let next = try bit(base + node)
            node = node << 1 | next
            value |= UInt32(next) << UInt32(shift)
        }
        return value
    }

    private mutating func length(_ base: Int, _ place: Int) throws(ExpansionFault) -> Int {
        if try bit(base) == 0 { return Self.minimumLength + (try tree(base + 2 + place * 8, 3)) }
        if try bit(base + 1) == 0 { return Self.minimumLength + 8 + (try tree(base + 130 + place * 8, 3)) }
        return Self.minimumLength + 16 + (try tree(base + 258, 8))
    }

    // Symbols

    /// Decodes until the output has so many bytes, or until the data ends by itself.
    mutating func decode(to goal: Int) throws(ExpansionFault) {
        while output.count < goal, !isEnded {
            if pending > 0 {
                try copyMatch(goal)
                continue
            }
            let place = (output.count - start) & placeMask
            if try bit(Offset.isMatch + state << 4 + place) == 0 {
                try literal()
            } else if try bit(Offset.isRepeat + state) == 1 {
                try repeated(place)
            } else {
                try match(place)
            }
        }
    }

    private func byte(back distance: UInt32) throws(ExpansionFault) -> UInt8 {
        guard Int(distance) < output.count - start else { throw .corrupt }
        return output[output.count - Int(distance) - 1]
    }

    private mutating func literal() throws(ExpansionFault) {
        let count = output.count - start
        let before = count > 0 ? Int(output[output.count - 1]) : 0
        let context = (count & literalMask) << literalContext + before >> (8 - literalContext)
        let base = Offset.literals + 0x300 * context
        var symbol = 1
        if state >= 7 {
            // Behind a match the byte that would have come next tells much.
            var matched = Int(try byte(back: repeats.0))
            while symbol < 0x100 {
                let expected = matched >> 7 & 1
                matched <<= 1
                let found = try bit(base + (1 + expected) << 8 + symbol)
                symbol = symbol << 1 | found
                if found != expected { break }
            }
        }
        while symbol < 0x100 { symbol = symbol << 1 | (try bit(base + symbol)) }
        output.append(UInt8(truncatingIfNeeded: symbol))
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
    }

    private mutating func repeated(_ place: Int) throws(ExpansionFault) {
        guard output.count > start else { throw .corrupt }
        if try bit(Offset.isFirst + state) == 0 {
            if try bit(Offset.isLong + state << 4 + place) == 0 {
                output.append(try byte(back: repeats.0))
                state = state < 7 ? 9 : 11
                return
            }
        } else {
            let distance: UInt32
            if try bit(Offset.isSecond + state) == 0 {
                distance = repeats.1
            } else {
                if try bit(Offset.isThird + state) == 0 {
                    distance = repeats.2
                } else {
                    distance = repeats.3
                    repeats.3 = repeats.2
                }
                repeats.2 = repeats.1
            }
            repeats.1 = repeats.0
            repeats.0 = distance
        }
        pending = try length(Offset.repeatLengths, place)
        state = state < 7 ? 8 : 11
    }

    private mutating func match(_ place: Int) throws(ExpansionFault) {
        (repeats.3, repeats.2, repeats.1) = (repeats.2, repeats.1, repeats.0)
        let length = try length(Offset.lengths, place)
        state = state < 7 ? 7 : 10
        let slot = try tree(Offset.slots + min(length - Self.minimumLength, 3) << 6, 6)
        guard slot >= 4 else {
            repeats.0 = UInt32(slot)
            pending = length
            return
        }
        let count = slot >> 1 - 1
        var distance = UInt32(2 | slot & 1) << UInt32(count)
        if slot < 14 {
            distance += try reverseTree(Offset.distances + Int(distance) - slot - 1, count)
        } else {
            distance &+= try directBits(count - 4) << 4
            distance &+= try reverseTree(Offset.align, 4)
        }
        repeats.0 = distance
        if distance == Self.endDistance {
            isEnded = true
            try normalize()
        } else {
            pending = length
        }
    }

    private mutating func copyMatch(_ goal: Int) throws(ExpansionFault) {
        guard Int(repeats.0) < output.count - start else { throw .corrupt }
        while pending > 0, output.count < goal {
            output.append(output[output.count - Int(repeats.0) - 1])
            pending -= 1
        }
    }
}

/// Reads lzma.
struct LzmaExpander: ByteConverter {
    private static let headerBytes = 13

    private let input: [UInt8]
    private var decoder: LzmaDecoder
    /// How much there is; nil when the data says itself where it ends.
    private var size: Int?
    private var hasBegun = false

    init(_ input: [UInt8]) {
        self.input = input
        decoder = LzmaDecoder(input, from: Self.headerBytes)
    }

    var output: [UInt8] { decoder.output }
    var effort: Int { decoder.index + decoder.output.count }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool {
        if !hasBegun {
            hasBegun = true
            guard input.count >= Self.headerBytes else { throw input.isEmpty ? .magic : .short }
            guard decoder.setProperties(input[0]) else { throw .magic }
            let low = input.littleEndian(at: 5, bytes: 4) ?? 0
            let high = input.littleEndian(at: 9, bytes: 4) ?? 0
            if low != 0xFFFF_FFFF || high != 0xFFFF_FFFF {
                size = high == 0 ? low : .max
            }
            try decoder.beginRange()
        }
        let goal = min(size ?? .max, output.count + count)
        try decoder.decode(to: goal)
        if output.count > CompressionFormat.maximumBytes { throw .tooLarge }
        return decoder.isEnded || output.count == size
    }
}
