// SPDX-License-Identifier: Apache-2.0
// What a variable of awk holds, and how texts and numbers become each other.

import PodiumCodec
import PodiumRuntime

/// A value.
enum AwkValue: Sendable {
    /// Never assigned: an empty text and zero at once.
    case none
    case number(Double)
    case text([UInt8])
    /// Text from outside, which counts as a number when it looks like one.
    case input([UInt8])
    /// An array, by its number.
    case array(Int)
    /// A parameter that was given a variable which holds nothing yet, and may become an array.
    case reference(AwkPlace)
    /// A regular expression written as such, by its number.
    case pattern(Int)
}

/// Where a variable is kept while a program runs.
enum AwkPlace: Hashable, Sendable {
    case global(Int)
    /// An index into the stack.
    case stack(Int)
}

/// Numbers in awk.
enum AwkNumber {
    /// The number that a text begins with, and the bytes that it takes, white space before it included.
    static func prefix(of text: some Collection<UInt8>) -> (value: Double, length: Int) {
        var units = Array(text.prefix(maximumDigits))
        let blanks = units.prefix { $0.isBlank }.count
        units.removeFirst(blanks)
        var index = 0
        if index < units.count, units[index] == UInt8(ascii: "-") || units[index] == UInt8(ascii: "+") { index += 1 }
        if index == 0, let (value, length) = radixPrefix(of: units) { return (value, blanks + length) }
        let start = index
        while index < units.count, units[index].isDigit { index += 1 }
        var digits = index - start
        if index < units.count, units[index] == UInt8(ascii: ".") {
            let point = index
            index += 1
            while index < units.count, units[index].isDigit { index += 1 }
            digits += index - point - 1
        }
        if digits == 0 { return named(units, start, blanks) }
        if index < units.count, units[index] | 0x20 == UInt8(ascii: "e") {
            var end = index + 1
            if end < units.count, units[end] == UInt8(ascii: "-") || units[end] == UInt8(ascii: "+") { end += 1 }
            let first = end
            while end < units.count, units[end].isDigit { end += 1 }
            if end > first { index = end }
        }
        return (Double(units[..<index].text) ?? 0, blanks + index)
    }

    /// The bytes that are looked at; a longer text is no number.
    static let maximumDigits = 400

    private static func named(_ units: [UInt8], _ start: Int, _ blanks: Int) -> (value: Double, length: Int) {
        let word = units[start...].prefix(3).map(\.lowercased)
        let sign: Double = start > 0 && units[0] == UInt8(ascii: "-") ? -1 : 1
        if word == Array("inf".utf8) { return (sign * .infinity, blanks + start + 3) }
        if word == Array("nan".utf8) { return (.nan, blanks + start + 3) }
        return (0, 0)
    }

    /// `0x1A` and `017`.
    private static func radixPrefix(of units: [UInt8]) -> (value: Double, length: Int)? {
        guard units.count > 1, units[0] == 0x30 else { return nil }
        let isHexadecimal = units[1] | 0x20 == UInt8(ascii: "x")
        guard isHexadecimal || units[1].isDigit else { return nil }
        let radix: UInt64 = isHexadecimal ? 16 : 8
        var index = isHexadecimal ? 2 : 1
        var value: UInt64 = 0
        while index < units.count {
            guard let digit = UInt64([units[index]].text, radix: Int(radix)) else { break }
            value = value &* radix &+ digit
            index += 1
        }
        if isHexadecimal, index == 2 { return nil }
        if index < units.count, units[index].isAlphanumeric || units[index] == UInt8(ascii: ".") { return nil }
        return (Double(value), index)
    }

    /// A number as text: whole ones in full, others by a format such as `%.6g`.
    static func text(_ value: Double, format: [UInt8]) -> [UInt8] {
        if value.magnitude < 9.2e18, value == value.rounded(.towardZero) { return Array(String(Int64(value)).utf8) }
        return AwkFormat(format, [.number(value)], AwkSetting()).text() ?? []
    }

    /// A whole number of 32 bits, as x86 makes one: what does not fit becomes the least one.
    // busybox: editors/awk.c takes (int) of numbers for %d and its kin, and for substr
    static func narrow(_ value: Double) -> Int {
        value > -0x1p31 - 1 && value < 0x1p31 ? Int(value) : Int(Int32.min)
    }

    /// A whole number, as C makes one of a fraction.
    static func integer(_ value: Double) -> Int {
        if value.isNaN { return 0 }
        return value.magnitude < 9.2e18 ? Int(value) : value < 0 ? .min : .max
    }
}

/// The formats that numbers become text by.
struct AwkSetting: Sendable {
    var conversion = Array("%.6g".utf8)
    var output = Array("%.6g".utf8)
    var ignoresCase = false
    /// Whether `%d` and its kin print no more than 32 bits, as busybox's do.
    var isNarrow = false
}

extension AwkValue {
    /// A truth as 1 or 0.
    static func truth(_ value: Bool) -> AwkValue { .number(value ? 1 : 0) }

    /// As a number.
    var number: Double {
        switch self {
        case .number(let value): value
        case .text(let text), .input(let text): AwkNumber.prefix(of: text).value
        default: 0
        }
    }

    /// As text, numbers by `format`.
    func text(_ format: [UInt8]) -> [UInt8] {
        switch self {
        case .number(let value): AwkNumber.text(value, format: format)
        case .text(let text), .input(let text): text
        default: []
        }
    }

    /// The number, when the value counts as one.
    var asNumber: Double? {
        switch self {
        case .number(let value): return value
        case .none, .reference: return 0
        case .input(let text):
            guard !text.isEmpty, text.count <= AwkNumber.maximumDigits else { return nil }
            let (value, length) = AwkNumber.prefix(of: text)
            return text[length...].allSatisfy(\.isBlank) ? value : nil
        default: return nil
        }
    }

    /// Whether a condition holds.
    var isTrue: Bool {
        if let number = asNumber { return number != 0 }
        return switch self {
        case .text(let text), .input(let text): !text.isEmpty
        default: false
        }
    }

    /// The bytes that it keeps.
    var size: Int {
        switch self {
        case .text(let text), .input(let text): text.count
        default: 0
        }
    }
}
