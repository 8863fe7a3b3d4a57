// SPDX-License-Identifier: Apache-2.0
// Dates in UTC, as `date` and `ls` print them.

import PodiumMachinery
import PodiumRuntime

/// A moment by the calendar, in UTC.
struct CivilTime: Sendable {
    let timestamp: Timestamp
    let year: Int
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int
    /// 0 is Sunday.
    let weekday: Int
    /// 1…366.
    let dayOfYear: Int

    init(_ timestamp: Timestamp) {
        self.timestamp = timestamp
        // The machinery's own text is the calendar: `2026-01-01T00:00:04Z`.
        let fields = timestamp.rfc3339.split { !$0.isNumber }.map { Int($0) ?? 0 } + Array(repeating: 0, count: 6)
        year = fields[0]
        month = fields[1]
        day = fields[2]
        hour = fields[3]
        minute = fields[4]
        second = fields[5]
        let days = Int((Double(timestamp.seconds) / 86_400).rounded(.down))
        weekday = ((days + 4) % 7 + 7) % 7
        let start = Timestamp(rfc3339: "\(PrintFormatter.zeros(year, 4))-01-01T00:00:00Z")
        dayOfYear = start.map { Int((timestamp - $0).nanoseconds / 86_400_000_000_000) + 1 } ?? 1
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// The text of a `strftime` format.
    func formatted(_ format: String) -> String {
        var text = ""
        var rest = Array(format)[...]
        while let character = rest.popFirst() {
            guard character == "%", var directive = rest.popFirst() else {
                text.append(character)
                continue
            }
            if directive == "-" || directive == "_" || directive == ":", let next = rest.popFirst() {
                text += directive == "-" ? trimmed(next) : field(next)
                continue
            }
            if directive == "3" || directive == "6" || directive == "9" { directive = rest.popFirst() ?? "N" }
            text += field(directive)
        }
        return text
    }

    private func trimmed(_ directive: Character) -> String {
        let text = field(directive)
        let digits = text.drop { $0 == "0" || $0 == " " }
        return digits.isEmpty ? "0" : String(digits)
    }

    /// The week of ISO 8601, which belongs to the year that has its Thursday.
    private var isoWeek: (year: Int, week: Int) {
        func isLeap(_ year: Int) -> Bool { year % 4 == 0 && year % 100 != 0 || year % 400 == 0 }
        let thursday = dayOfYear + 3 - (weekday + 6) % 7
        let length = isLeap(year) ? 366 : 365
        if thursday < 1 {
            return (year - 1, (thursday + (isLeap(year - 1) ? 366 : 365) - 1) / 7 + 1)
        }
        return thursday > length ? (year + 1, 1) : (year, (thursday - 1) / 7 + 1)
    }

    private func field(_ directive: Character) -> String {
        switch directive {
        case "Y": PrintFormatter.zeros(year, 4)
        case "C": PrintFormatter.zeros(year / 100, 2)
        case "y": PrintFormatter.zeros(year % 100, 2)
        case "m": PrintFormatter.zeros(month, 2)
        case "d": PrintFormatter.zeros(day, 2)
        case "e": PrintFormatter.padded(String(day), 2, left: false)
        case "H": PrintFormatter.zeros(hour, 2)
        case "I": PrintFormatter.zeros((hour + 11) % 12 + 1, 2)
        case "M": PrintFormatter.zeros(minute, 2)
        case "S": PrintFormatter.zeros(second, 2)
        case "N": PrintFormatter.zeros(Int(timestamp.nanoseconds % 1_000_000_000), 9)
        case "j": PrintFormatter.zeros(dayOfYear, 3)
        case "p": hour < 12 ? "AM" : "PM"
        case "s": String(timestamp.seconds)
        case "u": String(weekday == 0 ? 7 : weekday)
        case "w": String(weekday)
        case "k": PrintFormatter.padded(String(hour), 2, left: false)
        case "l": PrintFormatter.padded(String((hour + 11) % 12 + 1), 2, left: false)
        case "P": hour < 12 ? "am" : "pm"
        case "U": PrintFormatter.zeros((dayOfYear + 6 - weekday) / 7, 2)
        case "W": PrintFormatter.zeros((dayOfYear + 6 - (weekday + 6) % 7) / 7, 2)
        case "V": PrintFormatter.zeros(isoWeek.week, 2)
        case "G": PrintFormatter.zeros(isoWeek.year, 4)
        case "g": PrintFormatter.zeros(isoWeek.year % 100, 2)
        case "a": String(Self.weekdays[weekday].prefix(3))
        case "A": Self.weekdays[weekday]
        case "b", "h": String(month > 0 ? Self.months[month - 1].prefix(3) : "")
        case "B": month > 0 ? Self.months[month - 1] : ""
        case "Z": "UTC"
        case "z": "+0000"
        case "n": "\n"
        case "t": "\t"
        case "%": "%"
        case "F": formatted("%Y-%m-%d")
        case "T": formatted("%H:%M:%S")
        case "R": formatted("%H:%M")
        case "D", "x": formatted("%m/%d/%y")
        case "X": formatted("%H:%M:%S")
        case "c": formatted("%a %b %e %H:%M:%S %Y")
        case "r": formatted("%I:%M:%S %p")
        default: "%\(directive)"
        }
    }
}

extension PrintFormatter {
    /// The number with zeros before it up to `width` digits.
    static func zeros(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
