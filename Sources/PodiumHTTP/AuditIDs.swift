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
        var high = draw() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        var low = draw() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        var place = Self.size
        for index in 0..<32 {
            if index == 12 || index == 16 || index == 20 || index == 24 {
                place -= 1
                text[place] = CChar(UInt8(ascii: "-"))
            }
            place -= 1
            let digit = UInt8(truncatingIfNeeded: low & 15)
            text[place] = CChar(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
            low >>= 4
            if index == 15 { swap(&low, &high) }
        }
    }
}
