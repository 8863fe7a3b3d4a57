// SPDX-License-Identifier: Apache-2.0
// A watch as a response body: pulls from the history in storage and frames events without copying them.

package import PodiumCodec
package import PodiumExchange
import PodiumHost
import PodiumMachinery
package import PodiumRegistry
package import PodiumStorage
import Synchronization

/// How a watch writes its events.
package protocol WatchEventEncoding: Sendable {
    /// Appends one event about `object` (`ADDED`, `MODIFIED`, `DELETED`) to `pieces`.
    func append(_ type: WatchEventType, _ object: StoredObject, to pieces: inout [BytesSlice])

    /// Appends an event that is about no stored object: a bookmark or an error.
    func append(_ type: WatchEventType, value: JSONValue, to pieces: inout [BytesSlice])
}

/// The `type` of a watch event.
package enum WatchEventType: String, Sendable {
    case added = "ADDED"
    case modified = "MODIFIED"
    case deleted = "DELETED"
    case bookmark = "BOOKMARK"
    case error = "ERROR"
}

/// What a watch is to show.
package struct WatchPlan: Sendable {
    /// Objects to show as added before anything else.
    package var initial: [StoredObject] = []
    /// Whether a bookmark marks the end of `initial`.
    package var marksInitialEnd = false
    /// The revision after which changes are shown.
    package var revision: Revision
    /// What is selected, and whether bookmarks are welcome.
    package var options: ListOptions
    /// After how long the server ends the watch by itself.
    package var timeout: Duration
    /// What a bookmark shows beside a revision: an object of the kind in which nothing is set.
    package var bookmark: JSONValue

    package init(revision: Revision, options: ListOptions, timeout: Duration, bookmark: JSONValue) {
        self.revision = revision
        self.options = options
        self.timeout = timeout
        self.bookmark = bookmark
    }
}

