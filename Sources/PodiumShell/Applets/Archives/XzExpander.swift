// SPDX-License-Identifier: Apache-2.0
// The format of xz: blocks of LZMA2 with checks.

import PodiumRuntime

/// Reads xz.
struct XzExpander: ByteConverter {
    static let magic: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]
    private static let headerBytes = 12
    private static let lzma2 = 0x21

    /// What comes next in the file.
    private enum Stage: Sendable {
        case stream, block
        /// A piece of LZMA2 begins.
        case chunk
        /// Within one, up to a length of the output and a place in the input.
        case symbols(goal: Int, end: Int)
    }

    private let input: [UInt8]
    private var decoder: LzmaDecoder
    private var stage = Stage.stream
    private var index = 0
    private var checkKind = 0
    /// Where the block that is being read began, here and in the output.
    private var blockStart = 0
    private var outputStart = 0
    private var hasProperties = false

    init(_ input: [UInt8]) {
        self.input = input
        decoder = LzmaDecoder(input, from: 0)
    }

    var output: [UInt8] { decoder.output }
    var effort: Int { decoder.index + decoder.output.count }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool {
        if output.count > CompressionFormat.maximumBytes { throw .tooLarge }
        switch stage {
        case .stream: return try beginStream()
        case .block: try beginBlock()
        case .chunk: try beginChunk()
        case .symbols(let goal, let end):
            try decoder.decode(to: min(goal, output.count + count))
            guard output.count == goal else { break }
            guard decoder.index <= end else { throw .corrupt }
            decoder.seek(to: end)
            stage = .chunk
        }
        return false
    }

    /// Whether there is no stream any more.
    private mutating func beginStream() throws(ExpansionFault) -> Bool {
        let isFirst = index == 0
        // Zeros may stand between streams.
        while !isFirst, index + 4 <= input.count, input[index..<index + 4].allSatisfy({ $0 == 0 }) { index += 4 }
        guard input[index...].starts(with: Self.magic) else {
            // What is no stream is passed over, as busybox does.
            if isFirst, !input.isEmpty, Self.magic.starts(with: input) { throw .short }
            return true
        }
        guard index + Self.headerBytes <= input.count else { throw .short }
        guard input[index + 6] == 0,
            Checksum32.of(Array(input[index + 6..<index + 8])).littleEndianBytes
                == Array(input[index + 8..<index + Self.headerBytes])
        else { throw .corrupt }
        checkKind = Int(input[index + 7] & 15)
        index += Self.headerBytes
        stage = .block
        return false
    }

    private mutating func beginBlock() throws(ExpansionFault) {
        guard index < input.count else { throw .short }
        if input[index] == 0 { return try endStream() }
        let size = (Int(input[index]) + 1) * 4
        guard index + size <= input.count else { throw .short }
        let header = Array(input[index..<index + size - 4])
        guard Checksum32.of(header).littleEndianBytes == Array(input[index + size - 4..<index + size]) else {
            throw .corrupt
        }
        var place = 2
        // The sizes may be said here; the data says them as well.
        for flag: UInt8 in [0x40, 0x80] where header[1] & flag != 0 { _ = try number(header, &place) }
        guard header[1] & 3 == 0, try number(header, &place) == Self.lzma2, try number(header, &place) == 1 else {
            throw .corrupt
        }
        blockStart = index
        outputStart = output.count
        index += size
        decoder.seek(to: index)
        hasProperties = false
        stage = .chunk
    }

    private func number(_ bytes: [UInt8], _ place: inout Int) throws(ExpansionFault) -> Int {
        var value = 0
        for shift in stride(from: 0, to: 56, by: 7) {
            guard place < bytes.count else { throw .corrupt }
            value |= Int(bytes[place] & 0x7F) << shift
            place += 1
            if bytes[place - 1] & 0x80 == 0 { return value }
        }
        throw .corrupt
    }

    private mutating func beginChunk() throws(ExpansionFault) {
        let place = decoder.index
        guard place < input.count else { throw .short }
        let control = Int(input[place])
        if control == 0 { return try endBlock(place + 1) }
        guard let high = input[(place + 1)...].first, let low = input[(place + 1)...].dropFirst().first else {
            throw .short
        }
        let size = Int(high) << 8 + Int(low) + 1
        if control < 0x80 {
            guard control < 3 else { throw .corrupt }
            if control == 1 { decoder.resetDictionary() }
            decoder.seek(to: place + 3)
            return try decoder.copy(size)
        }
        guard place + 6 <= input.count else { throw .short }
        let expanded = (control & 0x1F) << 16 + size
        let compressed = Int(input[place + 3]) << 8 + Int(input[place + 4]) + 1
        var data = place + 5
        if control >= 0xE0 { decoder.resetDictionary() }
        if control >= 0xC0 {
            guard decoder.setProperties(input[data]) else { throw .corrupt }
            hasProperties = true
            data += 1
        } else if control >= 0xA0 {
            decoder.resetState()
        }
        guard hasProperties else { throw .corrupt }
        decoder.seek(to: data)
        try decoder.beginRange()
        stage = .symbols(goal: output.count + expanded, end: data + compressed)
    }

    private mutating func endBlock(_ place: Int) throws(ExpansionFault) {
        let padded = place + (4 - (place - blockStart) % 4) % 4
        let bytes = Array(output[outputStart...])
        let sizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]
        let end = padded + sizes[checkKind]
        guard end <= input.count else { throw .short }
        let check = Array(input[padded..<end])
        switch checkKind {
        case 1: if Checksum32.of(bytes).littleEndianBytes != check { throw .check }
        case 4: if Checksum64.of(bytes).littleEndianBytes != check { throw .check }
        default: break
        }
        index = end
        stage = .block
    }

    /// Passes over the index and the end of a stream.
    private mutating func endStream() throws(ExpansionFault) {
        let start = index
        index += 1
        let count = try number(input, &index)
        guard count <= input.count else { throw .corrupt }
        for _ in 0..<count * 2 { _ = try number(input, &index) }
        index += (4 - (index - start) % 4) % 4 + 4 + Self.headerBytes
        guard index <= input.count, input[index - 2..<index].elementsEqual("YZ".utf8) else { throw .corrupt }
        stage = .stream
    }
}

/// The 64 bits that tell whether a block of xz was damaged.
enum Checksum64 {
    private static let table: [UInt64] = (0..<256).map { index in
        (0..<8).reduce(UInt64(index)) { word, _ in word & 1 != 0 ? word >> 1 ^ 0xC96C_5795_D787_0F42 : word >> 1 }
    }

    static func of(_ bytes: [UInt8]) -> UInt64 {
        ~bytes.reduce(UInt64.max) { state, unit in state >> 8 ^ table[Int((state ^ UInt64(unit)) & 0xFF)] }
    }
}
