// SPDX-License-Identifier: Apache-2.0
// Base 64, in which JSON carries bytes.

/// The standard alphabet with padding (RFC 4648, section 4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of `bytes`.
    static func encode(_ bytes: some Collection<UInt8>) -> String {
        var units: [UInt8] = []
        units.reserveCapacity((bytes.count + 2) / 3 * 4)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                units.append(alphabet[Int(buffer >> bits & 63)])
            }
        }
        if bits > 0 { units.append(alphabet[Int(buffer << (6 - bits) & 63)]) }
        while units.count % 4 != 0 { units.append(UInt8(ascii: "=")) }
        return String(decoding: units, as: UTF8.self)
    }

    /// How many bytes `text` stands for.
    static func decodedCount(_ text: String) -> Int {
        let digits = text.utf8.count { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return digits * 3 / 4
    }

    /// The bytes of `text`, which was checked when it was decoded; foreign characters are skipped.
    static func decode(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for unit in text.utf8 {
            guard let digit = value(of: unit) else { continue }
            buffer = buffer << 6 | digit
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        return bytes
    }

    private static func value(of unit: UInt8) -> UInt32? {
        switch unit {
        case 0x41...0x5A: UInt32(unit - 0x41)
        case 0x61...0x7A: UInt32(unit - 0x61) + 26
        case 0x30...0x39: UInt32(unit - 0x30) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
