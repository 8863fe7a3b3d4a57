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
