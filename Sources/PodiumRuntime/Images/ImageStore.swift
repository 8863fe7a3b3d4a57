// SPDX-License-Identifier: Apache-2.0
// The images of a node: which are there, what pulling one takes, what they are called by digest.

import PodiumMachinery

/// The images present on one node, and the registries beyond it, which decide by name.
///
/// Names containing `missing` or `does-not-exist` are not found, `denied` is refused, `unreachable` has no registry,
/// `slow-Ns` takes N seconds; every other image exists and comes at once.
package struct ImageStore: Hashable, Sendable {
    private var pulled: Set<String> = []

    /// A node with the images that are always there: busybox, nginx, agnhost and pause of every tag.
    package init() {}

    /// Whether the image need not be pulled.
    package func contains(_ reference: ImageReference) -> Bool {
        Self.isPreloaded(reference) || pulled.contains(reference.description)
    }

    /// Remembers a pulled image.
    package mutating func insert(_ reference: ImageReference) { pulled.insert(reference.description) }

    /// Forgets an image.
    package mutating func remove(_ reference: ImageReference) { pulled.remove(reference.description) }

    /// Everything that was pulled beside the preloaded images, sorted by name.
    package var references: [String] { pulled.sorted() }

    private static func isPreloaded(_ reference: ImageReference) -> Bool {
        if reference.digest != nil { return false }
        switch reference.name {
        case "busybox", "nginx": return reference.domain == "docker.io" && reference.path == "library/\(reference.name)"
        case "agnhost", "pause": return true
        default: return false
        }
    }

    /// What pulling comes to. It changes nothing: call `insert` when the time has passed.
    package func pull(_ reference: ImageReference) -> ImagePull {
        let name = reference.description
        if name.contains("missing") || name.contains("does-not-exist") {
            let text = "rpc error: code = NotFound desc = \(Self.resolveFailure(name)): \(name): not found"
            return ImagePull(duration: Self.lookupDuration, failure: text)
        }
        if name.contains("denied") {
            let text =
                "\(Self.resolveFailure(name)): pull access denied, repository does not exist or may require "
                + "authorization: server message: insufficient_scope: authorization failed"
            return ImagePull(duration: Self.lookupDuration, failure: text)
        }
        if name.contains("unreachable") {
            let host = reference.domain == "docker.io" ? "registry-1.docker.io" : reference.domain
            let version = reference.digest ?? reference.tag ?? "latest"
            let text =
                "\(Self.resolveFailure(name)): failed to do request: Head "
                + "\"https://\(host)/v2/\(reference.path)/manifests/\(version)\": dial tcp: lookup \(host): no such host"
            return ImagePull(duration: Self.lookupDuration, failure: text)
        }
        return ImagePull(duration: Self.slowness(of: name) ?? Self.pullDuration, failure: nil)
    }

    private static let lookupDuration = Duration.milliseconds(400)
    private static let pullDuration = Duration.milliseconds(5)

    private static func resolveFailure(_ name: String) -> String {
        "failed to pull and unpack image \"\(name)\": failed to resolve reference \"\(name)\""
    }

    /// The N of `slow-Ns` in a name.
    private static func slowness(of name: String) -> Duration? {
        let units = Array(name.utf8)
        let mark = Array("slow-".utf8)
        guard units.count > mark.count else { return nil }
        for start in 0..<units.count - mark.count where Array(units[start..<start + mark.count]) == mark {
            let digits = units[(start + mark.count)...].prefix(while: \.isDigit)
            let end = start + mark.count + digits.count
            if !digits.isEmpty, end < units.count, units[end] == UInt8(ascii: "s"), let seconds = Int64(digits.text),
                seconds <= 1_000_000
            {
                return .seconds(seconds)
            }
        }
        return nil
    }

    /// The digest of an image, `sha256:…`: the one in its name, or one made from the name.
    package static func digest(of reference: ImageReference) -> String {
        reference.digest ?? "sha256:" + SHA256.hexDigest(of: Array(reference.description.utf8))
    }

    /// The `imageID` of container statuses, `docker.io/library/busybox@sha256:…`.
    package static func imageID(of reference: ImageReference) -> String {
        "\(reference.repository)@\(digest(of: reference))"
    }

    /// The size of an image in bytes, as `Pulled` events name it.
    package static func size(of reference: ImageReference) -> Int {
        switch reference.name {
        case "busybox": 2_223_685
        case "alpine": 3_642_247
        case "nginx": 72_404_038
        case "agnhost": 51_105_200
        case "pause": 320_368
        default: 10_000_000
        }
    }
}

/// What pulling an image comes to.
package struct ImagePull: Hashable, Sendable {
    /// How long it takes, failures too.
    package var duration: Duration
    /// The runtime's text when it fails; events put `Failed to pull image "x": ` before it.
    package var failure: String?
}
