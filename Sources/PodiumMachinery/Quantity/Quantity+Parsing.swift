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
        let units = Self.trimmed(Array(text.utf8)[...])
        guard !units.isEmpty else { throw .format }
        let parts = try QuantityText(units, of: text)
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

    private static func trimmed(_ units: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ unit: UInt8) -> Bool { unit == 0x20 || (0x09...0x0D).contains(unit) }
        guard let first = units.firstIndex(where: { !isSpace($0) }),
            let last = units.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return units[first...last]
    }

    /// Amounts of few digits.
    ///
    /// They alone print as they were written when that looks canonical: `+1` and `5.` stay so.
    private static func readExactly(_ parts: QuantityText, _ suffix: QuantitySuffix) -> Quantity? {
        let count = parts.whole.count + parts.fraction.count
        guard count <= 18 else { return nil }
        var number: Int64 = 0
        for digit in parts.whole { number = number * 10 + Int64(digit - 0x30) }
        for digit in parts.fraction { number = number * 10 + Int64(digit - 0x30) }
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
        let endsInThousands = count >= 3 && number % 1000 == 0
        let isCanonical = scale % 3 == 0 && parts.whole.first != UInt8(ascii: "0") && !endsInThousands
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
        let fractionDigits = parts.fraction.prefix(maximumFractionDigits)
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
    private static func number(_ digits: ArraySlice<UInt8>) -> (coefficient: Int128, dropped: Int) {
        let significant = digits.drop { $0 == UInt8(ascii: "0") }
        var coefficient: Int128 = 0
        for digit in significant.prefix(maximumDigits) { coefficient = coefficient * 10 + Int128(digit - 0x30) }
        let rest = significant.dropFirst(maximumDigits)
        if rest.contains(where: { $0 != UInt8(ascii: "0") }) { coefficient += 1 }
        return (coefficient, rest.count)
    }
}

/// The parts of a quantity's text.
// Slices of one array, because amounts are read several times on every pod's way into storage.
private struct QuantityText {
    let text: String
    var isNegative = false
    /// The digits before the point, without zeros at their front.
    var whole = zero
    var fraction: ArraySlice<UInt8> = []
    let suffix: ArraySlice<UInt8>

    private static let zero = [UInt8(ascii: "0")][...]

    /// Takes `units` apart, which are those of `text` without the spaces around it.
    init(_ units: ArraySlice<UInt8>, of text: String) throws(QuantityError) {
        self.text = units.count == text.utf8.count ? text : String(decoding: units, as: UTF8.self)
        var rest = units
        func isNext(_ byte: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: byte) }
        func digits() -> ArraySlice<UInt8> {
            let start = rest
            rest = rest.drop { $0.isDigit }
            return start[..<rest.startIndex]
        }
        if isNext("-") || isNext("+") {
            isNegative = isNext("-")
            rest = rest.dropFirst()
        }
        rest = rest.drop { $0 == UInt8(ascii: "0") }
        let leading = digits()
        if !leading.isEmpty { whole = leading }
        if isNext(".") {
            rest = rest.dropFirst()
            fraction = digits()
        }
        suffix = rest
        rest = rest.drop { Self.suffixLetters.contains($0) }
        if isNext("-") || isNext("+") { rest = rest.dropFirst() }
        _ = digits()
        guard rest.isEmpty else { throw .format }
    }

    private static let suffixLetters = Array("eEinumkKMGTP".utf8)
}

/// What a suffix means.
private struct QuantitySuffix {
    let format: Quantity.Format
    /// The power of ten, or of two for `binarySI`.
    let power: Int

    init?(_ units: ArraySlice<UInt8>) {
        if units.isEmpty {
            (format, power) = (.decimalSI, 0)
        } else if units.count == 1, let power = units.first.flatMap(Self.decimal) {
            (format, self.power) = (.decimalSI, power)
        } else if units.count == 2, units.last == UInt8(ascii: "i"), let power = units.first.flatMap(Self.binary) {
            (format, self.power) = (.binarySI, power)
        } else if units.first == UInt8(ascii: "e") || units.first == UInt8(ascii: "E"),
            let power = Int(String(decoding: units.dropFirst(), as: UTF8.self))
        {
            format = .decimalExponent
            self.power = max(-Self.maximumExponent, min(Self.maximumExponent, power))
        } else {
            return nil
        }
    }

    /// Powers of ten beyond this are read as this one; no amount of anything comes near it.
    private static let maximumExponent = 9999

    private static func decimal(_ letter: UInt8) -> Int? {
        switch letter {
        case UInt8(ascii: "n"): -9
        case UInt8(ascii: "u"): -6
        case UInt8(ascii: "m"): -3
        case UInt8(ascii: "k"): 3
        case UInt8(ascii: "M"): 6
        case UInt8(ascii: "G"): 9
        case UInt8(ascii: "T"): 12
        case UInt8(ascii: "P"): 15
        case UInt8(ascii: "E"): 18
        default: nil
        }
    }

    private static func binary(_ letter: UInt8) -> Int? {
        switch letter {
        case UInt8(ascii: "K"): 10
        case UInt8(ascii: "M"): 20
        case UInt8(ascii: "G"): 30
        case UInt8(ascii: "T"): 40
        case UInt8(ascii: "P"): 50
        case UInt8(ascii: "E"): 60
        default: nil
        }
    }
}
