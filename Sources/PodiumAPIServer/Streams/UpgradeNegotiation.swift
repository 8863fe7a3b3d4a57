// SPDX-License-Identifier: Apache-2.0
// What a client wants a connection to become.

import PodiumExchange
import PodiumMachinery

/// Agrees with a client on what an upgraded connection speaks.
enum UpgradeNegotiation {
    /// The subprotocols of WebSocket by which commands are run, and how they end.
    // Kubernetes: kubelet/pkg/cri/streaming/remotecommand/websocket.go
    private static let commandProtocols: [String: (channels: WebSocketChannels, ending: CommandSession.Ending)] = {
        func channels(_ name: String, isBase64: Bool = false) -> WebSocketChannels {
            WebSocketChannels(name: name, isBase64: isBase64, canEndChannels: name.hasPrefix("v5."))
        }
        return [
            "": (channels(""), .text),
            "channel.k8s.io": (channels("channel.k8s.io"), .text),
            "base64.channel.k8s.io": (channels("base64.channel.k8s.io", isBase64: true), .text),
            "v4.channel.k8s.io": (channels("v4.channel.k8s.io"), .status),
            "v4.base64.channel.k8s.io": (channels("v4.base64.channel.k8s.io", isBase64: true), .status),
            "v5.channel.k8s.io": (channels("v5.channel.k8s.io"), .status),
        ]
    }()

    /// How a command is carried to the client.
    /// - Throws: 400 when the client wants no upgrade, or none that is known.
    static func command(
        _ headers: HTTPHeaders
    ) throws(StatusError) -> (framing: ChannelFraming, ending: CommandSession.Ending) {
        guard wantsUpgrade(headers, to: "websocket") else { throw .badRequest("Upgrade request required") }
        let wanted = headers.all("sec-websocket-protocol").flatMap { list($0) }
        guard let name = wanted.isEmpty ? "" : wanted.first(where: { commandProtocols[$0] != nil }),
            let (channels, ending) = commandProtocols[name]
        else {
            let known = commandProtocols.keys.sorted().joined(separator: " ")
            let text = "requested protocol(s) are not supported: [\(wanted.joined(separator: " "))]; supports [\(known)]"
            throw .badRequest(text)
        }
        return (.webSocket(channels), ending)
    }

    private static func wantsUpgrade(_ headers: HTTPHeaders, to name: String) -> Bool {
        headers.all("connection").contains { list($0).contains { $0.lowercased() == "upgrade" } }
            && headers.all("upgrade").contains { list($0).contains { $0.lowercased() == name } }
    }

    private static func list(_ value: String) -> [String] {
        value.split(separator: ",").map { $0.drop { $0 == " " || $0 == "\t" } }.map {
            String($0.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
        }
    }
}
