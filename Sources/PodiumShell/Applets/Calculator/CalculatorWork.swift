// SPDX-License-Identifier: Apache-2.0
// What bc and dc share: arithmetic that is counted before it is done, and what their values take.

import PodiumRuntime

/// What the values of a calculator take.
struct CalculatorHold: Sendable {
    /// What is not worth counting.
    private static let unnoticedBytes = 64 << 10

    /// About the bytes that are held: those of the last count, and all that was made since.
    private(set) var bytes = 0
    private var limit = Self.unnoticedBytes

    /// Whether all has to be counted anew, because as much was made as there was.
    var needsCount: Bool { bytes > limit }

    /// Counts a new value.
    mutating func add(_ value: Int) { bytes += value }

    /// Takes what all values take together.
    mutating func count(_ live: Int, _ meter: WorkMeter) throws(CalculatorFault) {
        meter.charge(bytes: live)
        if live > CalculatorLimits.bytes { throw CalculatorFault(text: "out of memory") }
        bytes = live
        limit = 2 * live + Self.unnoticedBytes
    }
}

extension DecimalNumber {
    /// The bytes that it keeps as an element of something.
    var keptBytes: Int { size + 64 }

    /// What dividing costs, or taking apart as long as this: a step for each pair of digits.
    private func cost(with other: Int, scale: Int) -> Int { (size + scale / 2) * (other + scale / 2) / 8 }

    /// What a power of it costs: the digits that it has on the way, before it is cut.
    private func powerCost(_ exponent: DecimalNumber, scale: Int) -> Int {
        let times = min(exponent.integer?.magnitude ?? 1, UInt(Self.maximumDigits))
        let digits = min(max(length, 1) * Int(times), Self.maximumDigits)
        let bytes = 4 * digits / WideNatural.places + 8
        let division = exponent.isNegative ? (bytes + scale / 2) * bytes / 8 : 0
        return bytes * bytes / 4 + division
    }

    /// The result of an operation, which is charged before it is done.
    func applying(
        _ operation: CalculatorOperator,
        _ right: DecimalNumber,
        scale: Int,
        _ meter: WorkMeter
    ) throws(CalculatorFault) -> DecimalNumber {
        meter.charge(bytes: size + right.size)
        switch operation {
        case .add: return plus(right)
        case .subtract: return plus(right.negated)
        case .multiply:
            meter.charge(bytes: size * right.size / 8)
            return try times(right, scale: scale)
        case .divide:
            meter.charge(bytes: cost(with: right.size, scale: scale))
            return try divided(by: right, scale: scale)
        case .remainder:
            meter.charge(bytes: 2 * cost(with: right.size, scale: scale))
            return try remainder(by: right, scale: scale)
        case .power:
            meter.charge(bytes: powerCost(right, scale: scale))
            return try power(right, scale: scale)
        case .less: return Self.truth(self < right)
        case .lessOrEqual: return Self.truth(!(right < self))
        case .equal: return Self.truth(isEqual(to: right))
        case .notEqual: return Self.truth(!isEqual(to: right))
        case .greater: return Self.truth(right < self)
        case .greaterOrEqual: return Self.truth(!(self < right))
        case .and: return Self.truth(!isZero && !right.isZero)
        case .or: return Self.truth(!isZero || !right.isZero)
        }
    }

    /// The square root, charged before it is drawn.
    func squareRoot(scale: Int, _ meter: WorkMeter) throws(CalculatorFault) -> DecimalNumber {
        let bytes = size + scale / 2
        meter.charge(bytes: bytes * bytes)
        return try squareRoot(scale: scale)
    }

    /// Reads digits, whose work grows with the square of their number unless the base is ten.
    init(digits: String, base: Int, _ meter: WorkMeter) throws(CalculatorFault) {
        let count = digits.utf8.count
        meter.charge(bytes: base == 10 ? count : count * count / 8)
        try self.init(digits: digits, base: base)
    }

    static func truth(_ value: Bool) -> DecimalNumber { DecimalNumber(value ? 1 : 0) }

    /// The digits as busybox counts them, which takes none of those before the first that is not 0.
    func length(isGNU: Bool) -> Int { isGNU ? length : max(magnitude.digitCount, 1) }

    /// The number as it is printed, charged before: every digit of another base is a division.
    func text(base: Int, _ meter: WorkMeter) throws(CalculatorFault) -> String {
        meter.charge(bytes: base == 10 ? size : 2 * size * size)
        return try text(base: base)
    }
}

/// The numbers that `scale`, `ibase` and `obase` can be.
struct CalculatorSetting {
    let name: String
    let range: ClosedRange<Int>
    /// The largest number that is named when another is refused.
    let named: Int

    static let scale = CalculatorSetting(
        name: "scale",
        range: 0...CalculatorLimits.scale,
        named: CalculatorLimits.scale
    )
    /// busybox takes more than it says.
    static let inputBase = CalculatorSetting(name: "ibase", range: 2...DecimalNumber.maximumInputBase, named: 16)
    static let outputBase = CalculatorSetting(
        name: "obase",
        range: 2...CalculatorLimits.outputBase,
        named: CalculatorLimits.outputBase
    )

    /// The number that a value is; a fault when it is out of range.
    func number(_ value: DecimalNumber) throws(CalculatorFault) -> Int {
        if value.isNegative { throw .negative }
        guard let number = value.integer, range.contains(number) else {
            throw CalculatorFault(text: "bad \(name); must be [\(range.lowerBound),\(named)]")
        }
        return number
    }
}
