// SPDX-License-Identifier: Apache-2.0
// Decides whether a request came from a page that has no business here: a browser carries every page's requests to
// this machine.

import Glibc
import PodiumCodec
import PodiumExchange

/// By which names a server is called, and the pages of which origins may use it.
///
/// A page may send requests to any address, and any name may be made to resolve to this machine after the page was
/// loaded. The first shows in `Origin` and `Sec-Fetch-Site`, which programs do not send, the second in `Host`.
// WHATWG Fetch, section 3.2; W3C Fetch Metadata Request Headers
package struct BrowserPolicy: Sendable {
    /// What a request says of the page that sent it, as sent.
    struct Fields {
        var host: UnsafeBufferPointer<UInt8>?
        var origin: UnsafeBufferPointer<UInt8>?
        var site: UnsafeBufferPointer<UInt8>?
        var mode: UnsafeBufferPointer<UInt8>?
    }

    /// What becomes of a request.
    enum Verdict: Equatable, Sendable {
        /// No page of another origin sent it.
        case free
        /// Another site's page leads here by a link, which does no harm with GET.
        case navigation
        /// A page that may read the answer sent it.
        case shared(origin: String)
        case refused(Refusal)
    }

    /// Names by which containers call the machine that they run on.
    private static let friends: Set<String> = ["host.docker.internal", "host.containers.internal"]

    private let hosts: Set<String>
    private let origins: Set<String>
    private var checksHosts = false
    private var checksOrigins = false
    /// The hosts that nearly all requests name, in the form in which they come.
    private var usual: [[UInt8]] = []

    /// Makes a policy; hosts are names and addresses without a port, origins as browsers write them.
    package init(hosts: Set<String> = [], origins: Set<String> = []) {
        self.hosts = Set(hosts.map { Self.bare($0.lowercased()) })
        self.origins = Set(origins.map { $0.lowercased() })
    }

    /// The policy of a server that listens at `address`, once it is known whether only this machine reaches that.
    ///
    /// Where other machines come in, names are not ours to know.
    func applied(to address: ListenAddress, isLoopback: Bool) -> BrowserPolicy {
        var policy = self
        switch address {
        case .tcp(let host, let port) where isLoopback:
            policy = BrowserPolicy(hosts: hosts.union([host]), origins: origins)
            policy.checksHosts = true
            policy.checksOrigins = true
            policy.usual = ["127.0.0.1:\(port)", "localhost:\(port)"].map { Array($0.utf8) }
        // A proxy in front of it may call it as it likes.
        case .unix: policy.checksOrigins = true
        case .tcp: break
        }
        return policy
    }

    /// Decides about a request.
    func verdict(_ fields: Fields) -> Verdict {
        // A request of HTTP/1.0 without a host comes from no browser.
        if checksHosts, let host = fields.host, !isUsual(host), !isOurs(host) {
            return .refused(.foreignHost(String(decoding: host, as: UTF8.self)))
        }
        if let origin = fields.origin {
            let text = String(decoding: origin, as: UTF8.self)
            if origins.contains(text.lowercased()) { return .shared(origin: text) }
            if checksOrigins, !Self.isSame(origin: text, fields.host) { return .refused(.foreignOrigin(text)) }
        }
        guard checksOrigins, let site = fields.site, ASCII.equal(site, "cross-site") else { return .free }
        guard let mode = fields.mode, ASCII.equal(mode, "navigate") else { return .refused(.crossSite) }
        return .navigation
    }

    // MARK: Hosts

    private func isUsual(_ host: UnsafeBufferPointer<UInt8>) -> Bool {
        usual.contains { known in
            known.count == host.count
                && known.withUnsafeBytes { bytes in
                    guard let known = bytes.baseAddress, let host = host.baseAddress else { return false }
                    return memcmp(known, host, bytes.count) == 0
                }
        }
    }

    private func isOurs(_ host: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let name = Self.name(in: String(decoding: host, as: UTF8.self).lowercased()) else { return false }
        return name == "localhost" || Self.isBelowLocalhost(name) || Self.friends.contains(name)
            || hosts.contains(name) || LoopbackAddress.isLoopback(name)
    }

    /// Whether `name` is one that no resolver looks for anywhere else.
    // RFC 6761, section 6.3
    private static func isBelowLocalhost(_ name: String) -> Bool {
        guard name.hasSuffix(".localhost") else { return false }
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            !label.isEmpty
                && label.allSatisfy {
                    $0.isLowerOrDigit || $0 == UInt8(ascii: "-")
                        || $0 == UInt8(ascii: "_")
                }
        }
    }

    /// The name or address of `host[:port]`; nil when it is no such thing.
    private static func name(in host: String) -> String? {
        var name = host[...]
        let colon = host.lastIndex(of: ":")
        if let colon, !host.hasSuffix("]") {
            let port = host[host.index(after: colon)...]
            guard port.utf8.allSatisfy(\.isDigit), port.isEmpty || UInt16(port) != nil else {
                return nil
            }
            name = host[..<colon]
        }
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        if !isBracketed, name.utf8.contains(UInt8(ascii: ":")) { return nil }
        return bare(String(name))
    }

    /// Without the brackets of IPv6 addresses and the dot at the end of full names.
    private static func bare(_ name: String) -> String {
        if name.hasPrefix("["), name.hasSuffix("]") { return String(name.dropFirst().dropLast()) }
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    // MARK: Origins

    /// Whether a page of `origin` was loaded from the very server that `host` names.
    private static func isSame(origin: String, _ host: UnsafeBufferPointer<UInt8>?) -> Bool {
        guard let host, let mark = origin.firstRange(of: "://") else { return false }
        let authority = origin[mark.upperBound...].lowercased()
        let own = String(decoding: host, as: UTF8.self).lowercased()
        if authority == own { return true }
        let usualPort =
            switch origin[..<mark.lowerBound].lowercased() {
            case "http": ":80"
            case "https": ":443"
            default: ""
            }
        return !usualPort.isEmpty && (authority + usualPort == own || authority == own + usualPort)
    }
}

/// What a page of an allowed origin is told, so that its browser shows it the answer.
// Kubernetes: apiserver/pkg/server/filters/cors.go
enum CrossOrigin {
    /// The header fields of every answer to a page of `origin`.
    static func headers(_ origin: String) -> [(name: String, value: String)] {
        [
            ("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Expose-Headers", "Date, Warning, Audit-Id"), ("Vary", "Origin"),
        ]
    }

    /// The answer to the question that a browser asks before it sends what is more than a plain request.
    static var preflight: HTTPResponse {
        HTTPResponse(
            status: 204,
            contentType: "",
            headers: [
                ("Access-Control-Allow-Methods", "POST, GET, OPTIONS, PUT, DELETE, PATCH"),
                (
                    "Access-Control-Allow-Headers",
                    "Content-Type, Content-Length, Accept, Accept-Encoding, X-CSRF-Token, Authorization, "
                        + "X-Requested-With, If-Modified-Since, If-None-Match, Impersonate-User, Impersonate-Group, "
                        + "Impersonate-Uid"
                ),
                ("Access-Control-Allow-Private-Network", "true"),
            ],
            body: .bytes(EncodedBytes([]).slice)
        )
    }
}
