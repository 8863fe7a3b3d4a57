// SPDX-License-Identifier: Apache-2.0
// The server's end of SPDY/3.1, as far as Kubernetes' clients speak it: streams that the client opens.

import PodiumCodec
import PodiumExchange

/// Frames channels as the streams of SPDY/3.1.
///
/// Windows are neither kept nor asked for, as by the client on the other side: what holds a sender back is the
/// connection.
// draft-mbelshe-httpbis-spdy-00; github.com/moby/spdystream
struct SPDYCodec: ChannelCodec {
    /// The limits of a connection.
    private enum Limits {
        /// Streams that are open at a time; further ones are refused.
        static let streams = 1024
        /// The largest control frame.
        static let controlBytes = 16 << 10
        /// The most of a channel that goes into one frame.
        static let frameBytes = 32 << 10
    }

    private enum Kind: UInt16 {
        case openStream = 1
        case reply = 2
        case reset = 3
        case settings = 4
        case ping = 6
        case goAway = 7
        case headers = 8
        case window = 9
    }

    // RST_STREAM
    private enum ResetCode {
        static let protocolError: UInt32 = 1
        static let invalidStream: UInt32 = 2
        static let refused: UInt32 = 3
    }

    private struct Stream {
        let channel: Int
        var isEndedByClient = false
        var isEndedByUs = false
    }

    private static let isLast: UInt8 = 1
    private static let version: UInt16 = 3

    private let headers: SPDYHeaders?
    private var head: [UInt8] = []
    /// What a control frame carries, as far as it has come.
    private var control: [UInt8] = []
    /// How much of the present frame is still to come; nil between frames.
    private var remaining: Int?
    private var streams: [UInt32: Stream] = [:]
    private var numbers: [Int: UInt32] = [:]
    private var lastNumber: UInt32 = 0

    let isEnded = false

    init() { headers = SPDYHeaders() }

    // MARK: In

    mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        _ session: any ChannelSession,
        replies: inout [UInt8]
    ) throws(ChannelFailure) {
        var rest = bytes[...]
        while let step = try nextStep(&rest) {
            switch step {
            case .data(let number, let piece, let isLast): take(piece, isLast: isLast, of: number, session, &replies)
            case .control(let kind, let flags, let content):
                try take(kind, flags, content, session, &replies)
            }
        }
    }

    private enum Step {
        case data(UInt32, [UInt8], isLast: Bool)
        case control(UInt16, UInt8, [UInt8])
    }

    private mutating func nextStep(_ rest: inout Slice<UnsafeRawBufferPointer>) throws(ChannelFailure) -> Step? {
        if remaining == nil {
            while head.count < 8, let byte = rest.popFirst() { head.append(byte) }
            guard head.count == 8 else { return nil }
            let size = head[5...].reduce(0) { $0 << 8 | Int($1) }
            if isControl {
                if Self.number(head[0..<2]) & 0x7FFF != UInt32(Self.version) { throw .violation("not SPDY/3") }
                if size > Limits.controlBytes { throw .violation("control frame too large") }
            }
            remaining = size
        }
        guard let remaining else { return nil }
        let count = min(remaining, rest.count)
        if count == 0, remaining > 0 { return nil }
        let piece = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        let isComplete = count == remaining
        self.remaining = isComplete ? nil : remaining - count
        defer { if isComplete { head = [] } }
        guard isControl else {
            return .data(Self.number(head[0..<4]), piece, isLast: isComplete && head[4] & Self.isLast != 0)
        }
        control += piece
        guard isComplete else { return nil }
        defer { control = [] }
        return .control(UInt16(Self.number(head[2..<4])), head[4], control)
    }

    private var isControl: Bool { head[0] & 0x80 != 0 }

    private mutating func take(
        _ piece: [UInt8],
        isLast: Bool,
        of number: UInt32,
        _ session: any ChannelSession,
        _ replies: inout [UInt8]
    ) {
        guard let stream = streams[number], !stream.isEndedByClient else {
            return Self.reset(number, ResetCode.invalidStream, &replies)
        }
        if !piece.isEmpty { session.receive(piece, on: stream.channel) }
        if isLast { endByClient(number, session) }
    }

    private mutating func take(
        _ kind: UInt16,
        _ flags: UInt8,
        _ content: [UInt8],
        _ session: any ChannelSession,
        _ replies: inout [UInt8]
    ) throws(ChannelFailure) {
        switch Kind(rawValue: kind) {
        case .openStream: try open(flags, content, session, &replies)
        case .reset where content.count >= 4:
            let number = Self.number(content[0..<4])
            guard let stream = streams.removeValue(forKey: number) else { return }
            numbers[stream.channel] = nil
            session.end(stream.channel)
        case .ping: Self.append(.ping, content, to: &replies)
        // All that changes nothing here: windows, settings, headers behind the first ones.
        default: break
        }
    }

    private mutating func open(
        _ flags: UInt8,
        _ content: [UInt8],
        _ session: any ChannelSession,
        _ replies: inout [UInt8]
    ) throws(ChannelFailure) {
        guard content.count >= 10 else { throw .violation("stream without headers") }
        let number = Self.number(content[0..<4]) & 0x7FFF_FFFF
        // The headers have to be read in any case: their compression goes on.
        guard let headers, let fields = headers.read(Array(content[10...])) else { throw .violation("bad headers") }
        guard number % 2 == 1, number > lastNumber else { throw .violation("bad number of a stream") }
        lastNumber = number
        guard streams.count < Limits.streams, let channel = session.open(fields), let block = headers.emptyBlock()
        else { return Self.reset(number, ResetCode.refused, &replies) }
        streams[number] = Stream(channel: channel)
        numbers[channel] = number
        Self.append(.reply, Self.bytes(number) + block, to: &replies)
        if flags & Self.isLast != 0 { endByClient(number, session) }
    }

    private mutating func endByClient(_ number: UInt32, _ session: any ChannelSession) {
        guard let channel = streams[number]?.channel else { return }
        streams[number]?.isEndedByClient = true
        session.end(channel)
        forget(number)
    }

    /// A stream that has ended on both sides is none any more.
    private mutating func forget(_ number: UInt32) {
        guard let stream = streams[number], stream.isEndedByClient, stream.isEndedByUs else { return }
        streams[number] = nil
        numbers[stream.channel] = nil
    }

    // MARK: Out

    mutating func write(_ piece: ChannelPiece, to output: inout [UInt8]) {
        guard let number = numbers[piece.channel], streams[number]?.isEndedByUs == false else { return }
        var rest = piece.bytes.buffer[...]
        while !rest.isEmpty {
            let part = rest.prefix(Limits.frameBytes)
            rest = rest.dropFirst(part.count)
            Self.appendData(number, size: part.count, isLast: piece.isLast && rest.isEmpty, to: &output)
            output.append(contentsOf: part)
        }
        guard piece.isLast else { return }
        if piece.bytes.count == 0 { Self.appendData(number, size: 0, isLast: true, to: &output) }
        streams[number]?.isEndedByUs = true
        forget(number)
    }

    mutating func finish(_ failure: ChannelFailure?, to output: inout [UInt8]) {
        for (number, stream) in streams.sorted(by: { $0.key < $1.key }) where !stream.isEndedByUs {
            if failure == nil {
                Self.appendData(number, size: 0, isLast: true, to: &output)
            } else {
                Self.reset(number, ResetCode.protocolError, &output)
            }
        }
        Self.append(.goAway, Self.bytes(lastNumber) + Self.bytes(failure == nil ? 0 : 1), to: &output)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func reset(_ number: UInt32, _ code: UInt32, _ output: inout [UInt8]) {
        append(.reset, bytes(number) + bytes(code), to: &output)
    }

    private static func append(_ kind: Kind, _ content: [UInt8], to output: inout [UInt8]) {
        output += bytes(0x8000_0000 | UInt32(version) << 16 | UInt32(kind.rawValue))
        output += bytes(UInt32(content.count))
        output += content
    }

    private static func appendData(_ number: UInt32, size: Int, isLast: Bool, to output: inout [UInt8]) {
        output += bytes(number)
        output += bytes(UInt32(size) | (isLast ? UInt32(Self.isLast) << 24 : 0))
    }
}
