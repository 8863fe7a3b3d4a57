// SPDX-License-Identifier: Apache-2.0
// Reads and writes base64 as Go does, with its errors.

/// Base64 (RFC 4648). Line breaks are skipped when reading.
// Kubernetes: Go's encoding/base64, StdEncoding and RawURLEncoding
package enum Base64 {
    /// Which 64 characters stand for six bits, and whether the text is filled up to groups of four.
    package enum Variant: Sendable {
        /// With `+` and `/`, filled up with `=`.
        case standard
        /// With `-` and `_`, not filled up.
        case url
    }

    /// Where a text stopped being base64.
    package struct CorruptInput: Error, Equatable {
        /// The byte, counted from 0.
        package let offset: Int

        package init(offset: Int) { self.offset = offset }

        /// The sentence that reaches the client.
        package var message: String { "illegal base64 data at input byte \(offset)" }
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let standardAlphabet = Array("\(letters)+/".utf8)
    private static let urlAlphabet = Array("\(letters)-_".utf8)
    private static let padding = UInt8(ascii: "=")

    /// The text of `bytes`.
    package static func encode(_ bytes: some Sequence<UInt8>, as variant: Variant = .standard) -> String {
        let bytes = Array(bytes)
        let alphabet = variant == .url ? urlAlphabet : standardAlphabet
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for offset in 0..<3 { bits = bits << 8 | (offset < group.count ? UInt32(group[start + offset]) : 0) }
            for digit in 0..<4 {
                if digit <= group.count {
                    text.append(alphabet[Int(bits >> UInt32(18 - 6 * digit)) & 63])
                } else if variant == .standard {
                    text.append(padding)
                }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of `text`.
    package static func decode(_ text: String, as variant: Variant = .standard) -> Result<[UInt8], CorruptInput> {
        var reader = Reader(text: Array(text.utf8), variant: variant)
        do throws(CorruptInput) {
            return .success(try reader.read())
        } catch {
            return .failure(error)
        }
    }

    /// The bytes of a text that was checked before; none when it is corrupt all the same.
    package static func bytes(of text: String) -> [UInt8] { (try? decode(text).get()) ?? [] }

    /// How many bytes a text stands for that was checked before.
    package static func decodedCount(_ text: String) -> Int {
        text.utf8.count { $0 != padding && $0 != 0x0A && $0 != 0x0D } * 3 / 4
    }

    /// Reads groups of four digits.
    private struct Reader {
        let text: [UInt8]
        let variant: Variant
        var position = 0
        var bytes: [UInt8] = []

        init(text: [UInt8], variant: Variant) {
            self.text = text
            self.variant = variant
            bytes.reserveCapacity(text.count / 4 * 3)
        }

        mutating func read() throws(CorruptInput) -> [UInt8] {
            while try readGroup() {}
            return bytes
        }

        /// Reads one group; false at the end.
        private mutating func readGroup() throws(CorruptInput) -> Bool {
            var bits: UInt32 = 0
            for digit in 0..<4 {
                skipLineBreaks()
                guard position < text.count else {
                    if digit == 0 { return false }
                    guard variant == .url, digit > 1 else { throw CorruptInput(offset: position - digit) }
                    append(bits, count: digit - 1)
                    return false
                }
                let byte = text[position]
                position += 1
                if let value = value(of: byte) {
                    bits |= UInt32(value) << UInt32(18 - 6 * digit)
                    continue
                }
                guard byte == padding, variant == .standard else { throw CorruptInput(offset: position - 1) }
                try readPadding(after: digit)
                append(bits, count: digit - 1)
                return false
            }
            append(bits, count: 3)
            return true
        }

        /// Reads what follows the first `=` behind `digits` digits: another one if needed, and then nothing.
        private mutating func readPadding(after digits: Int) throws(CorruptInput) {
            if digits < 2 { throw CorruptInput(offset: position - 1) }
            if digits == 2 {
                skipLineBreaks()
                guard position < text.count else { throw CorruptInput(offset: text.count) }
                guard text[position] == padding else { throw CorruptInput(offset: position - 1) }
                position += 1
            }
            skipLineBreaks()
            if position < text.count { throw CorruptInput(offset: position) }
        }

        private mutating func append(_ bits: UInt32, count: Int) {
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * index))) }
        }

        private mutating func skipLineBreaks() {
            while position < text.count, text[position] == 0x0A || text[position] == 0x0D { position += 1 }
        }

        private func value(of byte: UInt8) -> UInt8? {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+") where variant == .standard: 62
            case UInt8(ascii: "/") where variant == .standard: 63
            case UInt8(ascii: "-") where variant == .url: 62
            case UInt8(ascii: "_") where variant == .url: 63
            default: nil
            }
        }
    }
}
