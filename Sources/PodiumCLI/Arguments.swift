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

/// `RBAC,AlwaysAllow`: a list of authorization modes.
enum AuthorizationArgument {
    /// The modes that there are, for messages.
    static let modes = AuthorizationMode.allCases.map(\.rawValue).joined(separator: ", ")

    /// Modes of Kubernetes that would need what this server does not have, and what that is.
    private static let missing = [
        "ABAC": "a policy file, which is not read here", "Node": "nodes that come in from outside",
        "Webhook": "a server that decides, which is not asked here",
    ]

    static func parse(_ text: String) throws -> [AuthorizationMode] {
        var found: [AuthorizationMode] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            if let need = missing[word] {
                throw ValidationError("--authorization-mode \(word) needs \(need); there are \(modes)")
            }
            guard let mode = AuthorizationMode(rawValue: word) else {
                throw ValidationError("--authorization-mode is one or more of \(modes), not '\(word)'")
            }
            if found.contains(mode) { throw ValidationError("--authorization-mode names \(word) more than once") }
            found.append(mode)
        }
        return found
    }
}

/// `--allow-host` and `--allow-origin`.
enum AllowedCallers {
    /// A name or address without a port.
    static func host(_ text: String) throws -> String {
        let name = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        // Two colons make an IPv6 address, one a port.
        let hasPort = name.utf8.count { $0 == UInt8(ascii: ":") } == 1
        let isName = !name.isEmpty && name.utf8.allSatisfy(isHostByte)
        guard isName, !hasPort else {
            throw ValidationError("--allow-host is a name or an address without a port, not '\(text)'")
        }
        return name
    }

    /// `SCHEME://HOST[:PORT]`, as browsers write it.
    static func origin(_ text: String) throws -> String {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let isOrigin =
            parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty
            && parts[0].utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
            && parts[1].utf8.allSatisfy { isHostByte($0) || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }
        guard isOrigin else {
            throw ValidationError(
                "--allow-origin is an origin such as http://localhost:3000, without a path, not '\(text)'"
            )
        }
        return text
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-_.:".utf8.contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
}

/// A whole file.
enum InputFile {
    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw failure(path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        // A directory opens like a file and fails only now.
        if ferror(file) != 0 { throw failure(path) }
        return bytes
    }

    private static func failure(_ path: String) -> ValidationError {
        ValidationError("cannot read \(path): \(String(cString: strerror(errno)))")
    }
}

/// The three descriptors that every process expects to be open.
enum StandardDescriptors {
    /// Opens those that the caller closed: the next file or socket would otherwise take their place, and be written to
    /// by whoever prints a line.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number is taken, which is this one.
            guard Glibc.open("/dev/null", O_RDWR) == descriptor else { return }
        }
    }
}
