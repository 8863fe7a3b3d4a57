// SPDX-License-Identifier: Apache-2.0
// Cuts what awk reads into records.

import PodiumRuntime

/// Where one record ends and the next begins.
enum AwkSeparator: Sendable {
    case unit(UInt8)
    /// Empty lines.
    case paragraph
    case expression(RegularExpression)
}

/// What asking for a record comes to.
enum AwkRead: Sendable {
    case record([UInt8], separator: [UInt8])
    case end
    case failed(Errno)
    case wait(Wait)
    /// Nothing yet, but the process has to give up its turn.
    case yield
}

/// An input with what was read of it and not used yet.
struct AwkReader: Sendable {
    /// A record that is longer is given in pieces of at least this length.
    private static let maximumRecordBytes = 1 << 20
    private static let readBytes = 8 << 10

    let descriptor: Int
    private var buffer: [UInt8] = []
    private var start = 0
    /// Up to where no separator was found.
    private var scanned = 0
    private var isEnded = false

    init(descriptor: Int) { self.descriptor = descriptor }

    var heldBytes: Int { buffer.count }

    /// The next record.
    mutating func record(_ separator: AwkSeparator, _ machine: inout Machine) -> AwkRead {
        while true {
            if case .paragraph = separator {
                while start < buffer.count, buffer[start] == 0x0A { start += 1 }
                scanned = max(scanned, start)
            }
            if let mark = find(separator, machine.meter) { return take(mark) }
            if isEnded {
                guard start < buffer.count else { return .end }
                return takeRest()
            }
            if buffer.count - start >= Self.maximumRecordBytes { return take(buffer.count..<buffer.count) }
            if machine.mustYield { return .yield }
            switch machine.read(descriptor, limit: Self.readBytes) {
            case .bytes(let bytes):
                machine.charge(bytes: bytes.count)
                if start > 0 {
                    buffer.removeFirst(start)
                    scanned -= start
                    start = 0
                }
                buffer += bytes
            case .end: isEnded = true
            case .failed(let errno): return .failed(errno)
            case .wait(let wait): return .wait(wait)
            }
        }
    }

    private mutating func find(_ separator: AwkSeparator, _ meter: WorkMeter) -> Range<Int>? {
        switch separator {
        case .unit(let unit):
            if let index = buffer[scanned...].firstIndex(of: unit) { return index..<index + 1 }
            scanned = buffer.count
            return nil
        case .paragraph:
            var index = max(scanned, start)
            while let newline = buffer[index...].firstIndex(of: 0x0A) {
                let end = buffer[newline...].firstIndex { $0 != 0x0A } ?? buffer.count
                // More newlines may follow those at the end.
                if end == buffer.count, !isEnded {
                    scanned = newline
                    return nil
                }
                if end - newline > 1 { return newline..<end }
                index = end
            }
            scanned = buffer.count
            return nil
        case .expression(let expression):
            let rest = Array(buffer[start...])
            meter.charge(bytes: rest.count)
            var from = 0
            while let match = expression.firstMatch(in: rest, from: from, meter) {
                if match.range.isEmpty {
                    from = match.range.upperBound + 1
                    if from > rest.count { return nil }
                    continue
                }
                // A match at the end may go on in what comes.
                if match.range.upperBound == rest.count, !isEnded { return nil }
                return match.range.lowerBound + start..<match.range.upperBound + start
            }
            return nil
        }
    }

    private mutating func take(_ mark: Range<Int>) -> AwkRead {
        let record = Array(buffer[start..<mark.lowerBound])
        let separator = Array(buffer[mark])
        start = mark.upperBound
        scanned = start
        return .record(record, separator: separator)
    }

    /// What stands behind the last separator, a newline at the end included.
    private mutating func takeRest() -> AwkRead {
        let record = Array(buffer[start...])
        start = buffer.count
        scanned = start
        return .record(record, separator: [])
    }
}
