// SPDX-License-Identifier: Apache-2.0
// When cron schedules are due.

import PodiumKinds
import PodiumMachinery
import Testing

@Suite struct CronScheduleTests {
    /// The zone of a rule, by way of a file without anything else.
    private func zone(_ rule: String) throws -> TimeZoneRules {
        if rule.isEmpty { return .utc }
        let block = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 31) + [0, 0, 0, 1, 0, 0, 0, 4]
        let body = block + [UInt8](repeating: 0, count: 6) + Array("XXX\0".utf8)
        return try #require(TimeZoneRules(file: body + body + Array("\n\(rule)\n".utf8)))
    }

    private func next(_ schedule: String, _ rule: String, after time: String) throws -> String? {
        let zone = try zone(rule)
        let start = try #require(Timestamp(rfc3339: time))
        let next = try CronSchedule(schedule).next(after: start, in: zone)
        return next.map { LocalTime(at: $0.seconds, in: zone).rfc3339 }
    }

    @Test(
        arguments: [
            ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
            ("* * * * *", "2026-01-01T00:00:59.9Z", "2026-01-01T00:01:00Z"),
            ("*/15 * * * *", "2026-01-01T00:45:00Z", "2026-01-01T01:00:00Z"),
            ("0 0 * * *", "2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z"),
            ("@monthly", "2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"),
            ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("30 6-16/4 * * 1-5", "2026-01-02T14:30:00Z", "2026-01-05T06:30:00Z"),
            // Either kind of day is enough when both are named.
            ("0 12 13 * 5", "2026-02-01T00:00:00Z", "2026-02-06T12:00:00Z"),
            ("0 12 13 * *", "2026-02-01T00:00:00Z", "2026-02-13T12:00:00Z"),
            ("@every 90s", "2026-01-01T00:00:00.5Z", "2026-01-01T00:01:30Z"),
            ("@every 10ms", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
            ("0 0 30 2 *", "2026-01-01T00:00:00Z", nil),
        ] as [(String, String, String?)]
    )
    func schedulesAreDue(schedule: String, after: String, expected: String?) throws {
        #expect(try next(schedule, "", after: after) == expected)
    }

    @Test(
        arguments: [
            ("30 2 * * *", "2026-03-28T02:30:00+01:00", "2026-03-30T02:30:00+02:00"),
            ("30 2 * * *", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
            ("0 9 * * *", "2026-03-28T12:00:00+01:00", "2026-03-29T09:00:00+02:00"),
            ("0 0 1 * *", "2026-03-15T12:00:00+01:00", "2026-04-01T00:00:00+02:00"),
        ]
    )
    func schedulesFollowTheClocksOfTheirZone(schedule: String, after: String, expected: String) throws {
        #expect(try next(schedule, "CET-1CEST,M3.5.0,M10.5.0/3", after: after) == expected)
    }

    @Test func aMonthOfMinutesIsComplete() throws {
        let schedule = try CronSchedule("* * * * *")
        var time = try #require(Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
        let end = time + .seconds(30 * 86_400)
        var count = 0
        while time < end {
            time = try #require(schedule.next(after: time, in: .utc))
            count += 1
        }
        #expect(count == 30 * 24 * 60)
    }
}
