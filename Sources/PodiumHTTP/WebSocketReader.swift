// SPDX-License-Identifier: Apache-2.0
// Reads the frames of a WebSocket client.

/// Takes the bytes of a client apart, as they come: a message is handed on piece by piece and never gathered, so that
/// its size does not matter.
// RFC 6455, section 5
struct WebSocketReader {
    enum Event: Equatable {
        /// A piece of a message.
        case message([UInt8], isFirst: Bool, isLast: Bool)
        case ping([UInt8])
        /// The client closes; with the code that it gave.
        case close(UInt16?)
    }

    /// The longest head of a frame, and the most that a control frame may carry.
    private static let maximumHead = 14
    private static let maximumControl = 125

    private struct Frame {
        var opcode: WebSocketOpcode
        var isFinal: Bool
        var remaining: UInt64
        var mask: (UInt8, UInt8, UInt8, UInt8)
        /// How many bytes of its payload were read, for the mask.
        var position = 0
        /// Whether nothing of its message was handed on yet.
        var isFirst: Bool

        mutating func unmask(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
            let key = [mask.0, mask.1, mask.2, mask.3]
            let offset = position
            position += bytes.count
            remaining -= UInt64(bytes.count)
            return [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
                for index in 0..<bytes.count { buffer[index] = bytes[index] ^ key[(offset + index) & 3] }
                count = bytes.count
            }
        }
    }

    /// The head of a frame as far as it has come.
    private var head: [UInt8] = []
    private var frame: Frame?
    /// What a control frame carries, as far as it has come.
    private var control: [UInt8] = []
    /// Whether a message has begun and not ended.
    private var isInMessage = false

    /// Takes what has come, and hands on what it says.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ handle: (Event) -> Void) throws(ChannelFailure) {
        var rest = bytes[...]
        while true {
            if frame == nil {
                guard let begun = try readHead(&rest) else { return }
                frame = begun
                // Nothing follows the head of an empty frame.
                if begun.remaining > 0, rest.isEmpty { return }
            } else if rest.isEmpty {
                return
            }
            readPayload(&rest, handle)
        }
    }

    private mutating func readPayload(
        _ rest: inout Slice<UnsafeRawBufferPointer>,
        _ handle: (Event) -> Void
    ) {
        guard var frame else { return }
        let count = Int(min(UInt64(rest.count), frame.remaining))
        let piece = frame.unmask(UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
        rest = rest.dropFirst(count)
        let isOver = frame.remaining == 0
        if frame.opcode.isControl {
            control += piece
            if isOver { finishControl(frame.opcode, handle) }
        } else {
            let isLast = isOver && frame.isFinal
            handle(.message(piece, isFirst: frame.isFirst, isLast: isLast))
            frame.isFirst = false
            isInMessage = !isLast
        }
        self.frame = isOver ? nil : frame
    }

    private mutating func finishControl(_ opcode: WebSocketOpcode, _ handle: (Event) -> Void) {
        let content = control
        control = []
        switch opcode {
        case .ping: handle(.ping(content))
        case .close: handle(.close(content.count < 2 ? nil : UInt16(content[0]) << 8 | UInt16(content[1])))
        default: break
        }
    }

    /// The next frame, once its head is complete.
    private mutating func readHead(
        _ rest: inout Slice<UnsafeRawBufferPointer>
    ) throws(ChannelFailure) -> Frame? {
        while head.count < Self.maximumHead {
            if head.count >= 2, head.count == headSize { break }
            guard let byte = rest.popFirst() else { return nil }
            head.append(byte)
            if head.count == 2 { try check() }
        }
        defer { head = [] }
        let count = head.count
        let isFirst = head[0] & 0xF != 0
        guard let opcode = WebSocketOpcode(rawValue: head[0] & 0xF) else { throw .violation("unknown opcode") }
        var size = UInt64(head[1] & 0x7F)
        if size >= 126 { size = head[2..<count - 4].reduce(0) { $0 << 8 | UInt64($1) } }
        if size > UInt64(Int64.max) { throw .violation("frame too large") }
        return Frame(
            opcode: opcode,
            isFinal: head[0] & 0x80 != 0,
            remaining: size,
            mask: (head[count - 4], head[count - 3], head[count - 2], head[count - 1]),
            isFirst: isFirst
        )
    }

    /// How long the head is, as its second byte says.
    private var headSize: Int {
        switch head[1] & 0x7F {
        case 126: 8
        case 127: 14
        default: 6
        }
    }

    /// Checks the first two bytes of a head.
    private func check() throws(ChannelFailure) {
        guard let opcode = WebSocketOpcode(rawValue: head[0] & 0xF) else { throw .violation("unknown opcode") }
        if head[0] & 0x70 != 0 { throw .violation("reserved bits are set") }
        if head[1] & 0x80 == 0 { throw .violation("frame of a client without a mask") }
        if opcode.isControl {
            if head[0] & 0x80 == 0 { throw .violation("control frame in pieces") }
            if head[1] & 0x7F > Self.maximumControl { throw .violation("control frame too large") }
        } else if (opcode == .continuation) != isInMessage {
            throw .violation(isInMessage ? "message within a message" : "continuation of nothing")
        }
    }
}
