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

    /// The protocols of commands over SPDY.
    // Kubernetes: kubelet/pkg/cri/streaming/remotecommand/httpstream.go
    private static let commandVersions = [
        "v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io",
    ]

    /// How a command is carried to the client.
    /// - Throws: 400 when the client wants no upgrade, or none that is known.
    static func command(
        _ headers: HTTPHeaders
    ) throws(StatusError) -> (framing: ChannelFraming, ending: CommandSession.Ending) {
        if wantsUpgrade(headers, to: "spdy/3.1") {
            let version = try version(headers, among: commandVersions)
            return (.spdy(version: version), version == commandVersions[0] ? .status : .text)
        }
        guard wantsUpgrade(headers, to: "websocket") else { throw .badRequest("Upgrade request required") }
        let name = try subprotocol(headers, among: Array(commandProtocols.keys))
        guard let (channels, ending) = commandProtocols[name] else { throw .badRequest("Upgrade request required") }
        return (.webSocket(channels), ending)
    }

    /// The protocols by which ports are forwarded.
    // Kubernetes: kubelet/pkg/cri/streaming/portforward/{constants,websocket}.go
    private static let portForward = "portforward.k8s.io"
    private static let tunnel = "SPDY/3.1+portforward.k8s.io"
    private static let portChannels: [String: WebSocketChannels] = [
        "": WebSocketChannels(name: ""), "v4.channel.k8s.io": WebSocketChannels(name: "v4.channel.k8s.io"),
        "v4.base64.channel.k8s.io": WebSocketChannels(name: "v4.base64.channel.k8s.io", isBase64: true),
    ]

    /// How connections to ports are carried to the client.
    /// - Throws: 400, as above.
    static func ports(_ headers: HTTPHeaders) throws(StatusError) -> ChannelFraming {
        if wantsUpgrade(headers, to: "spdy/3.1") {
            return .spdy(version: try version(headers, among: [portForward]))
        }
        guard wantsUpgrade(headers, to: "websocket") else { throw .badRequest("Upgrade request required") }
        let name = try subprotocol(headers, among: portChannels.keys + [tunnel])
        return portChannels[name].map { .webSocket($0) } ?? .spdyInWebSocket(subprotocol: name)
    }

    /// The first version that the client names and the server knows; empty when it names none.
    // Kubernetes: apimachinery/pkg/util/httpstream/httpstream.go Handshake
    private static func version(_ headers: HTTPHeaders, among known: [String]) throws(StatusError) -> String {
        let wanted = headers.all("x-stream-protocol-version").flatMap { list($0) }
        if wanted.isEmpty { return "" }
        guard let name = wanted.first(where: known.contains) else {
            let (theirs, ours) = (wanted.joined(separator: " "), known.joined(separator: " "))
            let message = "unable to negotiate protocol: client supports [\(theirs)], server accepts [\(ours)]"
            throw StatusError(code: 403, reason: .forbidden, message: message)
        }
        return name
    }

    private static func subprotocol(_ headers: HTTPHeaders, among known: [String]) throws(StatusError) -> String {
        let wanted = headers.all("sec-websocket-protocol").flatMap { list($0) }
        if wanted.isEmpty { return "" }
        guard let name = wanted.first(where: known.contains) else {
            let served = known.sorted().joined(separator: " ")
            throw .badRequest(
                "requested protocol(s) are not supported: [\(wanted.joined(separator: " "))]; supports [\(served)]"
            )
        }
        return name
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
