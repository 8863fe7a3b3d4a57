// SPDX-License-Identifier: Apache-2.0
// Waiting for a revision that is yet to come.

import PodiumHost
import PodiumStorage
import Testing

extension StorageConformance {
    @Test(arguments: StorageBackend.all)
    func whoWaitsForARevisionIsToldOnceWhenItIsThere(backend: StorageBackend) throws {
        let storage = backend.make(100)
        let (now, next, later) = (WakeCounter(), WakeCounter(), WakeCounter())
        _ = storage.notify(reaching: Revision(100), now.wake)
        _ = storage.notify(reaching: Revision(103), later.wake)
        _ = storage.notify(reaching: Revision(101), next.wake)
        #expect((now.count, next.count, later.count) == (1, 0, 0))
        _ = try storage.create(Sample.key("a"), Sample.draft("a"))
        #expect((now.count, next.count, later.count) == (1, 1, 0))
        for name in ["b", "c", "d"] { _ = try storage.create(Sample.key(name), Sample.draft(name)) }
        #expect((now.count, next.count, later.count) == (1, 1, 1))
    }

    @Test(arguments: StorageBackend.all)
    func whoHasGoneIsNotTold(backend: StorageBackend) throws {
        let storage = backend.make(100)
        let counter = WakeCounter()
        // So many that those who have gone are swept out on the way.
        let waits = (0..<1000).map { storage.notify(reaching: Revision(101 + Int64($0 % 3)), counter.wake) }
        for (index, wait) in waits.enumerated() where index % 10 != 0 { wait.cancel() }
        let others = (0..<1000).map { _ in storage.notify(reaching: Revision(103), counter.wake) }
        for wait in others { wait.cancel() }
        for name in ["a", "b", "c"] { _ = try storage.create(Sample.key(name), Sample.draft(name)) }
        #expect(counter.count == 100)
    }

    @Test(arguments: StorageBackend.all)
    func aWriteThatFailsReachesNothing(backend: StorageBackend) throws {
        let storage = backend.make(100)
        let counter = WakeCounter()
        _ = storage.notify(reaching: Revision(101), counter.wake)
        #expect(throws: StorageError.self) { try storage.delete(Sample.key("a"), expecting: Revision(1)) }
        #expect(counter.count == 0)
    }
}
