// SPDX-License-Identifier: Apache-2.0
// The formats of `printf`, also for awk.

import PodiumCodec
import PodiumRuntime

/// A format with its arguments.
struct PrintFormatter {
    /// The bytes that one `printf` prints at most.
    static let maximumBytes = 4 << 20
    /// The width and precision that are taken.
    private static let maximumWidth = 10_000
    /// The digits behind the point.
    private static let maximumPrecision = 1_000

    private let format: [UInt8]
    private var arguments: ArraySlice<String>
    private var output: [UInt8] = []
    private var isStopped = false
    private var hasUsedArgument = false
    /// Arguments that should have been numbers.
    private(set) var faults: [String] = []
    /// A conversion that there is not; the output ends before it.
    private(set) var badDirective: String?
    /// Whether a number was there and empty.
    private(set) var hasEmptyNumber = false
    private let resolvesEscapes: Bool
    /// Whose words it follows; nil of awk.
    private let flavour: ShellFlavour?

    init(_ format: String, _ arguments: [String], resolvesEscapes: Bool = true, flavour: ShellFlavour? = nil) {
        self.flavour = flavour
        self.format = Array(format.utf8)
        self.arguments = arguments[...]
        self.resolvesEscapes = resolvesEscapes
    }

    /// The text. The format is used again while there are arguments, unless it takes none.
    mutating func format(repeats: Bool = true) -> [UInt8] {
        repeat {
            hasUsedArgument = false
            pass()
        } while repeats && !isStopped && !arguments.isEmpty && hasUsedArgument && output.count < Self.maximumBytes
        return output
    }

    private mutating func pass() {
        var rest = format[...]
        while let unit = rest.popFirst(), !isStopped {
            // dash leaves hexadecimal escapes as they are.
            let isLeft = flavour == .dash && "xuU".utf8.contains(rest.first ?? 0)
            if unit == UInt8(ascii: "\\"), resolvesEscapes, !isLeft {
                // An escape is at most ten units long: `\UHHHHHHHH`.
                let piece = escapeLength(rest)
                let (bytes, stops) = EscapedText.resolve([unit] + rest.prefix(piece), .format)
                output += bytes
                isStopped = stops
                rest = rest.dropFirst(piece)
            } else if unit == UInt8(ascii: "%") {
                directive(&rest)
            } else {
                output.append(unit)
            }
        }
    }

    private func escapeLength(_ rest: ArraySlice<UInt8>) -> Int {
        guard let mark = rest.first else { return 0 }
        switch mark {
        case 0x30...0x37: return rest.prefix(3).prefix { (0x30...0x37).contains($0) }.count
        case UInt8(ascii: "x"): return 1 + rest.dropFirst().prefix(2).prefix { $0.isHexDigit }.count
        case UInt8(ascii: "u"): return 1 + rest.dropFirst().prefix(4).prefix { $0.isHexDigit }.count
        case UInt8(ascii: "U"): return 1 + rest.dropFirst().prefix(8).prefix { $0.isHexDigit }.count
        default: return 1
        }
    }

    private mutating func next() -> String? {
        hasUsedArgument = true
        return arguments.popFirst()
    }

