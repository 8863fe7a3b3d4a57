// SPDX-License-Identifier: Apache-2.0
// Patterns for the names of images: which rule of the table is about which image.

import PodiumCodec
package import PodiumPodModel

/// A pattern for names of images, `[HOST/]PATH[:TAG]`, of which every component is matched as a whole.
///
/// In a component `*` stands for any characters, and a component `**` for any number of components. Without a host the
/// path is that of any registry, and may have further components before it: `nginx` is about `docker.io/library/nginx`
/// and about `registry.example.com/mirror/nginx`. The first component is a host when it looks like one, as in a name.
/// Without a tag the pattern is about all tags and digests.
package struct ImagePattern: Hashable, Sendable {
    /// Longer patterns are refused.
    package static let maximumBytes = 512

    /// The pattern as it was written.
    package let text: String
    private let host: String?
    private let path: [String]
    private let tag: String?

    /// Reads a pattern.
    package init(parsing text: String) throws(ImagePatternError) {
        if text.isEmpty { throw ImagePatternError(detail: "a pattern must not be empty") }
        if text.utf8.count > Self.maximumBytes {
            throw ImagePatternError(detail: "a pattern has at most \(Self.maximumBytes) bytes")
        }
        if text.contains("@") { throw ImagePatternError(detail: "a pattern names no digest") }
        self.text = text
        var rest = text[...]
        var host: String?
        if let slash = rest.firstIndex(of: "/") {
            let first = rest[..<slash]
            if first.contains(".") || first.contains(":") || first == "localhost" {
                host = String(first)
                rest = rest[rest.index(after: slash)...]
            }
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.contains("") || tag == "" || host == "" {
            throw ImagePatternError(detail: "a pattern is [HOST/]PATH[:TAG], without empty components")
        }
        guard (parts + [tag, host].compactMap { $0 }).allSatisfy({ $0.utf8.allSatisfy(Self.isAllowed) }) else {
            throw ImagePatternError(detail: "a pattern has letters, digits and any of . _ - * in its components")
        }
        if parts.contains(where: { $0.contains("**") && $0 != "**" }) || tag?.contains("**") == true {
            throw ImagePatternError(detail: "** stands for whole components of the path")
        }
        self.host = host
        self.tag = tag
        path = host == nil && parts.first != "**" ? ["**"] + parts : parts
    }

    private static func isAllowed(_ unit: UInt8) -> Bool { unit.isAlphanumeric || "._-*:".utf8.contains(unit) }

    /// Whether the pattern says anything about the repository, so that it names images rather than kinds of tags.
    package var namesRepositories: Bool { host != nil || path != ["**"] }

    /// Whether the pattern is about an image.
    package func matches(_ reference: ImageReference) -> Bool {
        if let last = path.last, !last.contains("*"), last != reference.name { return false }
        if let host, !Self.matches(host, reference.domain) { return false }
        if let tag, !Self.matches(tag, reference.tag ?? "") { return false }
        return Self.matches(path[...], reference.path.split(separator: "/")[...])
    }

    private static func matches(_ pattern: ArraySlice<String>, _ parts: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return parts.isEmpty }
        let rest = pattern.dropFirst()
        if first == "**" {
            if rest.isEmpty { return true }
            return (parts.startIndex...parts.endIndex).contains { matches(rest, parts[$0...]) }
        }
        guard let part = parts.first, matches(first, String(part)) else { return false }
        return matches(rest, parts.dropFirst())
    }

    /// Whether a text is what a pattern with `*` describes.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.utf8)
        let text = Array(text.utf8)
        var (at, place) = (0, 0)
        var star: (at: Int, place: Int)?
        while place < text.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                star = (at, place)
                at += 1
            } else if at < pattern.count, pattern[at] == text[place] {
                at += 1
                place += 1
            } else if let last = star {
                star = (last.at, last.place + 1)
                at = last.at + 1
                place = last.place + 1
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// Why a text is no pattern.
package struct ImagePatternError: Error, Hashable, Sendable {
    /// What is wrong.
    package var detail: String
}
