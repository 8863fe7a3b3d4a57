// SPDX-License-Identifier: Apache-2.0
// The members of a JSON object, in their order.

// Public, because only that can be inlined in other modules: a loop over members by way of the witnesses of a
// collection takes ten times the steps, and counts references to each.
/// The members of a JSON object, in the order they were read or set, found by name.
///
/// Most objects have a handful of members and are copied more often than changed: so a row of names and values in one
/// allocation, through which one looks. Only large ones have a table of their names beside it.
public struct JSONObject: Sendable {
    /// A member: its name and its value.
    public typealias Element = (key: String, value: JSONValue)

    /// The sizes at which something changes.
    private enum Limits {
        /// From so many members on there is a table.
        static let smallestWithTable = 16
    }

    @usableFromInline
    struct Member: Sendable {
        @usableFromInline let key: String
        @usableFromInline var value: JSONValue
    }

    @usableFromInline var members: [Member]
    /// Where the members stand, by their names; nil for few.
    private var places: [String: Int]?

    /// No members.
    package init() { members = [] }

    /// No members, with room for some.
    package init(minimumCapacity: Int) {
        members = []
        members.reserveCapacity(minimumCapacity)
    }

    /// Members with different names, in their order.
    package init(uniqueKeysWithValues elements: some Sequence<(String, JSONValue)>) {
        members = elements.map { Member(key: $0, value: $1) }
        if members.count >= Limits.smallestWithTable { makeTable() }
    }

    /// Members in their order; those of one name are joined by `combine` where the first stands.
    package init(
        _ elements: some Sequence<(String, JSONValue)>,
        uniquingKeysWith combine: (JSONValue, JSONValue) -> JSONValue
    ) {
        self.init()
        for (key, value) in elements {
            if let index = index(forKey: key) {
                members[index].value = combine(members[index].value, value)
            } else {
                append(key, value)
            }
        }
    }

    package mutating func reserveCapacity(_ capacity: Int) { members.reserveCapacity(capacity) }

    // MARK: Finding

    /// Where the member `key` stands; nil when there is none.
    @usableFromInline package func index(forKey key: String) -> Int? {
        if let places { return places[key] }
        // Lengths first: they tell most names apart, in a fraction of the steps of a comparison.
        let length = key.utf8.count
        return members.withUnsafeBufferPointer { members in
            members.firstIndex { $0.key.utf8.count == length && $0.key == key }
        }
    }

    /// The member `key`. Setting one that is there leaves it in its place; setting nil removes it.
    public subscript(key: String) -> JSONValue? {
        @inlinable get { index(forKey: key).map { members[$0].value } }
        set {
            guard let newValue else {
                removeValue(forKey: key)
                return
            }
            updateValue(newValue, forKey: key)
        }
        _modify {
            // Taken out while it is changed, so that the change happens in place.
            let index = index(forKey: key)
            var value = index.map { index in
                var taken = JSONValue.null
                swap(&taken, &members[index].value)
                return taken
            }
            defer {
                if let value {
                    if let index { members[index].value = value } else { append(key, value) }
                } else if let index {
                    remove(at: index)
                }
            }
            yield &value
        }
    }

    /// The member `key`, which becomes `defaultValue` when there is none and it is changed.
    package subscript(key: String, default defaultValue: @autoclosure () -> JSONValue) -> JSONValue {
        get { self[key] ?? defaultValue() }
        _modify {
            let found = index(forKey: key)
            if found == nil { append(key, defaultValue()) }
            yield &members[found ?? members.count - 1].value
        }
    }

    // MARK: Changing

    /// Sets a member; returns what it was.
    @discardableResult
    package mutating func updateValue(_ value: JSONValue, forKey key: String) -> JSONValue? {
        guard let index = index(forKey: key) else {
            append(key, value)
            return nil
        }
        var old = value
        swap(&old, &members[index].value)
        return old
    }

    /// Sets a member, which comes to stand at `place` if it is new.
    package mutating func updateValue(_ value: JSONValue, forKey key: String, insertingAt place: Int) {
        if let index = index(forKey: key) {
            members[index].value = value
        } else {
            members.insert(Member(key: key, value: value), at: place)
            makeTable()
        }
    }

    /// Removes a member; returns what it was.
    @discardableResult
    package mutating func removeValue(forKey key: String) -> JSONValue? {
        guard let index = index(forKey: key) else { return nil }
        let old = members[index].value
        remove(at: index)
        return old
    }

    /// Removes the member at a place.
    package mutating func remove(at index: Int) {
        members.remove(at: index)
        if places != nil { makeTable() }
    }

