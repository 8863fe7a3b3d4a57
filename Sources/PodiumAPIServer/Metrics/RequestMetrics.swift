// SPDX-License-Identifier: Apache-2.0
// Which requests are counted together, and finding their numbers without a lock or a String.

import PodiumCodec
import PodiumHost
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

    /// How many different ones a collection with so many subresources has.
    static func count(subresources: Int) -> Int { (subresources + 1) * perSubresource }

    /// A number below `count`.
    var index: Int {
        subresource * Self.perSubresource + (verb.rawValue * Scope.allCases.count + scope.rawValue) * 2
            + (isDryRun ? 1 : 0)
    }

    init(index: Int) {
        subresource = index / Self.perSubresource
        isDryRun = index % 2 == 1
        let rest = index % Self.perSubresource / 2
        verb = Verb.allCases[rest / Scope.allCases.count]
        scope = Scope.allCases[rest % Scope.allCases.count]
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
// State | guarded by | why separate
// slots, series | atomics | made at the first request of their kind and kept; read by every request
package final class RequestMetrics: Sendable {
    private final class Slot: Sendable { let series = LazyReference<RequestSeries>() }

    private final class Slots: Sendable {
        let slots: [Slot]

        init(_ definition: ResourceDefinition) {
            slots = (0..<RequestLabels.count(subresources: definition.subresources.count)).map { _ in Slot() }
        }
    }

    /// The numbers about one collection.
    final class Collection: Sendable {
        let definition: ResourceDefinition
        /// Events that watches have shown.
        let watchEvents = Atomic<Int>(0)
        private let slots = LazyReference<Slots>()

        init(_ definition: ResourceDefinition) { self.definition = definition }

        /// The numbers of requests with `labels`.
        func series(_ labels: RequestLabels) -> RequestSeries {
            let slots = slots.value ?? slots.setOnce(Slots(definition))
            let slot = slots.slots[labels.index]
            return slot.series.value ?? slot.series.setOnce(RequestSeries())
        }

        /// All that have been asked for.
        var all: [(labels: RequestLabels, series: RequestSeries)] {
            (slots.value?.slots ?? []).enumerated().compactMap { index, slot in
                slot.series.value.map { (RequestLabels(index: index), $0) }
            }
        }
    }

    /// In the order of the registry.
    let collections: [Collection]
    private let places: [ObjectIdentifier: Int]
    /// Requests that are being answered: those that only read, and all others.
    let reading = ShardedCounter()
    let writing = ShardedCounter()

    init(_ registry: ResourceRegistry) {
        let definitions = registry.groups.flatMap { $0.versions.flatMap(\.resources) }
        collections = definitions.map(Collection.init)
        places = Dictionary(
            definitions.enumerated().map { (ObjectIdentifier($1), $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The numbers about a collection; nil for one that is not in the registry.
    func collection(of definition: ResourceDefinition) -> Collection? {
        places[ObjectIdentifier(definition)].map { collections[$0] }
    }

    /// Counts a request that began at `begun` and is answered now.
    func count(_ request: ResourceRequest, code: Int, begun: Int64) {
        guard let collection = collection(of: request.definition) else { return }
        collection.series(RequestLabels(request)).record(code: code, nanoseconds: MachineTime.monotonic - begun)
    }

    /// Counts a request that began at `begun` when its answer ends, which is when the client has enough.
    func countUntilEnd(of response: HTTPResponse, to request: ResourceRequest, begun: Int64) -> HTTPResponse {
        let code = response.status
        guard case .stream(let stream) = response.body, let collection = collection(of: request.definition) else {
            count(request, code: code, begun: begun)
            return response
        }
        let series = collection.series(RequestLabels(request))
        series.open.add(1, ordering: .relaxed)
        var response = response
        response.body = .stream(
            CountedStream(stream) {
                series.open.subtract(1, ordering: .relaxed)
                series.record(code: code, nanoseconds: MachineTime.monotonic - begun)
            }
        )
        return response
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
