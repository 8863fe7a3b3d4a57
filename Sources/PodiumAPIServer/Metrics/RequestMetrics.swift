// SPDX-License-Identifier: Apache-2.0
// Which requests are counted together, and the counting.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumRegistry
import Synchronization

/// What distinguishes requests for one collection in the metrics.
// Kubernetes: apiserver/pkg/endpoints/metrics/metrics.go MonitorRequest
struct RequestLabels: Hashable, Sendable {
    /// The verbs of metrics.
    enum Verb: Int, CaseIterable, Sendable {
        case get, list, watch, post, put, patch, delete, deletecollection, connect

        var name: String { "\(self)".uppercased() }
    }

    /// How much a request is about.
    enum Scope: Int, CaseIterable, Sendable {
        case cluster, namespace, resource

        var name: String { "\(self)" }
    }

    let verb: Verb
    let scope: Scope
    let isDryRun: Bool
    /// The place of the subresource among those of the collection, one more than that; 0 for the object itself.
    let subresource: Int

    private static let perSubresource = Verb.allCases.count * Scope.allCases.count * 2

    /// Subresources that are connections, whatever the method.
    static let connections: Set<String> = ["attach", "exec", "portforward", "proxy"]

    /// A number by which they are put in order.
    var index: Int {
        subresource * Self.perSubresource + (verb.rawValue * Scope.allCases.count + scope.rawValue) * 2
            + (isDryRun ? 1 : 0)
    }

    init(_ request: ResourceRequest) {
        let path = request.path
        let connects = path.subresource.map(Self.connections.contains) ?? false
        isDryRun = !request.query.isEmpty && request.query.contains("dryRun")
        verb =
            switch request.verb {
            case _ where connects: .connect
            case .get: .get
            case .list: .list
            case .watch: .watch
            case .create: .post
            case .update: .put
            case .patch: .patch
            case .delete: .delete
            case .deletecollection: .deletecollection
            }
        scope =
            path.name != nil || request.verb == .create ? .resource : path.namespace.isEmpty ? .cluster : .namespace
        subresource =
            path.subresource.flatMap { name in request.definition.subresources.firstIndex { $0.name == name } }
            .map { $0 + 1 } ?? 0
    }
}

