// SPDX-License-Identifier: Apache-2.0
// The formats of awk's `printf` and `sprintf`.

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

    /// The text. Values that are missing count as empty.
    func text() -> [UInt8] {
        var copy = self
        copy.run()
        return copy.output
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
            var directive = Directive()
            readFlags(&rest, &directive)
            while let size = rest.first, "hlLqjzt".utf8.contains(size) { rest = rest.dropFirst() }
            guard let conversion = rest.popFirst() else { return }
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
        default: output += [UInt8(ascii: "%"), conversion]
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
        let number = AwkNumber.integer(value)
        let digits = filled(String(number.magnitude), directive)
        return signed(number < 0 ? [UInt8(ascii: "-")] + digits : digits, directive)
    }

    private func unsigned(_ value: Double, radix: Int, _ directive: Directive) -> [UInt8] {
        let isHuge = value >= 9.2e18 && value < 1.8e19
        let number = isHuge ? UInt(value) : UInt(bitPattern: AwkNumber.integer(value))
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
