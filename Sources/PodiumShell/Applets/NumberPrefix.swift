// SPDX-License-Identifier: Apache-2.0
// How much of a text is a number, as sort sees it.

import PodiumCodec
import PodiumRuntime

/// The number at the front of a text.
enum NumberPrefix {
    /// The units of blanks, sign, digits, fraction and exponent at the front; empty when there is no number.
    static func units(of text: some Collection<UInt8>) -> [UInt8] {
        let trimmed = text.drop { $0.isBlank }
        var units: [UInt8] = []
        var rest = trimmed[...]
        func digits(_ rest: inout (some Collection<UInt8>)) -> [UInt8] {
            let found = Array(rest.prefix { $0.isDigit })
            return found
        }
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            units.append(sign)
            rest = rest.dropFirst()
        }
        let whole = digits(&rest)
        rest = rest.dropFirst(whole.count)
        units += whole
        var fraction: [UInt8] = []
        if rest.first == UInt8(ascii: ".") {
            var after = rest.dropFirst()
            fraction = digits(&after)
            if !whole.isEmpty || !fraction.isEmpty {
                units += [UInt8(ascii: ".")] + fraction
                rest = after.dropFirst(fraction.count)
            }
        }
        if whole.isEmpty, fraction.isEmpty { return [] }
        guard let mark = rest.first, mark.lowercased == UInt8(ascii: "e") else { return units }
        var after = rest.dropFirst()
        var exponent: [UInt8] = []
        if let sign = after.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            exponent.append(sign)
            after = after.dropFirst()
        }
        let power = digits(&after)
        return power.isEmpty ? units : units + [mark] + exponent + power
    }

    /// The number at the front of a text, 0 when there is none.
    static func value(of text: some Collection<UInt8>) -> Double {
        var units = units(of: text)
        if units.last == UInt8(ascii: ".") { units.append(UInt8(ascii: "0")) }
        return Double(units.text) ?? 0
    }
}
