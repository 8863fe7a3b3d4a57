// SPDX-License-Identifier: Apache-2.0
// Arrays of awk, whose elements come in the order that busybox's hash table gives them.

/// An array: values by text.
struct AwkArray: Sendable {
    private struct Entry {
        var key: [UInt8]
        var value: AwkValue
        var next: Int
    }

    /// How many chains the table has as it grows.
    private static let sizes = [61, 251, 1021, 4093, 16_381, 65_521]
    /// The elements to a chain before the table grows.
    private static let maximumLoad = 10

    private var entries: [Entry] = []
    private var heads = Array(repeating: -1, count: 61)
    private var free: [Int] = []
    private var sizeIndex = 0
    private(set) var count = 0

    init() {}

    private func chain(_ key: [UInt8]) -> Int {
        var hash: UInt32 = 0
        for unit in key { hash = UInt32(unit) &+ hash << 6 &+ hash >> 26 }
        return Int(hash % UInt32(heads.count))
    }

    private func find(_ key: [UInt8], in chain: Int) -> Int? {
        var index = heads[chain]
        while index >= 0 {
            if entries[index].key == key { return index }
            index = entries[index].next
        }
        return nil
    }

    /// Whether there is an element.
    func contains(_ key: [UInt8]) -> Bool { find(key, in: chain(key)) != nil }

    /// An element; nil when there is none.
    subscript(key: [UInt8]) -> AwkValue? { find(key, in: chain(key)).map { entries[$0].value } }

    /// Sets an element and says how many bytes more are kept.
    mutating func set(_ key: [UInt8], _ value: AwkValue) -> Int {
        if let index = find(key, in: chain(key)) {
            let growth = value.size - entries[index].value.size
            entries[index].value = value
            return growth
        }
        count += 1
        if count / heads.count > Self.maximumLoad, sizeIndex + 1 < Self.sizes.count { grow() }
        let head = chain(key)
        let entry = Entry(key: key, value: value, next: heads[head])
        if let index = free.popLast() {
            entries[index] = entry
            heads[head] = index
        } else {
            heads[head] = entries.count
            entries.append(entry)
        }
        return key.count + value.size + Self.entryBytes
    }

    /// What an element costs beside its bytes.
    private static let entryBytes = 64

    private mutating func grow() {
        sizeIndex += 1
        let old = heads
        heads = Array(repeating: -1, count: Self.sizes[sizeIndex])
        for head in old {
            var index = head
            while index >= 0 {
                let next = entries[index].next
                let place = chain(entries[index].key)
                entries[index].next = heads[place]
                heads[place] = index
                index = next
            }
        }
    }

    /// Removes an element and says how many bytes fewer are kept.
    mutating func remove(_ key: [UInt8]) -> Int {
        let head = chain(key)
        guard let found = find(key, in: head) else { return 0 }
        if heads[head] == found {
            heads[head] = entries[found].next
        } else {
            var index = heads[head]
            while entries[index].next != found { index = entries[index].next }
            entries[index].next = entries[found].next
        }
        let size = key.count + entries[found].value.size + Self.entryBytes
        entries[found] = Entry(key: [], value: .none, next: -1)
        free.append(found)
        count -= 1
        return size
    }

    /// Removes all elements and says how many bytes fewer are kept.
    mutating func removeAll() -> Int {
        let size = keys.reduce(0) { $0 + $1.count + (self[$1]?.size ?? 0) + Self.entryBytes }
        entries = []
        free = []
        heads = Array(repeating: -1, count: heads.count)
        count = 0
        return size
    }

    /// The keys, in the order of `for (key in array)`.
    var keys: [[UInt8]] {
        var keys: [[UInt8]] = []
        for head in heads {
            var index = head
            while index >= 0 {
                keys.append(entries[index].key)
                index = entries[index].next
            }
        }
        return keys
    }
}
