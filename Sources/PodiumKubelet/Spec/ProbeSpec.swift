// SPDX-License-Identifier: Apache-2.0
// Probes and lifecycle hooks of a manifest.

package import PodiumCodec
package import PodiumMachinery

/// What a probe decides.
package enum ProbeKind: String, Hashable, Sendable, CaseIterable {
    case liveness = "Liveness"
    case readiness = "Readiness"
    case startup = "Startup"
}

/// A probe of a manifest.
package struct ProbeSpec: Hashable, Sendable {
    package var handler: HandlerSpec
    package var initialDelaySeconds: Int
    package var periodSeconds: Int
    package var timeoutSeconds: Int
    package var successThreshold: Int
    package var failureThreshold: Int
    package var terminationGraceSeconds: Int?

    /// Reads a probe; what is missing gets the default of the API.
    package init(_ value: JSONValue) {
        handler = HandlerSpec(value) ?? .exec([])
        initialDelaySeconds = value["initialDelaySeconds"]?.int ?? 0
        periodSeconds = max(1, value["periodSeconds"]?.int ?? 10)
        timeoutSeconds = max(1, value["timeoutSeconds"]?.int ?? 1)
        successThreshold = max(1, value["successThreshold"]?.int ?? 1)
        failureThreshold = max(1, value["failureThreshold"]?.int ?? 3)
        terminationGraceSeconds = value["terminationGracePeriodSeconds"]?.int
    }
}

/// What a probe or hook does.
package enum HandlerSpec: Hashable, Sendable {
    case exec([String])
    case http(HTTPHandler)
    case tcp(host: String?, port: IntOrString)
    case grpc(port: Int, service: String)
    case sleep(Int)

    /// Reads the handler inside of a probe or hook.
    package init?(_ value: JSONValue) {
        if let exec = value["exec"] {
            self = .exec((exec["command"]?.elements ?? []).compactMap(\.string))
        } else if let http = value["httpGet"] {
            self = .http(HTTPHandler(http))
        } else if let tcp = value["tcpSocket"] {
            self = .tcp(host: tcp["host"]?.string, port: IntOrString(tcp["port"]) ?? .int(0))
        } else if let grpc = value["grpc"] {
            self = .grpc(port: grpc["port"]?.int ?? 0, service: grpc["service"]?.string ?? "")
        } else if let sleep = value["sleep"] {
            self = .sleep(sleep["seconds"]?.int ?? 0)
        } else {
            return nil
        }
    }
}

/// An HTTP request of a probe or hook.
package struct HTTPHandler: Hashable, Sendable {
    package var scheme: String
    package var host: String?
    package var port: IntOrString
    package var path: String
    package var headers: [String: String]

    init(_ value: JSONValue) {
        scheme = (value["scheme"]?.string ?? "HTTP").lowercased()
        host = value["host"]?.string
        port = IntOrString(value["port"]) ?? .int(0)
        let path = value["path"]?.string ?? "/"
        self.path = path.hasPrefix("/") ? path : "/" + path
        headers = [:]
        for header in value["httpHeaders"]?.elements ?? [] {
            if let name = header["name"]?.string { headers[name] = header["value"]?.string ?? "" }
        }
    }
}