    /// Removes all members for which `isGone` holds.
    package mutating func removeAll(where isGone: (Element) throws -> Bool) rethrows {
        let before = members.count
        try members.removeAll { try isGone(($0.key, $0.value)) }
        if members.count != before, places != nil { makeTable() }
    }

    /// Puts the members into the order of their names, as Swift compares texts.
    package mutating func sort() { sort { $0.key < $1.key } }

    /// Puts the members into an order.
    package mutating func sort(by precedes: (Element, Element) throws -> Bool) rethrows {
        try members.sort { try precedes(($0.key, $0.value), ($1.key, $1.value)) }
        if places != nil { makeTable() }
    }

    /// Adds the members of another one; those of a name that is there are joined by `combine`.
    package mutating func merge(_ other: JSONObject, uniquingKeysWith combine: (JSONValue, JSONValue) -> JSONValue) {
        for (key, value) in other { self[key] = self[key].map { combine($0, value) } ?? value }
    }

    /// These members and those of another one; those of one name are joined by `combine`.
    package func merging(
        _ other: JSONObject,
        uniquingKeysWith combine: (JSONValue, JSONValue) -> JSONValue
    ) -> JSONObject {
        var result = self
        result.merge(other, uniquingKeysWith: combine)
        return result
    }

    /// The same members with other values.
    package func mapValues(_ transform: (JSONValue) throws -> JSONValue) rethrows -> JSONObject {
        var result = self
        for index in members.indices { result.members[index].value = try transform(members[index].value) }
        return result
    }

    /// The same members with other values, without those that come to nil.
    package func compactMapValues(_ transform: (JSONValue) throws -> JSONValue?) rethrows -> JSONObject {
        var result = JSONObject(minimumCapacity: count)
        for member in members {
            if let value = try transform(member.value) { result.append(member.key, value) }
        }
        return result
    }

    /// The members for which `isKept` holds.
    package func filter(_ isKept: (Element) throws -> Bool) rethrows -> JSONObject {
        var result = JSONObject()
        for (key, value) in self where try isKept((key, value)) { result.append(key, value) }
        return result
    }

    /// Adds a member of whose name there is none.
    package mutating func append(_ value: JSONValue, forNewKey key: String) {
        assert(index(forKey: key) == nil, "\(key) is there already")
        append(key, value)
    }

    private mutating func append(_ key: String, _ value: JSONValue) {
        members.append(Member(key: key, value: value))
        if places != nil {
            places?[key] = members.count - 1
        } else if members.count >= Limits.smallestWithTable {
            makeTable()
        }
    }

    private mutating func makeTable() {
        if members.count < Limits.smallestWithTable {
            places = nil
            return
        }
        places = Dictionary(uniqueKeysWithValues: members.enumerated().lazy.map { ($1.key, $0) })
    }

    // MARK: Comparing

    /// Whether both are known to be the same without a look at the members.
    func isIdentical(to other: JSONObject) -> Bool {
        members.count == other.members.count
            && members.withUnsafeBufferPointer { mine in
                other.members.withUnsafeBufferPointer { mine.baseAddress == $0.baseAddress }
            }
    }
}

extension JSONObject: RandomAccessCollection {
    /// 0.
    @inlinable public var startIndex: Int { 0 }
    /// How many members there are.
    @inlinable public var endIndex: Int { members.count }
    /// The member at a place.
    @inlinable public subscript(position: Int) -> Element { (members[position].key, members[position].value) }

    /// The names, in their order.
    @inlinable public var keys: some RandomAccessCollection<String> { members.lazy.map(\.key) }

    /// The values, in their order.
    @inlinable public var values: some RandomAccessCollection<JSONValue> { members.lazy.map(\.value) }
}

extension JSONObject: Hashable {
    /// Whether both have the same members, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        // A changed copy shares what has not changed.
        if left.isIdentical(to: right) { return true }
        guard left.count == right.count else { return false }
        for index in left.members.indices {
            let member = left.members[index]
            // Mostly both were written in the same order.
            if right.members[index].key == member.key {
                if right.members[index].value != member.value { return false }
            } else {
                guard let place = right.index(forKey: member.key), right.members[place].value == member.value else {
                    return false
                }
            }
        }
        return true
    }

    /// Feeds what objects of the same members have alike, whatever their order.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members {
            var inner = Hasher()
            inner.combine(member.key)
            inner.combine(member.value)
            sum ^= inner.finalize()
        }
        hasher.combine(members.count)
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Members in their order; of those of one name the last stands.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements, uniquingKeysWith: { $1 })
    }
}
