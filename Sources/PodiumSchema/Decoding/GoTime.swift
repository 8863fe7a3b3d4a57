// SPDX-License-Identifier: Apache-2.0
// Reads RFC 3339 times of any year as Go does, with its errors, and writes them in UTC.

import PodiumCodec

/// A time of the proleptic Gregorian calendar, wider than 64 bits of nanoseconds reach.
struct GoTime: Equatable {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    var seconds: Int64
    /// Nanoseconds after that, below a billion.
    var nanoseconds: Int64

    /// The form that is read and written.
    enum Precision {
        /// `metav1.Time`: a fraction is taken and dropped.
        case seconds
        /// `metav1.MicroTime`: exactly six digits of a second.
        case microseconds

        /// Go's name of the form.
        fileprivate var layout: String {
            switch self {
            case .seconds: "2006-01-02T15:04:05Z07:00"
            case .microseconds: "2006-01-02T15:04:05.000000Z07:00"
            }
        }
    }

    /// Why a text is no time.
    struct ParseError: Error, Equatable {
        let message: String
    }

    /// Whether this is the zero value of Go's `time.Time`, 0001-01-01T00:00:00Z, which stands for no time at all.
    var isZero: Bool { seconds == -62_135_596_800 && nanoseconds == 0 }

    /// Reads `text`.
    static func parse(_ text: String, _ precision: Precision) -> Result<GoTime, ParseError> {
        var parser = Parser(text: text, layout: precision.layout)
        do throws(ParseError) {
            return .success(try parser.parse(precision))
        } catch {
            return .failure(error)
        }
    }

