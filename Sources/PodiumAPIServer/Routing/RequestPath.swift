// SPDX-License-Identifier: Apache-2.0
// What a path is about: a collection, an object, something below an object, or none of these.

import Glibc
package import PodiumMachinery

/// A path below `/api/v1` or `/apis/GROUP/VERSION` with at least one more part.
// Kubernetes: apiserver/pkg/endpoints/request/requestinfo.go
// A class: it is handed from step to step, and a copy would count references to every part.
package final class ResourcePath: Sendable {
    package let groupVersion: GroupVersion
    /// Empty when the path names none.
    package let namespace: String
    /// `pods`, `namespaces`.
    package let plural: String
    /// The name of an object; nil for the whole collection.
    package let name: String?
    /// `status`, `log`; nil for the object itself.
    package let subresource: String?
    /// What stands behind the subresource (`proxy/some/path`).
    package let rest: [String]
    /// Whether this is the old form of a watch, `/api/v1/watch/pods`.
    package let isLegacyWatch: Bool
    /// Whether the group stands in the path, as below `/apis`.
    package let isNamedGroup: Bool

    /// Reads the parts behind the version, of which there is at least one.
    fileprivate init(
        _ groupVersion: GroupVersion,
        isNamedGroup: Bool,
        _ parts: Slice<UnsafeMutableBufferPointer<PathPart>>
    ) {
        self.groupVersion = groupVersion
        self.isNamedGroup = isNamedGroup
        var parts = parts
        isLegacyWatch = parts.count > 1 && parts[parts.startIndex] == "watch"
        if isLegacyWatch { parts = parts.dropFirst() }
        if parts.count >= 3, parts[parts.startIndex] == "namespaces",
            !Self.isNamespaceSubresource(parts[parts.startIndex + 2])
        {
            namespace = parts[parts.startIndex + 1].text
            parts = parts.dropFirst(2)
        } else {
            namespace = ""
        }
        plural = parts.removeFirst().text
        name = parts.popFirst()?.text
        subresource = parts.popFirst()?.text
        rest = parts.isEmpty ? [] : parts.map(\.text)
    }

    private static func isNamespaceSubresource(_ part: PathPart) -> Bool { part == "status" || part == "finalize" }
}

/// The bytes between two slashes of a path that is being read.
private struct PathPart {
    let bytes: UnsafeBufferPointer<UInt8>

    var text: String { String(copying: bytes) }

    static func == (part: PathPart, text: StaticString) -> Bool {
        part.bytes.count == text.utf8CodeUnitCount
            && memcmp(part.bytes.baseAddress ?? text.utf8Start, text.utf8Start, part.bytes.count) == 0
    }
}

/// A decoded path.
package enum RequestPath: Sendable {
    case resource(ResourcePath)
    /// Any other path, in parts.
    case other([String])

    /// Reads a raw path.
    /// - Throws: 400 when it does not decode.
    package init(_ rawPath: String) throws(StatusError) {
        var path = rawPath
        if path.withUTF8({ $0.index(of: "%") != nil }) {
            // As upstream's, the whole path is decoded before it is taken apart: `%2F` separates like any slash.
            do throws(PercentDecoding.Failure) { path = try PercentDecoding.decode(path[...]) } catch {
                throw Self.refusal(error)
            }
        }
        self = path.withUTF8(Self.read)
    }

    // By bytes and at one go: to tell Characters apart, or to make a String of each part, takes longer than all the
    // rest of a GET.
    private static func read(_ path: UnsafeBufferPointer<UInt8>) -> RequestPath {
        // Before each part there is a slash, so there are no more parts than bytes.
        withUnsafeTemporaryAllocation(of: PathPart.self, capacity: path.count) { buffer in
            var count = split(path, into: buffer)
            // One slash at the end changes nothing.
            if count > 0, buffer[count - 1].bytes.isEmpty { count -= 1 }
            let parts = buffer[..<count]
            if count > 2, parts[0] == "api" {
                let version = GroupVersion(group: "", version: parts[1].text)
                return .resource(ResourcePath(version, isNamedGroup: false, parts[2...]))
            }
            if count > 3, parts[0] == "apis" {
                let version = GroupVersion(group: parts[1].text, version: parts[2].text)
                return .resource(ResourcePath(version, isNamedGroup: true, parts[3...]))
            }
            return .other(parts.map(\.text))
        }
    }

    /// Finds the parts behind each slash, of which the first stands behind the first slash, and returns their number.
    private static func split(
        _ path: UnsafeBufferPointer<UInt8>,
        into parts: UnsafeMutableBufferPointer<PathPart>
    ) -> Int {
        var count = 0
        var next = path.index(of: "/")
        while let start = next.map({ $0 + 1 }) {
            next = path.index(of: "/", from: start)
            let part = UnsafeBufferPointer(rebasing: path[start..<(next ?? path.count)])
            parts.initializeElement(at: count, to: PathPart(bytes: part))
            count += 1
        }
        return count
    }

    private static func refusal(_ failure: PercentDecoding.Failure) -> StatusError {
        switch failure {
        case .badEscape(let piece): .badRequest("invalid URL escape \(FieldError.quoted(piece))")
        case .notUTF8: .badRequest("invalid UTF-8 in URL")
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Where `sign` stands for the first time behind `start`.
    fileprivate func index(of sign: Unicode.Scalar, from start: Int = 0) -> Int? {
        guard start < count, let baseAddress else { return nil }
        let found = memchr(baseAddress + start, Int32(sign.value), count - start)
        return found.map { UnsafeRawPointer($0) - UnsafeRawPointer(baseAddress) }
    }
}
