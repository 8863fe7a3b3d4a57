// SPDX-License-Identifier: Apache-2.0
// Time zones: how far their clocks are ahead of UTC, and when that changes.

/// The rules of a time zone.
package struct TimeZoneRules: Hashable, Sendable {
    /// UTC, which needs no data.
    package static let utc = TimeZoneRules(transitions: [], first: 0, footer: nil)

    /// When clocks are set, and how many seconds they are ahead of UTC from then on.
    struct Transition: Hashable, Sendable {
        let seconds: Int64
        let offset: Int64
    }

    private let transitions: [Transition]
    /// What holds before the first transition.
    private let first: Int64
    /// What holds after the last transition; nil where that goes on for ever.
    private let footer: RecurringOffsets?

    init(transitions: [Transition], first: Int64, footer: RecurringOffsets?) {
        self.transitions = transitions
        self.first = first
        self.footer = footer
    }

    /// How many seconds clocks are ahead of UTC at a moment, given in seconds since 1970.
    package func offset(at seconds: Int64) -> Int64 {
        guard let last = transitions.last, seconds < last.seconds || footer == nil else {
            return footer?.offset(at: seconds) ?? first
        }
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].seconds <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : transitions[low - 1].offset
    }

    /// The moment at which clocks show `local`, both in seconds since 1970. Of two such moments it is the one that Go
    /// takes; for a time that is skipped it is one on either side of the gap.
    // Kubernetes: Go's time/time.go Date
    package func seconds(showing local: Int64) -> Int64 {
        let guess = offset(at: local)
        return guess == 0 ? local : local - offset(at: local - guess)
    }
}

/// What clocks show at a moment in a time zone.
package struct LocalTime: Hashable, Sendable {
    /// The moment in seconds since 1970.
    package let seconds: Int64
    /// How many seconds clocks are ahead of UTC.
    package let offset: Int64
    package let date: CivilDate
    package let hour: Int64
    package let minute: Int64
    package let second: Int64

    /// The time at a moment, given in seconds since 1970.
    package init(at seconds: Int64, in zone: TimeZoneRules) {
        self.seconds = seconds
        offset = zone.offset(at: seconds)
        let local = seconds + offset
        let days = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        let rest = local - days * 86_400
        date = CivilDate(daysSince1970: days)
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
    }

    /// `2026-01-01T05:45:00+05:45`, and `Z` where clocks show UTC.
    package var rfc3339: String {
        let shown = Timestamp(seconds: seconds + offset).rfc3339
        if offset == 0 { return shown }
        let minutes = abs(offset) / 60
        func digits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(shown.dropLast())\(offset < 0 ? "-" : "+")\(digits(minutes / 60)):\(digits(minutes % 60))"
    }
}
