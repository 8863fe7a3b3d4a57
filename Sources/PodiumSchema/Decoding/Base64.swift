// SPDX-License-Identifier: Apache-2.0
// Reads and writes base64 as Go does, with its errors.

/// Base64 with padding (RFC 4648, section 4). Line breaks are skipped when reading.
// Kubernetes: Go's encoding/base64, StdEncoding
package enum Base64 {
    /// Where a text stopped being base64.
    package struct CorruptInput: Error, Equatable {
        /// The byte, counted from 0.
        package let offset: Int

        package init(offset: Int) { self.offset = offset }

        /// The sentence that reaches the client.
        package var message: String { "illegal base64 data at input byte \(offset)" }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    /// The text of `bytes`.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for offset in 0..<3 { bits = bits << 8 | (offset < group.count ? UInt32(group[start + offset]) : 0) }
            for digit in 0..<4 {
                text.append(digit <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * digit)) & 63] : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of `text`.
    package static func decode(_ text: String) -> Result<[UInt8], CorruptInput> {
        var reader = Reader(text: Array(text.utf8))
        do throws(CorruptInput) {
            return .success(try reader.read())
        } catch {
            return .failure(error)
        }
    }

    /// Reads groups of four digits.
    private struct Reader {
        let text: [UInt8]
        var position = 0
        var bytes: [UInt8] = []

        init(text: [UInt8]) {
            self.text = text
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
                    throw CorruptInput(offset: position - digit)
                }
                let byte = text[position]
                position += 1
                if let value = Self.value(of: byte) {
                    bits |= UInt32(value) << UInt32(18 - 6 * digit)
                    continue
                }
                guard byte == padding else { throw CorruptInput(offset: position - 1) }
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

        private static func value(of byte: UInt8) -> UInt8? {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): 62
            case UInt8(ascii: "/"): 63
            default: nil
            }
        }
    }
}
