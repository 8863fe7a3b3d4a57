// SPDX-License-Identifier: Apache-2.0
// The scalar rules of YAML 1.1: which plain texts are null, flags and numbers.

/// The scalar rules of YAML 1.1 as go-yaml applies them.
enum YAMLScalar {
    /// The value of a scalar: its tag decides, else whether it was written without quotes.
    static func resolve(_ scalar: YAMLEvent.Scalar) -> JSONValue {
        switch scalar.tag {
        case "tag:yaml.org,2002:str", "!": .string(scalar.text)
        case .some: plain(scalar.text)
        case nil: scalar.isPlain ? plain(scalar.text) : .string(scalar.text)
        }
    }

    private static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
        case "false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    private static func number(_ text: String) -> JSONValue? {
        guard let first = text.utf8.first,
            first.isDigit || first == 0x2D || first == 0x2B || first == 0x2E
        else { return nil }
        let digits = text.replacing("_", with: "")
        let negative = digits.hasPrefix("-")
        let magnitude = negative || digits.hasPrefix("+") ? String(digits.dropFirst()) : digits
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where magnitude.hasPrefix(prefix) {
            return Int64(magnitude.dropFirst(2), radix: radix).map { .integer(negative ? -$0 : $0) }
        }
        if magnitude.count > 1, magnitude.hasPrefix("0"), let value = Int64(magnitude, radix: 8) {
            return .integer(negative ? -value : value)
        }
        if let value = Int64(digits) { return .integer(value) }
        guard isFloat(magnitude), let value = Double(digits), value.isFinite else { return nil }
        if value == value.rounded(), abs(value) < 1e15 { return .integer(Int64(value)) }
        return .number(JSONNumber(text: "\(value)"))
    }

    /// `digits [. digits] [e [sign] digits]` with at least one digit in front of the exponent.
    private static func isFloat(_ text: String) -> Bool {
        var sawDigit = false
        var sawExponent = false
        var sawPoint = false
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: sawDigit = true
            case 0x2E where !sawPoint && !sawExponent: sawPoint = true
            case 0x65, 0x45:
                if !sawDigit || sawExponent { return false }
                sawExponent = true
            case 0x2B where previous | 0x20 == 0x65: break
            case 0x2D where previous | 0x20 == 0x65: break
            default: return false
            }
            previous = byte
        }
        return sawDigit && previous.isDigit || previous == 0x2E && sawDigit
    }
}
