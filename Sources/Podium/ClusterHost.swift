// SPDX-License-Identifier: Apache-2.0
// The clusters of a process, and which of them a request is for.

import Logging
import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Synchronization

/// Answers requests for one default cluster and, when asked to, for further ones below `/clusters/NAME`.
// State | guarded by | why separate
// clusters | mutex | the truth; clusters are made and ended outside of the lock
// roots | a mutex a thread | the default cluster as every request looks it up; replaced while `clusters` is held
// watermark | mutex | raised when a cluster ends, read when one is made; never held together with the other
final class ClusterHost: RequestResponder {
    /// The limits of a host.
    enum Limits {
        /// A request that would make one more is refused.
        static let maximumClusters = 4096
        /// How many revisions are left out between a cluster and the one that takes its place: far more than can be
        /// written by the requests that are still under way to the old one.
        static let revisionsBetweenClusters: Int64 = 100_000
    }

    /// The clusters that there are.
    private struct Clusters {
        /// The one at the root of all paths.
        var root: ControlPlane
        /// Those below `/clusters/NAME`.
        var named: [String: ControlPlane] = [:]
    }

    private let configuration: ClusterConfiguration
    private let servesMany: Bool
    private let shared: SharedDefinitions
    private let logger: Logger
    private let clusters: Mutex<Clusters>
    private let roots: ThreadShards<ControlPlane>
    /// The revision after which new clusters begin, above all that was seen of clusters that are over: who goes on with
    /// a watch of one learns from the next in its place that the history is gone.
    private let watermark = Mutex(WatchCache.Limits.firstRevision)

    init(_ configuration: ClusterConfiguration, servesMany: Bool, server: ServerState, logger: Logger) {
        self.configuration = configuration
        self.servesMany = servesMany
        self.logger = logger
        shared = SharedDefinitions(configuration, server: server)
        let cluster = ControlPlane(
            configuration,
            startingAfter: WatchCache.Limits.firstRevision,
            shared: shared,
            logger: logger
        )
        clusters = Mutex(Clusters(root: cluster))
        roots = ThreadShards(cluster)
    }

    private func makeCluster(_ name: String?) -> ControlPlane {
        var configuration = configuration
        configuration.name = name ?? ""
        return ControlPlane(configuration, startingAfter: watermark.withLock { $0 }, shared: shared, logger: logger)
    }

    /// Has the clusters that are made from now on begin behind all that `cluster` has shown.
    private func raiseWatermark(above cluster: ControlPlane) {
        let next = Revision(cluster.storage.revision.number + Limits.revisionsBetweenClusters)
        watermark.withLock { $0 = max($0, next) }
    }

    func respond(to request: HTTPRequest) -> HTTPResponse {
        let path = request.rawPath
        // All of Kubernetes lies elsewhere, and needs no comparing of texts.
        let second = path.utf8.withContiguousStorageIfAvailable { $0.count > 1 ? $0[1] : 0 }
        if let second, second != UInt8(ascii: "c"), second != UInt8(ascii: "p") { return root.respond(to: request) }
        let isBelowClusters = path.hasPrefix("/clusters/")
        guard isBelowClusters || path.hasPrefix("/podium/v1") else { return root.respond(to: request) }
        do throws(StatusError) {
            if isBelowClusters { return try respondBelowClusters(request) }
            return try isAdministration(path) ? administer(request, of: nil) : root.respond(to: request)
        } catch {
            return JSONAnswer.failure(error)
        }
    }

    private var root: ControlPlane { roots.withOwn { $0 } }

    private func isAdministration(_ path: String) -> Bool {
        path.hasPrefix("/podium/v1/") || path == "/podium/v1"
    }

