// SPDX-License-Identifier: Apache-2.0
// The headers of SPDY streams.

import CPodiumHTTP

/// Writes and reads the headers of one connection, whose compression goes on from block to block.
// draft-mbelshe-httpbis-spdy-00, section 2.6.10
final class SPDYHeaders {
    /// The largest block, before it is compressed.
    private static let maximumBytes = 16 << 10

    private let state: OpaquePointer

    init?() {
        guard let state = podium_spdy_headers_make() else { return nil }
        self.state = state
    }

    deinit { podium_spdy_headers_free(state) }

    /// The headers of a block, with their names in lower case; nil when it is none.
    func read(_ block: [UInt8]) -> [String: String]? {
        var text = [UInt8](repeating: 0, count: Self.maximumBytes)
        let count = podium_spdy_headers_expand(state, block, block.count, &text, text.count)
        guard count >= 0 else { return nil }
        var rest = text[..<count]
        guard let number = Self.number(&rest), number <= Self.maximumBytes / 8 else { return nil }
        var headers: [String: String] = [:]
        for _ in 0..<number {
            guard let name = Self.text(&rest), let value = Self.text(&rest) else { return nil }
            headers[name.lowercased()] = value
        }
        return headers
    }

    /// A block without headers.
    func emptyBlock() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = podium_spdy_headers_compress(state, [0, 0, 0, 0], 4, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes[..<count])
    }

    private static func number(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= 4 else { return nil }
        defer { bytes = bytes.dropFirst(4) }
        return bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    private static func text(_ bytes: inout ArraySlice<UInt8>) -> String? {
        guard let count = number(&bytes), count <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(count) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
