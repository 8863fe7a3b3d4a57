// SPDX-License-Identifier: Apache-2.0
// What a path is about: a collection, an object, something below an object, or none of these.

package import PodiumMachinery

/// A path below `/api/v1` or `/apis/GROUP/VERSION` with at least one more part.
// Kubernetes: apiserver/pkg/endpoints/request/requestinfo.go
package struct ResourcePath: Hashable, Sendable {
    package var groupVersion: GroupVersion
    /// Empty when the path names none.
    package var namespace = ""
    /// `pods`, `namespaces`.
    package var plural: String
    /// The name of an object; nil for the whole collection.
    package var name: String?
    /// `status`, `log`; nil for the object itself.
    package var subresource: String?
    /// What stands behind the subresource (`proxy/some/path`).
    package var rest: [String] = []
    /// Whether this is the old form of a watch, `/api/v1/watch/pods`.
    package var isLegacyWatch = false

    /// Reads the parts behind the version, of which there is at least one.
    init(_ groupVersion: GroupVersion, _ parts: ArraySlice<String>) {
        self.groupVersion = groupVersion
        var parts = parts
        if parts.first == "watch", parts.count > 1 {
            isLegacyWatch = true
            parts = parts.dropFirst()
        }
        if parts.first == "namespaces", parts.count >= 3, !Self.isNamespaceSubresource(parts[parts.startIndex + 2]) {
            namespace = parts[parts.startIndex + 1]
            parts = parts.dropFirst(2)
        }
        plural = parts.removeFirst()
        if !parts.isEmpty { name = parts.removeFirst() }
        if !parts.isEmpty { subresource = parts.removeFirst() }
        rest = Array(parts)
    }

    private static func isNamespaceSubresource(_ part: String) -> Bool { part == "status" || part == "finalize" }
}

/// A decoded path.
package enum RequestPath: Sendable {
    case resource(ResourcePath)
    /// Any other path, in parts.
    case other([String])

    /// Reads a raw path.
    /// - Throws: 400 when it does not decode.
    package init(_ rawPath: String) throws(StatusError) {
        var parts = try Self.parts(rawPath)
        // One slash at the end changes nothing.
        if parts.count > 1, parts.last?.isEmpty == true { parts.removeLast() }
        if parts.count > 2, parts[0] == "api" {
            self = .resource(ResourcePath(GroupVersion(group: "", version: parts[1]), parts[2...]))
        } else if parts.count > 3, parts[0] == "apis" {
            self = .resource(ResourcePath(GroupVersion(group: parts[1], version: parts[2]), parts[3...]))
        } else {
            self = .other(parts)
        }
    }

    /// The decoded parts between the slashes, of which the first stands behind the first slash.
    private static func parts(_ rawPath: String) throws(StatusError) -> [String] {
        var path = rawPath
        if path.utf8.contains(UInt8(ascii: "%")) {
            // As upstream's, the whole path is decoded before it is taken apart: `%2F` separates like any slash.
            do throws(PercentDecoding.Failure) { path = try PercentDecoding.decode(path[...]) } catch {
                throw refusal(error)
            }
        }
        return path.withUTF8(parts)
    }

    // By bytes and at one go: to tell Characters apart takes longer than all the rest of a GET.
    private static func parts(_ path: UnsafeBufferPointer<UInt8>) -> [String] {
        var parts: [String] = []
        parts.reserveCapacity(8)
        guard var start = path.firstIndex(of: UInt8(ascii: "/")).map({ $0 + 1 }) else { return [] }
        for end in start...path.count {
            if end < path.count, path[end] != UInt8(ascii: "/") { continue }
            parts.append(String(decoding: UnsafeBufferPointer(rebasing: path[start..<end]), as: UTF8.self))
            start = end + 1
        }
        return parts
    }

    private static func refusal(_ failure: PercentDecoding.Failure) -> StatusError {
        switch failure {
        case .badEscape(let piece): .badRequest("invalid URL escape \(FieldError.quoted(piece))")
        case .notUTF8: .badRequest("invalid UTF-8 in URL")
        }
    }
}
