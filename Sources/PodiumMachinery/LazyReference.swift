// SPDX-License-Identifier: Apache-2.0
// What is made at its first use and kept: read by every request, without a lock.

package import Synchronization

/// A reference that is set once.
// The one of the standard library is not specialised: each look at it goes through the metadata of generic types, which
// takes longer than all else that is counted of a request.
package struct LazyReference<Value: AnyObject & Sendable>: ~Copyable, Sendable {
    /// The address of the value, on which this holds a reference; 0 as long as there is none.
    @usableFromInline let address = Atomic<UInt>(0)

    /// Makes one that is not set.
    package init() {}

    deinit { Self.unmanaged(address.load(ordering: .acquiring))?.release() }

    /// nil as long as it is not set.
    @inlinable package var value: Value? {
        @inline(__always) get { Self.unmanaged(address.load(ordering: .acquiring))?.takeUnretainedValue() }
    }

    /// Sets it, unless somebody else was faster.
    /// - Returns: what it is now.
    package func setOnce(_ value: Value) -> Value {
        let mine = Unmanaged.passRetained(value)
        let (isMine, theirs) = address.compareExchange(
            expected: 0,
            desired: UInt(bitPattern: mine.toOpaque()),
            successOrdering: .acquiringAndReleasing,
            failureOrdering: .acquiring
        )
        if isMine { return value }
        mine.release()
        return Self.unmanaged(theirs)?.takeUnretainedValue() ?? value
    }

    @inlinable @inline(__always) static func unmanaged(_ address: UInt) -> Unmanaged<Value>? {
        UnsafeRawPointer(bitPattern: address).map { Unmanaged.fromOpaque($0) }
    }
}
