// SPDX-License-Identifier: Apache-2.0
// Dates as people write them, for date -d, date -D and touch.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// A moment by its parts, which may be beyond their bounds: the 30th of February is a day in March.
struct DateParts: Sendable {
    var year: Int
    var month = 1
    var day = 1
    var hour = 0
    var minute = 0
    var second = 0

    /// The parts of a moment.
    init(_ moment: Timestamp) {
        let civil = CivilTime(moment)
        (year, month, day) = (civil.year, civil.month, civil.day)
        (hour, minute, second) = (civil.hour, civil.minute, civil.second)
    }

    /// The moment; nil outside of the years that there are.
    var moment: Timestamp? {
        guard (1...9999).contains(year), (1...12).contains(month), (0...31).contains(day), hour.magnitude < 100,
            minute.magnitude < 100, second.magnitude < 100
        else { return nil }
        let first = "\(PrintFormatter.zeros(year, 4))-\(PrintFormatter.zeros(month, 2))-01T00:00:00Z"
        guard let start = Timestamp(rfc3339: first) else { return nil }
        let seconds = ((day - 1) * 24 + hour) * 3600 + minute * 60 + second
        return start + .seconds(Int64(seconds))
    }
}

/// Reads dates.
enum DateText {
    /// Who reads a date: the GNU programs, busybox's `date`, or its `touch`, for which a date without a time is at the
    /// time that it is now.
    enum Reader { case gnu, busybox, touch }

    private static let units: [String: Int64] = [
        "second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86_400, "week": 604_800,
        "fortnight": 1_209_600,
    ]
    private static let day: Duration = .seconds(86_400)
    /// The words of a date.
    private static let maximumWords = 8

