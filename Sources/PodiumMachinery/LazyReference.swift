// SPDX-License-Identifier: Apache-2.0
// What is made at its first use and kept: read by every request, without a lock.

public import Synchronization

// The one of the standard library is not specialised: each look at it goes through the metadata of generic types, which
// takes longer than all else that is counted of a request. Public, because only that can be inlined in other modules.
/// A reference that is set once.
public struct LazyReference<Value: AnyObject & Sendable>: ~Copyable, Sendable {
    /// The address of the value, on which this holds a reference; 0 as long as there is none.
    @usableFromInline let address = Atomic<UInt>(0)

    /// Makes one that is not set.
    package init() {}

    deinit { Self.unmanaged(address.load(ordering: .acquiring))?.release() }

    /// nil as long as it is not set.
    @inlinable public var value: Value? {
        Self.unmanaged(address.load(ordering: .acquiring))?.takeUnretainedValue()
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

    @inlinable static func unmanaged(_ address: UInt) -> Unmanaged<Value>? {
        UnsafeRawPointer(bitPattern: address).map { Unmanaged.fromOpaque($0) }
    }
}
