// SPDX-License-Identifier: Apache-2.0
// Answers the paths by which clients find out what the server has: `/`, `/api`, `/apis`, `/version` and health.

import PodiumCodec
package import PodiumExchange
package import PodiumMachinery
package import PodiumRegistry
import Synchronization

/// The documents of discovery for one registry.
///
/// Each is made when it is first asked for, and kept.
///
/// ```
/// State | guarded by      | why separate
/// cache | the mutex of it | the only state; its size is bounded by the registry: a few forms of each document
/// ```
package final class DiscoveryDocuments: Sendable {
    package let registry: ResourceRegistry
    let version: ServerVersion
    /// `host:port` where clients reach the server, as `/api` shows it.
    let address: @Sendable () -> String
    let checks: [HealthCheck]

    private let cache = Mutex<[Key: CachedDocument]>([:])

    /// Makes the documents of `registry`.
    package init(
        registry: ResourceRegistry,
        version: ServerVersion = .current,
        address: @autoclosure @escaping @Sendable () -> String = "127.0.0.1:8080",
        checks: [HealthCheck] = HealthCheck.standard
    ) {
        self.registry = registry
        self.version = version
        self.address = address
        self.checks = checks
    }

    /// The answer to a request for a document; nil when the path belongs to something else.
    ///
    /// The answer to HEAD has its body, which the HTTP layer leaves out.
    /// - Throws: 404, 405 and 406, to be written as any other error.
    package func answer(_ request: DiscoveryRequest) throws(StatusError) -> HTTPResponse? {
        switch request.parts.first {
        case nil: return index()
        case "version" where request.parts.count == 1: return try versionDocument(request)
        case "healthz", "livez", "readyz": return health(request)
        case "api": return try coreDocument(request)
        case "apis": return try groupDocument(request)
        default: return nil
        }
    }

    /// The answer to a path below which there is nothing, whatever the method.
    ///
    /// Paths of `/api` and of the built-in groups belong to routes, which answer with a Status; everything else is
    /// answered as an unknown page.
    /// - Throws: 404, to be written as any other error.
    package func notFound(_ parts: [String]) throws(StatusError) -> HTTPResponse {
        switch parts.first {
        case "api", "version": throw .pathNotFound
        case "apis" where parts.count > 1:
            if registry.group(parts[1]) != nil { throw .pathNotFound }
        default: break
        }
        return .pageNotFound
    }

    // MARK: Paths

    private func coreDocument(_ request: DiscoveryRequest) throws(StatusError) -> HTTPResponse? {
        switch request.parts.count {
        case 1:
            if let answer = aggregated(request, { .aggregatedCore(version: $0) }) { return answer }
            return try routed(request, .apiVersions(address: address()))
        case 2:
            let groupVersion = GroupVersion(group: "", version: request.parts[1])
            guard registry.contains(groupVersion) else { throw .pathNotFound }
            return try routed(request, .resources(groupVersion))
        default: return nil
        }
    }

    /// The list of groups and each group are no routes: they are answered whatever the method.
    private func groupDocument(_ request: DiscoveryRequest) throws(StatusError) -> HTTPResponse? {
        let parts = request.parts
        guard parts.count > 1 else {
            if let answer = aggregated(request, { .aggregatedGroups(version: $0) }) { return answer }
            return respond(.groups, try request.negotiate(.documents))
        }
        guard parts.count <= 3 else { return nil }
        guard let group = registry.group(parts[1]), !group.name.isEmpty else { return try notFound(parts) }
        if parts.count == 2 { return respond(.group(group.name), try request.negotiate(.documents)) }
        let groupVersion = GroupVersion(group: group.name, version: parts[2])
        guard registry.contains(groupVersion) else { return try notFound(parts) }
        return try routed(request, .resources(groupVersion))
    }

    // MARK: Forms

    /// The aggregated document in the version that the client asks for; nil when it does not.
    private func aggregated(
        _ request: DiscoveryRequest,
        _ document: (String) -> DiscoveryDocument
    ) -> HTTPResponse? {
        let form = MediaTypeNegotiation(
            accept: request.accept,
            pretty: request.pretty,
            userAgent: request.userAgent,
            endpoint: .discovery
        )
        guard let form, case .aggregatedDiscovery(let version) = form.transform else { return nil }
        return cached(document(version), form).response(
            to: request,
            contentType: "\(form.format.contentType);g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList"
        )
    }

    /// A document behind a route: only GET, and only types that the route knows.
    private func routed(_ request: DiscoveryRequest, _ document: DiscoveryDocument) throws(StatusError) -> HTTPResponse
    {
        guard request.method == "GET" else { throw .methodNotAllowed }
        try RouteAcceptance.check(request.accept)
        return respond(document, try request.negotiate(.documents))
    }

    private func respond(_ document: DiscoveryDocument, _ form: MediaTypeNegotiation) -> HTTPResponse {
        let bytes = cached(document, form).bytes
        return HTTPResponse(status: 200, contentType: form.format.contentType, body: .bytes(bytes.slice))
    }

    private func cached(_ document: DiscoveryDocument, _ form: MediaTypeNegotiation) -> CachedDocument {
        let key = Key(document: document, form: form)
        if let cached = cache.withLock({ $0[key] }) { return cached }
        let made = CachedDocument(document.value(of: self).encoded(in: form))
        // Two threads may make the same document at a time; the first one stands.
        return cache.withLock { cache in
            if let cached = cache[key] { return cached }
            cache[key] = made
            return made
        }
    }

    private struct Key: Hashable {
        let document: DiscoveryDocument
        let form: MediaTypeNegotiation
    }
}

/// A document ready to be sent.
struct CachedDocument: Sendable {
    let bytes: EncodedBytes
    /// In quotes, as the header has it.
    let etag: String

    init(_ content: [UInt8]) {
        bytes = EncodedBytes(content)
        etag = "\"\(Fingerprint.of(content))\""
    }

    /// The answer with the header fields by which a client keeps the document; 304 when it has this very one.
    func response(to request: DiscoveryRequest, contentType: String) -> HTTPResponse {
        let headers = [
            (name: "Vary", value: "Accept"), (name: "Etag", value: etag), (name: "Cache-Control", value: "public"),
        ]
        if request.ifNoneMatch == etag {
            return HTTPResponse(status: 304, contentType: "", headers: headers, body: .bytes(EncodedBytes([]).slice))
        }
        return HTTPResponse(status: 200, contentType: contentType, headers: headers, body: .bytes(bytes.slice))
    }
}

/// A short name of some bytes, by which clients that cache them ask again; it protects from nothing.
enum Fingerprint {
    /// 64 bits by FNV-1a, in hexadecimal.
    static func of(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16, uppercase: true)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
