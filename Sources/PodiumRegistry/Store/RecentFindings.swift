// SPDX-License-Identifier: Apache-2.0
// Remembers what was found out about values, because objects of one template have them alike.

package import PodiumCodec
import PodiumHost
import Synchronization

/// What was found out about the values that were looked at last.
///
/// Pods of one workload have one spec, and most writes to a pod leave its spec as it was. To compare a value with one
/// that is known takes a fraction of what it takes to judge it or to list its fields. Whoever finds something out must
/// look at nothing but the value, and at its definition if one is named.
///
/// ```
/// State  | guarded by | why separate
/// recent | its mutex  | any thread writes objects; no values are compared while it is held
/// ```
package final class RecentFindings<Finding: Sendable>: Sendable {
    private final class Entry: Sendable {
        let sketch: ValueSketch
        let value: JSONValue
        let definition: ResourceDefinition?
        let finding: Finding

        init(_ sketch: ValueSketch, _ value: JSONValue, _ definition: ResourceDefinition?, _ finding: Finding) {
            self.sketch = sketch
            self.value = value
            self.definition = definition
            self.finding = finding
        }

        func isAbout(_ value: JSONValue, _ definition: ResourceDefinition?, _ likeness: ValueLikeness) -> Bool {
            self.definition === definition && self.value.isAlike(value, likeness)
        }
    }

    /// Which values have their findings alike.
    private let likeness: ValueLikeness

    /// The one that was asked for last is the first; no two have one sketch.
    private let recent = Mutex<[Entry]>([])

    package init(_ likeness: ValueLikeness = .equal) { self.likeness = likeness }

    /// What is known about a value, or found out now and remembered.
    /// - Parameters:
    ///   - definition: what the value is an object of, when that matters. Another surface has others.
    ///   - find: nil for what is not to be remembered.
    package func finding(
        about value: JSONValue,
        of definition: ResourceDefinition? = nil,
        else find: () -> Finding? = { nil }
    ) -> Finding? {
        // Mostly it is the one that was asked for last, as when a workload's pods are made.
        if let last = recent.withLock({ $0.first }), last.isAbout(value, definition, likeness) { return last.finding }
        let sketch = ValueSketch(value, likeness)
        if let known = entry(sketch), known.isAbout(value, definition, likeness) { return known.finding }
        guard let finding = find() else { return nil }
        if sketch.cost <= RecentFindingLimits.maximumCost { insert(Entry(sketch, value, definition, finding)) }
        return finding
    }

    private func entry(_ sketch: ValueSketch) -> Entry? {
        recent.withLock { entries in
            for place in entries.indices where entries[place].sketch == sketch {
                let entry = entries[place]
                if place > 0 {
                    entries.remove(at: place)
                    entries.insert(entry, at: 0)
                }
                return entry
            }
            return nil
        }
    }

    private func insert(_ entry: Entry) {
        recent.withLock { entries in
            for place in entries.indices where entries[place].sketch == entry.sketch {
                entries.remove(at: place)
                break
            }
            if entries.count == RecentFindingLimits.maximumValues { entries.removeLast() }
            entries.insert(entry, at: 0)
        }
    }
}

/// Which values are alike.
package enum ValueLikeness: Sendable {
    /// Equal ones.
    case equal
    /// Equal ones, and those that are equal once a name in them has been replaced: one that begins with `prefix` and
    /// goes on with characters drawn at random. Pods of one template differ in the name of the volume with their token.
    case equalButForDrawnName(prefix: StaticString)
    /// Those that have the same members, of which the same are empty, and equal lists: objects of one kind that are so
    /// alike have the same fields, as lists alone name their elements by what they are.
    case shape
}

extension JSONValue {
    fileprivate func isAlike(_ other: JSONValue, _ likeness: ValueLikeness) -> Bool {
        switch likeness {
        case .equal: return self == other
        case .equalButForDrawnName(let prefix):
            var names = DrawnNames(prefix: prefix)
            return isEqual(to: other, &names)
        case .shape: return hasShape(of: other)
        }
    }

    private func isEqual(to other: JSONValue, _ names: inout DrawnNames) -> Bool {
        switch (self, other) {
        case (.string(let mine), .string(let others)): return names.stand(mine, for: others)
        case (.array(let mine), .array(let others)):
            guard mine.count == others.count else { return false }
            for index in mine.indices where !mine[index].isEqual(to: others[index], &names) { return false }
            return true
        case (.object(let mine), .object(let others)):
            return mine.hasMembers(of: others) { $0.isEqual(to: $1, &names) }
        default: return self == other
        }
    }

    private func hasShape(of other: JSONValue) -> Bool {
        switch (self, other) {
        case (.object(let mine), .object(let others)): mine.hasMembers(of: others) { $0.hasShape(of: $1) }
        case (.array, .array): self == other
        default: scalarShape == other.scalarShape && scalarShape > 0
        }
    }

