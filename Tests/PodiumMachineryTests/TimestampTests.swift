// SPDX-License-Identifier: Apache-2.0
// Times: what is read, what is refused, and that no text and no calculation overflows.

import PodiumMachinery
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:30:45Z", 951_827_445_000_000_000),
            ("1969-12-31T23:59:59.5Z", -500_000_000), ("2026-01-01T01:00:00+01:00", 1_767_225_600_000_000_000),
            ("2026-01-01T00:00:00.123456789123Z", 1_767_225_600_123_456_789),
            ("0001-01-01T00:00:00Z", .min), ("9999-12-31T23:59:59.999999999-23:59", .max),
            ("1677-01-01T00:00:00Z", .min), ("2262-12-31T00:00:00Z", .max), ("0000-01-01T00:00:00+23:59", .min),
        ] as [(String, Int64)]
    )
    func readsTimes(text: String, nanoseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
        "2026-01-01 00:00:00Z", "-001-01-01T00:00:00Z", "2026-01-01T00:00:00Zx", "２026-01-01T00:00:00Z",
    ])
    func refusesOtherTexts(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func whatIsWrittenIsReadBack() {
        var nanoseconds: Int64 = .min
        for _ in 0..<2_000 {
            let time = Timestamp(nanoseconds: nanoseconds)
            #expect(Timestamp(rfc3339: time.rfc3339Nano) == time)
            #expect(Timestamp(rfc3339: time.rfc3339)?.seconds == time.seconds)
            nanoseconds = nanoseconds &+ 922_337_203_685_477_581 / 50 &+ 7
        }
    }

    @Test func spoiltTextsNeverCrash() {
        let alphabet = Array("0123456789-:.TZ+ ".utf8)
        var state: UInt64 = 1
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for _ in 0..<5_000 {
            var units = Array("2026-01-01T00:00:00.123Z".utf8)
            for _ in 0...random(4) { units[random(units.count)] = alphabet[random(alphabet.count)] }
            if random(4) == 0 { units.removeLast(random(units.count)) }
            let time = Timestamp(rfc3339: String(decoding: units, as: UTF8.self))
            if let time { #expect(Timestamp(rfc3339: time.rfc3339Nano) == time) }
        }
    }

    @Test func calculationsStayAtTheEnds() {
        let (first, last) = (Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .max))
        #expect(last + .seconds(1) == last)
        #expect(first - .seconds(1) == first)
        #expect((last - first).nanoseconds == .max)
        #expect((first - last).nanoseconds == .min)
        #expect(Timestamp(seconds: .max) == last)
        #expect(first.rfc3339 == "1677-09-21T00:12:43Z")
    }
}
