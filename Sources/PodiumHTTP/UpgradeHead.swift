// SPDX-License-Identifier: Apache-2.0
// The head with which a server answers an upgrade.

import CPodiumHTTP
import PodiumExchange

/// Answers the wish to go on as something else than HTTP.
enum UpgradeHead {
    /// The length of a key: 16 bytes in base64.
    private static let keyBytes = 24

    /// The head of the answer; nil when the request does not fit.
    static func answer(_ framing: ChannelFraming, to fields: HTTPHeaders, auditID: String) -> [UInt8]? {
        var head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        switch framing {
        case .webSocket(let channels):
            guard let fields = webSocket(channels.name, fields) else { return nil }
            head += fields
        case .spdyInWebSocket(let subprotocol):
            guard let fields = webSocket(subprotocol, fields) else { return nil }
            head += fields
        case .spdy(let version):
            head += "Upgrade: SPDY/3.1\r\n"
            if !version.isEmpty { head += "X-Stream-Protocol-Version: \(version)\r\n" }
        }
        return Array((head + "Audit-Id: \(auditID)\r\n\r\n").utf8)
    }

    private static func webSocket(_ subprotocol: String, _ fields: HTTPHeaders) -> String? {
        guard fields["sec-websocket-version"] == "13", let key = fields["sec-websocket-key"],
            key.utf8.count == keyBytes
        else { return nil }
        let name = subprotocol.isEmpty ? "" : "Sec-WebSocket-Protocol: \(subprotocol)\r\n"
        return "Upgrade: websocket\r\nSec-WebSocket-Accept: \(accept(key))\r\n" + name
    }

    private static func accept(_ key: String) -> String {
        var accept = [CChar](repeating: 0, count: Int(PODIUM_WEBSOCKET_ACCEPT_BYTES))
        key.withCString { podium_http_websocket_accept($0, key.utf8.count, &accept) }
        return String(decoding: accept.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
