// SPDX-License-Identifier: Apache-2.0
// The bounded history of one collection: what watches replay and what past lists are rebuilt from.

import DequeModule
import PodiumCodec

/// How much of the past a collection keeps; its newest change stays whatever its size.
package struct HistoryLimit: Hashable, Sendable {
    /// How many changes.
    package var events: Int
    /// How many bytes of objects these may hold in all.
    package var bytes: Int

    package init(events: Int, bytes: Int = .max) {
        self.events = events
        self.bytes = bytes
    }
}

/// The newest changes of a collection in the order of their revisions.
///
///     history of at most 3 events, starting at revision 10:
///     append 11, 14, 15          compacted 10   events 11 14 15
///     append 20                  compacted 11   events 14 15 20
///     watch after 10 → gone; watch after 11 → 14 15 20; watch after 14 → 15 20; watch after 17 → 20
struct EventLog: Sendable {
    /// Changes up to here are no longer kept.
    private(set) var compacted: Revision
    private var events: Deque<StorageEvent> = []
    private let limit: HistoryLimit
    /// The bytes of the objects after each change, which is what the history keeps alive.
    private var byteCount = 0

    /// An empty history that begins after `revision`.
    init(after revision: Revision, limit: HistoryLimit) {
        compacted = revision
        self.limit = limit
    }

    /// Adds a change, which must be newer than all others, and lets the oldest go when there are too many.
    mutating func append(_ event: StorageEvent) {
        precondition(event.revision > (events.last?.revision ?? compacted), "revisions must grow")
        events.append(event)
        byteCount += event.object.byteCount
        while events.count > 1, events.count > limit.events || byteCount > limit.bytes { dropOldest() }
    }

    /// Lets go of all changes up to `revision`.
    mutating func compact(through revision: Revision) {
        while let oldest = events.first, oldest.revision <= revision { dropOldest() }
        compacted = max(compacted, revision)
    }

    private mutating func dropOldest() {
        guard let oldest = events.popFirst() else { return }
        compacted = oldest.revision
        byteCount -= oldest.object.byteCount
    }

    /// The index of the first event after `revision`.
    private func index(after revision: Revision) -> Int {
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].revision <= revision { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Calls `body` with the changes after `revision` in order, until it returns false.
    func forEach(after revision: Revision, _ body: (StorageEvent) -> Bool) {
        for index in index(after: revision)..<events.count where !body(events[index]) { return }
    }

    /// Calls `body` with the changes after `revision`, newest first.
    func forEachReversed(after revision: Revision, _ body: (StorageEvent) -> Void) {
        for index in (index(after: revision)..<events.count).reversed() { body(events[index]) }
    }
}
