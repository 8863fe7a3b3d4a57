// SPDX-License-Identifier: Apache-2.0
// What containers can see of the cluster around their pod.

/// The network beyond a pod, as the kubelet answers for it.
///
/// Answers are immediate and must not change anything. All of the pod's own addresses (`localhost`, the pod's address)
/// are answered by the sandbox itself and never asked here.
package protocol PodWorld {
    /// The addresses of a complete DNS name in lower case without the last dot, such as
    /// `myservice.default.svc.cluster.local`: cluster addresses of Services, pod addresses of headless ones. Empty
    /// when the
    /// name does not exist.
    func resolve(_ name: String) -> [String]

    /// The answer to a request, or nil when nothing listens there.
    func answer(_ request: HTTPProbe, at address: String, port: Int) -> HTTPAnswer?

    /// Whether something accepts TCP connections there.
    func accepts(address: String, port: Int) -> Bool

    /// Who has an address.
    func presence(of address: String) -> AddressPresence
}

/// Who has an address, and so whether anything comes back from it.
package enum AddressPresence: Hashable, Sendable {
    /// Nobody: packets are lost.
    case none
    /// A Service: connections are refused where nothing is behind a port; there is nobody to answer a ping.
    case service
    /// A pod or a node.
    case host
}

/// A world with nothing in it: no name resolves, nothing listens.
package struct EmptyWorld: PodWorld {
    /// Nothing.
    package init() {}
    package func resolve(_ name: String) -> [String] { [] }
    package func answer(_ request: HTTPProbe, at address: String, port: Int) -> HTTPAnswer? { nil }
    package func accepts(address: String, port: Int) -> Bool { false }
    package func presence(of address: String) -> AddressPresence { .none }
}

/// A small HTTP request.
package struct HTTPProbe: Hashable, Sendable {
    /// `GET`, `POST`, …
    package var method: String
    /// The path with its query, beginning with `/`.
    package var path: String
    /// Further headers, names in any case.
    package var headers: [EnvironmentVariable]
    /// The body of a POST or PUT.
    package var body: String

    /// A GET of `path`.
    package init(path: String, method: String = "GET", headers: [EnvironmentVariable] = [], body: String = "") {
        self.method = method
        self.path = path.isEmpty ? "/" : path
        self.headers = headers
        self.body = body
    }
}

/// A small HTTP answer.
package struct HTTPAnswer: Hashable, Sendable {
    /// 100…599.
    package var status: Int
    /// The body, text or not.
    package var body: [UInt8]
    /// Where a 3xx points, as the server writes it.
    package var location: String?
    /// `Content-Type`.
    package var contentType: String

    /// An answer.
    package init(status: Int, body: String = "", contentType: String = "text/plain", location: String? = nil) {
        self.status = status
        self.body = Array(body.utf8)
        self.contentType = contentType
        self.location = location
    }
}