    /// What of a scalar decides whether it is more than an absent one; 0 for what is none.
    fileprivate var scalarShape: UInt64 {
        switch self {
        case .null: 1
        case .bool(let flag): flag ? 2 : 3
        case .integer(let number): number == 0 ? 4 : 5
        case .number(let number): number.double == 0 ? 6 : 7
        // An absent quantity is written as 0.
        case .string(let text): text.isEmpty ? 8 : text == "0" ? 9 : 10
        case .array, .object: 0
        }
    }
}

extension JSONObject {
    /// Whether both have the same members, in whatever order, whose values `areAlike`.
    fileprivate func hasMembers(of other: JSONObject, areAlike: (JSONValue, JSONValue) -> Bool) -> Bool {
        guard count == other.count else { return false }
        for index in indices {
            let key = self[index].key
            guard let place = other[index].key == key ? index : other.index(forKey: key),
                areAlike(self[index].value, other[place].value)
            else { return false }
        }
        return true
    }
}

/// A name in one value and what stands for it in another.
private struct DrawnNames {
    let prefix: StaticString
    private var pair: (mine: String, others: String)?

    init(prefix: StaticString) { self.prefix = prefix }

    /// Whether the texts are equal, or `mine` is the name for which `others` stands everywhere.
    mutating func stand(_ mine: String, for others: String) -> Bool {
        guard Self.isName(mine, prefix), Self.isName(others, prefix) else { return mine == others }
        guard let pair else {
            self.pair = (mine, others)
            return true
        }
        return pair.mine == mine && pair.others == others
    }

    static func isName(_ text: String, _ prefix: StaticString) -> Bool {
        // Nearly all texts are told by their length.
        let length = prefix.utf8CodeUnitCount
        guard text.utf8.count == length + RandomSource.suffixLength else { return false }
        let begins = UnsafeBufferPointer(start: prefix.utf8Start, count: length)
        return text.utf8.starts(with: begins)
            && RandomSource.isNameSuffix(text.utf8.suffix(RandomSource.suffixLength))
    }
}

/// The limits of what is remembered.
package enum RecentFindingLimits {
    /// How many values.
    package static let maximumValues = 16
    /// What a value may cost: one for each part, which takes some hundred bytes, and one for each hundred bytes of its
    /// texts. All take a few megabytes at most.
    package static let maximumCost = 1_000
    /// How many bytes of text cost as much as a part.
    package static let bytesOfAPart = 100
}

/// Values in which nothing is wrong, with what is warned of in them.
package typealias SoundValues = RecentFindings<[String]>

/// What tells most values apart that are not equal; equal ones have it alike.
private struct ValueSketch: Equatable {
    /// What it costs to remember it.
    private(set) var cost = 0
    private var sum: UInt64 = 0

    init(_ value: JSONValue, _ likeness: ValueLikeness) { sum = take(value, likeness) }

    private mutating func take(_ value: JSONValue, _ likeness: ValueLikeness) -> UInt64 {
        cost += 1
        if case .string(let text) = value { cost += text.utf8.count / RecentFindingLimits.bytesOfAPart }
        let shape = value.scalarShape
        var inList = likeness
        if case .shape = likeness {
            if shape > 0 { return shape }
            inList = .equal
        }
        switch value {
        case .null, .bool: return shape
        case .integer(let number): return UInt64(bitPattern: number) &* Self.factor
        case .number(let number): return Self.sketch(of: number.text)
        case .string(let text):
            if case .equalButForDrawnName(let prefix) = likeness, DrawnNames.isName(text, prefix) { return 6 }
            return Self.sketch(of: text)
        case .array(let elements):
            var sum: UInt64 = 4
            for element in elements { sum = (sum &* 31) &+ take(element, inList) }
            return sum &* Self.factor
        case .object(let members):
            // Whatever the order of the members.
            var sum: UInt64 = 5
            for index in members.indices {
                cost += members[index].key.utf8.count / RecentFindingLimits.bytesOfAPart
                sum &+= (Self.sketch(of: members[index].key) ^ take(members[index].value, likeness)) &* Self.factor
            }
            return sum
        }
    }

    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// Of the length and the last bytes, in which names and images differ.
    private static func sketch(of text: String) -> UInt64 {
        let sum = text.utf8.withContiguousStorageIfAvailable { bytes in
            var sum = UInt64(bytes.count)
            for index in max(0, bytes.count - 8)..<bytes.count { sum = sum << 7 ^ sum >> 57 ^ UInt64(bytes[index]) }
            return sum
        }
        return (sum ?? UInt64(text.utf8.count)) &* factor
    }
}
