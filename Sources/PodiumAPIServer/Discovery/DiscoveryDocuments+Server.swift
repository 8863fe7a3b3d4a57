// SPDX-License-Identifier: Apache-2.0
// Answers the paths that tell about the server itself: its paths, its version, its health.

import PodiumCodec
package import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import Synchronization

/// What `/version` tells.
package struct ServerVersion: Sendable {
    package var major: String
    package var minor: String
    /// The oldest minor version whose clients are served.
    package var minimumMinor: String
    package var gitVersion: String
    /// The commit of that release. `kubectl --match-server-version` compares both with its own.
    // Kubernetes: client-go/discovery/helper.go MatchesServerVersion
    package var gitCommit: String

    package init(major: String, minor: String, minimumMinor: String, gitVersion: String, gitCommit: String) {
        self.major = major
        self.minor = minor
        self.minimumMinor = minimumMinor
        self.gitVersion = gitVersion
        self.gitCommit = gitCommit
    }

    /// The version of Kubernetes whose API Podium serves.
    package static let current = ServerVersion(
        major: "1",
        minor: "36",
        minimumMinor: "35",
        gitVersion: "v1.36.2",
        gitCommit: "24e2b02af5543d7910c2bb074c7264df5a8f0467"
    )

    var document: JSONValue {
        [
            "major": .string(major), "minor": .string(minor),
            "emulationMajor": .string(major), "emulationMinor": .string(minor),
            "minCompatibilityMajor": .string(major), "minCompatibilityMinor": .string(minimumMinor),
            "gitVersion": .string(gitVersion), "gitCommit": .string(gitCommit), "gitTreeState": "clean",
            "buildDate": "", "goVersion": "", "compiler": "swiftc", "platform": .string("linux/\(Self.architecture)"),
        ]
    }

    #if arch(arm64)
    private static let architecture = "arm64"
    #else
    private static let architecture = "amd64"
    #endif
}

/// One of the checks behind `/livez` and `/readyz`.
package struct HealthCheck: Sendable {
    package let name: String
    /// Whether `/readyz` alone asks it.
    package let isReadinessOnly: Bool
    /// Called at every request, from any thread; must not wait.
    package let isHealthy: @Sendable () -> Bool

    package init(name: String, isReadinessOnly: Bool = false, isHealthy: @escaping @Sendable () -> Bool = { true }) {
        self.name = name
        self.isReadinessOnly = isReadinessOnly
        self.isHealthy = isHealthy
    }

    /// Checks that always succeed, under names by which probes of a Kubernetes server ask.
    package static let standard = checks(isStorageReadable: { true }, isEnding: { false })

    /// Checks under names by which probes of a Kubernetes server ask.
    ///
    /// Podium's API server reads storage itself, without informers of its own that would have to catch up.
    // Kubernetes: apiserver/pkg/server/healthz.go, pkg/server/options/etcd.go
    package static func checks(
        isStorageReadable: @escaping @Sendable () -> Bool,
        isEnding: @escaping @Sendable () -> Bool
    ) -> [HealthCheck] {
        [
            HealthCheck(name: "ping"), HealthCheck(name: "log"),
            HealthCheck(name: "etcd", isHealthy: isStorageReadable),
            HealthCheck(name: "etcd-readiness", isReadinessOnly: true, isHealthy: isStorageReadable),
            HealthCheck(name: "informer-sync", isReadinessOnly: true, isHealthy: isStorageReadable),
            HealthCheck(name: "shutdown", isReadinessOnly: true) { !isEnding() },
        ]
    }

    /// Whether something has been done that is done once, at the start: it stays so, whatever becomes of it later.
    package static func hook(_ name: String, _ isDone: @escaping @Sendable () -> Bool) -> HealthCheck {
        let latch = Latch()
        return HealthCheck(name: "poststarthook/\(name)") {
            if latch.isSet { return true }
            guard isDone() else { return false }
            latch.set()
            return true
        }
    }
}

/// Remembers that something was true.
// State | guarded by | why separate
// flag  | atomic     | set once by whichever request looks first
private final class Latch: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}

