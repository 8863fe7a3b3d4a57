// SPDX-License-Identifier: Apache-2.0
// What several subcommands read from their arguments.

import ArgumentParser
import Glibc
import Podium

/// `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`.
enum ListenArgument {
    static func parse(_ text: String, option: String = "--listen") throws -> ServerAddress {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            if path.isEmpty { throw ValidationError("\(option) unix: needs a path") }
            return .unix(path: path)
        }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port), let host = host(text[..<colon])
        else {
            throw ValidationError("\(option) is HOST:PORT, [IPv6]:PORT or unix:PATH, not '\(text)'")
        }
        return .tcp(host: host, port: port)
    }

    /// A name or an address, the latter of version 6 in brackets; nil when it is neither. Empty for all addresses.
    private static func host(_ text: Substring) -> String? {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]") && text.count > 2
        let host = isBracketed ? text.dropFirst().dropLast() : text
        let allowed = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            // A zone (`fe80::1%eth0`) stands behind a percent sign.
            case 0x3A, 0x25: isBracketed || host.utf8.count > 2 && host.utf8.filter { $0 == 0x3A }.count > 1
            default: false
            }
        }
        return allowed ? String(host) : nil
    }
}

/// Where a server is that a subcommand talks to or writes about: as for `--listen`, or a URL.
struct ServerArgument {
    let address: ServerAddress
    /// Which of its clusters: `/clusters/NAME`, or empty.
    let path: String
    private let scheme: String

    /// - Throws: when it is neither an address nor an http or https URL of a server or one of its clusters.
    init(_ text: String) throws {
        guard let separator = text.firstRange(of: "://") else {
            address = try ListenArgument.parse(text, option: "--server")
            path = ""
            scheme = "http"
            return
        }
        scheme = text[..<separator.lowerBound].lowercased()
        guard ["http", "https"].contains(scheme) else {
            throw ValidationError("--server: '\(scheme)' is no scheme that is served: http or https")
        }
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        if authority.isEmpty { throw ValidationError("--server: '\(text)' names no server") }
        var path = String(rest[authority.endIndex...])
        while path.hasSuffix("/") { path.removeLast() }
        if !path.isEmpty {
            guard path.hasPrefix("/clusters/") else {
                throw ValidationError("--server: '\(path)' is not the path of a cluster: /clusters/NAME")
            }
            try Self.checkClusterName(String(path.dropFirst("/clusters/".count)))
        }
        self.path = path
        let isPortGiven = !authority.hasSuffix("]") && authority.contains(":")
        let defaultPort = scheme == "https" ? ":443" : ":80"
        address = try ListenArgument.parse(authority + (isPortGiven ? "" : defaultPort), option: "--server")
    }

    /// The URL, with the path of its cluster; nil for a Unix socket.
    var url: String? {
        address.url.map { url in scheme + url.dropFirst("http".count) + path }
    }

    /// - Throws: when no cluster can be called so.
    static func checkClusterName(_ name: String) throws {
        do throws(ConfigurationError) {
            try ServerConfiguration.checkClusterName(name)
        } catch {
            throw ValidationError("cluster name '\(name)': \(error)")
        }
    }
}

/// Texts in JSON.
enum JSONText {
    /// `text` as a JSON string.
    static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": return "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: return String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

/// A whole file as text.
enum TextFile {
    static func read(_ path: String) throws -> String {
        guard let file = fopen(path, "r") else {
            throw ValidationError("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
