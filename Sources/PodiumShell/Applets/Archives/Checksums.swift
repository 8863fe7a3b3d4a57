// SPDX-License-Identifier: Apache-2.0
// The cyclic redundancy check of gzip, zip and bzip2.

/// The 32 bits that tell whether something was damaged.
struct Checksum32: Sendable {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { word, _ in word & 1 != 0 ? word >> 1 ^ 0xEDB8_8320 : word >> 1 }
    }

    private var state: UInt32 = 0xFFFF_FFFF

    init() {}

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for unit in bytes { state = state >> 8 ^ Self.table[Int((state ^ UInt32(unit)) & 0xFF)] }
    }

    /// The check of everything that was added.
    var value: UInt32 { ~state }

    /// The check of some bytes.
    static func of(_ bytes: [UInt8]) -> UInt32 {
        var sum = Checksum32()
        sum.add(bytes)
        return sum.value
    }
}
