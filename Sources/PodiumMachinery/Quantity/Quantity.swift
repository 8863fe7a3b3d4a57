// SPDX-License-Identifier: Apache-2.0
// Amounts of resources: exact decimal numbers that remember in which notation they were written.

/// An exact amount such as `500m`, `1.5Gi` or `1e3`.
///
/// The value is `coefficient` × 10^`exponent`. Nothing is finer than 10⁻⁹ (finer amounts round away from zero), and
/// coefficients hold `maximumDigits` digits; longer ones round away from zero as well.
// Kubernetes: apimachinery/pkg/api/resource/quantity.go
package struct Quantity: Sendable {
    /// The notation in which an amount is printed.
    package enum Format: Sendable {
        /// `12e6`
        case decimalExponent
        /// `12Mi`
        case binarySI
        /// `12M`
        case decimalSI
    }

    /// How many decimal digits a coefficient keeps.
    package static let maximumDigits = 36

    /// The digits of the amount, with its sign.
    var coefficient: Int128
    /// The power of ten that the coefficient counts.
    var exponent: Int
    /// The notation in which it is printed.
    package var format: Format
    /// The text as written, when that is what Kubernetes prints again.
    var writtenText: String?

    init(coefficient: Int128, exponent: Int, format: Format, writtenText: String? = nil) {
        self.coefficient = coefficient
        self.exponent = coefficient == 0 ? 0 : exponent
        self.format = format
        self.writtenText = writtenText
    }

    /// A whole number.
    package init(_ value: Int64, format: Format = .decimalSI) {
        self.init(coefficient: Int128(value), exponent: 0, format: format)
    }

    /// A number of thousandths.
    package init(milli value: Int64, format: Format = .decimalSI) {
        self.init(coefficient: Int128(value), exponent: -3, format: format)
    }

    /// Nothing.
    /// A number of billionths.
    package init(nano value: Int64, format: Format = .decimalSI) {
        self.init(coefficient: Int128(value), exponent: -9, format: format)
    }

    package static let zero = Quantity(0)

    /// Whether the amount is nothing.
    package var isZero: Bool { coefficient == 0 }

    /// -1, 0 or 1.
    package var sign: Int { coefficient.signum() == 0 ? 0 : coefficient < 0 ? -1 : 1 }

    /// The amount as a whole number, rounded away from zero; saturates at the bounds of `Int64`.
    package var value: Int64 { scaledValue(0) }

    /// The amount in thousandths, rounded away from zero; saturates at the bounds of `Int64`.
    package var milliValue: Int64 { scaledValue(-3) }

    /// The amount in units of 10^`scale`, rounded away from zero; saturates at the bounds of `Int64`.
    package func scaledValue(_ scale: Int) -> Int64 {
        let scaled = Decimal128.rescale(coefficient, from: exponent, to: scale)
        guard let scaled else { return coefficient < 0 ? .min : .max }
        return Int64(clamping: scaled)
    }

    /// Whether the amount is a whole number of 10^`scale`.
    package func isMultiple(of scale: Int) -> Bool {
        exponent >= scale || Decimal128.divides(coefficient, by: scale - exponent)
    }

    /// Whether the amount is a whole number.
    package var isInteger: Bool { isMultiple(of: 0) }

    /// The nearest double, for scores and percentages.
    package var double: Double {
        var result = Double(coefficient)
        var remaining = exponent
        while remaining > 0, result.isFinite {
            result *= 10
            remaining -= 1
        }
        while remaining < 0 {
            result /= 10
            remaining += 1
        }
        return result
    }

    /// The amount rounded away from zero to a whole number of 10^`scale`.
    package func roundedUp(to scale: Int) -> Quantity {
        guard exponent < scale else { return self }
        guard let rounded = Decimal128.rescale(coefficient, from: exponent, to: scale) else { return self }
        return Quantity(coefficient: rounded, exponent: scale, format: format)
    }
}

extension Quantity: Comparable, Hashable {
    package static func == (left: Quantity, right: Quantity) -> Bool { left.compare(right) == 0 }
    package static func < (left: Quantity, right: Quantity) -> Bool { left.compare(right) < 0 }

    package func hash(into hasher: inout Hasher) {
        let (digits, power) = Decimal128.stripped(coefficient, exponent)
        hasher.combine(digits)
        hasher.combine(power)
    }

    private func compare(_ other: Quantity) -> Int {
        if sign != other.sign { return sign < other.sign ? -1 : 1 }
        if sign == 0 { return 0 }
        let ownMagnitude = Decimal128.digitCount(coefficient) + exponent
        let otherMagnitude = Decimal128.digitCount(other.coefficient) + other.exponent
        if ownMagnitude != otherMagnitude { return (ownMagnitude < otherMagnitude) == (sign > 0) ? -1 : 1 }
        // Equal magnitudes: bringing both to the smaller exponent gives them equally many digits, so it fits.
        let scale = min(exponent, other.exponent)
        guard let own = Decimal128.rescale(coefficient, from: exponent, to: scale),
            let others = Decimal128.rescale(other.coefficient, from: other.exponent, to: scale)
        else { return 0 }
        return own < others ? -1 : own == others ? 0 : 1
    }
}

extension Quantity {
    /// The sum.
    ///
    /// The sum with nothing has the notation of the other summand.
    package static func + (left: Quantity, right: Quantity) -> Quantity {
        let format = left.isZero ? right.format : left.format
        if left.isZero { return Quantity(coefficient: right.coefficient, exponent: right.exponent, format: format) }
        if right.isZero { return Quantity(coefficient: left.coefficient, exponent: left.exponent, format: format) }
        let (low, high) = left.exponent <= right.exponent ? (left, right) : (right, left)
        // The finer summand gives up digits that the coarser one leaves no room for.
        let room = maximumDigits - Decimal128.digitCount(high.coefficient)
        let scale = max(low.exponent, high.exponent - room)
        guard let first = Decimal128.rescale(low.coefficient, from: low.exponent, to: scale),
            let second = Decimal128.rescale(high.coefficient, from: high.exponent, to: scale)
        else { return high }
        return Quantity(coefficient: first + second, exponent: scale, format: format).limited
    }

    /// The difference.
    package static func - (left: Quantity, right: Quantity) -> Quantity { left + -right }

    /// The same amount with the other sign.
    package static prefix func - (amount: Quantity) -> Quantity {
        Quantity(coefficient: -amount.coefficient, exponent: amount.exponent, format: amount.format)
    }

    /// The product with a whole number.
    package static func * (left: Quantity, right: Int64) -> Quantity {
        let (product, overflow) = left.coefficient.multipliedReportingOverflow(by: Int128(right))
        guard overflow else {
            return Quantity(coefficient: product, exponent: left.exponent, format: left.format).limited
        }
        let bound = Decimal128.powers[maximumDigits] - 1
        let negative = (left.sign < 0) != (right < 0)
        return Quantity(coefficient: negative ? -bound : bound, exponent: left.exponent, format: left.format)
    }

    /// Adds in place.
    package static func += (left: inout Quantity, right: Quantity) { left = left + right }

    /// Subtracts in place.
    package static func -= (left: inout Quantity, right: Quantity) { left = left - right }

    /// The amount within the limit of digits.
    var limited: Quantity {
        let excess = Decimal128.digitCount(coefficient) - Self.maximumDigits
        return excess > 0 ? roundedUp(to: exponent + excess) : self
    }
}