/// One watch.
// State | guarded by | why separate
// state | mutex | moved by the one thread that pulls; timers only read `isOver` and call `wake`
// isOver, wantsBookmark | atomics | set by timers on other threads
// Kubernetes: apiserver/pkg/endpoints/handlers/watch.go, storage/cacher/cache_watcher.go
package final class WatchStream: ResponseStream {
    /// The limits of a watch.
    package enum Limits {
        /// How many changes are taken from the history at a time.
        package static let maximumEventsPerPull = 128
        /// How often a quiet watch is told how far it has come.
        package static let bookmarkInterval = Duration.seconds(60)
    }

    private struct State {
        var initialIndex = 0
        var cursor: (any WatchCursor)?
        /// Why there is no cursor.
        var failure: StorageError?
        var through: Revision
        var lastShown: Revision
        var timers: [any Cancellable] = []
    }

    private let plan: WatchPlan
    private let encoding: any WatchEventEncoding
    private let host: Host
    /// Takes note of how many events were read.
    private let count: @Sendable (Int) -> Void
    private let open: @Sendable (@escaping @Sendable () -> Void) throws(StorageError) -> any WatchCursor
    private let state: Mutex<State>
    private let isOver = Atomic<Bool>(false)
    private let wantsBookmark = Atomic<Bool>(false)

    /// Makes a watch that begins when it is started.
    /// - Parameter open: opens the cursor at the plan's revision.
    init(
        _ plan: WatchPlan,
        encoding: any WatchEventEncoding,
        host: Host,
        counting count: @escaping @Sendable (Int) -> Void = { _ in },
        open: @escaping @Sendable (@escaping @Sendable () -> Void) throws(StorageError) -> any WatchCursor
    ) {
        self.plan = plan
        self.encoding = encoding
        self.host = host
        self.count = count
        self.open = open
        state = Mutex(State(through: plan.revision, lastShown: plan.revision))
    }

    package func start(wake: @escaping @Sendable () -> Void) {
        do throws(StorageError) {
            let cursor = try open(wake)
            state.withLock { $0.cursor = cursor }
        } catch {
            // The head of the answer is out already: `pull` says so in the stream.
            state.withLock { $0.failure = error }
        }
        let end = host.timeouts.schedule(after: plan.timeout) { [weak self] in
            self?.isOver.store(true, ordering: .releasing)
            wake()
        }
        state.withLock { $0.timers.append(end) }
        if plan.options.allowsBookmarks { scheduleBookmark(wake) }
        wake()
    }

    private func scheduleBookmark(_ wake: @escaping @Sendable () -> Void) {
        let timer = host.timeouts.schedule(after: Limits.bookmarkInterval) { [weak self] in
            guard let self, !isOver.load(ordering: .acquiring) else { return }
            wantsBookmark.store(true, ordering: .releasing)
            wake()
            scheduleBookmark(wake)
        }
        state.withLock { state in
            // The end timer stays first; of bookmark timers only the newest is alive.
            if state.timers.count > 1 { state.timers[1] = timer } else { state.timers.append(timer) }
        }
    }

    package func cancel() { finish() }

    private func finish() {
        isOver.store(true, ordering: .releasing)
        let (cursor, timers) = state.withLock { state in
            defer {
                state.cursor = nil
                state.timers = []
            }
            return (state.cursor, state.timers)
        }
        cursor?.close()
        for timer in timers { timer.cancel() }
    }

    package func pull(into pieces: inout [BytesSlice], limit: Int) -> StreamProgress {
        var budget = Budget(limit: limit, counted: pieces.count)
        if !pullInitial(into: &pieces, &budget) { return .more }
        let (opened, failure) = state.withLock { ($0.cursor, $0.failure) }
        guard let cursor = opened else { return end(failure, into: &pieces) }
        while true {
            let batch: (events: [StorageEvent], through: Revision)
            do throws(StorageError) {
                batch = try cursor.next(limit: Limits.maximumEventsPerPull)
            } catch {
                return end(error, into: &pieces)
            }
            for event in batch.events { append(event, to: &pieces) }
            if !batch.events.isEmpty { count(batch.events.count) }
            let last = batch.events.last?.revision
            state.withLock { state in
                state.through = batch.through
                if let last { state.lastShown = last }
            }
            if batch.events.isEmpty { break }
            if budget.isSpent(pieces) { return .more }
        }
        if wantsBookmark.exchange(false, ordering: .acquiringAndReleasing) {
            appendBookmark(to: &pieces, isInitialEnd: false)
        }
        if isOver.load(ordering: .acquiring) {
            finish()
            return .finished
        }
        return .drained
    }

    /// Hands out the initial objects; false when the limit came first.
    private func pullInitial(into pieces: inout [BytesSlice], _ budget: inout Budget) -> Bool {
        var index = state.withLock { $0.initialIndex }
        let isBeginning = index <= plan.initial.count
        while index < plan.initial.count {
            encoding.append(.added, plan.initial[index], to: &pieces)
            count(1)
            index += 1
            if budget.isSpent(pieces) {
                state.withLock { $0.initialIndex = index }
                return false
            }
        }
        if isBeginning, plan.marksInitialEnd { appendBookmark(to: &pieces, isInitialEnd: true) }
        state.withLock { $0.initialIndex = plan.initial.count + 1 }
        return true
    }

    /// Shows a change as the selector sees it: what begins to match was added, what ceases to match was deleted.
    private func append(_ event: StorageEvent, to pieces: inout [BytesSlice]) {
        let options = plan.options
        let matches = event.kind != .deleted && options.matches(event.object)
        let matched = event.previous.map { options.matches($0) } ?? false
        switch (matched, matches) {
        case (false, true): encoding.append(.added, event.object, to: &pieces)
        case (true, true): encoding.append(.modified, event.object, to: &pieces)
        case (true, false) where event.kind == .deleted: encoding.append(.deleted, event.object, to: &pieces)
        case (true, false):
            guard let previous = event.previous else { return }
            encoding.append(.deleted, StoredObject(previous, at: event.revision), to: &pieces)
        case (false, false): break
        }
    }

    private func appendBookmark(to pieces: inout [BytesSlice], isInitialEnd: Bool) {
        let revision = state.withLock { isInitialEnd ? plan.revision : $0.through }
        var metadata: JSONObject = ["resourceVersion": .string(revision.description)]
        if isInitialEnd { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        var value = plan.bookmark
        value["metadata"] = .object(metadata)
        encoding.append(.bookmark, value: value, to: &pieces)
    }

    /// Ends a watch; one whose place in the history is gone is told so, that its client lists again. The end of the
    /// cluster is an end like any other: whoever watches again learns that the place is gone.
    private func end(_ failure: StorageError?, into pieces: inout [BytesSlice]) -> StreamProgress {
        if let failure, failure != .ended, !isOver.load(ordering: .acquiring) {
            encoding.append(.error, value: StatusError(watching: failure).status, to: &pieces)
        }
        finish()
        return .finished
    }

    /// Counts the bytes handed out in one pull.
    private struct Budget {
        let limit: Int
        private var counted: Int
        private var bytes = 0

        init(limit: Int, counted: Int) {
            self.limit = limit
            self.counted = counted
        }

        mutating func isSpent(_ pieces: [BytesSlice]) -> Bool {
            while counted < pieces.count {
                bytes += pieces[counted].count
                counted += 1
            }
            return bytes >= limit
        }
    }
}
