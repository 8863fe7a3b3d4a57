// SPDX-License-Identifier: Apache-2.0
// Bytes as text, and numbers as places.

extension [UInt8] {
    /// The text of the bytes, faults replaced.
    package var text: String { String(decoding: self, as: UTF8.self) }
}

extension ArraySlice<UInt8> {
    /// The text of the bytes, faults replaced.
    package var text: String { String(decoding: self, as: UTF8.self) }
}

extension Double {
    /// The whole part, between 0 and a limit; 0 of what is no number.
    package func whole(upTo limit: Int) -> Int { self >= Double(limit) ? limit : self > 0 ? Int(self) : 0 }
}
