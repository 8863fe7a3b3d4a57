// SPDX-License-Identifier: Apache-2.0
// The rule by which a time zone goes on after the last change of its file: POSIX's `CET-1CEST,M3.5.0,M10.5.0/3`.

import PodiumCodec
/// What clocks are set to twice a year, or never.
struct RecurringOffsets: Hashable, Sendable {
    /// When in a year clocks are set.
    struct Change: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// The day of the year from 1, 29 February not counted.
            case julian(Int64)
            /// The day of the year from 0.
            case ordinal(Int64)
            /// A weekday of a month: the first, the second … the fifth for the last.
            case weekday(Int64, week: Int64, month: Int64)
        }

        let day: Day
        /// Seconds after midnight as clocks show it before; may lie outside of the day.
        let time: Int64
    }

    private let standard: Int64
    private let saving: Int64
    private let begin: Change?
    private let end: Change?

    /// Reads a rule; nil when `text` is none.
    init?(_ text: String) {
        var parser = RuleParser(text)
        guard parser.skipName(), let west = parser.time() else { return nil }
        standard = -west
        guard !parser.isAtEnd else {
            (saving, begin, end) = (standard, nil, nil)
            return
        }
        guard parser.skipName() else { return nil }
        saving = parser.isAt(",") ? standard + 3600 : parser.time().map { -$0 } ?? standard + 3600
        guard parser.skip(","), let begin = parser.change(), parser.skip(","), let end = parser.change(),
            parser.isAtEnd
        else { return nil }
        (self.begin, self.end) = (begin, end)
    }

    /// How many seconds clocks are ahead of UTC at a moment, given in seconds since 1970.
    func offset(at seconds: Int64) -> Int64 {
        guard let begin, let end else { return standard }
        let local = seconds + standard
        let days = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        let year = CivilDate(daysSince1970: days).year
        let first = begin.seconds(in: year) - standard
        let last = end.seconds(in: year) - saving
        let isSaving = first < last ? first <= seconds && seconds < last : !(last <= seconds && seconds < first)
        return isSaving ? saving : standard
    }
}

extension RecurringOffsets.Change {
    /// The moment in a year as clocks show it, in seconds since 1970.
    fileprivate func seconds(in year: Int64) -> Int64 { dayNumber(in: year) * 86_400 + time }

    private func dayNumber(in year: Int64) -> Int64 {
        let newYear = CivilDate(year: year, month: 1, day: 1).daysSince1970
        switch day {
        case .ordinal(let day): return newYear + day
        case .julian(let day):
            let isAfterLeapDay = day >= 60 && CivilDate.daysIn(month: 2, of: year) == 29
            return newYear + day - 1 + (isAfterLeapDay ? 1 : 0)
        case .weekday(let weekday, let week, let month):
            let first = CivilDate(year: year, month: month, day: 1)
            let day = 1 + (weekday - first.weekday + 7) % 7 + (week - 1) * 7
            let length = CivilDate.daysIn(month: month, of: year)
            return first.daysSince1970 + (day > length ? day - 7 : day) - 1
        }
    }
}

/// Reads the parts of a rule.
private struct RuleParser {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    func isAt(_ unit: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: unit) }

    mutating func skip(_ unit: Unicode.Scalar) -> Bool {
        guard isAt(unit) else { return false }
        rest.removeFirst()
        return true
    }

    /// Skips an abbreviation: letters, or anything in angle brackets.
    mutating func skipName() -> Bool {
        if skip("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    /// `[+-]hours[:minutes[:seconds]]` in seconds.
    mutating func time() -> Int64? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard var seconds = number().map({ $0 * 3600 }) else { return nil }
        for unit in [60, 1] as [Int64] where skip(":") {
            guard let part = number() else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    mutating func change() -> RecurringOffsets.Change? {
        guard let day = day() else { return nil }
        guard skip("/") else { return RecurringOffsets.Change(day: day, time: 7200) }
        return time().map { RecurringOffsets.Change(day: day, time: $0) }
    }

    private mutating func day() -> RecurringOffsets.Change.Day? {
        if skip("J") { return number().map { .julian($0) } }
        guard skip("M") else { return number().map { .ordinal($0) } }
        guard let month = number(), (1...12).contains(month), skip("."), let week = number(),
            (1...5).contains(week), skip("."), let weekday = number(), (0...6).contains(weekday)
        else { return nil }
        return .weekday(weekday, week: week, month: month)
    }

    /// A number of at most three digits.
    private mutating func number() -> Int64? {
        let digits = rest.prefix { $0.isDigit }
        guard (1...3).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
}
