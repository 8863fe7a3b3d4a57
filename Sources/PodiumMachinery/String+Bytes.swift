// SPDX-License-Identifier: Apache-2.0
// Text from bytes, on the road of every request.

extension String {
    /// The text of `bytes`; ill-formed UTF-8 is replaced by U+FFFD.
    ///
    /// Several times faster than `String(decoding:as:)` for texts of up to 15 bytes, which are kept without an
    /// allocation: most parts of a path are as short.
    package init(copying bytes: UnsafeBufferPointer<UInt8>) {
        self.init(unsafeUninitializedCapacity: bytes.count) { target in
            _ = target.initialize(fromContentsOf: bytes)
            return bytes.count
        }
    }
}

extension String {
    /// Whether it consists of the same bytes. `==` takes texts for equal that read the same (`\u{212A}` and `K`), which
    /// names and secrets must not be.
    package func hasBytes(of other: String) -> Bool { self == other && utf8.elementsEqual(other.utf8) }
}

extension String {
    /// At most the first `limit` bytes, with a note of how many are left out.
    package func shortened(to limit: Int) -> String {
        let size = utf8.count
        if size <= limit { return self }
        let start = beginning(limit)
        return "\(start)... (\(size - start.utf8.count) bytes more)"
    }

    /// At most the first `limit` bytes, whole characters.
    package func beginning(_ limit: Int) -> String {
        if utf8.count <= limit { return self }
        let end = utf8.index(startIndex, offsetBy: limit)
        return String(self[..<unicodeScalars.index(before: end)])
    }
}
