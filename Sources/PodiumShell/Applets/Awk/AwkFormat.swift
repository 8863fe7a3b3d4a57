// SPDX-License-Identifier: Apache-2.0
// The formats of awk's `printf` and `sprintf`.

import PodiumCodec
import PodiumRuntime

/// A format with its values.
struct AwkFormat {
    /// The bytes that one format makes at most.
    private static let maximumBytes = 1 << 20
    /// The width and precision that are taken.
    private static let maximumWidth = 10_000

    private let format: [UInt8]
    private var values: ArraySlice<AwkValue>
    private let setting: AwkSetting
    private var output: [UInt8] = []
    private var isFaulty = false

    init(_ format: [UInt8], _ values: [AwkValue], _ setting: AwkSetting) {
        self.format = format
        self.values = values[...]
        self.setting = setting
    }

    /// The directive between `%` and its letter.
    private struct Directive {
        var isLeft = false
        var hasPlus = false
        var hasBlank = false
        var hasZeros = false
        var isAlternative = false
        var width = 0
        var precision: Int?
    }

    /// The text, in which values that are missing count as empty; nil when there is a directive that is none.
    func text() -> [UInt8]? {
        var copy = self
        copy.run()
        return copy.isFaulty ? nil : copy.output
    }

    /// Whether a width or precision is to be taken from the values, which this awk does not do.
    static func takesWidths(_ format: [UInt8]) -> Bool {
        var rest = format[...]
        while let mark = rest.firstIndex(of: UInt8(ascii: "%")) {
            rest = rest[(mark + 1)...].drop { "-+ #.".utf8.contains($0) || $0.isDigit }
            if rest.first == UInt8(ascii: "*") { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    private mutating func run() {
        var rest = format[...]
        while let unit = rest.popFirst(), output.count < Self.maximumBytes {
            guard unit == UInt8(ascii: "%"), !rest.isEmpty else {
                output.append(unit)
                continue
            }
            if rest.first == UInt8(ascii: "%") {
                rest = rest.dropFirst()
                output.append(unit)
                continue
            }
            let start = rest
            var directive = Directive()
            readFlags(&rest, &directive)
            guard let conversion = rest.popFirst(), conversion != UInt8(ascii: "%") else {
                // What ends without a letter stays as it is.
                output += [unit] + start[..<rest.startIndex]
                continue
            }
            convert(conversion, directive)
        }
    }

    private mutating func readFlags(_ rest: inout ArraySlice<UInt8>, _ directive: inout Directive) {
        flags: while let flag = rest.first {
            switch flag {
            case UInt8(ascii: "-"): directive.isLeft = true
            case UInt8(ascii: "+"): directive.hasPlus = true
            case UInt8(ascii: " "): directive.hasBlank = true
            case UInt8(ascii: "0"): directive.hasZeros = true
            case UInt8(ascii: "#"): directive.isAlternative = true
            default: break flags
            }
            rest = rest.dropFirst()
        }
        directive.width = number(&rest) ?? 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            directive.precision = number(&rest) ?? 0
        }
    }

    private mutating func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        let digits = rest.prefix(while: \.isDigit)
        rest = rest.dropFirst(digits.count)
        return digits.isEmpty ? nil : min(Int(digits.text) ?? Self.maximumWidth, Self.maximumWidth)
    }

    private mutating func convert(_ conversion: UInt8, _ directive: Directive) {
        let value = values.popFirst() ?? .none
        if isFaulty { return }
        var directive = directive
        switch conversion {
        case UInt8(ascii: "c"):
            directive.hasZeros = false
            pad(character(value), directive)
        case UInt8(ascii: "s"):
            directive.hasZeros = false
            let text = value.text(setting.conversion)
            pad(directive.precision.map { Array(text.prefix($0)) } ?? text, directive)
        case UInt8(ascii: "d"), UInt8(ascii: "i"): pad(signed(value.number, directive), directive)
        case UInt8(ascii: "u"): pad(unsigned(value.number, radix: 10, directive), directive)
        case UInt8(ascii: "o"): pad(unsigned(value.number, radix: 8, directive), directive)
        case UInt8(ascii: "x"): pad(unsigned(value.number, radix: 16, directive), directive)
        case UInt8(ascii: "X"): pad(unsigned(value.number, radix: 16, directive).map(\.uppercased), directive)
        case UInt8(ascii: "a"), UInt8(ascii: "A"):
            let text = HexadecimalExpansion.text(value.number, directive.precision)
            directive.precision = nil
            pad(signed(conversion == UInt8(ascii: "a") ? text : text.map(\.uppercased), directive), directive)
        case _ where "feg".utf8.contains(conversion.lowercased):
            directive.hasZeros = directive.hasZeros && value.number.isFinite
            let text = DecimalExpansion.text(
                value.number,
                conversion,
                precision: min(directive.precision ?? 6, 1000),
                keepsZeros: directive.isAlternative
            )
            directive.precision = nil
            pad(signed(text, directive), directive)
        default: isFaulty = true
        }
    }

    /// A number is the code of a character, a text gives its first one.
    private func character(_ value: AwkValue) -> [UInt8] {
        if case .number(let code) = value { return [UInt8(truncatingIfNeeded: AwkNumber.integer(code))] }
        if let code = value.asNumber, case .input = value {
            return [UInt8(truncatingIfNeeded: AwkNumber.integer(code))]
        }
        return [value.text(setting.conversion).first ?? 0]
    }

    private func signed(_ digits: [UInt8], _ directive: Directive) -> [UInt8] {
        if digits.first == UInt8(ascii: "-") { return digits }
        if directive.hasPlus { return [UInt8(ascii: "+")] + digits }
        return directive.hasBlank ? [0x20] + digits : digits
    }

    private func filled(_ digits: String, _ directive: Directive) -> [UInt8] {
        let zeros = max(0, (directive.precision ?? 1) - digits.utf8.count)
        return Array(repeating: 0x30, count: zeros) + Array(digits.utf8)
    }

    private func signed(_ value: Double, _ directive: Directive) -> [UInt8] {
        let number = setting.isNarrow ? AwkNumber.narrow(value) : AwkNumber.integer(value)
        let digits = filled(String(number.magnitude), directive)
        return signed(number < 0 ? [UInt8(ascii: "-")] + digits : digits, directive)
    }

    private func unsigned(_ value: Double, radix: Int, _ directive: Directive) -> [UInt8] {
        let isHuge = value >= 9.2e18 && value < 1.8e19
        let wide = isHuge ? UInt(value) : UInt(bitPattern: AwkNumber.integer(value))
        let number = setting.isNarrow ? UInt(UInt32(truncatingIfNeeded: AwkNumber.narrow(value))) : wide
        let digits = filled(String(number, radix: radix), directive)
        guard directive.isAlternative, number != 0 else { return digits }
        return radix == 16 ? Array("0x".utf8) + digits : radix == 8 ? [0x30] + digits : digits
    }

    private mutating func pad(_ text: [UInt8], _ directive: Directive) {
        let missing = directive.width - text.count
        guard missing > 0 else { return output += text }
        if directive.isLeft {
            output += text + Array(repeating: 0x20, count: missing)
        } else if directive.hasZeros, directive.precision == nil {
            let sign = text.first.map { "+- ".utf8.contains($0) } == true ? 1 : 0
            output += text.prefix(sign) + Array(repeating: 0x30, count: missing) + text.dropFirst(sign)
        } else {
            output += Array(repeating: 0x20, count: missing) + text
        }
    }
}

/// How `%a` writes numbers.
private enum HexadecimalExpansion {
    /// `0x1.8p+0`, with as many digits as there are or as are asked for.
    static func text(_ value: Double, _ precision: Int?) -> [UInt8] {
        let sign = value.sign == .minus ? "-" : ""
        if value.isNaN { return Array("\(sign)nan".utf8) }
        if value.isInfinite { return Array("\(sign)inf".utf8) }
        // Four bits a digit, the one before the point above them.
        var bits = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
        let exponent = value.isZero ? 0 : Int(max(value.exponentBitPattern, 1)) - 1023
        if let precision, precision < 13 {
            let cut = UInt64(4 * (13 - precision))
            let rest = bits & (1 << cut - 1)
            bits >>= cut
            let half: UInt64 = 1 << (cut - 1)
            if rest > half || rest == half && bits & 1 == 1 { bits += 1 }
            bits <<= cut
        }
        let fraction = String(bits & (1 << 52 - 1), radix: 16)
        var digits = String(repeating: "0", count: 13 - fraction.utf8.count) + fraction
        let significant = digits.utf8.count - digits.utf8.reversed().prefix { $0 == 0x30 }.count
        let wanted: Int = precision ?? significant
        digits = String(digits.prefix(wanted)) + String(repeating: "0", count: max(0, wanted - 13))
        let point = digits.isEmpty ? "" : "."
        return Array("\(sign)0x\(bits >> 52)\(point)\(digits)p\(exponent < 0 ? "" : "+")\(exponent)".utf8)
    }
}
