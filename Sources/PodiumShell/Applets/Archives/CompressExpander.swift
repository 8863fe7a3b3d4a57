// SPDX-License-Identifier: Apache-2.0
// Expands what compress (LZW, `.Z`) made small.

import PodiumRuntime

/// Reads the format of compress.
struct CompressExpander: ByteConverter {
    private static let firstBits = 9
    private static let clear = 256

    private let input: [UInt8]
    private(set) var output: [UInt8] = []
    private var maximumBits = 16
    private var hasClear = false
    private var width = Self.firstBits
    private var hasBegun = false
    /// The bit that is read next, and where codes of the present width began.
    private var place = 24
    private var groupStart = 24
    /// Each string as its last byte and the string before it.
    private var prefixes: [Int] = []
    private var ends: [UInt8] = []
    private var last: Int?
    private var first: UInt8 = 0

    init(_ input: [UInt8]) { self.input = input }

    var effort: Int { place / 8 + output.count }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool {
        if !hasBegun {
            guard input.starts(with: [0x1F, 0x9D]), input.count > 2 else { throw .magic }
            maximumBits = Int(input[2] & 0x1F)
            hasClear = input[2] & 0x80 != 0
            guard (Self.firstBits...16).contains(maximumBits) else { throw .corrupt }
            hasBegun = true
            reset()
        }
        let goal = output.count + count
        while output.count < goal {
            guard let code = nextCode() else { return true }
            if code == Self.clear, hasClear {
                align()
                reset()
                continue
            }
            try expand(code)
            if output.count > CompressionFormat.maximumBytes { throw .tooLarge }
        }
        return false
    }

    private mutating func reset() {
        prefixes = Array(repeating: -1, count: hasClear ? 257 : 256)
        ends = (0..<prefixes.count).map { UInt8(truncatingIfNeeded: $0) }
        width = Self.firstBits
        last = nil
    }

    /// Codes come in groups of eight; the next width begins with the next group.
    private mutating func align() {
        let group = width * 8
        let rest = (place - groupStart) % group
        if rest > 0 { place += group - rest }
        groupStart = place
    }

    private mutating func nextCode() -> Int? {
        if prefixes.count > 1 << width - 1, width < maximumBits {
            align()
            width += 1
        }
        guard place + width <= input.count * 8 else { return nil }
        var code = 0
        for bit in 0..<width {
            let at = place + bit
            if input[at >> 3] >> UInt8(at & 7) & 1 != 0 { code |= 1 << bit }
        }
        place += width
        return code
    }

    private mutating func expand(_ code: Int) throws(ExpansionFault) {
        guard let previous = last else {
            guard code < 256 else { throw .corrupt }
            output.append(UInt8(code))
            (last, first) = (code, UInt8(code))
            return
        }
        guard code <= prefixes.count, code < prefixes.count || prefixes.count < 1 << maximumBits else { throw .corrupt }
        var string: [UInt8] = code == prefixes.count ? [first] : []
        var node = code == prefixes.count ? previous : code
        while node >= 0 {
            string.append(ends[node])
            node = prefixes[node]
        }
        first = string[string.count - 1]
        output += string.reversed()
        if prefixes.count < 1 << maximumBits {
            prefixes.append(previous)
            ends.append(first)
        }
        last = code
    }
}
