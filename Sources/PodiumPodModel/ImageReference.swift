// SPDX-License-Identifier: Apache-2.0
// Names of images: reading, defaults and the errors that a kubelet reports.

import PodiumCodec

// Kubernetes: pkg/kubelet/images/image_manager.go applyDefaultImageTag; github.com/distribution/reference normalize.go

/// A name of an image with its defaults filled in.
package struct ImageReference: Hashable, Sendable {
    /// The registry, `docker.io`.
    package var domain: String
    /// The repository in the registry, `library/busybox`.
    package var path: String
    /// The tag; `latest` when the name has neither tag nor digest.
    package var tag: String?
    /// The digest, `sha256:…`.
    package var digest: String?

    /// `docker.io/library/busybox`.
    package var repository: String { "\(domain)/\(path)" }

    /// The complete name, `docker.io/library/busybox:1.36`, as container statuses show it.
    package var description: String {
        repository + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "")
    }

    /// The last component of the repository, `busybox`.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Reads the name of an image as manifests write it.
    package init(parsing text: String) throws(ImageReferenceError) {
        if text.isEmpty { throw ImageReferenceError(text, "repository name must have at least one component") }
        if text.utf8.count == 64, text.utf8.allSatisfy(\.isLowerHexDigit) {
            let detail = "invalid repository name (\(text)), cannot specify 64-byte hexadecimal strings"
            throw ImageReferenceError(text, detail)
        }
        let (domain, remainder) = Self.splitDomain(text)
        let (path, tag, digest) = Self.split(remainder)
        if path.lowercased() != path {
            throw ImageReferenceError(text, "invalid reference format: repository name (\(path)) must be lowercase")
        }
        guard Self.isDomain(domain), Self.isPath(path), tag.map(Self.isTag) ?? true else {
            throw ImageReferenceError(text, "invalid reference format")
        }
        if let digest, let fault = Self.fault(ofDigest: digest) { throw ImageReferenceError(text, fault) }
        if path.utf8.count > 255 {
            throw ImageReferenceError(text, "repository name must not be more than 255 characters")
        }
        self.domain = domain
        self.path = path
        self.tag = tag == nil && digest == nil ? "latest" : tag
        self.digest = digest
    }

    /// The first component is a registry only when it looks like a host name.
    private static func splitDomain(_ text: String) -> (domain: String, remainder: String) {
        var domain = "docker.io"
        var remainder = text
        if let slash = text.firstIndex(of: "/") {
            let first = String(text[..<slash])
            if first.contains(".") || first.contains(":") || first == "localhost" || first.lowercased() != first {
                domain = first == "index.docker.io" ? "docker.io" : first
                remainder = String(text[text.index(after: slash)...])
            }
        }
        if domain == "docker.io", !remainder.contains("/") { remainder = "library/" + remainder }
        return (domain, remainder)
    }

    private static func split(_ remainder: String) -> (path: String, tag: String?, digest: String?) {
        var name = remainder[...]
        var digest: String?
        if let at = name.firstIndex(of: "@") {
            digest = String(name[name.index(after: at)...])
            name = name[..<at]
        }
        guard let colon = name.firstIndex(of: ":") else { return (String(name), nil, digest) }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]), digest)
    }

    private static func isDomain(_ text: String) -> Bool {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let address = text[text.index(after: text.startIndex)..<end].utf8
            guard !address.isEmpty, address.allSatisfy({ $0.isHexDigit || $0 == UInt8(ascii: ":") })
            else { return false }
            let rest = text[text.index(after: end)...]
            return rest.isEmpty || rest.first == ":" && isPort(rest.dropFirst())
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, !host.isEmpty else { return false }
        if parts.count == 2, !isPort(parts[1]) { return false }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return first.isAlphanumeric && last.isAlphanumeric
                && label.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isPort(_ text: Substring) -> Bool { !text.isEmpty && text.utf8.allSatisfy(\.isDigit) }

    private static func isPath(_ text: String) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isPathComponent(Array($0.utf8)) }
    }

    /// Lower case letters and digits, separated by one period, one or two underscores, or any number of dashes.
    private static func isPathComponent(_ units: [UInt8]) -> Bool {
        guard let first = units.first, let last = units.last, first.isLowerOrDigit, last.isLowerOrDigit else {
            return false
        }
        var index = 0
        while index < units.count {
            let start = index
            while index < units.count, !units[index].isLowerOrDigit { index += 1 }
            let separator = units[start..<index]
            if !separator.isEmpty, separator != [UInt8(ascii: ".")], separator != [UInt8(ascii: "_")],
                separator != [UInt8(ascii: "_"), UInt8(ascii: "_")],
                !separator.allSatisfy({ $0 == UInt8(ascii: "-") })
            {
                return false
            }
            index += 1
        }
        return true
    }

    private static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, first.isAlphanumeric || first == UInt8(ascii: "_")
        else {
            return false
        }
        return text.utf8.allSatisfy { $0.isAlphanumeric || "_.-".utf8.contains($0) }
    }

    private static func fault(ofDigest text: String) -> String? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts[0].utf8.first, first.isLetter, parts[1].utf8.count >= 32,
            parts[1].utf8.allSatisfy(\.isHexDigit)
        else { return "invalid reference format" }
        guard let length = ["sha256": 64, "sha384": 96, "sha512": 128][parts[0]] else {
            return "unsupported digest algorithm"
        }
        return parts[1].utf8.count == length ? nil : "invalid checksum digest length"
    }
}

/// Why a text is no name of an image.
package struct ImageReferenceError: Error, Hashable, Sendable {
    /// The text.
    package var text: String
    /// What is wrong, in the words of the reference parser.
    package var detail: String

    init(_ text: String, _ detail: String) {
        self.text = text
        self.detail = detail
    }

    /// The message of a container that waits with reason `InvalidImageName`.
    package var message: String {
        "Failed to apply default image tag \"\(text)\": couldn't parse image name \"\(text)\": \(detail)"
    }
}
