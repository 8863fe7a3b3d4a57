// SPDX-License-Identifier: Apache-2.0
// Connections that are upgraded: several channels in both directions, whatever frames them.

package import PodiumCodec

/// Bytes on one channel of an upgraded connection.
package struct ChannelPiece: Sendable {
    /// The channel, as the two sides number it.
    package let channel: Int
    package let bytes: BytesSlice
    /// Whether nothing more comes on this channel, for framings that can say so.
    package let isLast: Bool

    package init(channel: Int, bytes: BytesSlice, isLast: Bool = false) {
        self.channel = channel
        self.bytes = bytes
        self.isLast = isLast
    }
}

/// What stands behind an upgraded connection: takes what the client sends on its channels, and hands out what goes
/// back.
///
/// The HTTP layer pulls, as it does with streams, and stops reading from the client while there is no room: neither
/// side can make the other keep more than its limits. All calls come from one thread, which must not be held up.
package protocol ChannelSession: AnyObject, Sendable {
    /// Called once before everything else. `wake` may be called from any thread, any number of times, also after the
    /// end; it returns at once. It says that there is something to pull, or room again.
    func start(wake: @escaping @Sendable () -> Void)

    /// Whether something from the client can be taken now. It may be a little more than fits.
    var hasRoom: Bool { get }

    /// The client opens a channel, where the framing lets it; the number that it gets, nil when it is refused.
    func open(_ headers: [String: String]) -> Int?

    /// The client has sent something.
    func receive(_ bytes: [UInt8], on channel: Int)

    /// The client sends nothing more on a channel.
    func end(_ channel: Int)

    /// Hands out what is ready without waiting, until `limit` bytes are reached or passed; not called again after
    /// `finished`.
    func pull(into pieces: inout [ChannelPiece], limit: Int) -> StreamProgress

    /// The client has gone, or the server ends. Called once, unless `finished` was returned.
    func cancel()
}

/// How the channels of a connection share it.
package enum ChannelFraming: Hashable, Sendable {
    /// WebSocket messages that begin with the number of their channel.
    // Kubernetes: apimachinery/pkg/util/httpstream/wsstream/conn.go
    case webSocket(WebSocketChannels)
    /// Streams of SPDY/3.1, whose client opens them.
    // Kubernetes: apimachinery/pkg/util/httpstream/spdy
    case spdy(version: String)
    /// The same within the messages of a WebSocket.
    // Kubernetes: client-go/tools/portforward/tunneling_connection.go
    case spdyInWebSocket(subprotocol: String)

    /// Whether the client opens the channels.
    package var isOpenedByClient: Bool { if case .webSocket = self { false } else { true } }
}

/// How the messages of a WebSocket name their channels.
package struct WebSocketChannels: Hashable, Sendable {
    /// The subprotocol that was agreed on; empty when the client asked for none.
    package var name: String
    /// Whether a message is a digit and base64 instead of a byte and what follows.
    package var isBase64: Bool
    /// Whether a client can end one channel, by a message on channel 255 that names it.
    package var canEndChannels: Bool

    package init(name: String, isBase64: Bool = false, canEndChannels: Bool = false) {
        self.name = name
        self.isBase64 = isBase64
        self.canEndChannels = canEndChannels
    }
}

/// A connection that becomes something else than HTTP.
package struct Upgrade: Sendable {
    package let framing: ChannelFraming
    package let session: any ChannelSession

    package init(_ session: any ChannelSession, as framing: ChannelFraming) {
        self.session = session
        self.framing = framing
    }
}
