// SPDX-License-Identifier: Apache-2.0
// Splits a request target into path and query, without decoding anything.

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
        var length = 0
        var mark: Int?
        while start[length] != 0 {
            let byte = start[length]
            if byte <= 0x20 || byte == 0x7F { refusal = .malformed("invalid character in request target") }
            if byte == UInt8(ascii: "?"), mark == nil { mark = length }
            length += 1
        }
        size = length
        if length > limit { refusal = .targetTooLong(limit: limit) }
        if refusal != nil { return }
        let target = UnsafeBufferPointer(start: start, count: length)
        var path = target[..<(mark ?? length)]
        if path.first != UInt8(ascii: "/") { path = Self.withoutAuthority(path) }
        switch path.first {
        case UInt8(ascii: "/"): self.path = String(decoding: path, as: UTF8.self)
        // `OPTIONS *`, `CONNECT host:port`, `http://host`: no resource of ours, but no misunderstanding either.
        default: self.path = "/" + String(decoding: path, as: UTF8.self)
        }
        if let mark { query = String(decoding: target[(mark + 1)...], as: UTF8.self) }
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
