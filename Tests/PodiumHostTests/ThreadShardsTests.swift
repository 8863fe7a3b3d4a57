// SPDX-License-Identifier: Apache-2.0
// Copies of state per thread: nothing is lost, and what replaces them is seen everywhere.

import Dispatch
import PodiumHost
import Testing

struct ThreadShardsTests {
    @Test func whatManyThreadsCountComesToTheWhole() {
        let counts = ThreadShards(0)
        DispatchQueue.concurrentPerform(iterations: 64) { _ in
            for _ in 0..<100 { counts.withOwn { $0 += 1 } }
        }
        #expect(counts.all.reduce(0, +) == 6400)
    }

    @Test func whatReplacesTheCopiesIsSeenByEveryThread() {
        let names = ThreadShards("old")
        names.replaceAll(with: "new")
        DispatchQueue.concurrentPerform(iterations: 64) { _ in
            #expect(names.withOwn { $0 } == "new")
        }
        #expect(Set(names.all) == ["new"])
    }
}
