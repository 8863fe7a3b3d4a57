// SPDX-License-Identifier: Apache-2.0
// The images of a node: which are there, what pulling one takes, what they are called by digest.

import PodiumMachinery
package import PodiumPodModel

/// The images present on one node, and what pulling others to it comes to.
package struct ImageStore: Sendable {
    /// The images that a node tells the API of; the largest ones.
    // Kubernetes: pkg/kubelet/apis/config/v1beta1/defaults.go NodeStatusMaxImages
    package static let maximumReported = 50

    /// An image of the node.
    package struct Entry: Hashable, Sendable {
        /// By digest and by tag.
        package var names: [String]
        /// In bytes.
        package var size: Int
    }

    private var entries: [String: Entry] = [:]

    /// A node that has pulled nothing yet.
    package init() {}

    /// Whether the image need not be pulled: it was before, or it is one of those that are on every node.
    package func contains(_ reference: ImageReference, _ profile: ImageProfile) -> Bool {
        if entries[reference.description] != nil { return true }
        guard reference.digest == nil, profile.facts.isPreloaded == true else { return false }
        // What no registry has was never put there.
        switch profile.facts.pull {
        case nil, .pulled: return true
        case .notFound, .denied, .unreachable: return false
        }
    }

    /// Remembers an image that was pulled or is used.
    /// - Returns: whether it is new.
    package mutating func insert(_ reference: ImageReference, _ profile: ImageProfile) -> Bool {
        let name = reference.description
        if entries[name] != nil { return false }
        let digest = profile.facts.imageID(of: reference)
        entries[name] = Entry(names: digest == name ? [name] : [digest, name], size: profile.size)
        return true
    }

    /// What the node tells of its images, the largest first.
    package var reported: [Entry] {
        entries.values.sorted { ($1.size, $0.names[0]) < ($0.size, $1.names[0]) }.prefix(Self.maximumReported).map {
            $0
        }
    }

    /// What pulling comes to.
    package static func pull(_ reference: ImageReference, _ profile: ImageProfile) -> ImagePull {
        let name = reference.description
        switch profile.facts.pull {
        case nil: return ImagePull(duration: nil, failure: nil)
        case .pulled(let length): return ImagePull(duration: length, failure: nil)
        case .notFound:
            let text = "rpc error: code = NotFound desc = \(resolveFailure(name)): \(name): not found"
            return ImagePull(duration: nil, failure: text)
        case .denied:
            let text =
                "\(resolveFailure(name)): pull access denied, repository does not exist or may require "
                + "authorization: server message: insufficient_scope: authorization failed"
            return ImagePull(duration: nil, failure: text)
        case .unreachable:
            let host = reference.domain == "docker.io" ? "registry-1.docker.io" : reference.domain
            let version = reference.digest ?? reference.tag ?? "latest"
            let text =
                "\(resolveFailure(name)): failed to do request: Head "
                + "\"https://\(host)/v2/\(reference.path)/manifests/\(version)\": dial tcp: lookup \(host): no such host"
            return ImagePull(duration: nil, failure: text)
        }
    }

    private static func resolveFailure(_ name: String) -> String {
        "failed to pull and unpack image \"\(name)\": failed to resolve reference \"\(name)\""
    }
}

/// What pulling an image comes to.
package struct ImagePull: Hashable, Sendable {
    /// How long it takes where the registry says so.
    package var duration: Duration?
    /// The runtime's text when it fails; events put `Failed to pull image "x": ` before it.
    package var failure: String?
}
