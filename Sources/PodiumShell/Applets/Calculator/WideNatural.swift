// SPDX-License-Identifier: Apache-2.0
// Whole numbers of any length, for bc and dc.

import PodiumRuntime

/// A whole number from 0 on, in digits of a thousand million, the lowest first and no leading zeros.
struct WideNatural: Hashable, Sendable {
    static let base: UInt64 = 1_000_000_000
    /// The decimal digits in one of its digits.
    static let places = 9

    private(set) var limbs: [UInt32] = []

    init(_ value: Int) {
        var rest = value.magnitude
        while rest > 0 {
            limbs.append(UInt32(rest % UInt(Self.base)))
            rest /= UInt(Self.base)
        }
    }

    /// Reads decimal digits.
    init(decimalDigits digits: [UInt8]) {
        var limbs: [UInt32] = []
        var end = digits.count
        while end > 0 {
            let start = max(0, end - Self.places)
            limbs.append(digits[start..<end].reduce(0) { $0 * 10 + UInt32($1 - 0x30) })
            end = start
        }
        self.init(limbs: limbs)
    }

    private init(limbs: [UInt32]) {
        self.limbs = limbs
        while self.limbs.last == 0 { self.limbs.removeLast() }
    }

    var isZero: Bool { limbs.isEmpty }

    /// How many decimal digits it has; none for 0.
    var digitCount: Int {
        guard let top = limbs.last else { return 0 }
        return (limbs.count - 1) * Self.places + String(top).utf8.count
    }

    /// Its value, when it is small.
    var small: Int? {
        if limbs.count > 2 { return nil }
        return limbs.reversed().reduce(0) { $0 * Int(Self.base) + Int($1) }
    }

    /// The decimal digits; `0` for 0.
    var text: String {
        guard let top = limbs.last else { return "0" }
        var result = String(top)
        for limb in limbs.dropLast().reversed() {
            let part = String(limb)
            result += String(repeating: "0", count: Self.places - part.utf8.count) + part
        }
        return result
    }

    static func power(ofTen exponent: Int) -> WideNatural { WideNatural(1).timesTen(exponent) }

    /// Itself with `count` zeros behind it.
    func timesTen(_ count: Int) -> WideNatural {
        if isZero || count <= 0 { return self }
        let moved = WideNatural(limbs: Array(repeating: 0, count: count / Self.places) + limbs)
        return moved.times(Self.smallPower(count % Self.places))
    }

    /// Itself without its last `count` decimal digits.
    func dividedByTen(_ count: Int) -> WideNatural {
        if count <= 0 { return self }
        let moved = WideNatural(limbs: Array(limbs.dropFirst(count / Self.places)))
        return moved.divided(bySmall: Self.smallPower(count % Self.places)).quotient
    }

    private static func smallPower(_ exponent: Int) -> UInt32 { (0..<exponent).reduce(1) { value, _ in value * 10 } }

    static func + (left: WideNatural, right: WideNatural) -> WideNatural {
        var result: [UInt32] = []
        result.reserveCapacity(max(left.limbs.count, right.limbs.count) + 1)
        var carry: UInt64 = 0
        for index in 0..<max(left.limbs.count, right.limbs.count) {
            let sum = left.limb(index) + right.limb(index) + carry
            result.append(UInt32(sum % base))
            carry = sum / base
        }
        if carry > 0 { result.append(UInt32(carry)) }
        return WideNatural(limbs: result)
    }

    /// The difference; `right` is not the larger one.
    static func - (left: WideNatural, right: WideNatural) -> WideNatural {
        var result: [UInt32] = []
        result.reserveCapacity(left.limbs.count)
        var borrow: UInt64 = 0
        for index in left.limbs.indices {
            let taken = right.limb(index) + borrow
            let have = left.limb(index)
            borrow = have < taken ? 1 : 0
            result.append(UInt32(have + borrow * base - taken))
        }
        return WideNatural(limbs: result)
    }

    static func * (left: WideNatural, right: WideNatural) -> WideNatural {
        if left.isZero || right.isZero { return WideNatural(0) }
        var result = [UInt32](repeating: 0, count: left.limbs.count + right.limbs.count)
        for (place, first) in left.limbs.enumerated() where first != 0 {
            var carry: UInt64 = 0
            for (offset, second) in right.limbs.enumerated() {
                let sum = UInt64(first) * UInt64(second) + UInt64(result[place + offset]) + carry
                result[place + offset] = UInt32(sum % base)
                carry = sum / base
            }
            result[place + right.limbs.count] = UInt32(carry)
        }
        return WideNatural(limbs: result)
    }

