// SPDX-License-Identifier: Apache-2.0
// Numbers with a decimal point and any precision, with the rules of bc and dc for what is kept behind the point.

import PodiumCodec
import PodiumRuntime

/// Why a calculation fails, in busybox's words.
struct CalculatorFault: Error, Sendable {
    var text: String

    static let zero = CalculatorFault(text: "divide by zero")
    static let negative = CalculatorFault(text: "negative number")
    static let fraction = CalculatorFault(text: "not an integer")
    static let tooLong = CalculatorFault(text: "number too long")
}

/// A decimal number: a whole number of units of 10 to the power of `-scale`.
struct DecimalNumber: Hashable, Sendable {
    /// The digits that a number may have; what would have more is a fault.
    static let maximumDigits = 5_000

    private(set) var isNegative = false
    private(set) var magnitude: WideNatural
    /// The digits behind the point.
    private(set) var scale = 0

    init(_ value: Int) {
        magnitude = WideNatural(value)
        isNegative = value < 0
    }

    private init(_ magnitude: WideNatural, scale: Int, isNegative: Bool) {
        self.magnitude = magnitude
        self.scale = scale
        self.isNegative = isNegative && !magnitude.isZero
    }

    var isZero: Bool { magnitude.isZero }
    var negated: DecimalNumber { DecimalNumber(magnitude, scale: scale, isNegative: !isNegative) }
    /// What is before the point.
    var whole: DecimalNumber { truncated(to: 0) }
    /// All digits that count: those before the point and those behind it.
    var length: Int { max(magnitude.digitCount, scale, 1) }
    /// The bytes that work on it touches.
    var size: Int { 4 * magnitude.limbs.count + 8 }

    /// Its value without what is behind the point; nil when it is too large.
    var integer: Int? { whole.magnitude.small.map { isNegative ? -$0 : $0 } }

    /// With another number of digits behind the point.
    func truncated(to wanted: Int) -> DecimalNumber {
        let digits =
            wanted < scale ? magnitude.dividedByTen(scale - wanted) : magnitude.timesTen(wanted - scale)
        return DecimalNumber(digits, scale: wanted, isNegative: isNegative)
    }

    static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
        let difference = left.plus(right.negated)
        return difference.isNegative
    }

    func isEqual(to other: DecimalNumber) -> Bool { plus(other.negated).isZero }

    func plus(_ other: DecimalNumber) -> DecimalNumber {
        let scale = max(scale, other.scale)
        let (first, second) = (truncated(to: scale), other.truncated(to: scale))
        if first.isNegative == second.isNegative {
            return DecimalNumber(first.magnitude + second.magnitude, scale: scale, isNegative: first.isNegative)
        }
        if first.magnitude < second.magnitude {
            return DecimalNumber(second.magnitude - first.magnitude, scale: scale, isNegative: second.isNegative)
        }
        return DecimalNumber(first.magnitude - second.magnitude, scale: scale, isNegative: first.isNegative)
    }

    func times(_ other: DecimalNumber, scale limit: Int) throws(CalculatorFault) -> DecimalNumber {
        let full = scale + other.scale
        if magnitude.digitCount + other.magnitude.digitCount > Self.maximumDigits { throw .tooLong }
        let product = DecimalNumber(
            magnitude * other.magnitude,
            scale: full,
            isNegative: isNegative != other.isNegative
        )
        return product.truncated(to: min(full, max(limit, scale, other.scale)))
    }

    func divided(by other: DecimalNumber, scale limit: Int) throws(CalculatorFault) -> DecimalNumber {
        if other.isZero { throw .zero }
        let shift = limit + other.scale - scale
        if max(0, shift) + magnitude.digitCount > Self.maximumDigits { throw .tooLong }
        let (upper, lower) = (magnitude.timesTen(max(0, shift)), other.magnitude.timesTen(max(0, -shift)))
        let quotient = upper.divided(by: lower).quotient
        return DecimalNumber(quotient, scale: limit, isNegative: isNegative != other.isNegative)
    }

    func remainder(by other: DecimalNumber, scale limit: Int) throws(CalculatorFault) -> DecimalNumber {
        let quotient = try divided(by: other, scale: limit)
        let kept = max(limit + other.scale, scale)
        let product = try quotient.times(other, scale: kept)
        return plus(product.negated).truncated(to: kept)
    }

    func power(_ exponent: DecimalNumber, scale limit: Int) throws(CalculatorFault) -> DecimalNumber {
        if exponent.scale > 0, !exponent.plus(exponent.whole.negated).isZero { throw .fraction }
        guard let count = exponent.integer, count.magnitude < 1 << 40 else { throw .tooLong }
        if count == 0 { return DecimalNumber(1) }
        if isZero { return DecimalNumber(0) }
        let kept = count < 0 ? limit : min(scale.multipliedReportingOverflow(by: count).partialValue, max(limit, scale))
        if !isZero, magnitude != WideNatural(1), magnitude.digitCount - 1 > Self.maximumDigits / Int(count.magnitude) {
            throw .tooLong
        }
        var result = DecimalNumber(1)
        var factor = self
        var rest = count.magnitude
        while rest > 0 {
            if rest & 1 == 1 { result = try result.times(factor, scale: Self.maximumDigits) }
            rest >>= 1
            if rest > 0 { factor = try factor.times(factor, scale: Self.maximumDigits) }
        }
        return count < 0 ? try DecimalNumber(1).divided(by: result, scale: kept) : result.truncated(to: kept)
    }

    func squareRoot(scale limit: Int) throws(CalculatorFault) -> DecimalNumber {
        if isNegative { throw .negative }
        let kept = max(limit, scale)
        let shift = 2 * kept - scale
        if shift + magnitude.digitCount > Self.maximumDigits { throw .tooLong }
        return DecimalNumber(magnitude.timesTen(shift).squareRoot, scale: kept, isNegative: false)
    }
}

