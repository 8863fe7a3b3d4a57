// SPDX-License-Identifier: Apache-2.0
// Lengths of time as Go writes them: `1h2m3.5s`.

/// Why a text is not a duration.
package enum GoDurationError: Error, Equatable, CustomStringConvertible {
    case invalid(String)
    case missingUnit(String)
    case unknownUnit(String, in: String)

    package var description: String {
        switch self {
        case .invalid(let text): "time: invalid duration \(FieldError.quoted(text))"
        case .missingUnit(let text): "time: missing unit in duration \(FieldError.quoted(text))"
        case .unknownUnit(let unit, let text):
            "time: unknown unit \(FieldError.quoted(unit)) in duration \(FieldError.quoted(text))"
        }
    }
}

/// Reads and prints durations in Go's notation.
// Go: time.ParseDuration, time.Duration.String
package enum GoDuration {
    private static let units: [String: UInt64] = [
        "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
        "h": 3_600_000_000_000,
    ]

    /// Reads `text`: a sign, then numbers with fraction and unit.
    ///
    /// Only `0` may stand without a unit.
    package static func parse(_ text: String) throws(GoDurationError) -> Duration {
        var rest = Substring(text)
        let isNegative = rest.first == "-"
        if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
        if rest == "0" { return .zero }
        guard !rest.isEmpty else { throw .invalid(text) }
        var total: UInt64 = 0
        while !rest.isEmpty {
            let (sum, overflow) = total.addingReportingOverflow(try parseElement(&rest, of: text))
            guard !overflow, sum <= UInt64(Int64.max) else { throw .invalid(text) }
            total = sum
        }
        return .nanoseconds(isNegative ? -Int64(total) : Int64(total))
    }

    /// Reads one number with its unit; nanoseconds.
    private static func parseElement(_ rest: inout Substring, of text: String) throws(GoDurationError) -> UInt64 {
        let whole = rest.prefix { isDigit($0) }
        rest = rest.dropFirst(whole.count)
        var fraction = Substring()
        var hasPoint = false
        if rest.first == "." {
            hasPoint = true
            rest = rest.dropFirst()
            fraction = rest.prefix { isDigit($0) }
            rest = rest.dropFirst(fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { throw .invalid(text) }
        let unit = rest.prefix { $0 != "." && !isDigit($0) }
        rest = rest.dropFirst(unit.count)
        guard !unit.isEmpty else { throw .missingUnit(text) }
        guard let factor = units[String(unit)] else { throw .unknownUnit(String(unit), in: text) }
        guard let number = whole.isEmpty ? 0 : UInt64(whole) else { throw .invalid(text) }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { throw .invalid(text) }
        guard hasPoint else { return product }
        // Digits finer than a nanosecond of any unit are without effect.
        let digits = fraction.prefix(15)
        var scale = 1.0
        for _ in digits { scale *= 10 }
        let part = UInt64(Double(UInt64(digits) ?? 0) * (Double(factor) / scale))
        return product.addingReportingOverflow(part).partialValue
    }

    private static func isDigit(_ character: Character) -> Bool { character >= "0" && character <= "9" }

    /// Prints `duration` as Go does: `0s`, `1.5ms`, `2m0s`, `1h2m3.5s`.
    package static func print(_ duration: Duration) -> String {
        let nanoseconds = duration.nanoseconds
        guard nanoseconds != 0 else { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let magnitude = nanoseconds.magnitude
        if magnitude < 1000 { return "\(sign)\(magnitude)ns" }
        if magnitude < 1_000_000 { return sign + decimal(magnitude, per: 1000) + "µs" }
        if magnitude < 1_000_000_000 { return sign + decimal(magnitude, per: 1_000_000) + "ms" }
        let minutes = magnitude / 60_000_000_000
        var text = sign
        if minutes >= 60 { text += "\(minutes / 60)h" }
        if minutes > 0 { text += "\(minutes % 60)m" }
        return text + decimal(magnitude % 60_000_000_000, per: 1_000_000_000) + "s"
    }

    /// `value` / `unit` with as many decimals as needed; `unit` is a power of ten.
    private static func decimal(_ value: UInt64, per unit: UInt64) -> String {
        let fraction = value % unit
        guard fraction != 0 else { return String(value / unit) }
        var digits = Array(String(fraction + unit).utf8.dropFirst())
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return "\(value / unit)." + String(decoding: digits, as: UTF8.self)
    }
}
