// SPDX-License-Identifier: Apache-2.0
// Which unquoted texts YAML would read as something else than text.

/// The texts that YAML 1.1 takes for null, truth values, numbers, times and merges.
// goyaml.v2: resolve.go
enum YAMLImplicitType {
    /// Whether `text`, written without quotes, would not be read as a string.
    static func isTaken(_ text: String) -> Bool {
        if words.contains(text) { return true }
        guard let first = text.utf8.first else { return true }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            return isNumber(text) || isBase60(text) || isTimestamp(text)
        default: return false
        }
    }

    private static let words: Set<String> = [
        "", "~", "null", "Null", "NULL", "<<",
        "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
        "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
        ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
    ]

    private static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8.filter { $0 != UInt8(ascii: "_") }[...]
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
        guard let first = rest.first else { return false }
        if first == UInt8(ascii: "0"), rest.count > 2 {
            let digits = rest.dropFirst(2)
            switch rest[rest.startIndex + 1] | 0x20 {
            case UInt8(ascii: "x"): return digits.allSatisfy(isHexadecimal)
            case UInt8(ascii: "o"): return digits.allSatisfy { (0x30...0x37).contains($0) }
            case UInt8(ascii: "b"): return digits.allSatisfy { (0x30...0x31).contains($0) }
            default: break
            }
        }
        return isDecimal(rest)
    }

    /// `[0-9]* [.]? [0-9]+ ([eE] [-+]? [0-9]+)?`, or digits with a point behind them.
    private static func isDecimal(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        let whole = rest.prefix(while: \.isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = rest.prefix(while: \.isDigit).count
            rest = rest.dropFirst(fraction)
        }
        if whole.isEmpty, fraction == 0 { return false }
        guard let exponent = rest.first else { return true }
        guard exponent | 0x20 == UInt8(ascii: "e") else { return false }
        rest = rest.dropFirst()
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(\.isDigit)
    }

    /// `[-+]? [0-9] [0-9_]* (: [0-5]? [0-9])+ (. [0-9_]*)?`: YAML 1.1 counts minutes and seconds so.
    private static func isBase60(_ text: String) -> Bool {
        var units = Array(text.utf8)[...]
        if let sign = units.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { units = units.dropFirst() }
        var parts = units.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first?.first, first.isDigit else { return false }
        guard parts.removeFirst().allSatisfy(isDigitOrUnderscore) else { return false }
        if let point = parts.last?.firstIndex(of: UInt8(ascii: ".")) {
            let last = parts.removeLast()
            guard last[last.index(after: point)...].allSatisfy(isDigitOrUnderscore) else { return false }
            parts.append(last[..<point])
        }
        return parts.allSatisfy { part in
            switch part.count {
            case 1: part.allSatisfy(\.isDigit)
            case 2: part.allSatisfy(\.isDigit) && part[part.startIndex] < UInt8(ascii: "6")
            default: false
            }
        }
    }

    /// `2006-1-2`, and with a time behind `T`, `t` or a space.
    private static func isTimestamp(_ text: String) -> Bool {
        let units = Array(text.utf8)
        let date = units.prefix { $0.isDigit || $0 == UInt8(ascii: "-") }
        let parts = date.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, (1...2).contains(parts[1].count), (1...2).contains(parts[2].count)
        else { return false }
        guard let month = number(parts[1]), let day = number(parts[2]), (1...12).contains(month), (1...31).contains(day)
        else { return false }
        let rest = units.dropFirst(date.count)
        switch rest.first {
        case nil: return true
        case UInt8(ascii: "T"), UInt8(ascii: "t"): return isTime(rest.dropFirst(), needsZone: true)
        case UInt8(ascii: " "): return isTime(rest.dropFirst(), needsZone: false)
        default: return false
        }
    }

    /// `15:4:5`, a fraction, and `Z` or `+07:00`.
    private static func isTime(_ text: ArraySlice<UInt8>, needsZone: Bool) -> Bool {
        let clock = text.prefix { $0.isDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
        let parts = clock.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3, (1...2).contains(parts[0].count), (1...2).contains(parts[1].count) else { return false }
        guard let hour = number(parts[0]), let minute = number(parts[1]), hour < 24, minute < 60 else { return false }
        let seconds = parts[2].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard seconds.count <= 2, let second = number(seconds[0]), second < 60, seconds.allSatisfy({ !$0.isEmpty })
        else { return false }
        let zone = text.dropFirst(clock.count)
        if zone.isEmpty { return !needsZone }
        if !needsZone { return false }
        if zone.elementsEqual([UInt8(ascii: "Z")]) { return true }
        guard zone.count == 6, zone.first == UInt8(ascii: "+") || zone.first == UInt8(ascii: "-") else { return false }
        return zone[zone.startIndex + 3] == UInt8(ascii: ":")
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.allSatisfy(\.isDigit) ? Int(String(decoding: digits, as: UTF8.self)) : nil
    }

    private static func isDigitOrUnderscore(_ unit: UInt8) -> Bool { unit.isDigit || unit == UInt8(ascii: "_") }
    private static func isHexadecimal(_ unit: UInt8) -> Bool {
        unit.isDigit || (0x61...0x66).contains(unit | 0x20)
    }
}
