// SPDX-License-Identifier: Apache-2.0
// What frames the channels of an upgraded connection.

import PodiumExchange

/// Why a connection cannot go on: the code of WebSocket and the words with which it is closed.
struct ChannelFailure: Error, Equatable {
    // RFC 6455, section 7.4.1
    private static let protocolError: UInt16 = 1002

    let code: UInt16
    let reason: String

    static func violation(_ reason: String) -> ChannelFailure { ChannelFailure(code: protocolError, reason: reason) }
}

/// Turns channels into the bytes of a connection, and back.
protocol ChannelCodec {
    /// Whether the client has said that it ends the connection.
    var isEnded: Bool { get }

    /// Takes what the client has sent; what the protocol itself has to answer goes to `replies`.
    mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        _ session: any ChannelSession,
        replies: inout [UInt8]
    ) throws(ChannelFailure)

    /// Frames what goes to the client.
    mutating func write(_ piece: ChannelPiece, to output: inout [UInt8])

    /// Says that the connection ends, and why when that is not as it should be.
    mutating func finish(_ failure: ChannelFailure?, to output: inout [UInt8])
}
