// SPDX-License-Identifier: Apache-2.0
// The bounded history of one collection: what watches replay and what past lists are rebuilt from.

import DequeModule

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
    private let capacity: Int

    /// An empty history that begins after `revision` and keeps `capacity` events.
    init(after revision: Revision, capacity: Int) {
        compacted = revision
        self.capacity = capacity
    }

    /// Adds a change, which must be newer than all others, and lets the oldest go when there are too many.
    mutating func append(_ event: StorageEvent) {
        precondition(event.revision > (events.last?.revision ?? compacted), "revisions must grow")
        events.append(event)
        if events.count > capacity, let oldest = events.popFirst() { compacted = oldest.revision }
    }

    /// Lets go of all changes up to `revision`.
    mutating func compact(through revision: Revision) {
        while let oldest = events.first, oldest.revision <= revision {
            compacted = oldest.revision
            events.removeFirst()
        }
        compacted = max(compacted, revision)
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