    private mutating func directive(_ rest: inout ArraySlice<UInt8>) {
        if rest.first == UInt8(ascii: "%") {
            rest = rest.dropFirst()
            return output.append(UInt8(ascii: "%"))
        }
        var flags: Set<UInt8> = []
        while let flag = rest.first, "-+ 0#'".utf8.contains(flag) {
            flags.insert(flag)
            rest = rest.dropFirst()
        }
        var width = number(&rest) ?? 0
        if width < 0 {
            flags.insert(UInt8(ascii: "-"))
            width = -width
        }
        var precision: Int?
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            precision = number(&rest) ?? 0
        }
        while let unit = rest.first, "hlLjzt".utf8.contains(unit) { rest = rest.dropFirst() }
        guard let conversion = rest.popFirst() else {
            if resolvesEscapes { refuse("") } else { output.append(UInt8(ascii: "%")) }
            return
        }
        let text = convert(conversion, flags, precision)
        pad(text, conversion, width, flags, precision)
    }

    private mutating func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        if rest.first == UInt8(ascii: "*") {
            rest = rest.dropFirst()
            return next().flatMap { Int($0) }.map { min(max($0, -Self.maximumWidth), Self.maximumWidth) }
        }
        let digits = rest.prefix { $0.isDigit }
        rest = rest.dropFirst(digits.count)
        return Int(digits.text).map { min($0, Self.maximumWidth) }
    }

    private mutating func convert(_ conversion: UInt8, _ flags: Set<UInt8>, _ precision: Int?) -> [UInt8] {
        switch conversion {
        case UInt8(ascii: "s"):
            let text = Array((next() ?? "").utf8)
            return precision.map { Array(text.prefix($0)) } ?? text
        case UInt8(ascii: "b"):
            let (bytes, stops) = EscapedText.resolve(Array((next() ?? "").utf8), .echo)
            if stops { isStopped = true }
            return bytes
        case UInt8(ascii: "q") where flavour == .bash: return Array(Self.quoted(next() ?? "").utf8)
        case UInt8(ascii: "c"): return Array((next() ?? "").utf8.prefix(1))
        case UInt8(ascii: "d"), UInt8(ascii: "i"): return signed(flags, precision)
        case UInt8(ascii: "u"): return Array(String(UInt(bitPattern: integer())).utf8)
        case UInt8(ascii: "o"): return Array(String(UInt(bitPattern: integer()), radix: 8).utf8)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            let isUpper = conversion == UInt8(ascii: "X")
            let digits = String(UInt(bitPattern: integer()), radix: 16, uppercase: isUpper)
            let filled = String(repeating: "0", count: max(0, (precision ?? 0) - digits.utf8.count)) + digits
            return Array(((flags.contains(UInt8(ascii: "#")) ? (isUpper ? "0X" : "0x") : "") + filled).utf8)
        case UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "g"),
            UInt8(ascii: "G"):
            return real(conversion, flags, precision ?? 6)
        default:
            // awk prints what it does not know; `printf` refuses it.
            if !resolvesEscapes { return [UInt8(ascii: "%"), conversion] }
            refuse([conversion].text)
            return []
        }
    }

    private mutating func refuse(_ directive: String) {
        badDirective = directive
        isStopped = true
    }

    /// The word as a shell reads it back.
    private static func quoted(_ word: String) -> String {
        if word.isEmpty { return "''" }
        let units = word.utf8.flatMap { unit -> [UInt8] in
            let isPlain = unit.isNameUnit || unit >= 0x80 || "%+,-./:=@".utf8.contains(unit)
            return isPlain ? [unit] : [UInt8(ascii: "\\"), unit]
        }
        return units.text
    }

    private mutating func integer() -> Int {
        guard let text = next() else { return 0 }
        if text.isEmpty {
            hasEmptyNumber = true
            return 0
        }
        if let first = text.utf8.first, first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
            return text.unicodeScalars.dropFirst().first.map { Int($0.value) } ?? 0
        }
        let (value, isWhole) = Self.leadingInteger(text)
        if isWhole { return value }
        // awk's numbers are no texts: they are whole where that is asked for.
        if flavour == nil { return Double(text).flatMap { Int(exactly: $0.rounded(.towardZero)) } ?? 0 }
        faults.append(text)
        return flavour == .ash ? 0 : value
    }

    /// The number with which `text` begins, in any of C's bases, and whether nothing follows it.
    private static func leadingInteger(_ text: String) -> (value: Int, isWhole: Bool) {
        var rest = Array(text.utf8).drop(while: \.isBlank)
        let sign = rest.first
        let isNegative = sign == UInt8(ascii: "-")
        if isNegative || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        var base = rest.first == UInt8(ascii: "0") ? 8 : 10
        let next = rest.dropFirst()
        if base == 8, next.first?.lowercased == UInt8(ascii: "x"), next.dropFirst().first?.isHexDigit == true {
            base = 16
            rest = rest.dropFirst(2)
        }
        let digits = rest.prefix { base == 16 ? $0.isHexDigit : $0.isDigit && $0 < 0x30 + UInt8(base) }
        guard !digits.isEmpty else { return (0, false) }
        let value = Int((isNegative ? "-" : "") + digits.text, radix: base) ?? (isNegative ? .min : .max)
        return (value, digits.endIndex == rest.endIndex)
    }

    private mutating func signed(_ flags: Set<UInt8>, _ precision: Int?) -> [UInt8] {
        let value = integer()
        var digits = String(value.magnitude)
        digits = String(repeating: "0", count: max(0, (precision ?? 0) - digits.utf8.count)) + digits
        let sign =
            value < 0 ? "-" : flags.contains(UInt8(ascii: "+")) ? "+" : flags.contains(UInt8(ascii: " ")) ? " " : ""
        return Array((sign + digits).utf8)
    }

    private mutating func real(_ conversion: UInt8, _ flags: Set<UInt8>, _ precision: Int) -> [UInt8] {
        let text = next() ?? "0"
        if text.isEmpty { hasEmptyNumber = true }
        let value = text.isEmpty ? 0 : self.value(ofReal: text)
        let isPlus = value.sign == .plus
        let sign = isPlus && flags.contains(UInt8(ascii: "+")) ? "+" : isPlus && flags.contains(0x20) ? " " : ""
        let digits = min(precision, Self.maximumPrecision)
        let keepsZeros = flags.contains(UInt8(ascii: "#"))
        return Array(sign.utf8) + DecimalExpansion.text(value, conversion, precision: digits, keepsZeros: keepsZeros)
    }

    /// A number with blanks before it; of a text that is none, what can be read of its beginning, but for busybox.
    private mutating func value(ofReal text: String) -> Double {
        // `0x1F`, `inf`.
        if let value = Double(text) { return value }
        let (value, length) = AwkNumber.prefix(of: Array(text.utf8))
        if length > 0, length == text.utf8.count { return value }
        faults.append(text)
        return flavour == .ash ? 0 : value
    }

    private mutating func pad(
        _ text: [UInt8],
        _ conversion: UInt8,
        _ width: Int,
        _ flags: Set<UInt8>,
        _ precision: Int?
    ) {
        let length = text.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        let missing = width - length
        guard missing > 0 else { return output += text }
        if flags.contains(UInt8(ascii: "-")) {
            output += text + Array(repeating: 0x20, count: missing)
        } else if flags.contains(UInt8(ascii: "0")), "diouxXfFeEgG".utf8.contains(conversion),
            precision == nil || "fFeEgG".utf8.contains(conversion)
        {
            let sign = text.first.map { "+- ".utf8.contains($0) } == true ? 1 : 0
            output += text.prefix(sign) + Array(repeating: 0x30, count: missing) + text.dropFirst(sign)
        } else {
            output += Array(repeating: 0x20, count: missing) + text
        }
    }

    // Numbers with a fraction

    /// `12.50`.
    static func fixed(_ value: Double, digits: Int) -> String {
        DecimalExpansion.text(value, UInt8(ascii: "f"), precision: digits).text
    }
}

extension PrintFormatter {
    /// The text filled up with blanks to `width`, after it or (`left: false`) before it.
    static func padded(_ text: String, _ width: Int, left: Bool = true) -> String {
        let blanks = String(repeating: " ", count: max(0, width - text.utf8.count))
        return left ? text + blanks : blanks + text
    }
}
