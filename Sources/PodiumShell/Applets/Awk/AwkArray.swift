// SPDX-License-Identifier: Apache-2.0
// Arrays of awk, whose elements come in the order that busybox's hash table gives them.

import PodiumRuntime

/// An array: values by text.
struct AwkArray: Sendable {
    private struct Entry {
        var key: [UInt8]
        var hash: UInt32
        var value: AwkValue
        var next: Int
    }

    /// How many chains the table has as it grows.
    private static let sizes = [61, 251, 1021, 4093, 16_381, 65_521]
    /// The elements to a chain before the table grows.
    // busybox: editors/awk.c hash_find
    private static let maximumLoad = 8
    /// What an element costs beside its bytes.
    private static let entryBytes = 64
    /// What looking at an element costs beside its bytes.
    private static let stepBytes = 8

    private var entries: [Entry] = []
    /// The first element of each chain; nothing before the first element is set.
    private var heads: [Int] = []
    private var free: [Int] = []
    private var sizeIndex = 0
    private(set) var count = 0
    /// The bytes of all keys, with what a list of them takes.
    private(set) var keyBytes = 0
    /// The bytes of all elements.
    private var elementBytes = 0

    init() {}

    /// What the table takes beside its elements.
    var tableBytes: Int { heads.count * MemoryLayout<Int>.size }
    /// What going over all elements costs.
    var walkBytes: Int { tableBytes + count * 2 * Self.stepBytes }

    private static func hash(_ key: [UInt8], _ meter: WorkMeter) -> UInt32 {
        meter.charge(bytes: key.count)
        var hash: UInt32 = 0
        for unit in key { hash = UInt32(unit) &+ hash << 6 &- hash }
        return hash
    }

    private func find(_ key: [UInt8], _ hash: UInt32, _ meter: WorkMeter) -> Int? {
        guard !heads.isEmpty else { return nil }
        var index = heads[Int(hash % UInt32(heads.count))]
        var looked = 0
        // Keys can be chosen so that all of them stand in one chain.
        defer { meter.charge(bytes: looked) }
        while index >= 0 {
            looked += Self.stepBytes
            if entries[index].hash == hash {
                looked += key.count
                if entries[index].key == key { return index }
            }
            index = entries[index].next
        }
        return nil
    }

    /// Whether there is an element.
    func contains(_ key: [UInt8], _ meter: WorkMeter) -> Bool { find(key, Self.hash(key, meter), meter) != nil }

    /// An element; nil when there is none.
    subscript(key: [UInt8], meter: WorkMeter) -> AwkValue? {
        find(key, Self.hash(key, meter), meter).map { entries[$0].value }
    }

    /// Sets an element and says how many bytes more are kept.
    mutating func set(_ key: [UInt8], _ value: AwkValue, _ meter: WorkMeter) -> Int {
        let hash = Self.hash(key, meter)
        let before = elementBytes + tableBytes
        if let index = find(key, hash, meter) {
            elementBytes += value.size - entries[index].value.size
            entries[index].value = value
            return elementBytes + tableBytes - before
        }
        count += 1
        if heads.isEmpty { heads = Array(repeating: -1, count: Self.sizes[0]) }
        if count > heads.count * Self.maximumLoad, sizeIndex + 1 < Self.sizes.count { grow(meter) }
        let head = Int(hash % UInt32(heads.count))
        let entry = Entry(key: key, hash: hash, value: value, next: heads[head])
        if let index = free.popLast() {
            entries[index] = entry
            heads[head] = index
        } else {
            heads[head] = entries.count
            entries.append(entry)
        }
        keyBytes += Self.keyBytes(key)
        elementBytes += key.count + value.size + Self.entryBytes
        return elementBytes + tableBytes - before
    }

    /// What a key takes in a list.
    private static func keyBytes(_ key: [UInt8]) -> Int { key.count + 2 * MemoryLayout<Int>.size }

    private mutating func grow(_ meter: WorkMeter) {
        sizeIndex += 1
        let old = heads
        heads = Array(repeating: -1, count: Self.sizes[sizeIndex])
        meter.charge(bytes: walkBytes)
        for head in old {
            var index = head
            while index >= 0 {
                let next = entries[index].next
                let place = Int(entries[index].hash % UInt32(heads.count))
                entries[index].next = heads[place]
                heads[place] = index
                index = next
            }
        }
    }

    /// Removes an element and says how many bytes fewer are kept.
    mutating func remove(_ key: [UInt8], _ meter: WorkMeter) -> Int {
        let hash = Self.hash(key, meter)
        guard let found = find(key, hash, meter) else { return 0 }
        let head = Int(hash % UInt32(heads.count))
        if heads[head] == found {
            heads[head] = entries[found].next
        } else {
            var index = heads[head]
            while entries[index].next != found { index = entries[index].next }
            entries[index].next = entries[found].next
        }
        let size = key.count + entries[found].value.size + Self.entryBytes
        entries[found] = Entry(key: [], hash: 0, value: .none, next: -1)
        free.append(found)
        count -= 1
        keyBytes -= Self.keyBytes(key)
        elementBytes -= size
        return size
    }

    /// Removes all elements and says how many bytes fewer are kept. The table keeps its length, as busybox's does,
    /// which shows in the order of what is set later.
    mutating func removeAll(_ meter: WorkMeter) -> Int {
        guard !entries.isEmpty else { return 0 }
        meter.charge(bytes: walkBytes + entries.count * Self.stepBytes)
        let size = elementBytes
        entries = []
        free = []
        heads = Array(repeating: -1, count: heads.count)
        (count, keyBytes, elementBytes) = (0, 0, 0)
        return size
    }

    /// The keys, in the order of `for (key in array)`.
    var keys: [[UInt8]] {
        var keys: [[UInt8]] = []
        keys.reserveCapacity(count)
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
