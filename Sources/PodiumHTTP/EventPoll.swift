// SPDX-License-Identifier: Apache-2.0
// The Linux calls by which the server's thread waits: for sockets, for other threads, for the next sweep.

import CMicroHTTPD
import Glibc

/// An epoll with a doorbell and a periodic timer.
struct EventPoll: Sendable {
    /// What happened.
    enum Event {
        /// Another thread rang.
        case rung
        /// A connection waits to be accepted.
        case connected
        /// The timer has expired so many times since it was last reported.
        case ticked(Int)
        /// A socket can be written to again.
        case writable(UInt64)
        /// The other side of a stream's socket has gone.
        case hungUp(UInt64)
        /// An upgraded connection's socket has something to read, or room, or has ended.
        case moved(UInt64)
        /// The other side of a connection sends nothing more.
        case ended(UInt64)
    }

    private static let doorbellKey = UInt64.max
    private static let timerKey = UInt64.max - 1
    private static let listenerKey = UInt64.max - 2
    /// Set in the keys of connections, clear in those of streams.
    private static let connectionMark: UInt64 = 1 << 62
    /// Set in the keys of upgraded connections.
    private static let upgradeMark: UInt64 = 1 << 61
    private static let batch = 256

    private let epoll: Int32
    private let doorbell: Int32
    private let timer: Int32

    /// Makes the descriptors; the timer expires every `interval`.
    init(interval: Duration) throws(HTTPServerError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        doorbell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK))
        let (seconds, attoseconds) = interval.components
        let period = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var setting = itimerspec(it_interval: period, it_value: period)
        guard epoll >= 0, doorbell >= 0, timer >= 0, timerfd_settime(timer, 0, &setting, nil) == 0,
            add(doorbell, key: Self.doorbellKey, events: EPOLLIN.rawValue),
            add(timer, key: Self.timerKey, events: EPOLLIN.rawValue)
        else {
            let reason = String(cString: strerror(errno))
            close()
            throw .cannotStart(reason: reason)
        }
    }

    /// Gives the descriptors back.
    func close() {
        for descriptor in [epoll, doorbell, timer] where descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Wakes the waiting thread.
    ///
    /// From any thread.
    func ring() {
        var one: UInt64 = 1
        _ = write(doorbell, &one, 8)
    }

    /// Reports connections that wait at a listening socket, as long as there are any.
    func listen(_ descriptor: Int32) -> Bool { add(descriptor, key: Self.listenerKey, events: EPOLLIN.rawValue) }

    /// Reports once that a connection's other side has ended, as long as its socket is open.
    ///
    /// From any thread.
    func watchEnd(_ descriptor: Int32, connection id: UInt64) {
        _ = add(descriptor, key: id | Self.connectionMark, events: Self.endEvents)
    }

    private static let endEvents = EPOLLRDHUP.rawValue | EPOLLET.rawValue

    /// Watches a connection's socket for being writable again after it was full, and for its end, instead.
    ///
    /// False when it cannot be watched.
    ///
    /// Edge-triggered: nothing is reported, and no call is made, while a socket takes what is written to it.
    func watch(_ descriptor: Int32, key: UInt64) -> Bool {
        let events =
            EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue | EPOLLET.rawValue
        return change(descriptor, key: key, events: events) || add(descriptor, key: key, events: events)
    }

    /// Watches the socket of an upgraded connection for all that can happen to it.
    ///
    /// False when it cannot be watched. Edge-triggered.
    func watchBothWays(_ descriptor: Int32, key: UInt64) -> Bool {
        let events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        let marked = key | Self.upgradeMark
        return change(descriptor, key: marked, events: events) || add(descriptor, key: marked, events: events)
    }

    /// Watches a socket that was a stream's for its end alone, as that of a connection; reports at once what has been.
    ///
    /// Events that were already fetched still come; their keys must not be found any more.
    func watchEndAgain(_ descriptor: Int32, connection id: UInt64) {
        _ = change(descriptor, key: id | Self.connectionMark, events: Self.endEvents)
    }

    /// Stops watching.
    func forget(_ descriptor: Int32) {
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    }

    /// Waits until something happens, or just looks when `waits` is false; calls `handle` for each event.
    func wait(_ waits: Bool, _ handle: (Event) -> Void) {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.batch) { events in
            let count = epoll_wait(epoll, events.baseAddress, Int32(Self.batch), waits ? -1 : 0)
            for index in 0..<max(0, Int(count)) { report(events[index], handle) }
        }
    }

    private func report(_ event: epoll_event, _ handle: (Event) -> Void) {
        let key = event.data.u64
        let gone = EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue
        switch key {
        case Self.doorbellKey:
            _ = take(doorbell)
            handle(.rung)
        case Self.listenerKey: handle(.connected)
        case Self.timerKey: handle(.ticked(take(timer)))
        case _ where key & Self.connectionMark != 0: handle(.ended(key & ~Self.connectionMark))
        case _ where key & Self.upgradeMark != 0: handle(.moved(key & ~Self.upgradeMark))
        default: handle(event.events & gone != 0 ? .hungUp(key) : .writable(key))
        }
    }

    private func take(_ descriptor: Int32) -> Int {
        var count: UInt64 = 0
        return read(descriptor, &count, 8) == 8 ? Int(count) : 0
    }

    private func add(_ descriptor: Int32, key: UInt64, events: UInt32) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(u64: key))
        return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0
    }

    private func change(_ descriptor: Int32, key: UInt64, events: UInt32) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(u64: key))
        return epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) == 0
    }
}
