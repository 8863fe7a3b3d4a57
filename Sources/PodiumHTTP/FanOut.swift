// SPDX-License-Identifier: Apache-2.0
// Where threads meet the one that looks after parked connections: who is parked, who is to be woken, and the end.

import CMicroHTTPD
import Glibc
import Synchronization

/// The writer of all streams of one server: a thread with its own epoll.
///
/// libmicrohttpd would walk all suspended connections whenever one is resumed, and would not notice when a client of
/// a suspended one goes. So its part ends with the header and begins again with the last chunk.
// State     | guarded by | why separate
// inbox     | inbox      | what other threads hand over; the loop's own state lives on its thread's stack
// ticks     | atomic     | counted by the loop, read by threads that accept connections
final class FanOut: Sendable {
    /// How the streams shall end.
    enum Ending: Int, Sendable {
        /// Not yet.
        case none
        /// With their last chunk, after what is half sent.
        case gently
        /// At once.
        case now
        /// They have; the thread ends too.
        case thread
    }

    /// A connection that the library has suspended.
    enum Parked: Sendable {
        /// It is written to by the loop.
        case stream(StreamTicket)
        /// It waits for its answer.
        case answer(AnswerTicket)
        /// It is read from and written to by the loop.
        case upgrade(UpgradeTicket)
    }

    /// What other threads want.
    struct Inbox {
        var parked: [Parked] = []
        var woken: [UInt64] = []
        var ending = Ending.none
        /// Connections that were parked and have not been settled.
        var live = 0
        fileprivate var hasNews = false
    }

    let poll: EventPoll
    private let inbox = Mutex(Inbox())
    private let ticks = Atomic<Int>(0)

    init(interval: Duration) throws(HTTPServerError) {
        poll = try EventPoll(interval: interval)
    }

    // Not when the thread ends: whoever still holds a wake-up may be about to ring, and must not write into a
    // descriptor that has been given to somebody else.
    deinit { poll.close() }

    // MARK: From any thread

    /// How many sweep intervals have passed.
    var tick: Int { ticks.load(ordering: .relaxed) }

    /// How many parked connections are not settled.
    var liveCount: Int { inbox.withLock { $0.live } }

    /// Takes over a suspended connection; false when all are ending, and then nothing is taken.
    func park(_ connection: Parked) -> Bool {
        change { inbox in
            guard inbox.ending == .none else { return false }
            inbox.parked.append(connection)
            inbox.live += 1
            return true
        }
    }

    /// The stream with this key has something to pull, or the answer with this key has come.
    func wake(_ key: UInt64) {
        change { $0.woken.append(key) }
    }

    /// Ends all streams and answers; endings only ever become stricter.
    func end(_ ending: Ending) {
        change { if ending.rawValue > $0.ending.rawValue { $0.ending = ending } }
    }

    /// Changes the inbox, and rings only if the loop has not been told since it last looked.
    ///
    /// When the thread has ended nobody looks any more; what still comes in is bounded by the number of streams.
    private func change<Value>(_ body: (inout Inbox) -> Value) -> Value {
        let (value, isFirst) = inbox.withLock { inbox in
            let value = body(&inbox)
            let isFirst = !inbox.hasNews
            inbox.hasNews = true
            return (value, isFirst)
        }
        if isFirst { poll.ring() }
        return value
    }

    // MARK: From the loop

    /// Moves the news out; `parked` and `woken` are empty buffers to be filled by the next ones.
    func takeNews(parked: inout [Parked], woken: inout [UInt64]) -> Ending {
        inbox.withLock { inbox in
            swap(&inbox.parked, &parked)
            swap(&inbox.woken, &woken)
            inbox.hasNews = false
            return inbox.ending
        }
    }

    /// A parked connection was settled.
    func countSettled() { inbox.withLock { $0.live -= 1 } }

    /// The timer has expired; returns the new count.
    func count(ticks: Int) -> Int { self.ticks.wrappingAdd(ticks, ordering: .relaxed).newValue }
}

/// Wakes one stream. It is what the stream's producer holds.
// State   | guarded by | why separate
// isWoken | atomic     | many wake-ups before the loop comes round are one
final class StreamWaker: Sendable {
    private let key: UInt64
    private let fanOut: FanOut
    private let isWoken = Atomic<Bool>(false)

    init(key: UInt64, fanOut: FanOut) {
        self.key = key
        self.fanOut = fanOut
    }

    /// There is something to pull.
    func wake() {
        if !isWoken.exchange(true, ordering: .acquiringAndReleasing) { fanOut.wake(key) }
    }

    /// Must come before a pull: a later wake-up is about something that the pull may miss.
    func reset() { _ = isWoken.exchange(false, ordering: .acquiringAndReleasing) }
}
