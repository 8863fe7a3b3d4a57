// SPDX-License-Identifier: Apache-2.0
// Times: which texts are read, how they are written, what is said of the others.

import PodiumCodec
import PodiumSchema
import Testing

@Suite struct GoTimeTests {
    @Test(
        "Times that cannot be read are refused in Go's words",
        arguments: [
            ("", #"as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006""#),
            ("2020-01-01", #"as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#),
            ("2020", #"as "2006-01-02T15:04:05Z07:00": cannot parse "" as "-""#),
            ("2020-1-01T00:00:00Z", #"as "2006-01-02T15:04:05Z07:00": cannot parse "1-01T00:00:00Z" as "01""#),
            ("2020-13-01T00:00:00Z", ": month out of range"),
            ("2020-02-30T00:00:00Z", ": day out of range"),
            ("2021-02-29T00:00:00Z", ": day out of range"),
            ("2020-01-01T24:00:00Z", ": hour out of range"),
            ("2020-01-01T00:60:00Z", ": minute out of range"),
            ("2020-01-01T00:00:61Z", ": second out of range"),
            ("2020-01-01 00:00:00Z", #"as "2006-01-02T15:04:05Z07:00": cannot parse " 00:00:00Z" as "T""#),
            ("2020-01-01T00:00:00", #"as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00""#),
            ("2020-01-01T00:00:00ZZ", #": extra text: "Z""#),
            ("2020-01-01T00:00:00+25:00", ": time zone offset hour out of range"),
            ("2020-01-01T00:00:00+0100", #"as "2006-01-02T15:04:05Z07:00": cannot parse "+0100" as "Z07:00""#),
            ("\u{e9}", #"as "2006-01-02T15:04:05Z07:00": cannot parse "\xc3\xa9" as "2006""#),
        ]
    )
    func errors(text: String, rest: String) throws {
        let escaped = text == "\u{e9}" ? #"\xc3\xa9"# : text
        let separator = rest.hasPrefix(":") ? "" : " "
        #expect(throws: DecodingError(message: "parsing time \"\(escaped)\"\(separator)\(rest)")) {
            try decode("{\"creationTimestamp\":\"\(text)\"}", as: "meta.v1.ObjectMeta")
        }
    }

    @Test(
        "Micro times have exactly six digits of a second",
        arguments: [
            ("2020-01-01T00:00:01Z", #"cannot parse "Z" as ".000000""#),
            ("2020-01-01T00:00:01.123456789Z", #"cannot parse "789Z" as "Z07:00""#),
            ("2020-01-01T02:00:01.5+02:00", #"cannot parse ".5+02:00" as ".000000""#),
        ]
    )
    func microTimeErrors(text: String, rest: String) throws {
        let message = "parsing time \"\(text)\" as \"2006-01-02T15:04:05.000000Z07:00\": \(rest)"
        #expect(throws: DecodingError(message: message)) {
            try decode("{\"renewTime\":\"\(text)\"}", as: "coordination.v1.LeaseSpec")
        }
    }

    @Test(
        "Times are written in UTC",
        arguments: [
            ("2020-02-29T23:59:59Z", "2020-02-29T23:59:59Z"),
            ("2020-03-01T00:00:00+00:01", "2020-02-29T23:59:00Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59Z"),
            ("0001-01-01T00:00:01Z", "0001-01-01T00:00:01Z"),
            ("1600-02-29T12:00:00-12:00", "1600-03-01T00:00:00Z"),
            ("2020-01-01T0:00:00Z", "2020-01-01T00:00:00Z"),
            ("2020-01-01T00:00:00,5Z", "2020-01-01T00:00:00Z"),
        ]
    )
    func written(text: String, result: String) throws {
        let decoded = try decode("{\"creationTimestamp\":\"\(text)\"}", as: "meta.v1.ObjectMeta")
        #expect(decoded.value["creationTimestamp"] == .string(result))
    }
}
