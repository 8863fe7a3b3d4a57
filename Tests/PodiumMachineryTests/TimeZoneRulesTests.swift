// SPDX-License-Identifier: Apache-2.0
// Time zones: what is read from their files, and what clocks show.

import PodiumMachinery
import Testing

@Suite struct TimeZoneRulesTests {
    /// A file with these offsets, the times at which they begin, and a footer.
    static func file(
        first: Int32,
        _ changes: [(seconds: Int64, offset: Int32)] = [],
        footer: String,
        version: Character = "2"
    ) -> [UInt8] {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        func block(wide: Bool) -> [UInt8] {
            let changes = wide ? changes : []
            let counts = [0, 0, 0, changes.count, changes.count + 1, 4].map { UInt32($0) }
            var block = Array("TZif\(version)".utf8) + [UInt8](repeating: 0, count: 15)
            block += counts.flatMap { bytes($0) } + changes.flatMap { bytes($0.seconds) }
            block += changes.indices.map { UInt8($0 + 1) }
            for offset in [first] + changes.map(\.offset) { block += bytes(offset) + [0, 0] }
            return block + Array("LMT\0".utf8)
        }
        return block(wide: false) + block(wide: true) + Array("\n\(footer)\n".utf8)
    }

    private func offset(_ footer: String, _ time: String) throws -> Int64 {
        let zone = try #require(TimeZoneRules(file: Self.file(first: 0, footer: footer)))
        return zone.offset(at: try #require(Timestamp(rfc3339: time)).seconds)
    }

    @Test(
        arguments: [
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7200),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3600),
            ("EST5EDT,M3.2.0,M11.1.0", "2026-07-04T12:00:00Z", -14_400),
            ("EST5EDT,M3.2.0,M11.1.0", "2026-12-24T12:00:00Z", -18_000),
            // Summer is around new year in the south.
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39_600),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z", 36_000),
            ("<+0545>-5:45", "2026-07-01T00:00:00Z", 20_700),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0),
            ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 10_800),
            ("XXX3YYY,J60,J300", "2028-03-01T05:00:00Z", -7200),
            ("XXX3YYY,59,299", "2026-03-01T04:59:59Z", -10_800),
        ] as [(String, String, Int64)]
    )
    func whatIsNotWrittenOutFollowsTheFooter(footer: String, time: String, seconds: Int64) throws {
        #expect(try offset(footer, time) == seconds)
    }

    @Test func offsetsChangeWhenTheFileSays() throws {
        let file = Self.file(first: 10, [(100, 20), (200, 30)], footer: "XXX-1")
        let zone = try #require(TimeZoneRules(file: file))
        #expect([-5, 99, 100, 199, 200, 5000].map { zone.offset(at: $0) } == [10, 10, 20, 20, 3600, 3600])
        let endless = try #require(TimeZoneRules(file: Self.file(first: 10, [(100, 20), (200, 30)], footer: "")))
        #expect([199, 200, 5000].map { endless.offset(at: $0) } == [20, 30, 30])
    }

    @Test func whatIsNoFileIsNone() {
        let file = Self.file(first: 10, [(100, 20)], footer: "XXX-1")
        #expect(TimeZoneRules(file: []) == nil)
        #expect(TimeZoneRules(file: Array("#!/bin/sh".utf8)) == nil)
        for length in 0..<(file.count - 10) { #expect(TimeZoneRules(file: Array(file.prefix(length))) == nil) }
    }

    @Test func localTimesHaveMomentsEvenWhenClocksAreSet() throws {
        let file = Self.file(first: 0, footer: "CET-1CEST,M3.5.0,M10.5.0/3")
        let berlin = try #require(TimeZoneRules(file: file))
        func moment(_ local: String) throws -> String {
            let shown = try #require(Timestamp(rfc3339: local + "Z")).seconds
            return LocalTime(at: berlin.seconds(showing: shown), in: berlin).rfc3339
        }
        #expect(try moment("2026-07-01T12:00:00") == "2026-07-01T12:00:00+02:00")
        #expect(try moment("2026-01-01T00:00:00") == "2026-01-01T00:00:00+01:00")
        #expect(try moment("2026-03-29T02:30:00") == "2026-03-29T03:30:00+02:00")
    }

    @Test func timesAreShownWithTheirOffsets() throws {
        let time = try #require(Timestamp(rfc3339: "2026-01-01T02:00:00Z"))
        func shown(_ footer: String) -> String? {
            TimeZoneRules(file: Self.file(first: 0, footer: footer)).map {
                LocalTime(at: time.seconds, in: $0).rfc3339
            }
        }
        #expect(shown("UTC0") == "2026-01-01T02:00:00Z")
        #expect(shown("<+0545>-5:45") == "2026-01-01T07:45:00+05:45")
        #expect(shown("<-0330>3:30") == "2025-12-31T22:30:00-03:30")
        #expect(time.rfc1123 == "Thu, 01 Jan 2026 02:00:00 +0000")
    }
}