    /// `@1700000000`, `2026-01-01 12:30[:15]`, `12:30`, `010212302026.15`, `now`, `1 hour ago`, `+2 days`. A date
    /// without a time is midnight.
    static func moment(_ text: String, now: Timestamp, reader: Reader = .gnu) -> Timestamp? {
        if text.hasPrefix("@") {
            return Int64(text.dropFirst()).flatMap { $0.magnitude < 9_000_000_000 ? Timestamp(seconds: $0) : nil }
        }
        // busybox knows moments only, and nothing that depends on the present one.
        switch reader == .gnu ? text : text + "-" {
        case "", "now": return now
        case "today": return now
        case "yesterday": return now - day
        case "tomorrow": return now + day
        default: break
        }
        if reader == .gnu, let moved = moved(text, now: now) { return moved }
        var parts = DateParts(now)
        if text.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }), let dense = dense(text, parts) {
            return dense.moment
        }
        var date = text
        if date.hasSuffix("Z") || date.hasSuffix("UTC") || date.hasSuffix("GMT") {
            date = String(date.dropLast(date.hasSuffix("Z") ? 1 : 3))
        }
        let pieces = date.split { $0 == " " || $0 == "T" }
        guard (1...2).contains(pieces.count) else { return nil }
        var hasTime = false
        for piece in pieces {
            if piece.contains(":") {
                guard !hasTime, readTime(piece, &parts) else { return nil }
                hasTime = true
            } else {
                let numbers = piece.split(separator: "-").map { Int($0) }
                guard numbers.count == 3, let year = numbers[0], let month = numbers[1], let day = numbers[2] else {
                    return nil
                }
                (parts.year, parts.month, parts.day) = (year, month, day)
            }
        }
        if !hasTime, reader != .touch { (parts.hour, parts.minute, parts.second) = (0, 0, 0) }
        return parts.moment
    }

    /// What `1 hour ago`, `next month`, `+2 days -1 hour` make of a moment; nil when the words say something else.
    private static func relative(_ words: ArraySlice<Substring>, from start: Timestamp) -> Timestamp? {
        var moment = start
        var rest = words
        while let word = rest.popFirst() {
            var sign: Int64 = word == "-" ? -1 : 1
            let number = word == "+" || word == "-" ? rest.popFirst() ?? "" : word
            let counts: [Substring: Int64] = ["next": 1, "last": -1]
            guard let count = Int64(number) ?? counts[number], count.magnitude < 1_000_000, let name = rest.popFirst()
            else { return nil }
            let unit = String(name.hasSuffix("s") && name != "s" ? name.dropLast() : name)
            if rest.first == "ago" {
                rest = rest.dropFirst()
                sign = -sign
            }
            if unit == "month" || unit == "year" {
                var parts = DateParts(moment)
                let months = (parts.year * 12 + parts.month - 1) + Int(sign * count) * (unit == "year" ? 12 : 1)
                (parts.year, parts.month) = (months / 12, months % 12 + 1)
                guard months > 0, let moved = parts.moment else { return nil }
                moment = moved
            } else {
                guard let seconds = units[unit] else { return nil }
                moment = moment + .seconds(sign * count * seconds)
            }
        }
        return moment
    }

    /// A date with words behind it that move it.
    private static func moved(_ text: String, now: Timestamp) -> Timestamp? {
        let words = text.split(separator: " ")
        guard words.count > 1, words.count <= maximumWords else { return nil }
        if let moment = relative(words[...], from: now) { return moment }
        for count in (1..<words.count).reversed() {
            let base = words[..<count].joined(separator: " ")
            if let start = moment(base, now: now), let moment = relative(words[count...], from: start) { return moment }
        }
        return nil
    }

    private static func readTime(_ text: Substring, _ parts: inout DateParts) -> Bool {
        let numbers = text.split(separator: ".")[0].split(separator: ":", omittingEmptySubsequences: false).map {
            Int($0)
        }
        guard (2...3).contains(numbers.count), let hour = numbers[0], let minute = numbers[1] else { return false }
        guard numbers.count == 2 || numbers[2] != nil else { return false }
        (parts.hour, parts.minute, parts.second) = (hour, minute, numbers.count > 2 ? numbers[2] ?? 0 : 0)
        return true
    }

    /// `MMDDhhmm[[CC]YY][.ss]`, or with the year first when it has four digits.
    private static func dense(_ text: String, _ now: DateParts) -> DateParts? {
        let halves = text.split(separator: ".")
        guard let digits = halves.first, (1...2).contains(halves.count) else { return nil }
        let pairs = stride(from: 0, to: digits.utf8.count, by: 2).compactMap { index in
            Int(digits.dropFirst(index).prefix(2))
        }
        var parts = now
        parts.second = halves.count > 1 ? Int(halves[1]) ?? 0 : 0
        switch digits.utf8.count {
        case 4: (parts.hour, parts.minute) = (pairs[0], pairs[1])
        case 8: (parts.month, parts.day, parts.hour, parts.minute) = (pairs[0], pairs[1], pairs[2], pairs[3])
        case 10:
            parts.year = pairs[0] + (pairs[0] < 69 ? 2000 : 1900)
            (parts.month, parts.day, parts.hour, parts.minute) = (pairs[1], pairs[2], pairs[3], pairs[4])
        case 12:
            parts.year = pairs[0] * 100 + pairs[1]
            (parts.month, parts.day, parts.hour, parts.minute) = (pairs[2], pairs[3], pairs[4], pairs[5])
        default: return nil
        }
        return parts
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// Reads a text by a format, as `strptime` does; what the format leaves open is that of today at midnight.
    static func moment(_ text: String, format: String, now: Timestamp) -> Timestamp? {
        var parts = DateParts(now)
        (parts.hour, parts.minute, parts.second) = (0, 0, 0)
        var rest = text[...]
        var marks = Array(
            format.replacing("%F", with: "%Y-%m-%d").replacing("%T", with: "%H:%M:%S").replacing("%R", with: "%H:%M")
        )[...]
        var isAfternoon = false
        while let mark = marks.popFirst() {
            guard mark == "%", let directive = marks.popFirst() else {
                if mark == " " {
                    rest = rest.drop { $0 == " " }
                } else if rest.popFirst() != mark {
                    return nil
                }
                continue
            }
            if directive == "b" || directive == "B" || directive == "h" {
                guard let month = months.firstIndex(of: rest.prefix(3).lowercased()) else { return nil }
                parts.month = month + 1
                rest = rest.drop { $0.isLetter }
            } else if directive == "p" {
                isAfternoon = rest.prefix(2).uppercased() == "PM"
                rest = rest.dropFirst(2)
            } else if "aAZz".contains(directive) {
                rest = rest.drop { $0.isLetter || $0 == "+" || $0 == "-" || directive == "z" && $0.isNumber }
            } else if directive == "s" {
                return Int64(rest).map { Timestamp(seconds: $0) }
            } else {
                let digits = rest.drop { $0 == " " }.prefix(directive == "Y" ? 4 : 2).prefix { $0.isNumber }
                guard let value = Int(digits), set(directive, value, &parts) else { return nil }
                rest = rest[digits.endIndex...]
            }
        }
        if isAfternoon, parts.hour < 12 { parts.hour += 12 }
        return rest.isEmpty ? parts.moment : nil
    }

    private static func set(_ directive: Character, _ value: Int, _ parts: inout DateParts) -> Bool {
        switch directive {
        case "Y": parts.year = value
        case "y": parts.year = value + (value < 69 ? 2000 : 1900)
        case "m": parts.month = value
        case "d", "e": parts.day = value
        case "H", "I", "k", "l": parts.hour = value
        case "M": parts.minute = value
        case "S": parts.second = value
        default: return false
        }
        return true
    }
}