    private func respondBelowClusters(_ request: HTTPRequest) throws(StatusError) -> HTTPResponse {
        let rest = request.rawPath.dropFirst("/clusters/".count)
        let name = String(rest.prefix { $0 != "/" })
        let path = String(rest.dropFirst(name.count))
        let problem = NameValidation.dns1123Label(name).first
        guard servesMany, problem == nil, !path.isEmpty, path != "/" else {
            // Who may not ask does not learn why it is nothing.
            try admit(request, request.method, "/clusters/\(name)")
            guard servesMany else { throw .pathNotFound }
            if let problem { throw .badRequest("cluster name \(FieldError.quoted(name)): \(problem)") }
            guard request.method == "DELETE" else { throw .methodNotAllowed }
            try AdministrationBody.check(request)
            return try drop(name)
        }
        let inner = request.with(rawPath: path, below: "/clusters/\(name)")
        return try isAdministration(path) ? administer(inner, of: name) : cluster(name, for: inner).respond(to: inner)
    }

    /// Answers a request to `/podium/v1` of one cluster, by the rules of the default cluster.
    ///
    /// What is authorised is the path as it is then run, decoded.
    private func administer(_ request: HTTPRequest, of name: String?) throws(StatusError) -> HTTPResponse {
        guard case .other(let parts) = try RequestPath(request.rawPath) else { throw .pathNotFound }
        let place = name.map { "/clusters/\($0)/" } ?? "/"
        try admit(request, request.method, place + parts.joined(separator: "/"))
        try AdministrationBody.check(request)
        let cluster = try cluster(name, for: request)
        if parts.dropFirst(2) == ["reset"] {
            guard request.method == "POST" else { throw .methodNotAllowed }
            reset(name, cluster)
            return JSONAnswer.value(JSONAnswer.success)
        }
        return try AdministrationAPI(cluster).answer(request, parts)
    }

    /// Returns when the rules of the default cluster allow the sender this.
    private func admit(_ request: HTTPRequest, _ method: String, _ path: String) throws(StatusError) {
        try root.admit(request, AccessRequest(administration: path, method: method))
    }

    /// The cluster called `name`, made now when it is new and the sender of `request` may make it.
    private func cluster(_ name: String?, for request: HTTPRequest) throws(StatusError) -> ControlPlane {
        guard let name else { return root }
        if let cluster = clusters.withLock({ $0.named[name] }) { return cluster }
        try admit(request, "POST", "/clusters/\(name)")
        let made = makeCluster(name)
        let kept: ControlPlane? = clusters.withLock { clusters in
            if let other = clusters.named[name] { return other }
            if clusters.named.count >= Limits.maximumClusters { return nil }
            clusters.named[name] = made
            return made
        }
        if kept !== made { made.stop() }
        guard let kept else {
            throw StatusError(
                code: 429,
                reason: .tooManyRequests,
                message: "there are \(Limits.maximumClusters) clusters already; delete some"
            )
        }
        return kept
    }

    private func drop(_ name: String) throws(StatusError) -> HTTPResponse {
        guard let cluster = clusters.withLock({ $0.named.removeValue(forKey: name) }) else {
            throw .notFound(GroupResource(group: "podium.dev", resource: "clusters"), name)
        }
        raiseWatermark(above: cluster)
        cluster.stop()
        return JSONAnswer.value(JSONAnswer.success)
    }

    /// Puts a freshly started cluster in the place of `present`, unless another request did so or dropped it meanwhile.
    private func reset(_ name: String?, _ present: ControlPlane) {
        raiseWatermark(above: present)
        let fresh = makeCluster(name)
        let isFirst = clusters.withLock { clusters in
            guard let name else {
                if clusters.root !== present { return false }
                clusters.root = fresh
                roots.replaceAll(with: fresh)
                return true
            }
            if clusters.named[name] !== present { return false }
            clusters.named[name] = fresh
            return true
        }
        if isFirst { present.stop() } else { fresh.stop() }
    }

    /// Ends all clusters.
    func stop() {
        let all = clusters.withLock { [$0.root] + $0.named.values }
        for cluster in all { cluster.stop() }
    }
}

/// Plain JSON answers of the administration API.
enum JSONAnswer {
    static var success: JSONValue { ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success"] }

    static func value(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
        var writer = JSONWriter()
        writer.write(value)
        writer.raw("\n")
        return HTTPResponse(
            status: status,
            contentType: "application/json",
            body: .bytes(writer.encoded.slice)
        )
    }

    static func failure(_ error: StatusError) -> HTTPResponse { value(error.status, status: error.code) }
}