/// The numbers about the requests to one cluster.
package final class RequestMetrics: Sendable {
    /// A collection, told from others by what defines it.
    private struct CollectionKey: Hashable, Sendable {
        // Held, so that no collection of a later surface is taken for one that has gone.
        let definition: ResourceDefinition

        static func == (one: CollectionKey, other: CollectionKey) -> Bool { one.definition === other.definition }

        func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(definition)) }
    }

    /// Which requests are counted together.
    private struct Key: Hashable, Sendable {
        let collection: CollectionKey
        let labels: RequestLabels

        init(_ request: ResourceRequest) {
            collection = CollectionKey(definition: request.definition)
            labels = RequestLabels(request)
        }

        /// By a number instead of by the labels, one after the other.
        func hash(into hasher: inout Hasher) {
            hasher.combine(collection)
            hasher.combine(labels.index)
        }
    }

    private struct Counts: Sendable {
        /// Requests that are being answered: those that only read, and all others.
        var reading = 0
        var writing = 0
        private(set) var requests: [RequestCounts] = []
        private var places: [Key: Int] = [:]
        /// The key of the last request and its place: most requests are like the one before, and hashing takes longer
        /// than counting.
        private var last: (key: Key, place: Int)?
        var watchEvents: [CollectionKey: Int] = [:]

        /// The keys with their counts.
        var all: [(key: Key, counts: RequestCounts)] { places.map { ($0.key, requests[$0.value]) } }

        /// The counts of one key.
        subscript(key: Key) -> RequestCounts {
            mutating get { requests[place(of: key)] }
            mutating _modify { yield &requests[place(of: key)] }
        }

        private mutating func place(of key: Key) -> Int {
            if let last, last.key == key { return last.place }
            let place = places[key] ?? requests.count
            if place == requests.count {
                requests.append(RequestCounts())
                places[key] = place
            }
            last = (key, place)
            return place
        }

        /// Adds what another thread has counted.
        mutating func add(_ other: Counts) {
            reading += other.reading
            writing += other.writing
            for (key, counts) in other.all { self[key].add(counts) }
            watchEvents.merge(other.watchEvents, uniquingKeysWith: +)
        }
    }

    /// What has been counted of a collection.
    struct Collection {
        let definition: ResourceDefinition
        /// In the order of their labels.
        let requests: [(labels: RequestLabels, counts: RequestCounts)]
        /// Events that watches have read.
        let watchEvents: Int
    }

    /// All that has been counted.
    struct Totals {
        let reading: Int
        let writing: Int
        /// Those of which something was counted, also when they have gone since, by their names.
        let collections: [Collection]
    }

    private let counts = ThreadShards(Counts())

    /// Counts a request that begins to be answered.
    func begin(isReading: Bool) {
        counts.withOwn { if isReading { $0.reading += 1 } else { $0.writing += 1 } }
    }

    /// Counts a request that has been answered; those that are not about a collection only as such.
    func end(isReading: Bool, _ request: ResourceRequest?, code: Int, begun: Int64) {
        let key = request.map { Key($0) }
        let nanoseconds = MachineTime.monotonic - begun
        counts.withOwn { counts in
            if isReading { counts.reading -= 1 } else { counts.writing -= 1 }
            if let key { counts[key].record(code: code, nanoseconds: nanoseconds) }
        }
    }

    /// Counts a request whose answer goes on until the client has enough when that is the case.
    func counted(_ response: HTTPResponse, to request: ResourceRequest, begun: Int64) -> HTTPResponse {
        guard case .stream(let stream) = response.body else { return response }
        let key = Key(request)
        let code = response.status
        counts.withOwn { $0[key].open += 1 }
        var response = response
        response.body = .stream(
            CountedStream(stream) { [counts] in
                let nanoseconds = MachineTime.monotonic - begun
                counts.withOwn { counts in
                    counts[key].open -= 1
                    counts[key].record(code: code, nanoseconds: nanoseconds)
                }
            }
        )
        return response
    }

    /// The code under which answers are counted for which nobody has waited; no client sees it.
    package static let abandoned = 499

    /// Counts events that a watch of a collection has read.
    func countWatchEvents(_ count: Int, of definition: ResourceDefinition) {
        let key = CollectionKey(definition: definition)
        counts.withOwn { $0.watchEvents[key, default: 0] += count }
    }

    /// What all threads have counted.
    var totals: Totals {
        var sum = Counts()
        for counts in counts.all { sum.add(counts) }
        let requests = Dictionary(grouping: sum.all) { $0.key.collection }
        let collections = Set(requests.keys).union(sum.watchEvents.keys).map { collection in
            let entries = (requests[collection] ?? []).sorted { $0.key.labels.index < $1.key.labels.index }
            return Collection(
                definition: collection.definition,
                requests: entries.map { ($0.key.labels, $0.counts) },
                watchEvents: sum.watchEvents[collection] ?? 0
            )
        }
        return Totals(
            reading: sum.reading,
            writing: sum.writing,
            collections: collections.sorted { Self.name(of: $0) < Self.name(of: $1) }
        )
    }

    private static func name(of collection: Collection) -> (String, String, String) {
        let name = collection.definition.gvr
        return (name.group, name.version, name.resource)
    }
}

extension ResourceRequest {
    /// Whether its answer goes on until the client has enough.
    // Kubernetes: pkg/controlplane/apiserver/config.go LongRunningFunc
    var isLongRunning: Bool { verb == .watch || path.isConnection }
}

extension ResourcePath {
    /// Whether it leads to something that goes on until the client has enough, whatever the verb.
    var isConnection: Bool {
        subresource.map { RequestLabels.connections.contains($0) || $0 == "log" } ?? false
    }
}

/// A stream that says when it has ended.
// State   | guarded by | why separate
// isOver  | atomic     | set once by whichever end comes first
private final class CountedStream: ResponseStream {
    private let stream: any ResponseStream
    private let end: @Sendable () -> Void
    private let isOver = Atomic<Bool>(false)

    init(_ stream: any ResponseStream, end: @escaping @Sendable () -> Void) {
        self.stream = stream
        self.end = end
    }

    deinit { finish() }

    func start(wake: @escaping @Sendable () -> Void) { stream.start(wake: wake) }

    func pull(into pieces: inout [BytesSlice], limit: Int) -> StreamProgress {
        let progress = stream.pull(into: &pieces, limit: limit)
        if case .finished = progress { finish() }
        return progress
    }

    func cancel() {
        stream.cancel()
        finish()
    }

    private func finish() {
        if !isOver.exchange(true, ordering: .relaxed) { end() }
    }
}
