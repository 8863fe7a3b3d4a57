// SPDX-License-Identifier: Apache-2.0
// The parts of a URL, and how a client gets from one to the next.

/// A URL taken apart as curl and wget do.
package struct WebAddress: Hashable, Sendable {
    /// `http`, or what else stands before `://`.
    package var scheme: String
    /// `name:password` before the host, still as it was written.
    package var user: String?
    /// The name or address of the server.
    package var host: String
    /// The port, that of the scheme when none is written.
    package var port: Int
    /// The path with its query, beginning with `/`.
    package var path: String
    /// Whether the port was written.
    package var hasPort = false

    /// Takes a URL apart; nil when it names no host. Without a scheme it is HTTP.
    package init?(_ text: String) {
        var rest = text[...]
        scheme = "http"
        if let mark = rest.firstRange(of: "://") {
            scheme = rest[..<mark.lowerBound].lowercased()
            rest = rest[mark.upperBound...]
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let after = rest.dropFirst(authority.count).prefix { $0 != "#" }
        path = after.hasPrefix("/") ? String(after) : "/" + after
        var server = authority
        if let at = authority.lastIndex(of: "@") {
            user = String(authority[..<at])
            server = authority[authority.index(after: at)...]
        }
        port = Self.usualPort(of: scheme)
        let closing = server.lastIndex(of: "]") ?? server.startIndex
        if let colon = server[closing...].lastIndex(of: ":") {
            let digits = server[server.index(after: colon)...]
            guard digits.isEmpty || Int(digits).map({ (0...65_535).contains($0) }) == true else { return nil }
            port = Int(digits) ?? port
            hasPort = !digits.isEmpty
            server = server[..<colon]
        }
        if server.hasPrefix("["), server.hasSuffix("]") { server = server.dropFirst().dropLast() }
        if server.isEmpty || server.contains(" ") { return nil }
        host = String(server)
    }

    private static func usualPort(of scheme: String) -> Int {
        switch scheme {
        case "https": 443
        case "ftp": 21
        default: 80
        }
    }

    /// `host` or `host:port`, as the `Host` header has it.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == Self.usualPort(of: scheme) ? name : "\(name):\(port)"
    }

    /// The whole URL.
    package var text: String {
        "\(scheme)://\(host.contains(":") ? "[\(host)]" : host)\(hasPort ? ":\(port)" : "")\(path)"
    }

    /// The last component of the path without its query; empty behind a slash.
    package var fileName: String {
        let name = path.prefix { $0 != "?" }
        return String(name.suffix(from: name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex))
    }

    /// The address that a `Location` means from here.
    package func following(_ location: String) -> WebAddress? {
        if location.contains("://") { return WebAddress(location) }
        var next = self
        if location.hasPrefix("//") { return WebAddress("\(scheme):\(location)") }
        if location.hasPrefix("/") {
            next.path = location
        } else {
            let directory = path.prefix { $0 != "?" }
            let slash = directory.lastIndex(of: "/") ?? directory.startIndex
            next.path = directory[...slash] + location
        }
        return next
    }
}

/// What becomes of an attempt to connect.
package enum Reach: Hashable, Sendable {
    case open
    case refused
    /// Nobody has the address, so that nobody answers.
    case silent
}

extension Machine {
    /// What a connection to a port of an address comes to.
    package func reach(_ address: String, port: Int) -> Reach {
        if accepts(address, port: port) { return .open }
        return isOwn(address) || world.presence(of: address) != .none ? .refused : .silent
    }
}

extension HTTPAnswer {
    /// The first line and the headers, as a server sends them.
    package var head: [String] {
        var lines = ["HTTP/1.1 \(status) \(Self.reason(status))"]
        lines.append("Content-Type: \(contentType)")
        if let location { lines.append("Location: \(location)") }
        lines.append("Content-Length: \(body.count)")
        return lines
    }

    /// The words for a status.
    package static func reason(_ status: Int) -> String {
        reasons[status] ?? "Unknown"
    }

    private static let reasons: [Int: String] = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
        301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect",
        308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict", 410: "Gone", 418: "I'm a Teapot",
        422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented",
        502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    ]
}
