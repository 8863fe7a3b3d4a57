// SPDX-License-Identifier: Apache-2.0
// A set of bytes, for the brackets of regular expressions and for tr.

/// A set of bytes.
struct ByteSet: Hashable, Sendable {
    private var words = SIMD4<UInt64>(repeating: 0)

    /// The empty set.
    init() {}

    /// The bytes of some ranges.
    init(_ ranges: [ClosedRange<UInt8>]) {
        for range in ranges {
            for unit in range { insert(unit) }
        }
    }

    /// Every byte.
    static let all = ByteSet([0...255])

    mutating func insert(_ unit: UInt8) { words[Int(unit >> 6)] |= 1 << UInt64(unit & 63) }

    func contains(_ unit: UInt8) -> Bool { words[Int(unit >> 6)] >> UInt64(unit & 63) & 1 != 0 }

    mutating func formUnion(_ other: ByteSet) { words |= other.words }

    /// Everything that is not in this set.
    var complement: ByteSet {
        var result = self
        result.words = ~words
        return result
    }

    /// This set, with both cases of each letter.
    var foldingCase: ByteSet {
        var result = self
        for unit: UInt8 in 0x41...0x5A where contains(unit) || contains(unit | 0x20) {
            result.insert(unit)
            result.insert(unit | 0x20)
        }
        return result
    }
}
