// SPDX-License-Identifier: Apache-2.0
// Cron schedules of five fields: which minutes, hours, days and months they name.

import PodiumMachinery

/// Why a text is no schedule, in the words of upstream's library.
package struct CronScheduleError: Error, Equatable {
    package let message: String
}

/// A schedule such as `*/5 8-18 * * mon-fri` or `@hourly`.
// Kubernetes: github.com/robfig/cron/v3 parser.go ParseStandard
package struct CronSchedule: Hashable, Sendable {
    /// The bits of the minutes, hours, days of the month, months, days of the week (0 is Sunday) that are named.
    package private(set) var minutes: UInt64 = 0
    package private(set) var hours: UInt64 = 0
    package private(set) var days: UInt64 = 0
    package private(set) var months: UInt64 = 0
    package private(set) var weekdays: UInt64 = 0
    /// Whether the days were left open by `*` or `?`; when both kinds of days are named, either is enough.
    package private(set) var daysAreOpen = false
    package private(set) var weekdaysAreOpen = false
    /// The time between runs, of an `@every` schedule.
    package private(set) var interval: Duration?

    private static let descriptors = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// Reads a schedule.
    package init(_ text: String) throws(CronScheduleError) {
        if text.isEmpty { throw CronScheduleError(message: "empty spec string") }
        if text.hasPrefix("@every ") {
            let length = String(text.dropFirst(7))
            do throws(GoDurationError) {
                interval = try GoDuration.parse(length)
            } catch {
                throw CronScheduleError(message: "failed to parse duration \(text): \(error)")
            }
            return
        }
        var fields = text
        if text.hasPrefix("@") {
            guard let meaning = Self.descriptors[text] else {
                throw CronScheduleError(message: "unrecognized descriptor: \(text)")
            }
            fields = meaning
        }
        let parts = fields.split { $0 == " " || $0 == "\t" || $0 == "\n" }.map(String.init)
        guard parts.count == 5 else {
            let list = parts.joined(separator: " ")
            throw CronScheduleError(message: "expected exactly 5 fields, found \(parts.count): [\(list)]")
        }
        minutes = try CronField.minute.bits(of: parts[0]).bits
        hours = try CronField.hour.bits(of: parts[1]).bits
        (days, daysAreOpen) = try CronField.day.bits(of: parts[2])
        months = try CronField.month.bits(of: parts[3]).bits
        (weekdays, weekdaysAreOpen) = try CronField.weekday.bits(of: parts[4])
    }
}

/// One of the five fields.
private struct CronField {
    let range: ClosedRange<Int>
    let names: [String]

    static let minute = CronField(range: 0...59, names: [])
    static let hour = CronField(range: 0...23, names: [])
    static let day = CronField(range: 1...31, names: [])
    static let month = CronField(
        range: 1...12,
        names: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    )
    static let weekday = CronField(range: 0...6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

    func bits(of text: String) throws(CronScheduleError) -> (bits: UInt64, isOpen: Bool) {
        var bits: UInt64 = 0
        var isOpen = false
        for part in text.split(separator: ",") {
            let (more, open) = try self.bits(ofRange: String(part))
            bits |= more
            isOpen = isOpen || open
        }
        return (bits, isOpen)
    }

    private func bits(ofRange text: String) throws(CronScheduleError) -> (UInt64, Bool) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        let isStar = bounds[0] == "*" || bounds[0] == "?"
        var first = range.lowerBound
        var last = range.upperBound
        if !isStar {
            first = try number(bounds[0])
            guard bounds.count <= 2 else { throw CronScheduleError(message: "too many hyphens: \(text)") }
            last = bounds.count == 2 ? try number(bounds[1]) : first
        }
        var step = 1
        switch parts.count {
        case 1: break
        case 2:
            step = try number(parts[1], named: false)
            if !isStar, bounds.count == 1 { last = range.upperBound }
        default: throw CronScheduleError(message: "too many slashes: \(text)")
        }
        try check(first, last, step, text)
        var bits: UInt64 = 0
        for value in stride(from: first, through: last, by: step) { bits |= 1 << UInt64(value) }
        return (bits, isStar && step == 1)
    }

    private func check(_ first: Int, _ last: Int, _ step: Int, _ text: String) throws(CronScheduleError) {
        if first < range.lowerBound {
            throw CronScheduleError(
                message: "beginning of range (\(first)) below minimum (\(range.lowerBound)): \(text)"
            )
        }
        if last > range.upperBound {
            throw CronScheduleError(message: "end of range (\(last)) above maximum (\(range.upperBound)): \(text)")
        }
        if first > last {
            throw CronScheduleError(message: "beginning of range (\(first)) beyond end of range (\(last)): \(text)")
        }
        if step == 0 {
            throw CronScheduleError(message: "step of range should be a positive number: \(text)")
        }
    }

    private func number(_ text: String, named: Bool = true) throws(CronScheduleError) -> Int {
        if named, !text.isEmpty, let value = names.firstIndex(of: text.lowercased()) { return value }
        guard let value = Int(text) else {
            let quoted = FieldError.quoted(text)
            let problem = "strconv.Atoi: parsing \(quoted): invalid syntax"
            throw CronScheduleError(message: "failed to parse int from \(text): \(problem)")
        }
        if value < 0 { throw CronScheduleError(message: "negative number (\(value)) not allowed: \(text)") }
        return value
    }
}
