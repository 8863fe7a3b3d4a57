// SPDX-License-Identifier: Apache-2.0
// A line of a crontab: when its command runs.

package import PodiumMachinery
import PodiumRuntime

/// A line of a crontab.
package struct CronSchedule: Sendable {
    private static let names: [String: String] = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    private static let ranges = [0...59, 0...23, 1...31, 1...12, 0...7]

    /// Whether it runs once, when the daemon begins.
    private(set) var isAtStart = false
    private var fields: [Set<Int>] = []
    /// Whether the day of the month and that of the week are both limited; either is enough then.
    private var isEitherDay = false
    let user: String?
    let command: String

    /// Reads a line; nil when it is none. With `hasUser` a user stands before the command.
    package init?(_ line: String, hasUser: Bool) {
        var rest = line[...]
        func word() -> String? {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            let found = rest.prefix { $0 != " " && $0 != "\t" }
            rest = rest.dropFirst(found.count)
            return found.isEmpty ? nil : String(found)
        }
        guard let first = word(), !first.hasPrefix("#") else { return nil }
        var times = [first]
        if first == "@reboot" {
            isAtStart = true
        } else if let meaning = Self.names[first] {
            times = meaning.split(separator: " ").map(String.init)
        } else {
            for _ in 1..<5 {
                guard let next = word() else { return nil }
                times.append(next)
            }
        }
        if !isAtStart {
            for (text, range) in zip(times, Self.ranges) {
                guard let values = Self.values(text, range) else { return nil }
                fields.append(values)
            }
            if fields[4].contains(7) { fields[4].insert(0) }
            isEitherDay = !times[2].hasPrefix("*") && !times[4].hasPrefix("*")
        }
        user = hasUser ? word() : nil
        rest = rest.drop { $0 == " " || $0 == "\t" }
        command = String(rest)
        if command.isEmpty { return nil }
    }

    /// The numbers of `1-5`, `*/2`, `mon,fri`.
    private static func values(_ text: String, _ range: ClosedRange<Int>) -> Set<Int>? {
        var found: Set<Int> = []
        for part in text.split(separator: ",") {
            let pieces = part.split(separator: "/", maxSplits: 1).map(String.init)
            guard let span = pieces.first, let step = pieces.count > 1 ? Int(pieces[1]) : 1, step > 0 else {
                return nil
            }
            var (low, high) = (range.lowerBound, range.upperBound)
            if span != "*" {
                let ends = span.split(separator: "-", maxSplits: 1).map(String.init)
                guard let first = ends.first.flatMap({ number($0, range) }) else { return nil }
                low = first
                high = pieces.count > 1 ? range.upperBound : first
                if ends.count > 1 {
                    guard let last = number(ends[1], range) else { return nil }
                    high = last
                }
            }
            guard range.contains(low), range.contains(high) else { return nil }
            if low <= high { found.formUnion(stride(from: low, through: high, by: step)) }
        }
        return found.isEmpty ? nil : found
    }

    private static func number(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        let names = range.upperBound == 12 ? months : range.upperBound == 7 ? days : []
        if let index = names.firstIndex(of: text.lowercased()) { return index + range.lowerBound }
        return Int(text)
    }

    /// Whether it runs in a minute.
    package func matches(_ moment: Timestamp) -> Bool {
        guard !isAtStart else { return false }
        let parts = CivilTime(moment).formatted("%M %H %d %m %u").split(separator: " ").compactMap { Int($0) }
        guard parts.count == 5, fields.count == 5 else { return false }
        for index in [0, 1, 3] where !fields[index].contains(parts[index]) { return false }
        let isDay = fields[2].contains(parts[2])
        let isWeekday = fields[4].contains(parts[4] % 7)
        return isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }
}
