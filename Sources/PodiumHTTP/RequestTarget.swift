// SPDX-License-Identifier: Apache-2.0
// Splits a request target into path and query, without decoding anything.

import CMicroHTTPD
import Glibc
import PodiumMachinery

/// A request target, still percent-encoded.
struct RequestTarget {
    /// Begins with `/`.
    var path = ""
    /// Without the `?`.
    var query = ""
    /// The number of bytes of the whole, as sent.
    private(set) var size = 0
    /// Why the request must be refused.
    var refusal: Refusal?

    init() {}

    /// Reads the target that ends with a NUL byte at `start`.
    init(_ start: UnsafePointer<UInt8>, limit: Int) {
        size = strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
        let target = UnsafeBufferPointer(start: start, count: size)
        let mark = memchr(start, Int32(UInt8(ascii: "?")), size).map { UnsafeRawPointer($0) - UnsafeRawPointer(start) }
        if size > limit { refusal = .targetTooLong(limit: limit) }
        if !ASCII.isTarget(target) { refusal = .malformed("invalid character in request target") }
        if refusal != nil { return }
        var path = target[..<(mark ?? size)]
        if path.first != UInt8(ascii: "/") { path = Self.withoutAuthority(path) }
        self.path = String(copying: UnsafeBufferPointer(rebasing: path))
        // `OPTIONS *`, `CONNECT host:port`, `http://host`: no resource of ours, but no misunderstanding either.
        if path.first != UInt8(ascii: "/") { self.path = "/" + self.path }
        if let mark { query = String(copying: UnsafeBufferPointer(rebasing: target[(mark + 1)...])) }
    }

    /// Cuts `http://host:port` off, which clients send to proxies.
    private static func withoutAuthority(
        _ path: Slice<UnsafeBufferPointer<UInt8>>
    ) -> Slice<UnsafeBufferPointer<UInt8>> {
        for scheme in ["http://", "https://"] where path.count >= scheme.utf8.count {
            let matches = zip(path, scheme.utf8).allSatisfy { ASCII.lowercased($0) == $1 }
            if !matches { continue }
            let rest = path[(path.startIndex + scheme.utf8.count)...]
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return rest[rest.endIndex...] }
            return rest[slash...]
        }
        return path
    }
}
