// SPDX-License-Identifier: Apache-2.0
// Cuts connections that take too long or whose end went unnoticed: libmicrohttpd only knows a time-out for inactivity.

import CMicroHTTPD
import CPodiumHTTP
import Glibc
import Synchronization

/// How far the present request of a connection has come.
enum RequestPhase: UInt64, Sendable {
    /// No complete request line yet.
    case idle
    /// The request line is there, the headers are not.
    case head
    /// The headers are there, the body is not.
    case body
    /// The request is complete: it is being answered.
    case answer
    /// The sweep has cut the connection.
    case cut
}

/// The part of a connection that the sweep sees.
// State | guarded by | why separate
// word  | atomic     | stored by the connection's thread at each step of each request, read by the sweep
final class ConnectionWatch: Sendable {
    let id: UInt64
    /// The socket, valid while this is in the table.
    let descriptor: Int32
    /// Number of the request times eight, plus its phase.
    private let word = Atomic<UInt64>(RequestPhase.idle.rawValue)

    init(id: UInt64, descriptor: Int32) {
        self.id = id
        self.descriptor = descriptor
    }

    /// The present step, comparable to see whether there was progress.
    var step: UInt64 { word.load(ordering: .relaxed) }

    static func phase(of step: UInt64) -> RequestPhase { RequestPhase(rawValue: step & 7) ?? .cut }
    static func isFirstRequest(_ step: UInt64) -> Bool { step >> 3 == 0 }

    /// Goes on to `phase`; false when the sweep has cut the connection.
    ///
    /// Only the connection's thread calls this.
    func enter(_ phase: RequestPhase) -> Bool {
        let current = word.load(ordering: .relaxed)
        if current & 7 == phase.rawValue { return true }
        if current & 7 == RequestPhase.cut.rawValue { return false }
        let number = phase == .idle ? (current >> 3) + 1 : current >> 3
        return word.compareExchange(
            expected: current,
            desired: number << 3 | phase.rawValue,
            ordering: .relaxed
        ).exchanged
    }

    /// Takes the connection away from its thread, unless it has made a step since `step`.
    func cut(at step: UInt64) -> Bool {
        word.compareExchange(expected: step, desired: RequestPhase.cut.rawValue, ordering: .relaxed).exchanged
    }
}

/// All open connections.
// State   | guarded by | why separate
// entries | entries    | the lock is what keeps a descriptor from being closed and reused while the sweep uses it
final class ConnectionTable: Sendable {
    private struct Entry {
        let watch: ConnectionWatch
        /// The step that the last sweep saw, and when a sweep saw it first.
        var step: UInt64
        var since: Int
    }

    private let entries = Mutex<[UInt64: Entry]>([:])
    private let limits: HTTPLimits
    private let fanOut: FanOut
    /// How many connections were accepted and have not closed.
    let count = ConnectionCount()

    init(limits: HTTPLimits, fanOut: FanOut) {
        self.limits = limits
        self.fanOut = fanOut
    }

    func insert(_ watch: ConnectionWatch) {
        entries.withLock { $0[watch.id] = Entry(watch: watch, step: watch.step, since: fanOut.tick) }
        fanOut.poll.watchEnd(watch.descriptor, connection: watch.id)
    }

    /// The client of a connection sends nothing more: makes its thread read the end as soon as it has read the rest.
    ///
    /// Version 0.9.75 overlooks an end that comes together with data: its epoll is edge-triggered, and a short read
    /// makes it wait for an edge that never comes. This makes that edge, and takes nothing away: nothing is to come.
    func readEnd(of id: UInt64) {
        entries.withLock { entries in
            if let entry = entries[id] { _ = shutdown(entry.watch.descriptor, Int32(SHUT_RD)) }
        }
    }

    /// Must be called before the connection's socket is closed.
    func remove(_ id: UInt64) {
        entries.withLock { _ = $0.removeValue(forKey: id) }
        if count.remove() { fanOut.poll.ring() }
    }

    /// How many connections have a request that is not answered yet.
    var busyCount: Int {
        entries.withLock { entries in
            entries.values.count { entry in
                switch ConnectionWatch.phase(of: entry.watch.step) {
                case .head, .body, .answer: true
                case .idle, .cut: false
                }
            }
        }
    }

    /// Looks at every connection and cuts those that have used up their time.
    func sweep(tick: Int) {
        entries.withLock { entries in
            var index = entries.values.startIndex
            while index != entries.values.endIndex {
                inspect(&entries.values[index], tick: tick)
                entries.values.formIndex(after: &index)
            }
        }
    }

    private func inspect(_ entry: inout Entry, tick: Int) {
        let step = entry.watch.step
        if step != entry.step {
            entry.step = step
            entry.since = tick
            return
        }
        let phase = ConnectionWatch.phase(of: step)
        guard let deadline = deadline(of: phase, at: step) else { return }
        let isLate = tick - entry.since > deadline
        guard isLate || hasEnded(entry.watch), entry.watch.cut(at: step) else { return }
        // The library sends nothing while it reads a request, so the line is ours.
        if isLate, phase != .idle { podium_http_refuse(entry.watch.descriptor, 408) }
        shutdown(entry.watch.descriptor, Int32(SHUT_RDWR))
    }

    private func deadline(of phase: RequestPhase, at step: UInt64) -> Int? {
        switch phase {
        case .idle:
            // The library ends a connection that rests; this is for the one that drips a request line.
            limits.ticks(
                ConnectionWatch.isFirstRequest(step) ? limits.headDeadline : limits.idleTimeout + limits.headDeadline
            )
        case .head: limits.ticks(limits.headDeadline)
        case .body: limits.ticks(limits.bodyDeadline)
        case .answer, .cut: nil
        }
    }

    /// Whether the client has closed its side and all it sent was read.
    private func hasEnded(_ watch: ConnectionWatch) -> Bool {
        var byte: UInt8 = 0
        return recv(watch.descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0
    }
}
