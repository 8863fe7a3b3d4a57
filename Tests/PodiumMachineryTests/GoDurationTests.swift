// SPDX-License-Identifier: Apache-2.0
// Durations in Go's notation.

import PodiumMachinery
import Testing

@Suite struct GoDurationTests {
    @Test(arguments: [
        ("0", 0, "0s"), ("1h2m3.5s", 3_723_500_000_000, "1h2m3.5s"), ("30s", 30_000_000_000, "30s"),
        ("90s", 90_000_000_000, "1m30s"), ("1.5ms", 1_500_000, "1.5ms"), ("-1m", -60_000_000_000, "-1m0s"),
        ("+5ns", 5, "5ns"), (".5s", 500_000_000, "500ms"), ("1.s", 1_000_000_000, "1s"), ("3us", 3000, "3µs"),
        ("100h", 360_000_000_000_000, "100h0m0s"), ("0.000000001s", 1, "1ns"),
    ])
    func readsAndPrints(text: String, nanoseconds: Int64, printed: String) throws {
        let duration = try GoDuration.parse(text)
        #expect(duration == .nanoseconds(nanoseconds))
        #expect(GoDuration.print(duration) == printed)
    }

    @Test(arguments: [
        ("30", "time: missing unit in duration \"30\""), ("", "time: invalid duration \"\""),
        ("1x", "time: unknown unit \"x\" in duration \"1x\""), ("s", "time: invalid duration \"s\""),
        (".s", "time: invalid duration \".s\""), ("1h 2m", "time: unknown unit \"h \" in duration \"1h 2m\""),
        ("9999999h", "time: invalid duration \"9999999h\""), ("-", "time: invalid duration \"-\""),
    ])
    func refuses(text: String, message: String) throws {
        let error = #expect(throws: GoDurationError.self) { try GoDuration.parse(text) }
        #expect(error?.description == message)
    }
}
