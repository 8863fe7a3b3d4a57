// SPDX-License-Identifier: Apache-2.0
// Powers of ten over 128-bit integers: what exact amounts are calculated with.

/// Decimal arithmetic on 128-bit integers.
enum Decimal128 {
    /// 10⁰ … 10³⁸: all powers of ten that fit.
    static let powers: [Int128] = (0..<38).reduce(into: [1]) { powers, _ in powers.append((powers.last ?? 1) * 10) }

    /// How many decimal digits `value` has; 1 for 0.
    static func digitCount(_ value: Int128) -> Int {
        let magnitude = value.magnitude
        var low = 1
        var high = powers.count
        while low < high {
            let middle = (low + high) / 2
            if magnitude < powers[middle].magnitude { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// `value` × 10^`from` in units of 10^`to`, rounded away from zero; nil when it does not fit.
    static func rescale(_ value: Int128, from: Int, to: Int) -> Int128? {
        if value == 0 || from == to { return value }
        if from > to {
            guard from - to < powers.count else { return nil }
            let (result, overflow) = value.multipliedReportingOverflow(by: powers[from - to])
            return overflow ? nil : result
        }
        guard to - from < powers.count else { return value < 0 ? -1 : 1 }
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: powers[to - from])
        return remainder == 0 ? quotient : quotient + (value < 0 ? -1 : 1)
    }

    /// Whether `value` is a multiple of 10^`power`.
    static func divides(_ value: Int128, by power: Int) -> Bool {
        guard value != 0, power > 0 else { return true }
        return power < powers.count && value % powers[power] == 0
    }

    /// `value` × 10^`exponent` with all zeros at the end of `value` moved into the exponent.
    static func stripped(_ value: Int128, _ exponent: Int) -> (Int128, Int) {
        var value = value
        var exponent = exponent
        guard value != 0 else { return (0, 0) }
        while value % 10 == 0 {
            value /= 10
            exponent += 1
        }
        return (value, exponent)
    }
}