extension DecimalNumber {
    /// The largest base that numbers are read in.
    static let maximumInputBase = 36

    /// Reads digits with a point in a base; digits that the base does not have count as its last one.
    init(digits: String, base: Int) throws(CalculatorFault) {
        if digits.utf8.count > Self.maximumDigits { throw .tooLong }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let (whole, fraction) = (parts[0], parts.count > 1 ? parts[1] : "")
        let isSingle = digits.utf8.drop { $0 == 0x30 }.count <= 1
        func value(_ unit: UInt8) -> Int {
            let digit = unit.isDigit ? Int(unit) - 0x30 : Int(unit | 0x20) - 0x61 + 10
            return isSingle ? digit : min(digit, base - 1)
        }
        let radix = DecimalNumber(base)
        var result = DecimalNumber(0)
        if base == 10, (whole + fraction).utf8.allSatisfy(\.isDigit) {
            result.magnitude = WideNatural(decimalDigits: Array((whole + fraction).utf8))
            result.scale = fraction.utf8.count
            self = result
            return
        }
        for unit in whole.utf8 { result = try result.times(radix, scale: 0).plus(DecimalNumber(value(unit))) }
        var upper = DecimalNumber(0)
        var lower = DecimalNumber(1)
        for unit in fraction.utf8 {
            upper = try upper.times(radix, scale: 0).plus(DecimalNumber(value(unit)))
            lower = try lower.times(radix, scale: 0)
        }
        self = fraction.isEmpty ? result : result.plus(try upper.divided(by: lower, scale: fraction.utf8.count))
    }

    /// The number as it is printed in a base; lines are cut by whoever prints.
    func text(base: Int) throws(CalculatorFault) -> String {
        if isZero { return "0" }
        let sign = isNegative ? "-" : ""
        if base == 10 {
            let digits = magnitude.text
            let missing = max(0, scale - digits.utf8.count)
            let all = String(repeating: "0", count: missing) + digits
            let cut = all.index(all.endIndex, offsetBy: -scale)
            return sign + all[..<cut] + (scale > 0 ? "." + all[cut...] : "")
        }
        let width = String(base - 1).utf8.count
        func digit(_ value: Int) -> String {
            if base <= 16 { return String(value, radix: 16, uppercase: true) }
            let plain = String(value)
            return " " + String(repeating: "0", count: width - plain.utf8.count) + plain
        }
        var digits: [String] = []
        var rest = whole.magnitude
        let divisor = WideNatural(base)
        while !rest.isZero {
            let (quotient, remainder) = rest.divided(by: divisor)
            digits.append(digit(remainder.small ?? 0))
            rest = quotient
        }
        var result = sign + digits.reversed().joined()
        guard scale > 0 else { return result.isEmpty ? "0" : result }
        result += "."
        var part = magnitude - whole.magnitude.timesTen(scale)
        var reach = WideNatural(1)
        // As many digits as the base needs to tell apart what stands behind the point.
        while reach.digitCount <= scale {
            part = part * divisor
            let upper = part.dividedByTen(scale)
            // Behind the point the first group of digits has no blank before it.
            result +=
                result.hasSuffix(".") ? String(digit(upper.small ?? 0).drop { $0 == " " }) : digit(upper.small ?? 0)
            part = part - upper.timesTen(scale)
            reach = reach * divisor
        }
        return result
    }
}
