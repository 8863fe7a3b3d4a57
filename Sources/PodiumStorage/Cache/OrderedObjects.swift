// SPDX-License-Identifier: Apache-2.0
// The objects of one collection in key order, as a value that is cheap to copy and to change.

/// A sorted map from storage keys (`namespace/name`) to objects.
///
/// The objects stand in leaves of at most ``Limits/leafCapacity`` entries; a copy shares its leaves with the original,
/// and a change copies one leaf and the list of leaves. So a snapshot of 10,000 objects costs one reference, and the
/// write after it copies some hundred references, not ten thousand.
///
///     insert b, d, a with leafCapacity 2:   [b] → [b d] → [a] [b d]
///     remove d, b:                          [a] [b] → [a]
struct OrderedObjects: Sendable {
    enum Limits {
        /// A leaf that grows beyond this is cut in two.
        static let leafCapacity = 128
    }

    struct Entry: Sendable {
        let key: String
        let object: StoredObject
    }

    /// Entries in ascending order of their keys; never empty.
    private typealias Leaf = [Entry]

    private var leaves: [Leaf] = []
    private(set) var count = 0

    /// Where a key stands or would stand.
    private struct Position {
        var leaf: Int
        var index: Int
        var isPresent: Bool
    }

    /// The object at `key`.
    subscript(key: String) -> StoredObject? {
        let position = position(of: key)
        return position.isPresent ? leaves[position.leaf][position.index].object : nil
    }

    /// Sets the object at `key` and returns the one that was there.
    @discardableResult
    mutating func update(_ key: String, _ object: StoredObject) -> StoredObject? {
        let entry = Entry(key: key, object: object)
        let position = position(of: key)
        if position.isPresent {
            let old = leaves[position.leaf][position.index].object
            leaves[position.leaf][position.index] = entry
            return old
        }
        count += 1
        if leaves.isEmpty {
            leaves.append([entry])
            return nil
        }
        leaves[position.leaf].insert(entry, at: position.index)
        if leaves[position.leaf].count > Limits.leafCapacity { split(position) }
        return nil
    }

    /// Removes the object at `key` and returns it.
    @discardableResult
    mutating func remove(_ key: String) -> StoredObject? {
        let position = position(of: key)
        guard position.isPresent else { return nil }
        count -= 1
        let old = leaves[position.leaf].remove(at: position.index).object
        if leaves[position.leaf].isEmpty { leaves.remove(at: position.leaf) }
        return old
    }

    /// Cuts an overfull leaf. One that grew at its end keeps all but the newest entry: names that are made in ascending
    /// order then leave full leaves behind.
    private mutating func split(_ position: Position) {
        let leaf = leaves[position.leaf]
        let grewAtEnd = position.leaf == leaves.count - 1 && position.index == leaf.count - 1
        let middle = grewAtEnd ? leaf.count - 1 : leaf.count / 2
        leaves[position.leaf] = Array(leaf[..<middle])
        leaves.insert(Array(leaf[middle...]), at: position.leaf + 1)
    }

    private func position(of key: String) -> Position {
        // The last leaf whose first key is not above `key`.
        var low = 0
        var high = leaves.count
        while low < high {
            let middle = (low + high) / 2
            if leaves[middle][0].key <= key { low = middle + 1 } else { high = middle }
        }
        let leaf = max(0, low - 1)
        guard leaf < leaves.count else { return Position(leaf: 0, index: 0, isPresent: false) }
        let entries = leaves[leaf]
        low = 0
        high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        let isPresent = low < entries.count && entries[low].key == key
        return Position(leaf: leaf, index: low, isPresent: isPresent)
    }

    /// Calls `body` for the entries from the first key that is not below `start`, in order, until it returns false.
    func forEach(from start: String, _ body: (Entry) -> Bool) {
        guard !leaves.isEmpty else { return }
        let first = position(of: start)
        for leaf in first.leaf..<leaves.count {
            let begin = leaf == first.leaf ? first.index : 0
            for entry in leaves[leaf][begin...] where !body(entry) { return }
        }
    }
}
