// SPDX-License-Identifier: Apache-2.0
// Objects of a collection go a while after they were last written.

import Logging
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct ObjectExpiryTests {
    /// ConfigMaps that live for an hour.
    private struct Setup {
        let clock = ClusterClock(mode: .virtual)
        let storage = WatchCache()
        let expiry: ObjectExpiry

        init(life: Duration = .seconds(3600)) {
            let host = Host(
                clock: clock,
                scheduling: clock,
                timeouts: DispatchTimeouts(),
                random: RandomSource(seed: 1),
                logger: Logger(label: "test")
            )
            expiry = ObjectExpiry(storage: storage, host: host, resource: .configMaps, life: life)
        }

        func start() {
            expiry.start()
            clock.settle()
        }

        func create(_ names: String...) throws {
            for name in names { _ = try storage.create(Sample.key(name), Sample.draft(name)) }
            clock.settle()
        }

        func update(_ name: String) throws {
            let revision = try #require(storage.get(Sample.key(name))?.revision)
            _ = try storage.update(Sample.key(name), expecting: revision, Sample.draft(name, value: 7))
            clock.settle()
        }

        func advance(minutes: Int) throws { _ = try clock.advance(.by(.seconds(60 * minutes))) }

        var names: [String] {
            get throws {
                try storage.list(.configMaps, scope: .all, from: nil, limit: nil, at: nil).objects.map(\.key.name.name)
            }
        }
    }

    @Test func anObjectGoesAnHourAfterItWasMade() throws {
        let setup = Setup()
        setup.start()
        try setup.advance(minutes: 10)
        try setup.create("a")
        try setup.advance(minutes: 60)
        #expect(try setup.names == ["a"])
        try setup.advance(minutes: 1)
        #expect(try setup.names == [])
    }

    @Test func aWriteGivesAnotherLife() throws {
        let setup = Setup()
        setup.start()
        try setup.create("a", "b")
        try setup.advance(minutes: 30)
        try setup.update("b")
        try setup.advance(minutes: 31)
        #expect(try setup.names == ["b"])
        try setup.advance(minutes: 30)
        #expect(try setup.names == [])
    }

    @Test func aWriteBetweenTwoBatchesIsInTheSecond() throws {
        let setup = Setup()
        setup.start()
        try setup.advance(minutes: 5)
        for minute in 0..<5 {
            try setup.create("m\(minute)")
            try setup.advance(minutes: 1)
        }
        try setup.advance(minutes: 56)
        #expect(try setup.names == ["m1", "m2", "m3", "m4"])
        try setup.advance(minutes: 4)
        #expect(try setup.names == [])
    }

    @Test func whatWasThereBeforeTheStartExpires() throws {
        let setup = Setup()
        try setup.create("a")
        setup.start()
        try setup.advance(minutes: 61)
        #expect(try setup.names == [])
    }

    @Test func manyAreRemovedInTurns() throws {
        let setup = Setup()
        setup.start()
        let count = ObjectExpiry.Limits.removalsPerTurn * 2 + 3
        for index in 0..<count { try setup.create("n\(index)") }
        try setup.advance(minutes: 61)
        #expect(try setup.names == [])
    }

    @Test func watchersSeeTheRemoval() throws {
        let setup = Setup()
        setup.start()
        try setup.create("a")
        let cursor = try setup.storage.watch(.configMaps, scope: .all, after: setup.storage.revision) {}
        try setup.advance(minutes: 61)
        let events = try cursor.next(limit: 10).events
        #expect(events.map(\.kind) == [.deleted])
    }

    @Test func noTimerIsLeftWhenNothingIs() throws {
        let setup = Setup()
        setup.start()
        try setup.create("a")
        try setup.advance(minutes: 62)
        #expect(setup.clock.status.nextTimer == nil)
        try setup.create("b")
        try setup.advance(minutes: 61)
        #expect(try setup.names == [])
    }

    @Test func nothingGoesAfterTheEnd() throws {
        let setup = Setup()
        setup.start()
        try setup.create("a")
        setup.expiry.stop()
        setup.clock.settle()
        try setup.advance(minutes: 120)
        #expect(try setup.names == ["a"])
        #expect(setup.clock.status.nextTimer == nil)
    }
}
