// SPDX-License-Identifier: Apache-2.0
// Reads amounts: which texts are quantities, and what they mean.

package import PodiumCodec

/// Why a text is not a quantity, in Kubernetes' words.
package enum QuantityError: String, Error, CustomStringConvertible {
    case format = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    case number = "unable to parse numeric part of quantity"
    case suffix = "unable to parse quantity's suffix"

    package var description: String { rawValue }
}

extension Quantity {
    /// Reads an amount; spaces around it do not count.
    package init(_ text: String) throws(QuantityError) {
        let units = Self.trimmed(Array(text.utf8))
        guard !units.isEmpty else { throw .format }
        let parts = try QuantityText(units)
        guard let suffix = QuantitySuffix(parts.suffix) else { throw .suffix }
        if let exact = Self.readExactly(parts, suffix) {
            self = exact
        } else if suffix.format == .binarySI {
            self = Self.readBinary(parts, suffix)
        } else {
            self = Self.readDecimal(parts, suffix)
        }
    }

    /// The amount in a JSON string or number; nil for anything else and for texts that are no quantities.
    package init?(json value: JSONValue?) {
        let text: String
        switch value {
        case .string(let string)?: text = string
        case .integer(let number)?: text = String(number)
        case .number(let number)?: text = number.text
        default: return nil
        }
        guard let quantity = try? Quantity(text) else { return nil }
        self = quantity
    }

    private static func trimmed(_ units: [UInt8]) -> [UInt8] {
        func isSpace(_ unit: UInt8) -> Bool { unit == 0x20 || (0x09...0x0D).contains(unit) }
        guard let first = units.firstIndex(where: { !isSpace($0) }),
            let last = units.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return first == 0 && last == units.count - 1 ? units : Array(units[first...last])
    }

    /// Amounts of few digits.
    ///
    /// They alone print as they were written when that looks canonical: `+1` and `5.` stay so.
    private static func readExactly(_ parts: QuantityText, _ suffix: QuantitySuffix) -> Quantity? {
        let digits = parts.whole + parts.fraction
        guard digits.count <= 18, let number = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
        let value = Int128(parts.isNegative ? -number : number)
        if suffix.format == .binarySI {
            guard parts.fraction.isEmpty, 15 - parts.whole.count - suffix.power * 3 / 10 - 1 >= 0 else { return nil }
            return Quantity(
                coefficient: value << Int128(suffix.power),
                exponent: 0,
                format: .binarySI,
                writtenText: number & 7 != 0 ? parts.text : nil
            )
        }
        let scale = suffix.power - parts.fraction.count
        guard scale >= -9 else { return nil }
        let isCanonical = scale % 3 == 0 && digits.first != UInt8(ascii: "0") && digits.suffix(3) != [0x30, 0x30, 0x30]
        return Quantity(
            coefficient: value,
            exponent: scale,
            format: suffix.format,
            writtenText: isCanonical ? parts.text : nil
        )
    }

    private static func readDecimal(_ parts: QuantityText, _ suffix: QuantitySuffix) -> Quantity {
        let (coefficient, dropped) = number(parts.whole + parts.fraction)
        let exponent = suffix.power - parts.fraction.count + dropped
        let signed = parts.isNegative ? -coefficient : coefficient
        return Quantity(coefficient: signed, exponent: exponent, format: suffix.format).roundedUp(to: -9)
    }

    /// Amounts in powers of 1024 with a fraction or many digits; they end at 2⁶³-1.
    private static func readBinary(_ parts: QuantityText, _ suffix: QuantitySuffix) -> Quantity {
        let limit = Int128(Int64.max)
        let (whole, dropped) = number(parts.whole)
        // Digits behind these would be lost in the rounding to 10⁻⁹ but for their being there.
        let fractionDigits = Array(parts.fraction.prefix(maximumFractionDigits))
        var fraction = number(fractionDigits).coefficient
        let lost = parts.fraction.dropFirst(maximumFractionDigits)
        if lost.contains(where: { $0 != UInt8(ascii: "0") }) { fraction += 1 }
        var amount = Quantity(coefficient: limit, exponent: 0, format: .binarySI)
        if dropped == 0, whole <= limit {
            let factor = Int128(1) << Int128(suffix.power)
            let base = Quantity(coefficient: whole * factor, exponent: 0, format: .binarySI)
            let rest = Quantity(coefficient: fraction * factor, exponent: -fractionDigits.count, format: .binarySI)
            amount = min(amount, (base + rest).roundedUp(to: -9))
        }
        if amount < Quantity(1) { amount.format = .decimalSI } else { amount.format = .binarySI }
        return parts.isNegative ? -amount : amount
    }

    /// Digits that, times 2⁶⁰, fit 128 bits.
    private static let maximumFractionDigits = 19

    /// The number that `digits` write, at most `maximumDigits` of them, rounded up; and how many digits it leaves out.
    private static func number(_ digits: [UInt8]) -> (coefficient: Int128, dropped: Int) {
        let significant = digits.drop { $0 == UInt8(ascii: "0") }
        var coefficient: Int128 = 0
        for digit in significant.prefix(maximumDigits) { coefficient = coefficient * 10 + Int128(digit - 0x30) }
        let rest = significant.dropFirst(maximumDigits)
        if rest.contains(where: { $0 != UInt8(ascii: "0") }) { coefficient += 1 }
        return (coefficient, rest.count)
    }
}

/// The parts of a quantity's text.
private struct QuantityText {
    let text: String
    var isNegative = false
    /// The digits before the point, without zeros at their front.
    var whole: [UInt8] = [UInt8(ascii: "0")]
    var fraction: [UInt8] = []
    var suffix = ""

    init(_ units: [UInt8]) throws(QuantityError) {
        text = String(decoding: units, as: UTF8.self)
        var position = 0
        func digits() -> [UInt8] {
            let start = position
            while position < units.count, (0x30...0x39).contains(units[position]) { position += 1 }
            return Array(units[start..<position])
        }
        if units[0] == UInt8(ascii: "-") || units[0] == UInt8(ascii: "+") {
            isNegative = units[0] == UInt8(ascii: "-")
            position = 1
        }
        while position < units.count, units[position] == UInt8(ascii: "0") { position += 1 }
        let leading = digits()
        if !leading.isEmpty { whole = leading }
        if position < units.count, units[position] == UInt8(ascii: ".") {
            position += 1
            fraction = digits()
        }
        let start = position
        while position < units.count, Self.suffixLetters.contains(units[position]) { position += 1 }
        if position < units.count, units[position] == UInt8(ascii: "-") || units[position] == UInt8(ascii: "+") {
            position += 1
        }
        _ = digits()
        guard position == units.count else { throw .format }
        suffix = String(decoding: units[start...], as: UTF8.self)
    }

    private static let suffixLetters = Array("eEinumkKMGTP".utf8)
}

/// What a suffix means.
private struct QuantitySuffix {
    let format: Quantity.Format
    /// The power of ten, or of two for `binarySI`.
    let power: Int

    init?(_ text: String) {
        if let power = Self.decimal[text] {
            format = .decimalSI
            self.power = power
        } else if let power = Self.binary[text] {
            format = .binarySI
            self.power = power
        } else if text.utf8.count > 1, text.first == "e" || text.first == "E", let power = Int(text.dropFirst()) {
            format = .decimalExponent
            self.power = max(-Self.maximumExponent, min(Self.maximumExponent, power))
        } else {
            return nil
        }
    }

    /// Powers of ten beyond this are read as this one; no amount of anything comes near it.
    private static let maximumExponent = 9999

    private static let decimal = [
        "": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
    ]
    private static let binary = ["Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60]
}
