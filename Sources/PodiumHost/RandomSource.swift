// SPDX-License-Identifier: Apache-2.0
// Seeded randomness: names, UIDs, jitter.

import Synchronization

/// A source of random numbers that repeats itself for the same seed. Safe to use from any thread.
package final class RandomSource: Sendable {
    private let state: Mutex<UInt64>

    /// The alphabet of generated names: no vowels and no look-alikes, so that no words come out.
    private static let nameAlphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    /// A source that gives the same numbers for the same `seed`.
    package init(seed: UInt64) { state = Mutex(seed) }

    /// A source with a seed drawn from the system.
    package convenience init() {
        var system = SystemRandomNumberGenerator()
        self.init(seed: system.next())
    }

    /// Bytes drawn from the system, which nobody can tell from a seed.
    package static func secret(count: Int) -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &system) }
    }

    /// The next 64 random bits (SplitMix64).
    package func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = state
            bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
            return bits ^ (bits >> 31)
        }
    }

    /// A number from 0 up to, but not including, 1.
    package func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number below `bound`, which must be positive.
    package func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    /// How many characters are drawn for a name unless said otherwise.
    package static let suffixLength = 5

    /// Whether all of `text` are characters of generated names.
    package static func isNameSuffix(_ text: some Sequence<UInt8>) -> Bool { text.allSatisfy(nameAlphabet.contains) }

    /// The `length` characters behind a `generateName`.
    package func nameSuffix(length: Int = suffixLength) -> String {
        var units: [UInt8] = []
        for _ in 0..<length { units.append(Self.nameAlphabet[below(Self.nameAlphabet.count)]) }
        return String(decoding: units, as: UTF8.self)
    }

    /// A random UUID (version 4) in lower case.
    package func uid() -> String {
        let digits = Array("0123456789abcdef".utf8)
        var high = next()
        var low = next()
        high = high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        var units: [UInt8] = []
        units.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { units.append(UInt8(ascii: "-")) }
            let word = index < 16 ? high : low
            units.append(digits[Int(word >> UInt64(60 - index % 16 * 4) & 15)])
        }
        return String(decoding: units, as: UTF8.self)
    }
}
