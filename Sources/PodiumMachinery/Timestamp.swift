// SPDX-License-Identifier: Apache-2.0
// Points in time, and the RFC 3339 texts that Kubernetes writes of them.

import PodiumCodec

/// A point in time, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// It reaches from the year 1677 to 2262; times beyond are held at these ends, and so are the results of calculations.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// A whole number of seconds since 1970.
    package init(seconds: Int64) { self.init(seconds: seconds, fraction: 0) }

    private init(seconds: Int64, fraction: Int64) {
        // Towards zero, so that the last second before the end is not lost by its whole part.
        let (seconds, fraction) =
            seconds < 0 && fraction > 0 ? (seconds + 1, fraction - 1_000_000_000) : (seconds, fraction)
        let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        nanoseconds = isTooLarge ? (seconds < 0 ? .min : .max) : whole.addingSaturating(fraction)
    }

    /// Whole seconds since 1970, rounded down.
    package var seconds: Int64 { nanoseconds.dividedDown(by: 1_000_000_000) }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(nanoseconds: left.nanoseconds.addingSaturating(right.nanoseconds))
    }

    package static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(nanoseconds: left.nanoseconds.subtractingSaturating(right.nanoseconds))
    }

    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        .nanoseconds(left.nanoseconds.subtractingSaturating(right.nanoseconds))
    }
}

extension Int64 {
    fileprivate func addingSaturating(_ other: Int64) -> Int64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? (other < 0 ? .min : .max) : sum
    }

    fileprivate func subtractingSaturating(_ other: Int64) -> Int64 {
        let (difference, isTooLarge) = subtractingReportingOverflow(other)
        return isTooLarge ? (other < 0 ? .max : .min) : difference
    }

    /// The quotient rounded down; `divisor` is positive.
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension Duration {
    /// The whole length in nanoseconds; saturates beyond 292 years.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        return scaled.addingSaturating(attoseconds / 1_000_000_000)
    }
}

extension Timestamp {
    /// `2026-01-01T00:00:04Z`: the form of `metav1.Time`, whole seconds.
    package var rfc3339: String { text(fractionDigits: 0) }

    /// `2026-01-01T00:00:04.020000Z`: the form of `metav1.MicroTime`.
    package var rfc3339Micro: String { text(fractionDigits: 6) }

    /// `2026-01-01T00:00:04.020000000Z`: the form of container log lines.
    package var rfc3339Nano: String { text(fractionDigits: 9) }

    /// `Thu, 01 Jan 2026 00:00:04 +0000`: Go's `time.RFC1123Z`, in which some Events speak.
    package var rfc1123: String {
        let date = CivilDate(daysSince1970: seconds.dividedDown(by: 86_400))
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let text = rfc3339
        let day = text.dropFirst(8).prefix(2)
        let month = months[Int(date.month) - 1]
        return "\(days[Int(date.weekday)]), \(day) \(month) \(date.year) \(text.dropFirst(11).prefix(8)) +0000"
    }

    private func text(fractionDigits: Int) -> String {
        let billion: Int64 = 1_000_000_000
        let whole = nanoseconds.dividedDown(by: billion)
        var fraction = (nanoseconds % billion + billion) % billion
        let days = whole.dividedDown(by: 86_400)
        let second = whole - days * 86_400
        let date = CivilDate(daysSince1970: days)
        for _ in fractionDigits..<9 { fraction /= 10 }
        let count = fractionDigits == 0 ? 20 : 21 + fractionDigits
        // At one go: times stand in everything that is written.
        return String(unsafeUninitializedCapacity: count) { target in
            func write(_ number: Int64, _ width: Int, at start: Int, then separator: UInt8) {
                var rest = number
                for index in (start..<start + width).reversed() {
                    target[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                target[start + width] = separator
            }
            // Every year that can be counted has four digits.
            write(date.year, 4, at: 0, then: UInt8(ascii: "-"))
            write(date.month, 2, at: 5, then: UInt8(ascii: "-"))
            write(date.day, 2, at: 8, then: UInt8(ascii: "T"))
            write(second / 3600, 2, at: 11, then: UInt8(ascii: ":"))
            write(second / 60 % 60, 2, at: 14, then: UInt8(ascii: ":"))
            write(second % 60, 2, at: 17, then: fractionDigits == 0 ? UInt8(ascii: "Z") : UInt8(ascii: "."))
            if fractionDigits > 0 { write(fraction, fractionDigits, at: 20, then: UInt8(ascii: "Z")) }
            return count
        }
    }

    /// Reads an RFC 3339 time with any fraction and offset; nil when `text` is none.
    package init?(rfc3339 text: String) {
        let units = Array(text.utf8)
        guard units.count >= 20, units[4] == 0x2D, units[7] == 0x2D, units[10] == 0x54, units[13] == 0x3A,
            units[16] == 0x3A
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for unit in units[range] {
                guard unit.isDigit else { return nil }
                value = value * 10 + Int64(unit - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...CivilDate.daysIn(month: month, of: year)).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if units[index] == 0x2E {
            index += 1
            var scale: Int64 = 100_000_000
            let start = index
            while index < units.count, units[index].isDigit {
                fraction += Int64(units[index] - 0x30) * scale
                scale /= 10
                index += 1
            }
            if index == start { return nil }
        }
        guard index < units.count else { return nil }
        var offset: Int64 = 0
        switch units[index] {
        case 0x5A where index + 1 == units.count: break
        case 0x2B, 0x2D:
            guard index + 6 == units.count, units[index + 3] == 0x3A, let hours = number(index + 1..<index + 3),
                let minutes = number(index + 4..<index + 6), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 3600 + minutes * 60) * (units[index] == 0x2D ? -1 : 1)
        default: return nil
        }
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(seconds: seconds, fraction: fraction)
    }
}
