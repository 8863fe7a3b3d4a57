// SPDX-License-Identifier: Apache-2.0
// Which header fields are kept for the API server, and under which names.

/// The header fields that Podium reads; all others are checked and forgotten.
enum RequestFields {
    /// The name under which a field is kept, nil when it is not.
    static func keptName(_ name: UnsafeBufferPointer<UInt8>) -> String? {
        // By length first: most fields are told apart without reading a byte.
        switch name.count {
        case 6 where ASCII.equal(name, "accept"): "accept"
        case 6 where ASCII.equal(name, "origin"): "origin"
        case 7 where ASCII.equal(name, "upgrade"): "upgrade"
        case 8 where ASCII.equal(name, "audit-id"): "audit-id"
        case 10 where ASCII.equal(name, "user-agent"): "user-agent"
        case 10 where ASCII.equal(name, "connection"): "connection"
        case 12 where ASCII.equal(name, "content-type"): "content-type"
        case 13 where ASCII.equal(name, "authorization"): "authorization"
        case 13 where ASCII.equal(name, "if-none-match"): "if-none-match"
        case 15 where ASCII.equal(name, "accept-encoding"): "accept-encoding"
        case 16 where ASCII.equal(name, "content-encoding"): "content-encoding"
        case 3...: keptFamily(name)
        default: nil
        }
    }

    /// `x-…`, `impersonate-…`, `sec-websocket-…`, `sec-fetch-…`.
    private static func keptFamily(_ name: UnsafeBufferPointer<UInt8>) -> String? {
        func begins(_ prefix: StaticString) -> Bool {
            let count = prefix.utf8CodeUnitCount
            return name.count > count && ASCII.equal(UnsafeBufferPointer(rebasing: name[..<count]), prefix)
        }
        switch ASCII.lowercased(name[0]) {
        case UInt8(ascii: "x") where begins("x-"): break
        case UInt8(ascii: "i") where begins("impersonate-"): break
        case UInt8(ascii: "s") where begins("sec-websocket-") || begins("sec-fetch-"): break
        default: return nil
        }
        return String(decoding: name.lazy.map(ASCII.lowercased), as: UTF8.self)
    }
}