    static func < (left: WideNatural, right: WideNatural) -> Bool {
        if left.limbs.count != right.limbs.count { return left.limbs.count < right.limbs.count }
        return left.limbs.reversed().lexicographicallyPrecedes(right.limbs.reversed())
    }

    private func limb(_ index: Int) -> UInt64 { index < limbs.count ? UInt64(limbs[index]) : 0 }

    func times(_ factor: UInt32) -> WideNatural { factor == 1 ? self : self * WideNatural(Int(factor)) }

    func divided(bySmall divisor: UInt32) -> (quotient: WideNatural, remainder: UInt32) {
        if divisor == 1 { return (self, 0) }
        var result = limbs
        var remainder: UInt64 = 0
        for index in limbs.indices.reversed() {
            let part = remainder * Self.base + UInt64(limbs[index])
            result[index] = UInt32(part / UInt64(divisor))
            remainder = part % UInt64(divisor)
        }
        return (WideNatural(limbs: result), UInt32(remainder))
    }

    /// Long division; the divisor is not 0.
    func divided(by divisor: WideNatural) -> (quotient: WideNatural, remainder: WideNatural) {
        if self < divisor { return (WideNatural(0), self) }
        if divisor.limbs.count == 1 {
            let (quotient, remainder) = divided(bySmall: divisor.limbs[0])
            return (quotient, WideNatural(Int(remainder)))
        }
        // Knuth's algorithm D: with a divisor whose first digit is large, a guess from two digits is hardly off.
        let factor = UInt32(Self.base / (UInt64(divisor.limbs[divisor.limbs.count - 1]) + 1))
        let low = divisor.times(factor).limbs
        var rest = times(factor).limbs + [0]
        while rest.count < limbs.count + 1 { rest.append(0) }
        let count = low.count
        var quotient = [UInt32](repeating: 0, count: rest.count - count)
        for place in quotient.indices.reversed() {
            let top = UInt64(rest[place + count]) * Self.base + UInt64(rest[place + count - 1])
            var guess = top / UInt64(low[count - 1])
            var left = top % UInt64(low[count - 1])
            while guess >= Self.base
                || guess * UInt64(low[count - 2]) > left * Self.base + UInt64(rest[place + count - 2])
            {
                guess -= 1
                left += UInt64(low[count - 1])
                if left >= Self.base { break }
            }
            if Self.subtract(low, times: guess, from: &rest, at: place) {
                guess -= 1
                Self.add(low, to: &rest, at: place)
            }
            quotient[place] = UInt32(guess)
        }
        let remainder = WideNatural(limbs: Array(rest.prefix(count))).divided(bySmall: factor).quotient
        return (WideNatural(limbs: quotient), remainder)
    }

    /// Takes a multiple away; true when it was too much.
    private static func subtract(
        _ low: [UInt32],
        times factor: UInt64,
        from rest: inout [UInt32],
        at place: Int
    ) -> Bool {
        var carry: UInt64 = 0
        var borrow: UInt64 = 0
        for index in 0...low.count {
            let product = (index < low.count ? UInt64(low[index]) * factor : 0) + carry
            carry = product / base
            let taken = product % base + borrow
            let have = UInt64(rest[place + index])
            borrow = have < taken ? 1 : 0
            rest[place + index] = UInt32(have + borrow * base - taken)
        }
        return borrow > 0
    }

    private static func add(_ low: [UInt32], to rest: inout [UInt32], at place: Int) {
        var carry: UInt64 = 0
        for index in 0...low.count {
            let sum = UInt64(rest[place + index]) + (index < low.count ? UInt64(low[index]) : 0) + carry
            rest[place + index] = UInt32(sum % base)
            carry = sum / base
        }
    }

    /// The whole part of its square root.
    var squareRoot: WideNatural {
        if isZero { return self }
        // Newton's method from above.
        var guess = Self.power(ofTen: (digitCount + 1) / 2)
        while true {
            let next = (guess + divided(by: guess).quotient).divided(bySmall: 2).quotient
            if !(next < guess) { return guess }
            guess = next
        }
    }
}
