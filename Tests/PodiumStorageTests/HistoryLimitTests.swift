// SPDX-License-Identifier: Apache-2.0
// How much of the past the memory backend keeps.

import PodiumCodec
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct HistoryLimitTests {
    @Test func largeObjectsFillTheHistoryByTheirBytes() throws {
        let size = try WatchCache().create(Sample.key("a"), Sample.draft("a")).bytes.count
        let limit = HistoryLimit(events: 100, bytes: 3 * size)
        let storage = WatchCache(startingAfter: Revision(100), historyLimit: limit)
        for index in 0..<5 { _ = try storage.create(Sample.key("\(index)"), Sample.draft("\(index)")) }
        #expect(throws: StorageError.compacted(requested: Revision(101), oldest: Revision(102))) {
            try storage.watch(.configMaps, scope: .all, after: Revision(101)) {}
        }
        let cursor = try storage.watch(.configMaps, scope: .all, after: Revision(102)) {}
        #expect(try cursor.next(limit: 10).events.count == 3)
    }

    @Test func theNewestChangeStaysWhateverItsSize() throws {
        let storage = WatchCache(startingAfter: Revision(100), historyLimit: HistoryLimit(events: 100, bytes: 1))
        let cursor = try storage.watch(.configMaps, scope: .all, after: storage.revision) {}
        _ = try storage.create(Sample.key("a"), Sample.draft("a"))
        #expect(try cursor.next(limit: 10).events.count == 1)
    }
}
