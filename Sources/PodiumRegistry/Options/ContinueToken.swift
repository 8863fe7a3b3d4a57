// SPDX-License-Identifier: Apache-2.0
// The token with which a client asks for the next part of a list.

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
        return Base64.encode(value.encoded(), as: .url)
    }

    /// Why a token is refused.
    package struct Malformed: Error, Equatable {
        package let message: String
    }

    /// Reads a token that this or another Kubernetes server made.
    package init(text: String) throws(Malformed) {
        let bytes: [UInt8]
        switch Base64.decode(text, as: .url) {
        case .success(let decoded): bytes = decoded
        case .failure(let error): throw Malformed(message: error.message)
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
