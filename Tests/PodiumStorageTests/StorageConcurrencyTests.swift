// SPDX-License-Identifier: Apache-2.0
// Many threads on one store; run under ThreadSanitizer by `scripts/test-races`.

import Dispatch
import PodiumMachinery
import PodiumStorage
import Synchronization
import Testing

@Suite struct StorageConcurrencyTests {
    @Test func concurrentWritersAndWatchersLoseNothing() throws {
        let storage = WatchCache(startingAfter: Revision(100), historyLimit: HistoryLimit(events: 100_000))
        let writers = 4
        let writesPerWriter = 500
        let cursors = try (0..<4).map { _ in
            try storage.watch(.configMaps, scope: .all, after: Revision(100)) {}
        }
        let seen = Mutex<[[Int64]]>(Array(repeating: [], count: cursors.count))
        let done = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: writers + cursors.count) { index in
            if index < writers {
                Self.write(storage, writer: index, count: writesPerWriter)
                done.add(1, ordering: .releasing)
            } else {
                let numbers = Self.follow(cursors[index - writers]) { done.load(ordering: .acquiring) == writers }
                seen.withLock { $0[index - writers] = numbers }
            }
        }
        let total = Int64(writers * writesPerWriter * 2)
        #expect(storage.revision == Revision(100 + total))
        for numbers in seen.withLock({ $0 }) { #expect(numbers == Array(101...(100 + total))) }
    }

    private static func write(_ storage: WatchCache, writer: Int, count: Int) {
        for index in 0..<count {
            let key = Sample.key("w\(writer)-\(index)")
            guard let created = try? storage.create(key, Sample.draft(key.name.name)) else { return }
            _ = try? storage.update(key, expecting: created.revision, Sample.draft(key.name.name, value: 1))
            _ = try? storage.list(.configMaps, scope: .all, from: nil, limit: 5, at: nil)
        }
    }

    private static func follow(_ cursor: any WatchCursor, until isOver: () -> Bool) -> [Int64] {
        var numbers: [Int64] = []
        while true {
            let wasOver = isOver()
            guard let batch = try? cursor.next(limit: 64) else { return numbers }
            numbers += batch.events.map(\.revision.number)
            if wasOver, batch.events.isEmpty { return numbers }
        }
    }
}
