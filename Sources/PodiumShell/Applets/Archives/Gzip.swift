// SPDX-License-Identifier: Apache-2.0
// The format of gzip (RFC 1952) around DEFLATE.

/// Makes a gzip file.
struct GzipCompressor: ByteConverter {
    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]

    private let input: [UInt8]
    private var deflater: Deflater
    private(set) var output: [UInt8] = []

    init(_ input: [UInt8]) {
        self.input = input
        deflater = Deflater(input)
    }

    var effort: Int { deflater.effort }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool {
        guard try deflater.work(count) else { return false }
        let check = Checksum32.of(input)
        output = Self.header + deflater.output + check.littleEndianBytes
        output += UInt32(truncatingIfNeeded: input.count).littleEndianBytes
        return true
    }
}

/// Expands all members of a gzip file. What is no member any more ends it.
struct GzipExpander: ByteConverter {
    private let input: [UInt8]
    private var index = 0
    private var member: Inflater?
    private var finished: [UInt8] = []

    init(_ input: [UInt8]) { self.input = input }

    var output: [UInt8] { member.map { finished + $0.output } ?? finished }
    var effort: Int { finished.count + (member?.effort ?? index) }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool {
        if member == nil { member = Inflater(input, from: try begin()) }
        guard try member?.work(count) == true, let ended = member else { return false }
        member = nil
        guard ended.index + 8 <= input.count else { throw .short }
        guard Array(input[ended.index..<ended.index + 4]) == Checksum32.of(ended.output).littleEndianBytes else {
            throw .check
        }
        finished += ended.output
        if finished.count > CompressionFormat.maximumBytes { throw .tooLarge }
        index = ended.index + 8
        return !input[index...].starts(with: [0x1F, 0x8B])
    }

    /// Where the data of the member behind its header begins.
    private func begin() throws(ExpansionFault) -> Int {
        guard input[index...].starts(with: [0x1F, 0x8B]) else { throw .magic }
        guard index + 10 <= input.count else { throw .short }
        let flags = input[index + 3]
        var start = index + 10
        if flags & 4 != 0 {
            guard start + 2 <= input.count else { throw .short }
            start += 2 + Int(input[start]) + Int(input[start + 1]) << 8
        }
        for flag: UInt8 in [8, 16] where flags & flag != 0 {
            guard start < input.count, let end = input[start...].firstIndex(of: 0) else { throw .short }
            start = end + 1
        }
        if flags & 2 != 0 { start += 2 }
        guard start <= input.count else { throw .short }
        return start
    }
}

extension FixedWidthInteger {
    /// The bytes, the lowest first.
    var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> Self(8 * $0)) }
    }
}

extension [UInt8] {
    /// A number of bytes of which the lowest comes first; nil beyond the end.
    func littleEndian(at index: Int, bytes count: Int) -> Int? {
        guard index >= 0, index + count <= self.count else { return nil }
        return self[index..<index + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
