// SPDX-License-Identifier: Apache-2.0
// Which `Audit-Id` an answer carries: the client's own, or a fresh one.

import Glibc

/// Draws the ids of one connection's requests.
///
/// Not from the randomness of a cluster: reading must not shift what that draws. And without sharing anything, since
/// every answer takes one.
// Not Sendable: part of a `Connection`.
struct AuditIDs {
    /// The characters of a UUID.
    static let size = 36

    private var state: UInt64

    /// Ids of the connection numbered `id`; `seed` is the server's.
    init(seed: UInt64, connection id: UInt64) { state = Self.mix(seed ^ Self.mix(id)) }

    // SplitMix64
    private static func mix(_ number: UInt64) -> UInt64 {
        var bits = number
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    private mutating func draw() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// Writes a random UUID (version 4) to `text`, which has room for it.
    mutating func write(to text: UnsafeMutablePointer<CChar>) {
        let high = draw() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = draw() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let (middle, lower) = (Self.digits(high), Self.digits(low >> 32))
        let target = UnsafeMutableRawPointer(text)
        func write(_ digits: UInt32, at place: Int) {
            target.storeBytes(of: digits, toByteOffset: place, as: UInt32.self)
        }
        target.storeBytes(of: Self.digits(high >> 32), as: UInt64.self)
        write(UInt32(truncatingIfNeeded: middle), at: 9)
        write(UInt32(truncatingIfNeeded: middle >> 32), at: 14)
        write(UInt32(truncatingIfNeeded: lower), at: 19)
        write(UInt32(truncatingIfNeeded: lower >> 32), at: 24)
        target.storeBytes(of: Self.digits(low), toByteOffset: 28, as: UInt64.self)
        let dash = CChar(UInt8(ascii: "-"))
        (text[8], text[13], text[18], text[23]) = (dash, dash, dash, dash)
    }

    /// The lower half of `number` in eight hexadecimal digits, as they lie in memory. All at once, a byte a digit: one
    /// after the other they would take longer than finding an object.
    private static func digits(_ number: UInt64) -> UInt64 {
        var digits = number & 0xFFFF_FFFF
        digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF
        digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF
        digits = (digits | digits << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        let distance = UInt64(UInt8(ascii: "a") - 10 - UInt8(ascii: "0"))
        return (digits &+ 0x3030_3030_3030_3030 &+ letters &* distance).bigEndian
    }
}