    /// The time in UTC: `2026-01-01T00:00:04Z`, or with `.020000` before the `Z`.
    func text(_ precision: Precision) -> String {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let second = seconds - days * 86_400
        let date = Self.date(ofDay: days)
        var text = "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))T"
        text += "\(Self.padded(second / 3600, 2)):\(Self.padded(second / 60 % 60, 2)):\(Self.padded(second % 60, 2))"
        if precision == .microseconds { text += ".\(Self.padded(nanoseconds / 1000, 6))" }
        return text + "Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

// MARK: Calendar

extension GoTime {
    /// Days since 1970-01-01.
    ///
    /// Years are counted from March, so that the leap day is the last of its year.
    fileprivate static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(ofDay days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    fileprivate static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

// MARK: Parsing

/// Reads a time piece by piece; an error names the piece and what stood in its place.
// Kubernetes: Go's time.Parse
private struct Parser {
    let text: String
    let layout: String
    private let units: [UInt8]
    private var position = 0

    init(text: String, layout: String) {
        self.text = text
        self.layout = layout
        units = Array(text.utf8)
    }

    mutating func parse(_ precision: GoTime.Precision) throws(GoTime.ParseError) -> GoTime {
        let year = try readYear()
        let month = try readNumber("01", "-", in: 1...12, "month")
        let day = try readNumber("02", "-", in: nil, "day")
        let hour = try readNumber("15", "T", in: 0...23, "hour", isPadded: false)
        let minute = try readNumber("04", ":", in: 0...59, "minute")
        let second = try readNumber("05", ":", in: 0...59, "second")
        let fraction = precision == .seconds ? readFraction() : try readMicroseconds()
        let offset = try readOffset()
        if position < units.count { throw problem(": extra text: \(Self.quote(units[position...]))") }
        guard (1...GoTime.days(inMonth: month, of: year)).contains(day) else { throw outOfRange("day") }
        let midnight = GoTime.day(year: year, month: month, day: day) * 86_400
        return GoTime(seconds: midnight + hour * 3600 + minute * 60 + second - offset, nanoseconds: fraction)
    }

    private mutating func readYear() throws(GoTime.ParseError) -> Int64 {
        guard units.count >= 4, isDigit(0), let year = number(0..<4) else { throw cannotParse(0, as: "2006") }
        position = 4
        return year
    }

    /// Reads `prefix` and a number of two digits, or of one when it need not be padded.
    private mutating func readNumber(
        _ piece: String,
        _ prefix: Unicode.Scalar,
        in range: ClosedRange<Int64>?,
        _ name: String,
        isPadded: Bool = true
    ) throws(GoTime.ParseError) -> Int64 {
        guard position < units.count, units[position] == UInt8(ascii: prefix) else {
            throw cannotParse(position, as: String(prefix))
        }
        position += 1
        guard isDigit(position), isDigit(position + 1) || !isPadded else { throw cannotParse(position, as: piece) }
        let width = isDigit(position + 1) ? 2 : 1
        let value = number(position..<position + width) ?? 0
        position += width
        if let range, !range.contains(value) { throw outOfRange(name) }
        return value
    }

    /// Reads a fraction of any length, if there is one; digits beyond the ninth do not count.
    private mutating func readFraction() -> Int64 {
        guard isPoint(position), isDigit(position + 1) else { return 0 }
        position += 1
        var fraction: Int64 = 0
        var scale: Int64 = 100_000_000
        while isDigit(position) {
            fraction += Int64(units[position] - UInt8(ascii: "0")) * scale
            scale /= 10
            position += 1
        }
        return fraction
    }

    /// Reads exactly six digits of a second.
    private mutating func readMicroseconds() throws(GoTime.ParseError) -> Int64 {
        guard position + 7 <= units.count, isPoint(position), let value = number(position + 1..<position + 7) else {
            throw cannotParse(position, as: ".000000")
        }
        position += 7
        return value * 1000
    }

    /// Reads `Z` or `+01:00`.
    private mutating func readOffset() throws(GoTime.ParseError) -> Int64 {
        let start = position
        if start < units.count, units[start] == UInt8(ascii: "Z") {
            position += 1
            return 0
        }
        guard start + 6 <= units.count, units[start + 3] == UInt8(ascii: ":"),
            let hours = number(start + 1..<start + 3),
            let minutes = number(start + 4..<start + 6)
        else { throw cannotParse(start, as: "Z07:00") }
        position += 6
        if hours > 24 { throw outOfRange("time zone offset hour") }
        if minutes > 60 { throw outOfRange("time zone offset minute") }
        switch units[start] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: throw cannotParse(start, as: "Z07:00")
        }
    }

    private func isDigit(_ index: Int) -> Bool {
        index < units.count && units[index].isDigit
    }

    private func isPoint(_ index: Int) -> Bool {
        index < units.count && (units[index] == UInt8(ascii: ".") || units[index] == UInt8(ascii: ","))
    }

    private func number(_ range: Range<Int>) -> Int64? {
        var value: Int64 = 0
        for index in range {
            guard isDigit(index) else { return nil }
            value = value * 10 + Int64(units[index] - UInt8(ascii: "0"))
        }
        return value
    }

    private func cannotParse(_ start: Int, as piece: String) -> GoTime.ParseError {
        let rest = Self.quote(units[min(start, units.count)...])
        return problem(" as \(Self.quote(layout.utf8)): cannot parse \(rest) as \(Self.quote(piece.utf8))")
    }

    private func outOfRange(_ name: String) -> GoTime.ParseError { problem(": \(name) out of range") }

    private func problem(_ rest: String) -> GoTime.ParseError {
        GoTime.ParseError(message: "parsing time \(Self.quote(units))\(rest)")
    }

    /// Text in quotes as Go's time package writes it: every byte that is not plain ASCII as `\xNN`.
    private static func quote(_ units: some Sequence<UInt8>) -> String {
        var result = "\""
        for unit in units {
            switch unit {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += "\\\(Character(Unicode.Scalar(unit)))"
            case 0x20..<0x80: result.unicodeScalars.append(Unicode.Scalar(unit))
            default: result += "\\x" + (unit < 16 ? "0" : "") + String(unit, radix: 16)
            }
        }
        return result + "\""
    }
}
