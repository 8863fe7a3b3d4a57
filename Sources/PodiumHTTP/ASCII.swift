// SPDX-License-Identifier: Apache-2.0
// The character classes of HTTP, by byte.

/// The character classes of HTTP.
// RFC 9110, sections 5.5 and 5.6.2
enum ASCII {
    private static let lowTokens = bits(of: "!#$%&'*+-.0123456789", from: 0)
    private static let highTokens = bits(of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~", from: 64)

    private static func bits(of text: StaticString, from first: UInt8) -> UInt64 {
        text.withUTF8Buffer { $0.reduce(0) { $0 | 1 << UInt64($1 - first) } }
    }

    /// Whether `bytes` is a name: one or more letters, digits and some signs, no space.
    @inline(__always)
    static func isToken(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let low = lowTokens
        let high = highTokens
        for byte in bytes {
            let set = byte < 64 ? low : byte < 128 ? high : 0
            if set >> UInt64(byte & 63) & 1 == 0 { return false }
        }
        return !bytes.isEmpty
    }

    /// Whether `bytes` holds no control characters but the tabulator.
    @inline(__always)
    static func isFieldValue(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        isFree(bytes) { block in
            (block .< SIMD16(repeating: 0x20)) .& (block .!= SIMD16(repeating: 0x09))
                .| (block .== SIMD16(repeating: 0x7F))
        }
    }

    /// Whether `bytes` holds neither control characters nor blanks.
    @inline(__always)
    static func isTarget(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        isFree(bytes) { block in
            (block .<= SIMD16(repeating: 0x20)) .| (block .== SIMD16(repeating: 0x7F))
        }
    }

    /// Whether `isBad` is true of none of `bytes`, looking at sixteen at a time: every request has hundreds of them.
    @inline(__always)
    private static func isFree(
        _ bytes: UnsafeBufferPointer<UInt8>,
        of isBad: (SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>>
    ) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        var offset = 0
        while offset + 16 <= raw.count {
            if any(isBad(raw.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self))) { return false }
            offset += 16
        }
        if offset == raw.count { return true }
        var rest = SIMD16<UInt8>(repeating: UInt8(ascii: "x"))
        withUnsafeMutableBytes(of: &rest) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[offset...])) }
        return !any(isBad(rest))
    }

    /// `bytes` without the blanks at its end, which are none of a field's value but which the library leaves there.
    @inline(__always)
    static func withoutTrailingBlanks(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var count = bytes.count
        while count > 0, bytes[count - 1] == UInt8(ascii: " ") || bytes[count - 1] == UInt8(ascii: "\t") { count -= 1 }
        return UnsafeBufferPointer(rebasing: bytes[..<count])
    }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// Whether `bytes` is `lowercase` in any case.
    @inline(__always)
    static func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ lowercase: StaticString) -> Bool {
        guard bytes.count == lowercase.utf8CodeUnitCount else { return false }
        let other = lowercase.utf8Start
        for index in 0..<bytes.count where lowercased(bytes[index]) != other[index] { return false }
        return true
    }
}
