// SPDX-License-Identifier: Apache-2.0
// Remembers values in which nothing was found wrong, because objects of one template have them alike.

package import PodiumCodec
import Synchronization

/// The values without a fault that were looked at last, with what is warned of in them.
///
/// Pods of one workload have one spec, and most writes to a pod leave its spec as it was. To compare a value with one
/// that is known takes a fraction of what it takes to judge it. Whoever judges must look at nothing but the value.
///
/// ```
/// State  | guarded by | why separate
/// recent | its mutex  | any thread writes objects; nothing is compared while it is held
/// ```
package final class SoundValues: Sendable {
    /// The limits of what is remembered.
    package enum Limits {
        /// How many values; each is compared with one that is unknown, mostly up to the first container's image.
        package static let maximumValues = 8
        /// How many parts a value may have. One takes some hundred bytes, so that all take a few megabytes at most.
        package static let maximumParts = 1_000
    }

    private struct Entry: Sendable {
        let value: JSONValue
        let warnings: [String]
    }

    /// The value that was found last is the first.
    private let recent = Mutex<[Entry]>([])

    package init() {}

    /// What is warned of in a value that is known to be sound; nil when it is not known.
    package func warnings(about value: JSONValue) -> [String]? {
        let entries = recent.withLock { $0 }
        guard let place = entries.firstIndex(where: { $0.value == value }) else { return nil }
        if place > 0 { insert(entries[place]) }
        return entries[place].warnings
    }

    /// Remembers that nothing is wrong with a value.
    package func insert(_ value: JSONValue, warnings: [String]) {
        var rest = Limits.maximumParts
        if value.fits(&rest) { insert(Entry(value: value, warnings: warnings)) }
    }

    private func insert(_ entry: Entry) {
        recent.withLock { entries in
            entries.removeAll { $0.value.isIdentical(to: entry.value) }
            entries.insert(entry, at: 0)
            if entries.count > Limits.maximumValues { entries.removeLast() }
        }
    }
}

extension JSONValue {
    /// Whether this has no more than `rest` parts, which are taken off it.
    fileprivate func fits(_ rest: inout Int) -> Bool {
        rest -= 1
        guard rest >= 0 else { return false }
        switch self {
        case .object(let members): return members.values.allSatisfy { $0.fits(&rest) }
        case .array(let elements): return elements.allSatisfy { $0.fits(&rest) }
        default: return true
        }
    }
}
