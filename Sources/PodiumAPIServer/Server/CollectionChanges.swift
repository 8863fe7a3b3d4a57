// SPDX-License-Identifier: Apache-2.0
// Whether collections have changed since somebody last read them, which costs every request a look at a number only.

import PodiumMachinery
import PodiumStorage
import Synchronization

/// Counts the changes of some collections.
// State | guarded by | why separate
// count | atomic | counted from within writes, which must not wait
final class CollectionChanges: Sendable {
    private final class Counter: Sendable {
        let value = Atomic<UInt64>(1)
    }

    private let counter: Counter
    /// Kept for their wake-ups alone.
    private let watches: [any WatchCursor]

    /// Begins to count what changes of `resources` in `storage`.
    init(of resources: [GroupResource], in storage: any Storage) {
        let counter = Counter()
        self.counter = counter
        var watches: [any WatchCursor] = []
        for resource in resources {
            do throws(StorageError) {
                let watch = try storage.watch(resource, scope: .all, after: storage.revision) {
                    counter.value.add(1, ordering: .acquiringAndReleasing)
                }
                watches.append(watch)
            } catch {
                // The present revision is neither gone nor to come: the cluster is over, and nothing changes any more.
            }
        }
        self.watches = watches
    }

    deinit { for watch in watches { watch.close() } }

    /// Above 0. Another number than before: something has changed, or may have.
    var count: UInt64 { counter.value.load(ordering: .acquiring) }
}