extension CivilTime {
    /// A moment in full, `2026-01-02 03:04:05.000000000 +0000`.
    static func full(_ moment: Timestamp) -> String {
        let fraction = (moment.nanoseconds % 1_000_000_000 + 1_000_000_000) % 1_000_000_000
        return CivilTime(moment).formatted("%Y-%m-%d %H:%M:%S.") + PrintFormatter.zeros(Int(fraction), 9) + " +0000"
    }
}

extension Applets {
    private static let touchTable = OptionTable(
        letters: "achmd:t:r:fD:",
        long: ["date": "d", "reference": "r", "no-create": "c", "no-dereference": "h", "time": "D"]
    )

    /// `touch`.
    static func touch(_ machine: inout Machine, _ words: [String]) -> Int {
        guard let options = AppletOptions.read(&machine, words, touchTable) else { return 1 }
        var moment = machine.now
        if let text = options["d"] ?? options["t"] {
            guard let given = DateText.moment(text, now: machine.now, reader: machine.hasBusybox ? .touch : .gnu)
            else { return fail(&machine, "touch", "invalid date\(machine.isGNU ? " format" : "") '\(text)'") }
            moment = given
        } else if let path = options["r"] {
            guard let node = machine.node(path) else {
                let text = machine.isGNU ? "failed to get attributes of '\(path)'" : "can't stat '\(path)'"
                return fail(&machine, "touch", text, machine.fault(ofTarget: path))
            }
            moment = node.time
        }
        guard !options.words.isEmpty else {
            return usage(&machine, "touch", "missing file operand")
        }
        // Only the time of the last change is kept here.
        let keepsTime = options.has("a") && !options.has("m")
        return forEach(&machine, options.words) { machine, path in
            let follows = !options.has("h")
            do throws(Errno) {
                if machine.node(path, follow: follows) == nil {
                    if options.has("c"), machine.fault(of: path) == .noEntry { return 0 }
                    machine.kernel.dispose(try machine.open(path, .update))
                }
                try machine.changeNode(path, follow: follows) { if !keepsTime { $0.time = moment } }
                return 0
            } catch {
                let isMissing = error == .noEntry || error == .notDirectory || error == .isDirectory
                let verb = isMissing ? "cannot touch" : "setting times of"
                return fail(&machine, "touch", machine.isGNU ? "\(verb) '\(path)'" : path, error)
            }
        }
    }
}
