// SPDX-License-Identifier: Apache-2.0
// The token with which a client asks for the next part of a list.

import OrderedCollections
import PodiumCodec
import PodiumMachinery
package import PodiumStorage

/// Where a list goes on, and at which revision.
// Kubernetes: apiserver/pkg/storage/continue.go
package struct ContinueToken: Equatable, Sendable {
    /// The revision of the list's first part; nil when the client accepted an inconsistent continuation.
    package var revision: Revision?
    /// The storage key behind which the list goes on.
    package var after: String

    package init(revision: Revision?, after: String) {
        self.revision = revision
        self.after = after
    }

    /// The smallest key behind `after`.
    var start: String { after + "\u{0}" }

    /// The token as clients get it: base64 without padding of a small JSON object.
    package var text: String {
        let value: JSONValue = [
            "v": "meta.k8s.io/v1", "rv": .integer(revision?.number ?? -1), "start": .string(after + "\u{0}"),
        ]
        return Base64URL.encode(value.encoded())
    }

    /// Why a token is refused.
    package struct Malformed: Error, Equatable {
        package let message: String
    }

    /// Reads a token that this or another Kubernetes server made.
    package init(text: String) throws(Malformed) {
        let bytes: [UInt8]
        do throws(Base64URL.Malformed) { bytes = try Base64URL.decode(text) } catch {
            throw Malformed(message: "illegal base64 data at input byte \(error.offset)")
        }
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(json: bytes) } catch { throw Malformed(message: error.message) }
        guard let version = value["v"]?.string, version == "meta.k8s.io/v1" else {
            throw Malformed(
                message: "server does not recognize this encoded version \(value["v"]?.string ?? "")"
            )
        }
        let number = value["rv"]?.integer ?? 0
        guard number != 0 else {
            throw Malformed(message: "incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
        }
        guard let start = value["start"]?.string, !start.isEmpty else {
            throw Malformed(message: "empty start key (version meta.k8s.io/v1)")
        }
        revision = number < 0 ? nil : Revision(number)
        after = start.hasSuffix("\u{0}") ? String(start.dropLast()) : start
    }
}

/// Base64 with the URL alphabet and without padding.
enum Base64URL {
    /// Where a text stops being base64.
    struct Malformed: Error, Equatable {
        let offset: Int
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var units: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let chunk = bytes[index..<min(index + 3, bytes.count)]
            var bits = 0
            for byte in chunk { bits = bits << 8 | Int(byte) }
            bits <<= 8 * (3 - chunk.count)
            for position in 0...chunk.count { units.append(alphabet[bits >> (18 - 6 * position) & 63]) }
            index += 3
        }
        return String(decoding: units, as: UTF8.self)
    }

    static func decode(_ text: String) throws(Malformed) -> [UInt8] {
        var bytes: [UInt8] = []
        var bits = 0
        var count = 0
        var offset = 0
        for unit in text.utf8 {
            guard let value = alphabet.firstIndex(of: unit) else { throw Malformed(offset: offset) }
            bits = (bits << 6 | value) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> count & 0xFF))
            }
            offset += 1
        }
        // A lone sixth of three bytes cannot be: Go names the start of the incomplete quantum.
        if text.utf8.count % 4 == 1 { throw Malformed(offset: text.utf8.count - 1) }
        return bytes
    }
}
