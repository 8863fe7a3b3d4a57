// SPDX-License-Identifier: Apache-2.0
// A dictionary that forgets what was not used for long, at constant cost and the same way in every run.

/// A cache of at most twice `halfCapacity` entries.
///
/// It keeps two generations. What is used moves to the young one; when that is full it becomes the old one, and the
/// entries of the old one, unused since the last change of generations, are dropped. That is as good as a list by last
/// use for its purpose, and its memory is bounded all the same.
package struct BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let halfCapacity: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    /// An empty cache.
    package init(halfCapacity: Int) { self.halfCapacity = max(1, halfCapacity) }

    /// How many entries there are.
    package var count: Int { young.count + old.count }

    /// The value of `key`; reading keeps it from being forgotten. Setting nil removes it.
    package subscript(key: Key) -> Value? {
        mutating get {
            if let value = young[key] { return value }
            guard let value = old.removeValue(forKey: key) else { return nil }
            insert(value, for: key)
            return value
        }
        set {
            old[key] = nil
            if let newValue { insert(newValue, for: key) } else { young[key] = nil }
        }
    }

    private mutating func insert(_ value: Value, for key: Key) {
        if young.count >= halfCapacity, young[key] == nil {
            old = young
            young = [:]
        }
        young[key] = value
    }
}
