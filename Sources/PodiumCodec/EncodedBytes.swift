// SPDX-License-Identifier: Apache-2.0
// Immutable bytes with a stable address, shared without copying by storage, sockets and the C library.

/// An immutable, reference-counted run of bytes whose address never changes.
///
/// An object is encoded once into such a buffer and then shared by storage, the watch history and every socket that
/// is being written. The address stays valid while any reference is held, so C code may keep the pointer for as long
/// as it keeps the reference.
// @unchecked Sendable: the bytes are written only inside `init`, before any other reference can exist.
package final class EncodedBytes: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer

    /// The number of bytes.
    package var count: Int { storage.count }

    /// The bytes, valid while this reference is held.
    package var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(storage) }

    /// Allocates `count` bytes and lets `fill` write every one of them.
    package init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        storage = .allocate(byteCount: count, alignment: 1)
        fill(storage)
    }

    /// Copies `bytes`.
    package convenience init(_ bytes: [UInt8]) {
        self.init(count: bytes.count) { destination in bytes.withUnsafeBytes { destination.copyMemory(from: $0) } }
    }

    /// Copies the UTF-8 form of `text`.
    package convenience init(_ text: String) {
        self.init(Array(text.utf8))
    }

    deinit { storage.deallocate() }

    /// The bytes as an array, copied.
    package var array: [UInt8] { Array(buffer) }

    /// The bytes as text; ill-formed UTF-8 is replaced by U+FFFD.
    package var text: String { String(decoding: buffer, as: UTF8.self) }

    /// All bytes as a slice.
    package var slice: BytesSlice { BytesSlice(bytes: self, range: 0..<count) }
}

/// A part of an ``EncodedBytes``, keeping the whole alive.
package struct BytesSlice: Sendable {
    /// The buffer that holds the bytes.
    package let bytes: EncodedBytes
    /// The positions inside `bytes`.
    package let range: Range<Int>

    /// Makes the slice of `bytes` at `range`, which must lie inside it.
    package init(bytes: EncodedBytes, range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "slice outside of its buffer")
        self.bytes = bytes
        self.range = range
    }

    /// The number of bytes.
    package var count: Int { range.count }

    /// The bytes, valid while this slice is held.
    package var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes.buffer[range]) }
}