extension HTTPResponse {
    /// Plain text, as Go's `http.Error` and the health checks write it.
    static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status,
            contentType: "text/plain; charset=utf-8",
            headers: [(name: "X-Content-Type-Options", value: "nosniff")],
            body: .bytes(EncodedBytes(text).slice)
        )
    }

    /// 404 for a path that nothing has claimed.
    package static var pageNotFound: HTTPResponse { text("404 page not found\n", status: 404) }

    /// A document that has one form only: indented JSON without a newline.
    static func rawJSON(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status,
            contentType: "application/json",
            body: .bytes(EncodedBytes(JSONIndenter.indent(value.encoded())).slice)
        )
    }
}

extension DiscoveryDocuments {
    /// `/`: all paths that are not about single objects.
    func index() -> HTTPResponse {
        var paths = [
            "/.well-known/openid-configuration", "/api", "/apis", "/flagz", "/metrics", "/metrics/slis", "/openapi/v2",
            "/openapi/v3", "/openapi/v3/", "/openid/v1/jwks", "/statusz", "/version",
        ]
        for group in registry.groups {
            if !group.name.isEmpty { paths.append("/apis/\(group.name)") }
            for version in group.versions {
                paths.append(group.name.isEmpty ? "/api/\(version.groupVersion)" : "/apis/\(version.groupVersion)")
            }
        }
        for endpoint in HealthEndpoint.allCases {
            paths.append("/\(endpoint.rawValue)")
            paths += checks(of: endpoint).map { "/\(endpoint.rawValue)/\($0.name)" }
        }
        return .rawJSON(["paths": .array(paths.sorted().map(JSONValue.string))])
    }

    /// `/version`, a route that only knows JSON.
    func versionDocument(_ request: DiscoveryRequest) throws(StatusError) -> HTTPResponse {
        guard request.method == "GET" else { throw .methodNotAllowed }
        try RouteAcceptance.check(request.accept, produces: ["application/json"])
        return .rawJSON(version.document)
    }

    enum HealthEndpoint: String, CaseIterable {
        case healthz
        case livez
        case readyz
    }

    func checks(of endpoint: HealthEndpoint) -> [HealthCheck] {
        checks.filter { endpoint == .readyz || !$0.isReadinessOnly }
    }

    /// `/livez`, `/livez/CHECK` and their like, whatever the method.
    // Kubernetes: apiserver/pkg/server/healthz/healthz.go
    func health(_ request: DiscoveryRequest) -> HTTPResponse? {
        guard let endpoint = request.parts.first.flatMap(HealthEndpoint.init(rawValue:)) else { return nil }
        let checks = checks(of: endpoint)
        switch request.parts.count {
        case 1: return summary(of: checks, at: endpoint, request)
        default:
            let name = request.parts.dropFirst().joined(separator: "/")
            guard let check = checks.first(where: { $0.name == name }) else { return .pageNotFound }
            return check.isHealthy()
                ? .text("ok") : .text("internal server error: \(check.name) failed\n", status: 500)
        }
    }

    private func summary(
        of checks: [HealthCheck],
        at endpoint: HealthEndpoint,
        _ request: DiscoveryRequest
    ) -> HTTPResponse {
        var lines = ""
        var hasFailed = false
        for check in checks {
            if request.excluded.contains(check.name) {
                lines += "[+]\(check.name) excluded: ok\n"
            } else if check.isHealthy() {
                lines += "[+]\(check.name) ok\n"
            } else {
                hasFailed = true
                lines += "[-]\(check.name) failed: reason withheld\n"
            }
        }
        let unknown = request.excluded.filter { name in !checks.contains { $0.name == name } }
        if !unknown.isEmpty {
            let names = unknown.map(FieldError.quoted).joined(separator: ", ")
            lines += "warn: some health checks cannot be excluded: no matches for \(names)\n"
        }
        if hasFailed { return .text("\(lines)\(endpoint.rawValue) check failed\n", status: 500) }
        return .text(request.isVerbose ? "\(lines)\(endpoint.rawValue) check passed\n" : "ok")
    }
}
