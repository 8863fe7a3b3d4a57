// SPDX-License-Identifier: Apache-2.0
// When a cron schedule is due, in a time zone whose clocks may be set.

package import PodiumMachinery

extension CronSchedule {
    /// The limits of the search.
    package enum Limits {
        /// How many years ahead is looked; `0 0 30 2 *` is never.
        package static let maximumYears: Int64 = 5
    }

    /// The first moment after `time` that the schedule names; nil when there is none within five years.
    ///
    /// An hour that clocks skip is skipped with what was due in it, and what is due in an hour that they show twice is
    /// due twice:
    ///
    /// ```
    /// 30 2 * * *  in Europe/Berlin  after 2026-03-28T02:30+01:00  → 2026-03-30T02:30+02:00
    /// 30 2 * * *  in Europe/Berlin  after 2026-10-25T02:30+02:00  → 2026-10-25T02:30+01:00
    /// ```
    // Kubernetes: github.com/robfig/cron/v3 spec.go SpecSchedule.Next, constantdelay.go
    package func next(after time: Timestamp, in zone: TimeZoneRules) -> Timestamp? {
        guard let interval else {
            var search = CronSearch(self, from: time.seconds + 1, in: zone)
            return search.run().map { Timestamp(seconds: $0) }
        }
        return Timestamp(seconds: time.seconds + max(1, interval.components.seconds))
    }
}

/// Looks for the next moment of a schedule, the larger fields first.
private struct CronSearch {
    private let schedule: CronSchedule
    private let zone: TimeZoneRules
    private var time: LocalTime
    /// Whether a field was moved on, so that what is smaller stands at its beginning.
    private var hasMoved = false

    init(_ schedule: CronSchedule, from seconds: Int64, in zone: TimeZoneRules) {
        self.schedule = schedule
        self.zone = zone
        time = LocalTime(at: seconds, in: zone)
    }

    /// - Returns: the moment in seconds since 1970.
    mutating func run() -> Int64? {
        let lastYear = time.date.year + CronSchedule.Limits.maximumYears
        while time.date.year <= lastYear {
            if findMonth(), findDay(), findHour(), findMinute() { return findSecond() }
        }
        return nil
    }

    // Each of these returns false when the next larger field moved on, and all has to be looked at again.

    private mutating func findMonth() -> Bool {
        while schedule.months & bit(time.date.month) == 0 {
            let isDecember = time.date.month == 12
            // The hour stays, as it does when Go adds a month; it is the first unless clocks are set at midnight.
            let hour = hasMoved ? time.hour : 0
            hasMoved = true
            let next = CivilDate(
                year: time.date.year + (isDecember ? 1 : 0),
                month: isDecember ? 1 : time.date.month + 1,
                day: 1
            )
            set(next, hour: hour)
            if isDecember { return false }
        }
        return true
    }

    private mutating func findDay() -> Bool {
        while !matchesDay {
            if !hasMoved { set(time.date, hour: 0) }
            hasMoved = true
            set(CivilDate(daysSince1970: time.date.daysSince1970 + 1), hour: time.hour, minute: time.minute)
            // Where clocks are set at midnight the day may begin an hour off.
            if time.hour != 0 { move(by: (time.hour > 12 ? 24 - time.hour : -time.hour) * 3600) }
            if time.date.day == 1 { return false }
        }
        return true
    }

    private mutating func findHour() -> Bool {
        while schedule.hours & bit(time.hour) == 0 {
            if !hasMoved { set(time.date, hour: time.hour) }
            hasMoved = true
            move(by: 3600)
            if time.hour == 0 { return false }
        }
        return true
    }

    private mutating func findMinute() -> Bool {
        while schedule.minutes & bit(time.minute) == 0 {
            if !hasMoved { move(by: -(time.seconds % 60)) }
            hasMoved = true
            move(by: 60)
            if time.minute == 0 { return false }
        }
        return true
    }

    /// Runs begin with a minute.
    private mutating func findSecond() -> Int64? {
        if time.second == 0 { return time.seconds }
        move(by: 60 - time.second)
        hasMoved = true
        return run()
    }

    private var matchesDay: Bool {
        let isDay = schedule.days & bit(time.date.day) != 0
        let isWeekday = schedule.weekdays & bit(time.date.weekday) != 0
        return schedule.daysAreOpen || schedule.weekdaysAreOpen ? isDay && isWeekday : isDay || isWeekday
    }

    private func bit(_ number: Int64) -> UInt64 { 1 << UInt64(number) }

    private mutating func move(by seconds: Int64) { time = LocalTime(at: time.seconds + seconds, in: zone) }

    private mutating func set(_ date: CivilDate, hour: Int64, minute: Int64 = 0) {
        let local = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60
        time = LocalTime(at: zone.seconds(showing: local), in: zone)
    }
}
