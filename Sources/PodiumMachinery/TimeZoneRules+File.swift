// SPDX-License-Identifier: Apache-2.0
// Reads the files of the time zone database (TZif, RFC 9636).

extension TimeZoneRules {
    /// Reads a file of any version; nil when it is none.
    package init?(file bytes: [UInt8]) {
        var reader = TimeZoneFileReader(bytes)
        guard let header = reader.header() else { return nil }
        guard header.version >= UInt8(ascii: "2") else {
            self.init(&reader, header, timeSize: 4)
            return
        }
        guard reader.bytes(header.size(timeSize: 4)) != nil, let wide = reader.header() else { return nil }
        self.init(&reader, wide, timeSize: 8)
    }

    private init?(_ reader: inout TimeZoneFileReader, _ header: TimeZoneFileReader.Header, timeSize: Int) {
        var times: [Int64] = []
        for _ in 0..<header.times {
            guard let time = reader.integer(size: timeSize) else { return nil }
            times.append(time)
        }
        guard let kinds = reader.bytes(header.times) else { return nil }
        var offsets: [Int64] = []
        for _ in 0..<header.types {
            guard let offset = reader.integer(size: 4), reader.bytes(2) != nil else { return nil }
            offsets.append(offset)
        }
        let rest = header.characters + header.leaps * (timeSize + 4) + header.standards + header.universals
        guard let first = offsets.first, kinds.allSatisfy({ Int($0) < offsets.count }), reader.bytes(rest) != nil
        else { return nil }
        let footer = timeSize == 8 ? RecurringOffsets(reader.line() ?? "") : nil
        let transitions = zip(times, kinds).map { Transition(seconds: $0, offset: offsets[Int($1)]) }
        self.init(transitions: transitions, first: first, footer: footer)
    }
}

/// Takes a file apart, front to back.
private struct TimeZoneFileReader {
    /// What a data block begins with: how many of each of its parts there are.
    struct Header {
        let version: UInt8
        let universals: Int
        let standards: Int
        let leaps: Int
        let times: Int
        let types: Int
        let characters: Int

        func size(timeSize: Int) -> Int {
            times * (timeSize + 1) + types * 6 + characters + leaps * (timeSize + 4) + standards + universals
        }
    }

    /// The most of anything that is believed; the largest file has some hundreds.
    private static let maximumCount: Int64 = 100_000

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func header() -> Header? {
        guard bytes(4) == Array("TZif".utf8), let version = bytes(1)?.first, bytes(15) != nil else { return nil }
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let count = integer(size: 4), (0...Self.maximumCount).contains(count) else { return nil }
            counts.append(Int(count))
        }
        return Header(
            version: version,
            universals: counts[0],
            standards: counts[1],
            leaps: counts[2],
            times: counts[3],
            types: counts[4],
            characters: counts[5]
        )
    }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// A signed number, the most significant byte first.
    mutating func integer(size: Int) -> Int64? {
        guard let bytes = bytes(size) else { return nil }
        let value = bytes.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }

    /// What stands between two line feeds.
    mutating func line() -> String? {
        guard bytes(1) == [UInt8(ascii: "\n")], let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
