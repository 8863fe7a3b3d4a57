// SPDX-License-Identifier: Apache-2.0
// Reads the names of container images, as far as defaults depend on them.

/// `[host[:port]/]path[:tag][@algorithm:hex]`
// Kubernetes: pkg/util/parsers/parsers.go; its grammar: distribution/reference
package struct ImageReference: Sendable {
    /// The tag as written; empty when there is none.
    package let tag: String
    /// The digest as written; empty when there is none.
    package let digest: String

    /// The tag that a runtime asks for: the one written, or `latest` when there is neither tag nor digest.
    package var effectiveTag: String { tag.isEmpty && digest.isEmpty ? "latest" : tag }

    /// Reads `text`; nil when it names no image.
    package init?(_ text: String) {
        var rest = Substring(text)
        var digest: Substring = ""
        if let at = rest.firstIndex(of: "@") {
            digest = rest[rest.index(after: at)...]
            rest = rest[..<at]
            guard Self.isDigest(digest) else { return nil }
        }
        var tag: Substring = ""
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = rest[rest.index(after: colon)...]
            rest = rest[..<colon]
            guard Self.isTag(tag) else { return nil }
        }
        guard Self.isName(rest) else { return nil }
        self.tag = String(tag)
        self.digest = String(digest)
    }

    /// The first part is a host when it looks like one; all others are of lower-case words.
    private static func isName(_ name: Substring) -> Bool {
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, name.utf8.count <= 255 else { return false }
        let looksLikeHost =
            first.contains(".") || first.contains(":") || first == "localhost"
            || first.lowercased() != first
        if parts.count > 1, looksLikeHost {
            guard isHost(first) else { return false }
            parts.removeFirst()
        } else if parts.count == 1, isIdentifier(first) {
            return false
        }
        return parts.allSatisfy { isPathComponent($0) }
    }

    /// Words of lower-case letters and digits, between which stand `.`, `_`, `__` or any number of `-`.
    private static func isPathComponent(_ component: Substring) -> Bool {
        var separator: [UInt8] = []
        var hasWord = false
        for unit in component.utf8 {
            switch unit {
            case 0x30...0x39, 0x61...0x7A:
                guard separator.isEmpty || hasWord && isSeparator(separator) else { return false }
                separator = []
                hasWord = true
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): separator.append(unit)
            default: return false
            }
        }
        return hasWord && separator.isEmpty
    }

    private static func isSeparator(_ units: [UInt8]) -> Bool {
        units == [0x2E] || units == [0x5F] || units == [0x5F, 0x5F] || units.allSatisfy { $0 == 0x2D }
    }

    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("[") { return true }
        let parts = host.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.count == 1 || (!parts[1].isEmpty && parts[1].utf8.allSatisfy { isDigit($0) })
        else { return false }
        return parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return first != 0x2D && last != 0x2D && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D }
        }
    }

    private static func isTag(_ tag: Substring) -> Bool {
        guard let first = tag.utf8.first, tag.utf8.count <= 128, isAlphanumeric(first) || first == 0x5F else {
            return false
        }
        return tag.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x5F || $0 == 0x2E || $0 == 0x2D }
    }

    /// `sha256:` and at least 32 hexadecimal digits.
    private static func isDigest(_ digest: Substring) -> Bool {
        guard let colon = digest.firstIndex(of: ":") else { return false }
        let algorithm = digest[..<colon]
        let hex = digest[digest.index(after: colon)...]
        guard let first = algorithm.utf8.first, isAlphanumeric(first), !isDigit(first) else { return false }
        return hex.utf8.count >= 32 && hex.utf8.allSatisfy { isDigit($0) || (0x61...0x66).contains($0 | 0x20) }
    }

    /// 64 hexadecimal digits are an image's identifier, not its name.
    private static func isIdentifier(_ name: Substring) -> Bool {
        name.utf8.count == 64 && name.utf8.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) }
    }

    private static func isDigit(_ unit: UInt8) -> Bool { (0x30...0x39).contains(unit) }

    private static func isAlphanumeric(_ unit: UInt8) -> Bool {
        isDigit(unit) || (0x41...0x5A).contains(unit) || (0x61...0x7A).contains(unit)
    }
}
