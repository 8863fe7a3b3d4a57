// SPDX-License-Identifier: Apache-2.0
// What the directory of a zip archive says of its members.

import PodiumMachinery
import PodiumRuntime

/// A member of a zip archive.
struct ZipMember: Sendable {
    var header: TarHeader
    /// 0 for stored, 8 for DEFLATE.
    var method: Int
    var check: UInt32
    var compressedSize: Int
    /// Where its data begins.
    var start: Int
}

/// Why an archive cannot be read.
struct ZipFault: Error {
    var text: String
}

/// The members of an archive.
enum ZipArchive {
    private static let endMagic: [UInt8] = [0x50, 0x4B, 5, 6]
    private static let directoryMagic = 0x0201_4B50
    private static let memberMagic = 0x0403_4B50
    private static let endBytes = 22
    private static let directoryBytes = 46
    private static let memberBytes = 30
    private static let maximumCommentBytes = 1 << 16
    /// Bit 0 of the flags.
    private static let encrypted = 1

    static func members(_ bytes: [UInt8]) throws(ZipFault) -> [ZipMember] {
        guard bytes.count >= endBytes else { throw ZipFault(text: "short read") }
        var end = bytes.count - endBytes
        let least = max(0, end - maximumCommentBytes)
        while end >= least, !bytes[end...].starts(with: endMagic) { end -= 1 }
        guard end >= least else { throw ZipFault(text: "short read") }
        guard let count = bytes.littleEndian(at: end + 10, bytes: 2),
            var place = bytes.littleEndian(at: end + 16, bytes: 4)
        else { throw ZipFault(text: "short read") }
        var members: [ZipMember] = []
        for _ in 0..<count { members.append(try member(bytes, &place)) }
        return members
    }

    private static func member(_ bytes: [UInt8], _ place: inout Int) throws(ZipFault) -> ZipMember {
        func number(_ offset: Int, _ count: Int) -> Int { bytes.littleEndian(at: place + offset, bytes: count) ?? 0 }
        guard place + directoryBytes <= bytes.count, number(0, 4) == directoryMagic else {
            throw ZipFault(text: "short read")
        }
        guard number(8, 2) & encrypted == 0 else { throw ZipFault(text: "zip flag 1 (encryption) is not supported") }
        let (nameBytes, rest) = (number(28, 2), number(30, 2) + number(32, 2))
        let nameStart = place + directoryBytes
        guard nameStart + nameBytes <= bytes.count else { throw ZipFault(text: "short read") }
        var header = TarHeader(name: bytes[nameStart..<nameStart + nameBytes].text)
        header.size = number(24, 4)
        header.seconds = seconds(date: number(14, 2), time: number(12, 2))
        // The mode stands there when the archive was made by Unix.
        let mode = number(4, 2) >> 8 == 3 ? number(38, 4) >> 16 : 0
        let isDirectory = header.name.hasSuffix("/")
        header.mode = mode & 0o7777 != 0 ? mode & 0o7777 : isDirectory ? 0o755 : 0o644
        header.kind = UInt8(ascii: isDirectory ? "5" : mode >> 12 == 10 ? "2" : "0")
        let local = number(42, 4)
        guard bytes.littleEndian(at: local, bytes: 4) == memberMagic,
            let localName = bytes.littleEndian(at: local + 26, bytes: 2),
            let localRest = bytes.littleEndian(at: local + 28, bytes: 2)
        else { throw ZipFault(text: "short read") }
        let member = ZipMember(
            header: header,
            method: number(10, 2),
            check: UInt32(truncatingIfNeeded: number(16, 4)),
            compressedSize: number(20, 4),
            start: local + memberBytes + localName + localRest
        )
        guard member.start + member.compressedSize <= bytes.count else { throw ZipFault(text: "short read") }
        place = nameStart + nameBytes + rest
        return member
    }

    private static func seconds(date: Int, time: Int) -> Int64 {
        func two(_ number: Int) -> String { PrintFormatter.zeros(number, 2) }
        let day = "\(1980 + date >> 9)-\(two(max(1, date >> 5 & 15)))-\(two(max(1, date & 31)))"
        let text = "\(day)T\(two(time >> 11)):\(two(time >> 5 & 63)):\(two((time & 31) * 2))Z"
        return Timestamp(rfc3339: text)?.seconds ?? 0
    }
}
