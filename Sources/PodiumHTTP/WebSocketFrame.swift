// SPDX-License-Identifier: Apache-2.0
// Writes the frames of a WebSocket server, whole messages without a mask.

/// What a frame is for.
// RFC 6455, section 5.2
enum WebSocketOpcode: UInt8 {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    var isControl: Bool { rawValue >= 8 }
}

enum WebSocketFrame {
    private static let normalClosure: UInt16 = 1000

    static func append(_ opcode: WebSocketOpcode, _ content: [UInt8], to output: inout [UInt8]) {
        appendHead(opcode, size: content.count, to: &output)
        output += content
    }

    static func appendHead(_ opcode: WebSocketOpcode, size: Int, to output: inout [UInt8]) {
        output.append(0x80 | opcode.rawValue)
        switch size {
        case ..<126: output.append(UInt8(size))
        case ..<0x1_0000: output += [126, UInt8(size >> 8), UInt8(truncatingIfNeeded: size)]
        default:
            output.append(127)
            output += stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: size >> $0) }
        }
    }

    /// Answers a client that closes, with the code that it gave.
    static func appendClose(_ code: UInt16?, to output: inout [UInt8]) {
        append(.close, code.map { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] } ?? [], to: &output)
    }

    /// Closes, as it should be or because of a failure.
    static func appendClose(_ failure: ChannelFailure?, to output: inout [UInt8]) {
        let code = failure?.code ?? normalClosure
        let content = [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)] + Array((failure?.reason ?? "").utf8)
        append(.close, content, to: &output)
    }
}
