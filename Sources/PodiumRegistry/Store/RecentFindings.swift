// SPDX-License-Identifier: Apache-2.0
// Remembers what was found out about values, because objects of one template have them alike.

package import PodiumCodec
import Synchronization

/// What was found out about the values that were looked at last.
///
/// Pods of one workload have one spec, and most writes to a pod leave its spec as it was. To compare a value with one
/// that is known takes a fraction of what it takes to judge it or to list its fields. Whoever finds something out must
/// look at nothing but the value, and at the surface if one is named.
///
/// ```
/// State  | guarded by | why separate
/// recent | its mutex  | any thread writes objects; no values are compared while it is held
/// ```
package final class RecentFindings<Finding: Sendable>: Sendable {
    private final class Entry: Sendable {
        let sketch: ValueSketch
        let value: JSONValue
        let surface: APISurface?
        let finding: Finding

        init(_ sketch: ValueSketch, _ value: JSONValue, _ surface: APISurface?, _ finding: Finding) {
            self.sketch = sketch
            self.value = value
            self.surface = surface
            self.finding = finding
        }

        func isAbout(_ value: JSONValue, _ surface: APISurface?) -> Bool {
            self.surface === surface && self.value == value
        }
    }

    /// The one that was asked for last is the first; no two have one sketch.
    private let recent = Mutex<[Entry]>([])

    package init() {}

    /// What is known about a value, or found out now and remembered.
    /// - Parameters:
    ///   - surface: that in which it holds; nil when it holds in all.
    ///   - find: nil for what is not to be remembered.
    package func finding(
        about value: JSONValue,
        in surface: APISurface? = nil,
        else find: () -> Finding? = { nil }
    ) -> Finding? {
        // Mostly it is the one that was asked for last, as when a workload's pods are made.
        if let last = recent.withLock({ $0.first }), last.isAbout(value, surface) { return last.finding }
        let sketch = ValueSketch(value)
        if let known = entry(sketch), known.isAbout(value, surface) { return known.finding }
        guard let finding = find() else { return nil }
        if sketch.parts <= RecentFindingLimits.maximumParts { insert(Entry(sketch, value, surface, finding)) }
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

/// The limits of what is remembered.
package enum RecentFindingLimits {
    /// How many values.
    package static let maximumValues = 16
    /// How many parts a value may have. One takes some hundred bytes, so that all take a few megabytes at most.
    package static let maximumParts = 1_000
}

/// Values in which nothing is wrong, with what is warned of in them.
package typealias SoundValues = RecentFindings<[String]>

/// What tells most values apart that are not equal; equal ones have it alike.
private struct ValueSketch: Equatable {
    /// How many values it consists of, itself included.
    private(set) var parts = 0
    private var sum: UInt64 = 0

    init(_ value: JSONValue) { sum = take(value) }

    private mutating func take(_ value: JSONValue) -> UInt64 {
        parts += 1
        switch value {
        case .null: return 1
        case .bool(let flag): return flag ? 2 : 3
        case .integer(let number): return UInt64(bitPattern: number) &* Self.factor
        case .number(let number): return Self.sketch(of: number.text)
        case .string(let text): return Self.sketch(of: text)
        case .array(let elements):
            var sum: UInt64 = 4
            for element in elements { sum = (sum &* 31) &+ take(element) }
            return sum &* Self.factor
        case .object(let members):
            // Whatever the order of the members.
            var sum: UInt64 = 5
            for index in members.indices {
                sum &+= (Self.sketch(of: members[index].key) ^ take(members[index].value)) &* Self.factor
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
