// SPDX-License-Identifier: Apache-2.0
// The exact decimal digits of binary fractions, and how `%f`, `%e` and `%g` write them.

import PodiumCodec
import PodiumRuntime

/// The decimal digits of a finite number without its sign: `0.d₁d₂d₃… · 10^point`.
struct DecimalExpansion: Sendable {
    private var digits: [UInt8]
    private var point: Int

    /// All digits of a number; of one that is not finite, none.
    init(_ value: Double) {
        digits = []
        point = 0
        guard value.isFinite, value != 0 else { return }
        let significand = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
        let exponent = Int(max(value.exponentBitPattern, 1)) - 1075
        var limbs: [UInt32] = []
        Self.add(significand, to: &limbs)
        // m · 2^e is m · 5^-e · 10^e for a negative e.
        if exponent > 0 { for _ in 0..<exponent { Self.multiply(&limbs, by: 2) } }
        if exponent < 0 { Self.multiply(&limbs, byPowerOfFive: -exponent) }
        digits = Self.text(limbs)
        point = digits.count + min(0, exponent)
    }

    private static let base: UInt64 = 1_000_000_000

    private static func add(_ value: UInt64, to limbs: inout [UInt32]) {
        var rest = value
        while rest > 0 {
            limbs.append(UInt32(rest % base))
            rest /= base
        }
    }

    private static func multiply(_ limbs: inout [UInt32], by factor: UInt64) {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let product = UInt64(limbs[index]) * factor + carry
            limbs[index] = UInt32(product % base)
            carry = product / base
        }
        while carry > 0 {
            limbs.append(UInt32(carry % base))
            carry /= base
        }
    }

    private static func multiply(_ limbs: inout [UInt32], byPowerOfFive count: Int) {
        for _ in 0..<count / 12 { multiply(&limbs, by: 244_140_625) }
        for _ in 0..<count % 12 { multiply(&limbs, by: 5) }
    }

    private static func text(_ limbs: [UInt32]) -> [UInt8] {
        var digits: [UInt8] = []
        for limb in limbs {
            var rest = limb
            for _ in 0..<9 {
                digits.append(UInt8(rest % 10))
                rest /= 10
            }
        }
        while digits.last == 0 { digits.removeLast() }
        return digits.reversed()
    }

    /// Keeps `count` digits, rounding half to even; a count below zero keeps none.
    private mutating func round(to count: Int) {
        guard count < digits.count else { return }
        guard count >= 0 else {
            digits = []
            return
        }
        let dropped = digits[count...]
        digits.removeLast(digits.count - count)
        guard let first = dropped.first, first >= 5 else { return }
        let isHalf = first == 5 && dropped.dropFirst().allSatisfy { $0 == 0 }
        if isHalf, (digits.last ?? 0) % 2 == 0 { return }
        var index = count - 1
        while index >= 0, digits[index] == 9 {
            digits[index] = 0
            index -= 1
        }
        if index >= 0 {
            digits[index] += 1
        } else {
            digits.insert(1, at: 0)
            point += 1
        }
    }

    private func digit(_ index: Int) -> UInt8 { index >= 0 && index < digits.count ? digits[index] + 0x30 : 0x30 }

    /// `12.50`.
    func fixed(_ fraction: Int) -> [UInt8] {
        var rounded = self
        rounded.round(to: point + fraction)
        var text: [UInt8] = []
        if rounded.point <= 0 || rounded.digits.isEmpty { text.append(0x30) }
        for index in 0..<max(0, rounded.digits.isEmpty ? 0 : rounded.point) { text.append(rounded.digit(index)) }
        guard fraction > 0 else { return text }
        text.append(UInt8(ascii: "."))
        for index in 0..<fraction { text.append(rounded.digits.isEmpty ? 0x30 : rounded.digit(rounded.point + index)) }
        return text
    }

    /// `1.250000e+01`.
    func scientific(_ fraction: Int) -> [UInt8] {
        var rounded = self
        rounded.round(to: fraction + 1)
        var text = [rounded.digit(0)]
        if fraction > 0 {
            text.append(UInt8(ascii: "."))
            for index in 0..<fraction { text.append(rounded.digit(index + 1)) }
        }
        let exponent = rounded.digits.isEmpty ? 0 : rounded.point - 1
        text += [UInt8(ascii: "e"), exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")]
        let power = String(exponent.magnitude)
        return text + Array(((power.utf8.count < 2 ? "0" : "") + power).utf8)
    }

    /// `%g`: the shorter of both, without zeros at the end unless `keepsZeros`.
    func general(_ precision: Int, keepsZeros: Bool = false) -> [UInt8] {
        let kept = max(1, precision)
        var rounded = self
        rounded.round(to: kept)
        let exponent = rounded.digits.isEmpty ? 0 : rounded.point - 1
        if exponent < -4 || exponent >= kept {
            let text = scientific(kept - 1)
            guard !keepsZeros, let mark = text.firstIndex(of: UInt8(ascii: "e")) else { return text }
            return Self.trimmed(Array(text[..<mark])) + text[mark...]
        }
        let text = fixed(kept - 1 - exponent)
        return keepsZeros ? text : Self.trimmed(text)
    }

    private static func trimmed(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(UInt8(ascii: ".")) else { return text }
        var text = text
        while text.last == 0x30 { text.removeLast() }
        if text.last == UInt8(ascii: ".") { text.removeLast() }
        return text
    }

    /// A number as one of the conversions `feg` and their capitals writes it, without padding.
    static func text(
        _ value: Double,
        _ conversion: UInt8,
        precision: Int,
        keepsZeros: Bool = false
    ) -> [UInt8] {
        let isUpper = conversion.isUpper
        let sign = value.sign == .minus && !value.isNaN ? [UInt8(ascii: "-")] : []
        var text: [UInt8]
        if value.isNaN {
            text = Array("nan".utf8)
        } else if value.isInfinite {
            text = Array("inf".utf8)
        } else {
            let expansion = DecimalExpansion(value)
            switch conversion.lowercased {
            case UInt8(ascii: "e"): text = expansion.scientific(precision)
            case UInt8(ascii: "g"): text = expansion.general(precision, keepsZeros: keepsZeros)
            default: text = expansion.fixed(precision)
            }
        }
        if isUpper { text = text.map(\.uppercased) }
        return sign + text
    }
}
