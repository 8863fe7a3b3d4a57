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
    /// The `host:port` of a target that clients send to proxies, which then counts instead of the field `Host`.
    // RFC 9112, section 3.2.2
    private(set) var authority: String?
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
        if path.first != UInt8(ascii: "/") {
            let (authority, rest) = Self.splitAuthority(path)
            if let authority { self.authority = String(decoding: authority, as: UTF8.self) }
            path = rest
        }
        self.path = String(copying: UnsafeBufferPointer(rebasing: path))
        // `OPTIONS *`, `CONNECT host:port`, `http://host`: no resource of ours, but no misunderstanding either.
        if path.first != UInt8(ascii: "/") { self.path = "/" + self.path }
        if let mark { query = String(copying: UnsafeBufferPointer(rebasing: target[(mark + 1)...])) }
    }

    /// What stands behind `http://`, and the path behind that.
    private static func splitAuthority(
        _ path: Slice<UnsafeBufferPointer<UInt8>>
    ) -> (authority: Slice<UnsafeBufferPointer<UInt8>>?, path: Slice<UnsafeBufferPointer<UInt8>>) {
        for scheme in ["http://", "https://"] where path.count >= scheme.utf8.count {
            let matches = zip(path, scheme.utf8).allSatisfy { ASCII.lowercased($0) == $1 }
            if !matches { continue }
            let rest = path[(path.startIndex + scheme.utf8.count)...]
            let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            return (rest[..<end], rest[end...])
        }
        return (nil, path)
    }
}
