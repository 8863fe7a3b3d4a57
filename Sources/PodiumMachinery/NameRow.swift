// SPDX-License-Identifier: Apache-2.0
// Where a table keeps what belongs to a name.

/// Rows of tables of about a hundred short names, such as those of kinds.
///
/// A name's row follows from its length and two of its bytes: to hash it takes longer than to compare it with the few
/// others that share its row, and every request looks two names up.
package enum NameRow {
    /// How many rows there are.
    package static let count = 128

    /// The row of `name`, below ``count``.
    package static func of(_ name: String) -> Int {
        name.utf8.withContiguousStorageIfAvailable(row) ?? Array(name.utf8).withUnsafeBufferPointer(row)
    }

    private static func row(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        // The last byte says nothing: nearly all plurals end alike.
        guard let first = name.first else { return 0 }
        return (name.count &* 11 &+ Int(first) &* 5 &+ Int(name[name.count / 2])) % count
    }
}
